/// The scripts that language detection tells apart.
enum Script: Int, Comparable {
    case arabic, latin, hebrew, greek, cyrillic, hangul, kana, han, devanagari

    static func < (left: Script, right: Script) -> Bool { left.rawValue < right.rawValue }

    /// The script of a letter; nil for anything else.
    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x24F, 0x1E00...0x1EFF:
            self = .latin
        case 0x620...0x63F, 0x641...0x64A, 0x66E...0x66F, 0x671...0x6D3, 0x6D5, 0x6EE...0x6EF,
            0x6FA...0x6FF, 0x750...0x77F, 0xFB50...0xFDFB, 0xFE70...0xFEFC:
            self = .arabic
        case 0x5D0...0x5F2: self = .hebrew
        case 0x370...0x3FF, 0x1F00...0x1FFF: self = .greek
        case 0x400...0x52F: self = .cyrillic
        case 0x1100...0x11FF, 0xAC00...0xD7A3: self = .hangul
        case 0x3041...0x30FF: self = .kana
        case 0x3400...0x4DBF, 0x4E00...0x9FFF: self = .han
        case 0x904...0x939, 0x93D...0x97F: self = .devanagari
        default: return nil
        }
    }
}
