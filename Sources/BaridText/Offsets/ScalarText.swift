/// A text with its scalars as an array: the unit in which every offset of Barid counts.
///
/// Building it walks the text once; afterwards a scalar offset becomes a UTF-8 offset or a
/// `String.Index`, and back, without walking. Offsets outside the text are cut to it.
public struct ScalarText: Sendable {
    /// The text.
    public let string: String

    /// Its scalars.
    public let scalars: [Unicode.Scalar]

    /// The UTF-8 offset of each scalar, and of the end.
    private let utf8Offsets: [Int32]

    /// How many scalars the text has.
    public var count: Int { scalars.count }

    /// Reads a text into its scalars.
    ///
    /// - Parameter string: Any text, at most 2^31 bytes of UTF-8.
    public init(_ string: String) {
        var native = string
        native.makeContiguousUTF8()
        var scalars: [Unicode.Scalar] = []
        var offsets: [Int32] = []
        let bytes = native.utf8.count
        scalars.reserveCapacity(bytes / 2)
        offsets.reserveCapacity(bytes / 2 + 1)
        var offset: Int32 = 0
        for scalar in native.unicodeScalars {
            scalars.append(scalar)
            offsets.append(offset)
            offset &+= Int32(UTF8.width(scalar))
        }
        offsets.append(offset)
        self.string = native
        self.scalars = scalars
        self.utf8Offsets = offsets
    }

    /// Returns the text in a range of scalar offsets.
    public subscript(range: Range<Int>) -> String {
        String(scalars: scalars, in: range)
    }

    /// Returns where a scalar starts in the UTF-8 form of the text.
    ///
    /// - Parameter scalar: A scalar offset; the count gives the length in bytes.
    /// - Returns: An offset in bytes.
    public func utf8Offset(ofScalar scalar: Int) -> Int {
        Int(utf8Offsets[min(max(0, scalar), scalars.count)])
    }

    /// Returns the scalar that a UTF-8 offset lies in.
    ///
    /// - Parameter utf8: An offset in bytes; in the midst of a scalar it means that scalar.
    /// - Returns: A scalar offset, the count at the end.
    public func scalarOffset(ofUTF8 utf8: Int) -> Int {
        var low = 0
        var high = scalars.count
        while low < high {
            let middle = (low + high + 1) / 2
            if Int(utf8Offsets[middle]) <= utf8 { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// Returns the index of a scalar in ``string``.
    ///
    /// - Parameter scalar: A scalar offset.
    /// - Returns: Its index, `endIndex` for the count.
    public func index(ofScalar scalar: Int) -> String.Index {
        string.utf8.index(string.utf8.startIndex, offsetBy: utf8Offset(ofScalar: scalar))
    }

    /// Returns the scalar offset of an index of ``string``.
    ///
    /// - Parameter index: An index of ``string``, not of another string.
    /// - Returns: The offset of the scalar it points to or into.
    public func scalarOffset(of index: String.Index) -> Int {
        scalarOffset(ofUTF8: index.utf8Distance(in: string))
    }
}

extension String.Index {
    /// The distance in UTF-8 from the start of its string.
    fileprivate func utf8Distance(in string: String) -> Int {
        string.utf8.distance(from: string.utf8.startIndex, to: min(self, string.endIndex))
    }
}
