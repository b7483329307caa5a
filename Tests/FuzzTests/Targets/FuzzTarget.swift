/// Something that takes bytes from outside: whatever they are, it must not trap, and what it says
/// of them has to be right.
///
/// `Scripts/fuzz` builds each with the sanitizers; the tests run the corpus through all of them.
protocol FuzzTarget {
    /// The name on the command line, and of the corpus's folder.
    static var name: String { get }

    /// Takes an input; what is wrong traps.
    static func take(_ bytes: [UInt8])
}

/// Traps with a sentence, as the fuzzer wants it.
func expect(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    if !holds { fatalError(sentence()) }
}

/// Reads an input as a run of small decisions; zeros once it is at its end.
struct Decisions {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isOver: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func below(_ count: Int) -> Int { Int(byte()) % max(1, count) }

    mutating func number() -> Int { Int(byte()) << 8 | Int(byte()) }
}
