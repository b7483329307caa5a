/// The names the tagger knows, looked up without loading: a binary search in a sorted table.
struct Gazetteer: Sendable {
    /// What a name is known as; one name may be several.
    struct Classes: OptionSet, Hashable, Sendable {
        let rawValue: UInt16

        /// A state or territory.
        static let country = Classes(rawValue: 1)
        /// A region, sea, river, or a city everybody names.
        static let region = Classes(rawValue: 2)
        /// Another city.
        static let city = Classes(rawValue: 4)
        /// A given name.
        static let givenName = Classes(rawValue: 8)
        /// A part of personal names.
        static let namePart = Classes(rawValue: 16)
        /// A part of personal names that is an ordinary word too.
        static let weakNamePart = Classes(rawValue: 32)
        static let organisation = Classes(rawValue: 64)
        /// An ordinary word.
        static let word = Classes(rawValue: 128)

        /// Any place.
        static let place: Classes = [.country, .region, .city]
        /// Places that need no context.
        static let knownPlace: Classes = [.country, .region]
        /// Anything a person's name is made of.
        static let name: Classes = [.givenName, .namePart]

        fileprivate init(letters: some Sequence<UInt8>) {
            var classes: Classes = []
            for letter in letters {
                switch letter {
                case UInt8(ascii: "C"): classes.insert(.country)
                case UInt8(ascii: "R"): classes.insert(.region)
                case UInt8(ascii: "P"): classes.insert(.city)
                case UInt8(ascii: "F"): classes.insert(.givenName)
                case UInt8(ascii: "N"): classes.insert(.namePart)
                case UInt8(ascii: "n"): classes.insert(.weakNamePart)
                case UInt8(ascii: "O"): classes.insert(.organisation)
                case UInt8(ascii: "W"): classes.insert(.word)
                default: break
                }
            }
            self = classes
        }

        init(rawValue: UInt16) { self.rawValue = rawValue }
    }

    /// The answer to a look-up.
    struct Entry: Sendable {
        /// Empty when the name itself is not known.
        let classes: Classes
        /// Whether longer names begin with this one and a space.
        let isPrefix: Bool
    }

    /// Looks a folded name up.
    ///
    /// - Parameter name: A folded name, its words separated by one space.
    /// - Returns: Its classes; none for an unknown or overlong name.
    func find(_ name: String) -> Entry {
        guard name.utf8.count <= Self.longestName else {
            return Entry(classes: [], isPrefix: false)
        }
        var name = name
        return name.withUTF8 { key in
            GazetteerData.table.withUTF8Buffer { find(key, in: $0) }
        }
    }

    /// Returns the classes of a folded name.
    func classes(of name: String) -> Classes { find(name).classes }

    private static let longestName = 160
    private static let tab = UInt8(ascii: "\t")
    private static let lineEnd = UInt8(ascii: "\n")

    private func find(
        _ key: UnsafeBufferPointer<UInt8>, in table: UnsafeBufferPointer<UInt8>
    ) -> Entry {
        var low = 0
        var high = table.count
        while low < high {
            var start = low + (high - low) / 2
            while start > low, table[start - 1] != Self.lineEnd { start -= 1 }
            if Self.line(at: start, isBefore: key, in: table) {
                low = Self.nextLine(after: start, in: table)
            } else {
                high = start
            }
        }
        guard let length = Self.common(key, at: low, in: table), length == key.count else {
            return Entry(classes: [], isPrefix: false)
        }
        let end = low + length
        guard end < table.count else { return Entry(classes: [], isPrefix: false) }
        if table[end] == UInt8(ascii: " ") { return Entry(classes: [], isPrefix: true) }
        guard table[end] == Self.tab else { return Entry(classes: [], isPrefix: false) }
        let next = Self.nextLine(after: end, in: table)
        let isPrefix =
            Self.common(key, at: next, in: table) == key.count
            && next + key.count < table.count && table[next + key.count] == UInt8(ascii: " ")
        let classes = Classes(letters: table[(end + 1)..<max(end + 1, next)])
        return Entry(classes: classes, isPrefix: isPrefix)
    }

    /// How many bytes of the key the line begins with; nil at the end of the table.
    private static func common(
        _ key: UnsafeBufferPointer<UInt8>, at start: Int, in table: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        guard start < table.count else { return nil }
        var index = 0
        while index < key.count, start + index < table.count, table[start + index] == key[index] {
            index += 1
        }
        return index
    }

    private static func line(
        at start: Int, isBefore key: UnsafeBufferPointer<UInt8>,
        in table: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        guard let length = common(key, at: start, in: table) else { return false }
        guard length < key.count else { return false }
        guard start + length < table.count else { return true }
        // The tab that ends a name sorts before every byte of a longer one.
        return table[start + length] < key[length]
    }

    private static func nextLine(
        after start: Int, in table: UnsafeBufferPointer<UInt8>
    ) -> Int {
        var index = start
        while index < table.count, table[index] != lineEnd { index += 1 }
        return min(index + 1, table.count)
    }
}
