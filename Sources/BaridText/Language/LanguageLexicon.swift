extension LanguageEvidence {
    /// The languages that words and letters speak for, named by their codes.
    enum Candidate: Int, CaseIterable, Sendable {
        case ar, fa, ur, ckb, en, fr, de, tr, es, it, pt, nl, ru, uk
    }
}

/// Common words and telling letters, made ready for one look-up each.
struct LanguageLexicon: Sendable {
    static let shared = LanguageLexicon()

    /// A word as a running hash of its scalars: no string is made of any word that is read.
    struct Key {
        private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        private(set) var count = 0

        mutating func append(_ scalar: Unicode.Scalar) {
            hash = (hash ^ UInt64(scalar.value)) &* 0x100_0000_01B3
            count += 1
        }
    }

    private let words: [UInt64: [LanguageEvidence.Candidate]]
    /// For each scalar below ``signLimit`` the place in ``signLists``; 0 is the empty list.
    private let signPlaces: [UInt8]
    private let signLists: [[(LanguageEvidence.Candidate, Double)]]

    private static let signLimit = 0x700
    private static let longestWord = 12

    private init() {
        var words: [UInt64: [LanguageEvidence.Candidate]] = [:]
        for (language, list) in Self.wordsOfLanguage {
            for word in list.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                var key = Key()
                for scalar in word.unicodeScalars { key.append(scalar) }
                words[key.hash, default: []].append(language)
            }
        }
        var places = [UInt8](repeating: 0, count: Self.signLimit)
        var lists: [[(LanguageEvidence.Candidate, Double)]] = [[]]
        for (language, weight, letters) in Self.lettersOfLanguage {
            for letter in letters.unicodeScalars where letter.value < Self.signLimit {
                let value = Int(letter.value)
                if places[value] == 0 {
                    places[value] = UInt8(lists.count)
                    lists.append([])
                }
                lists[Int(places[value])].append((language, weight))
            }
        }
        self.words = words
        self.signPlaces = places
        self.signLists = lists
    }

    /// The languages that have this common word.
    func languages(of word: Key) -> [LanguageEvidence.Candidate] {
        guard word.count <= Self.longestWord else { return [] }
        return words[word.hash] ?? []
    }

    /// The languages that a letter speaks for, with its weight.
    func signs(of scalar: Unicode.Scalar) -> [(LanguageEvidence.Candidate, Double)] {
        guard scalar.value < Self.signLimit else { return [] }
        return signLists[Int(signPlaces[Int(scalar.value)])]
    }

    /// A Latin letter in lower case.
    func lowercase(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.isASCII {
            return (0x41...0x5A).contains(scalar.value)
                ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar
        }
        return scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
    }
}
