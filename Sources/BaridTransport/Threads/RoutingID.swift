/// The name under which a ROUTER knows a peer.
///
/// libzmq makes up names of five bytes, which fit a number; a peer may choose a longer one itself.
struct RoutingID: Hashable {
    private let count: Int
    private let packed: UInt64
    private let long: [UInt8]

    init(_ bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        guard bytes.count <= 8 else {
            packed = 0
            long = [UInt8](bytes)
            return
        }
        var packed: UInt64 = 0
        for byte in bytes { packed = packed << 8 | UInt64(byte) }
        self.packed = packed
        long = []
    }

    func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard count <= 8 else { return try long.withUnsafeBytes(body) }
        return try Swift.withUnsafeBytes(of: packed.bigEndian) { bytes in
            try body(UnsafeRawBufferPointer(rebasing: bytes[(8 - count)...]))
        }
    }
}
