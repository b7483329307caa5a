internal import BaridText

/// One word of a sentence as the rules and the model see it.
struct Word: Sendable {
    enum Form: Sendable {
        case arabic, latin, otherScript, number, mark
    }

    /// The folded word; of a hashtag one part, without `#`.
    let text: String

    /// Where it stands in the document, in scalars; the first part of a hashtag includes `#`.
    let range: Range<Int>

    let form: Form

    /// The number of its token in the document: parts of one hashtag share it.
    let token: Int

    /// Whether it is part of a hashtag.
    let isHashtag: Bool

    /// Whether it begins with a capital letter, and whether it has no others.
    let isCapitalised: Bool
    let isAllCapitals: Bool

    /// Whether it is a word of grammar, never part of a name.
    let isFunction: Bool

    /// What the word is known as when read whole.
    let classes: Gazetteer.Classes

    /// The reading taken: the word itself, or clitics and a known rest.
    let reading: CliticReading

    /// What the rest is known as.
    let stemClasses: Gazetteer.Classes

    /// Whether the rest says where somebody or something is from: `الروسي`.
    let isNationality: Bool

    /// All readings that a name may have: no article split off, no future particle.
    let readings: [CliticReading]

    /// The rest of the reading taken.
    var stem: String { reading.stem }

    /// Whether clitics were split off.
    var hasClitic: Bool { !reading.prefix.isEmpty }

    var isArabic: Bool { form == .arabic }
    var isLatin: Bool { form == .latin }
    var isWord: Bool { form == .arabic || form == .latin || form == .otherScript }

    /// Whether it has the article.
    var isDefinite: Bool { stem.hasPrefix("ال") && stem.unicodeScalars.count > 4 }

    /// A word neither the lists nor ordinary language know.
    var isUnknown: Bool { isArabic && classes.isEmpty && stemClasses.isEmpty }
}

extension Word {
    /// Reads a part of a token.
    ///
    /// - Parameters:
    ///   - text: The folded text.
    ///   - original: The original text.
    ///   - range: Its place in the document.
    ///   - token: The number of its token.
    ///   - isHashtag: Whether the token is a hashtag.
    ///   - gazetteer: The names known.
    init(
        text: String, original: ArraySlice<Unicode.Scalar>, range: Range<Int>, token: Int,
        isHashtag: Bool, gazetteer: Gazetteer
    ) {
        self.text = text
        self.range = range
        self.token = token
        self.isHashtag = isHashtag
        form = Self.form(of: text)
        let letters = original.filter { $0.properties.isAlphabetic }
        isCapitalised = letters.first?.properties.isUppercase ?? false
        isAllCapitals = letters.count > 1 && letters.allSatisfy { $0.properties.isUppercase }
        // Folded, the preposition `على` is the name `علي`; as written they differ.
        isFunction =
            Vocabulary.functionWords.contains(text)
            || (text == "علي" || text == "وعلي") && original.last == "ى"
        classes = isFunction ? .word : gazetteer.classes(of: text)
        let whole = CliticReading(prefix: "", stem: text, stemStart: 0)
        guard form == .arabic else {
            reading = whole
            readings = [whole]
            stemClasses = classes
            isNationality = false
            return
        }
        readings = Clitics.readings(of: text).filter {
            !$0.prefix.hasSuffix("ال") && !$0.prefix.hasSuffix("لل") && !$0.prefix.contains("س")
        }
        var chosen = whole
        var chosenClasses = classes
        if classes.isEmpty {
            for reading in readings.dropFirst() where reading.stem.unicodeScalars.count >= 3 {
                let classes = gazetteer.classes(of: reading.stem)
                if classes.isEmpty { continue }
                chosen = reading
                chosenClasses = classes
                break
            }
        }
        reading = chosen
        stemClasses = chosenClasses
        isNationality = Adjectives(gazetteer: gazetteer).isNationality(chosen.stem)
    }

    private static func form(of text: String) -> Form {
        guard let first = text.unicodeScalars.first else { return .mark }
        switch first.value {
        case 0x30...0x39: return .number
        case 0x61...0x7A, 0xDF...0x24F: return .latin
        case 0x621...0x64A, 0x671...0x6D3: return .arabic
        default: return first.properties.isAlphabetic ? .otherScript : .mark
        }
    }
}
