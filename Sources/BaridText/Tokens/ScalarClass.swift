/// What a folded scalar is to the tokenizer.
enum ScalarClass: UInt8 {
    case arabic
    case latin
    case otherLetter
    case digit
    case space
    case punctuation
    case symbol

    init(_ scalar: Unicode.Scalar) {
        let value = scalar.value
        if value < 0x80 {
            self = Self.ascii[Int(value)]
        } else if (0x621...0x64A).contains(value) {
            self = .arabic
        } else {
            self = Self.general(scalar)
        }
    }

    /// Whether words are made of it.
    var isLetter: Bool {
        switch self {
        case .arabic, .latin, .otherLetter: true
        case .digit, .space, .punctuation, .symbol: false
        }
    }

    private static let ascii: [ScalarClass] = (UInt32(0)..<0x80).map { value in
        switch value {
        case 0x30...0x39: .digit
        case 0x41...0x5A, 0x61...0x7A: .latin
        case 0x00...0x20, 0x7F: .space
        case 0x24, 0x2B, 0x3C...0x3E, 0x5E, 0x60, 0x7C, 0x7E: .symbol
        default: .punctuation
        }
    }

    private static func general(_ scalar: Unicode.Scalar) -> ScalarClass {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .enclosingMark, .letterNumber:
            switch scalar.value {
            case 0x600...0x6FF, 0x750...0x77F, 0x870...0x8FF, 0xFB50...0xFDFF, 0xFE70...0xFEFF:
                .arabic
            case 0x80...0x24F, 0x1E00...0x1EFF, 0x2C60...0x2C7F, 0xA720...0xA7FF: .latin
            default: .otherLetter
            }
        case .decimalNumber:
            .digit
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate,
            .unassigned:
            .space
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            .punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .otherNumber,
            .privateUse:
            .symbol
        @unknown default:
            .symbol
        }
    }
}
