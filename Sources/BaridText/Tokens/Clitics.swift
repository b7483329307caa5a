/// One way to read a word as clitics and a rest.
public struct CliticReading: Hashable, Sendable {
    /// The clitics, in folded form: empty, or as `و`, `لل`, `وبال`.
    public let prefix: String

    /// The rest, in folded form; for an elided article (`لل…`) it may begin with the restored `ا`.
    public let stem: String

    /// How many folded scalars of the word stand before the part that the stem covers.
    public let stemStart: Int

    /// Makes a reading.
    ///
    /// - Parameters:
    ///   - prefix: The clitics.
    ///   - stem: The rest.
    ///   - stemStart: The offset in the word at which the stem begins.
    public init(prefix: String, stem: String, stemStart: Int) {
        self.prefix = prefix
        self.stem = stem
        self.stemStart = stemStart
    }
}

/// Splits the particles that Arabic writes together with a word.
///
/// Nothing here knows words. ``readings(of:)`` lists what a word may be, and the caller takes what
/// it knows; ``stripped(_:)`` and ``lightStem(_:)`` are the two forms search uses, blind and safe
/// for short names. All take folded words.
public enum Clitics {
    /// Returns the ways to read a word, the word itself first, then ever longer prefixes.
    ///
    /// Prefixes are و or ف, then ب ك ل or س, then the article ال, in that order and each
    /// optional. After ل the article has lost its alef, so `للX` is read as ل + لX, as لل + X, as
    /// ل + الX, and (for nouns that begin with ل) as ل + اللX.
    ///
    /// - Parameter word: A folded word.
    /// - Returns: Readings whose stems have two scalars at least; only the word itself when it is
    ///   not Arabic.
    public static func readings(of word: String) -> [CliticReading] {
        let scalars = Array(word.unicodeScalars)
        var readings = [CliticReading(prefix: "", stem: word, stemStart: 0)]
        guard scalars.count > 2, scalars.count <= longestWord else { return readings }

        func add(_ prefixLength: Int, restoring restored: String = "", from stemStart: Int? = nil) {
            let start = stemStart ?? prefixLength
            guard scalars.count - prefixLength >= 2 else { return }
            readings.append(
                CliticReading(
                    prefix: String(scalars: scalars, in: 0..<prefixLength),
                    stem: restored + String(scalars: scalars, in: start..<scalars.count),
                    stemStart: start))
        }
        func isAt(_ index: Int, _ scalar: Unicode.Scalar) -> Bool {
            index < scalars.count && scalars[index] == scalar
        }
        func article(at index: Int) {
            if isAt(index, "ا"), isAt(index + 1, "ل") { add(index + 2) }
        }
        func preposition(at index: Int) {
            article(at: index)
            guard index < scalars.count else { return }
            switch scalars[index] {
            case "ب", "ك":
                add(index + 1)
                article(at: index + 1)
            case "س":
                add(index + 1)
            case "ل":
                add(index + 1)
                if isAt(index + 1, "ل") {
                    add(index + 2)
                    // The article's lam is the second one, so the stem begins there.
                    add(index + 1, restoring: "ا", from: index + 1)
                    add(index + 1, restoring: "ال", from: index + 1)
                } else {
                    article(at: index + 1)
                }
            default:
                break
            }
        }
        preposition(at: 0)
        if isAt(0, "و") || isAt(0, "ف") {
            add(1)
            preposition(at: 1)
        }
        return readings
    }

    /// Returns a word without its clitics by length alone: what search indexes beside the word.
    ///
    /// The article with what stands before it goes if three letters stay; a single و or ف if four
    /// stay; a single ب, ك or ل never without a dictionary.
    ///
    /// - Parameter word: A folded word.
    /// - Returns: Its rest, or the word itself.
    public static func stripped(_ word: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        for prefix in articles where word.count >= prefix.count + 3 && word.starts(with: prefix) {
            return word.dropFirst(prefix.count)
        }
        if word.count >= 5, let first = word.first, first == "و" || first == "ف" {
            return word.dropFirst()
        }
        return word
    }

    /// Returns the light stem of a word (after light10): clitics, then common endings.
    ///
    /// An ending goes only while three letters stay, so that short names keep theirs.
    ///
    /// - Parameter word: A folded word.
    /// - Returns: Its stem, or the word itself.
    public static func lightStem(
        _ word: ArraySlice<Unicode.Scalar>
    ) -> ArraySlice<Unicode.Scalar> {
        var stem = stripped(word)
        for ending in endings where stem.count >= ending.count + 3 {
            if stem.suffix(ending.count).elementsEqual(ending) {
                stem = stem.dropLast(ending.count)
            }
        }
        return stem
    }

    /// The folded text of a slice of scalars is at most this long to be read as clitics at all.
    private static let longestWord = 64

    /// The article with what can stand before it, longest first.
    private static let articles: [[Unicode.Scalar]] = [
        "وبال", "فبال", "وكال", "فكال", "ولل", "فلل", "وال", "فال", "بال", "كال", "ال", "لل",
    ].map { Array($0.unicodeScalars) }

    /// Endings in the order in which light10 tries them, once each.
    private static let endings: [[Unicode.Scalar]] = [
        "ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي",
    ].map { Array($0.unicodeScalars) }
}
