extension String {
    /// Makes a string of a part of an array of scalars; the range is cut to the array.
    ///
    /// - Parameters:
    ///   - scalars: The scalars of a text.
    ///   - range: The offsets to take.
    public init(scalars: [Unicode.Scalar], in range: Range<Int>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
        self.init(view)
    }

    /// Makes a string of scalars.
    ///
    /// - Parameter scalars: The scalars, in order.
    public init(scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    /// Returns the text in a range of scalar offsets, cut to this string; walks from the start.
    ///
    /// For many ranges of one text make a ``ScalarText`` once instead.
    ///
    /// - Parameter range: Scalar offsets.
    /// - Returns: The text there.
    public func substring(scalars range: Range<Int>) -> String {
        let scalars = unicodeScalars
        let lower = max(0, range.lowerBound)
        guard lower < range.upperBound else { return "" }
        let start =
            scalars.index(scalars.startIndex, offsetBy: lower, limitedBy: scalars.endIndex)
            ?? scalars.endIndex
        let end =
            scalars.index(start, offsetBy: range.upperBound - lower, limitedBy: scalars.endIndex)
            ?? scalars.endIndex
        return String(scalars[start..<end])
    }
}
