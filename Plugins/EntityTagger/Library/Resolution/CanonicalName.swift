internal import BaridText

/// Writes names as they are called, not as they happen to stand.
enum CanonicalName {
    /// Returns a part of a text without `#`, vowel marks, tatweel and invisible characters;
    /// underscores and white space become one space.
    ///
    /// - Parameters:
    ///   - scalars: The text.
    ///   - range: The part, cut to the text.
    /// - Returns: The name.
    static func clean(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> String {
        var name = String.UnicodeScalarView()
        var isSpaced = false
        for scalar in scalars[range.clamped(to: 0..<scalars.count)] {
            if scalar == "#" { continue }
            if scalar == "_" || scalar.properties.isWhitespace {
                isSpaced = true
                continue
            }
            if scalar.value > 0x7F, Folding.key(String(scalar)).isEmpty { continue }
            if isSpaced, !name.isEmpty { name.append(" ") }
            isSpaced = false
            name.append(scalar)
        }
        return String(name)
    }
}
