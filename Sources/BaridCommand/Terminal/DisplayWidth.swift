/// How many columns text takes on a terminal.
enum DisplayWidth {
    static func columns(of text: String) -> Int {
        var columns = 0
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            if scalar == "\u{1B}" {
                // One of our own styles: up to its final letter.
                while let next = scalars.next(), next != "m" {}
            } else {
                columns += self.columns(of: scalar)
            }
        }
        return columns
    }

    /// The text cut to at most so many columns; "…" says that something is missing.
    static func cut(_ text: String, to maximum: Int) -> String {
        guard columns(of: text) > maximum else { return text }
        var kept = String.UnicodeScalarView()
        var used = 1
        for scalar in text.unicodeScalars {
            let columns = columns(of: scalar)
            if used + columns > maximum { break }
            used += columns
            kept.append(scalar)
        }
        return String(kept) + "…"
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        // Arabic vowel signs and their like sit on the letter before; format characters are unseen.
        case .nonspacingMark, .enclosingMark, .format, .control: 0
        default: isWide(scalar.value) ? 2 : 1
        }
    }

    /// The blocks that East Asian Width (UAX #11) calls wide, and emoji.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
            0xA000...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
