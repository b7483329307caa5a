/// The names a document has, by the words they are recognised by.
///
/// A comment's memory has that of its article behind it. Of the names that share a word only the
/// first few are kept, so that looking one up costs the same in any document.
struct NameMemory: Sendable {
    /// A name of several words.
    struct LongName: Hashable, Sendable {
        let kind: Candidate.Kind
        let tokens: [String]
    }

    /// Full names of persons by their last word, and by their first.
    private var byLast: [String: [String]] = [:]
    private var byFirst: [String: [String]] = [:]
    /// Names of several words by their first one.
    private var longNames: [String: [LongName]] = [:]
    /// Names of one word that may be found again, with their kind.
    private var single: [String: Candidate.Kind] = [:]
    /// How names are written, by kind and folded words; persons also by their last word.
    private var spellings: [String: String] = [:]
    /// The memory behind this one: none or one.
    private let behind: [NameMemory]

    private static let mostNames = 8

    /// Makes a memory without names.
    ///
    /// - Parameter behind: The memory to ask when this one does not know.
    init(behind: NameMemory? = nil) {
        self.behind = behind.map { [$0] } ?? []
    }

    /// Remembers a name.
    ///
    /// - Parameters:
    ///   - kind: What it names.
    ///   - tokens: Its folded words.
    ///   - confidence: A lone word is found again only if this is 0.7 at least.
    ///   - gazetteer: Tells words that are others too, and so not found again by themselves.
    mutating func add(
        _ kind: Candidate.Kind, _ tokens: [String], confidence: Double, _ gazetteer: Gazetteer
    ) {
        guard let first = tokens.first, let last = tokens.last else { return }
        guard tokens.count > 1 else {
            guard confidence >= 0.7, first.unicodeScalars.count >= 3, single[first] == nil,
                gazetteer.classes(of: first).isDisjoint(with: [.word, .givenName])
            else { return }
            single[first] = kind
            return
        }
        Self.append(LongName(kind: kind, tokens: tokens), to: &longNames[first, default: []])
        guard kind == .person else { return }
        let key = tokens.joined(separator: " ")
        Self.append(key, to: &byLast[last, default: []])
        Self.append(key, to: &byFirst[first, default: []])
        let others: Gazetteer.Classes = [.word, .givenName, .country, .region]
        if last.unicodeScalars.count >= 3, gazetteer.classes(of: last).isDisjoint(with: others) {
            single[last] = .person
        }
    }

    /// Remembers how a name is written.
    mutating func add(spelling: String, of kind: Candidate.Kind, _ tokens: [String]) {
        let key = Self.key(kind, tokens)
        if spellings[key] == nil { spellings[key] = spelling }
        guard kind == .person, tokens.count > 1, let last = tokens.last else { return }
        let short = Self.key(kind, [last])
        if spellings[short] == nil { spellings[short] = spelling }
    }

    /// The full names of persons that end with a word, those of the document first.
    func persons(endingWith word: String) -> [String] {
        (byLast[word] ?? []) + behind.flatMap { $0.persons(endingWith: word) }
    }

    /// The full names of persons that begin with a word.
    func persons(beginningWith word: String) -> [String] {
        (byFirst[word] ?? []) + behind.flatMap { $0.persons(beginningWith: word) }
    }

    /// The names of several words that begin with a word.
    func names(beginningWith word: String) -> [LongName] {
        (longNames[word] ?? []) + behind.flatMap { $0.names(beginningWith: word) }
    }

    /// What a word alone names; nil when it is to be found in context only.
    func kind(of word: String) -> Candidate.Kind? {
        single[word] ?? behind.first?.kind(of: word)
    }

    /// Whether a name begins with a word, or a person's ends with it.
    func knows(_ word: String) -> Bool {
        single[word] != nil || longNames[word] != nil || byLast[word] != nil
            || behind.contains { $0.knows(word) }
    }

    /// How the memory behind writes a name; nil when it has none such.
    func spelling(of kind: Candidate.Kind, _ tokens: [String]) -> String? {
        behind.first?.spellings[Self.key(kind, tokens)]
    }

    private static func key(_ kind: Candidate.Kind, _ tokens: [String]) -> String {
        "\(kind.rawValue) " + tokens.joined(separator: " ")
    }

    private static func append<Name: Equatable>(_ name: Name, to names: inout [Name]) {
        if names.count < mostNames, !names.contains(name) { names.append(name) }
    }
}
