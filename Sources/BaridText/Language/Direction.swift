/// The reading direction of a text.
public enum Direction: String, Hashable, Sendable {
    /// Left to right.
    case leftToRight = "ltr"
    /// Right to left.
    case rightToLeft = "rtl"

    /// The direction in which most letters run; the first letter decides a tie.
    ///
    /// - Parameter scalars: The scalars of a text.
    /// - Returns: A direction; nil when there is no letter.
    public static func majority(
        of scalars: some Sequence<Unicode.Scalar>
    ) -> Direction? {
        var first: Direction?
        var balance = 0
        for scalar in scalars {
            guard let direction = Direction(strong: scalar) else { continue }
            first = first ?? direction
            balance += direction == .rightToLeft ? 1 : -1
        }
        if balance == 0 { return first }
        return balance > 0 ? .rightToLeft : .leftToRight
    }

    /// The direction of the first letter, as the bidirectional algorithm takes it.
    ///
    /// - Parameter scalars: The scalars of a text.
    /// - Returns: A direction; nil when there is no letter.
    public static func firstStrong(
        of scalars: some Sequence<Unicode.Scalar>
    ) -> Direction? {
        for scalar in scalars {
            if let direction = Direction(strong: scalar) { return direction }
        }
        return nil
    }

    /// The direction of a letter; nil for digits, marks and neutral scalars.
    private init?(strong scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2B8:
            self = .leftToRight
        case 0x5D0...0x5F2, 0x620...0x64A, 0x66E...0x66F, 0x671...0x6D3, 0x6D5, 0x6E5...0x6E6,
            0x6EE...0x6EF, 0x6FA...0x6FF, 0x700...0x72F, 0x74D...0x8C7, 0xFB1D...0xFDFC,
            0xFE70...0xFEFC:
            self = .rightToLeft
        case 0x370...0x58F, 0x900...0x1FFF, 0x3040...0xD7FF:
            guard scalar.properties.isAlphabetic else { return nil }
            self = .leftToRight
        default:
            return nil
        }
    }
}
