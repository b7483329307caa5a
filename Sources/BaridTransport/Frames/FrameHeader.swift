/// The twelve bytes before every frame's body.
///
///     0      1       2          4            8            12
///     | kind | flags | reserved | stream     | length     |
///
/// All integers are big-endian. Specified in Protocols/1-transport §4.
struct FrameHeader: Hashable {
    static let size = 12

    /// The largest body: with its header it fills one ZeroMQ message.
    static let maximumBody = TransportLimits.maximumBatchBytes - size

    struct Flags: OptionSet, Hashable {
        let rawValue: UInt8

        /// The gRPC message goes on in the next message frame of the stream.
        static let more = Flags(rawValue: 0x01)
        /// The frame uses no credit.
        static let exempt = Flags(rawValue: 0x02)
    }

    var kind: FrameKind
    var flags: Flags = []
    var stream: UInt32
    var length: Int

    /// What the frame costs in credit: its header counts too, so that nothing is free.
    var charge: Int { Self.size + length }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(kind.rawValue)
        bytes.append(flags.rawValue)
        bytes.append(bigEndian: UInt16(0))
        bytes.append(bigEndian: stream)
        bytes.append(bigEndian: UInt32(truncatingIfNeeded: length))
    }

    init(kind: FrameKind, flags: Flags = [], stream: UInt32, length: Int) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.length = length
    }

    init(from reader: inout ByteReader) throws(FrameError) {
        let code = try reader.integer(UInt8.self)
        let flags = Flags(rawValue: try reader.integer())
        let reserved = try reader.integer(UInt16.self)
        stream = try reader.integer()
        let length = try reader.integer(UInt32.self)
        guard let kind = FrameKind(rawValue: code) else {
            throw .malformed("there is no frame kind \(code)")
        }
        guard flags.isSubset(of: kind == .message ? [.more, .exempt] : []), reserved == 0 else {
            throw .malformed(
                "a \(kind.name) frame has flags \(flags.rawValue), reserved \(reserved)")
        }
        guard length <= Self.maximumBody else {
            throw .malformed(
                "a \(kind.name) frame of \(length) bytes, at most \(Self.maximumBody) are allowed")
        }
        guard kind == .windowUpdate || kind.belongsToStream == (stream != 0) else {
            throw .malformed("a \(kind.name) frame has stream \(stream)")
        }
        self.kind = kind
        self.flags = flags
        self.length = Int(length)
    }

    /// Whether a message begins with a hello.
    static func isHello(_ message: UnsafeRawBufferPointer) -> Bool {
        message.first == FrameKind.hello.rawValue
    }
}
