/// Shows text that others wrote without letting it act on the terminal or the log.
public enum VisibleText {
    /// The text on one line, every control, bidirectional-control and other invisible character
    /// that could hide or reorder something written out as `U+XXXX`.
    ///
    /// Zero-width joiners stay: Persian and emoji need them, and they move nothing.
    public static func line(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isHidden(scalar) {
                scalars.append(contentsOf: name(of: scalar).unicodeScalars)
            } else {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// Like ``line(_:)``, with "; " for each line break.
    ///
    /// - Parameter text: Lines.
    /// - Returns: One line.
    public static func joined(_ text: String) -> String {
        text.split(separator: "\n").map { line(String($0)) }.joined(separator: "; ")
    }

    /// Whether the character must be written out to be seen.
    public static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200C, 0x200D: false
        case 0x200B, 0x200E, 0x200F, 0x061C, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFB, 0xE0000...0xE007F:
            true
        default: scalar.properties.generalCategory == .control
        }
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
