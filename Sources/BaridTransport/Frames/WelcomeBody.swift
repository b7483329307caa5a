internal import GRPCCore

/// The body of a welcome.
struct WelcomeBody: Hashable {
    var version: UInt16
    var nonce: UInt64
    var session: UInt64
    var brokerEpoch: UInt64
    /// Milliseconds since 1970-01-01T00:00Z.
    var brokerTime: UInt64
    /// The largest gRPC message the broker accepts.
    var maximumMessageBytes: Int
    var metadata: Metadata = [:]

    func encode() throws(RPCError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: version)
        bytes.append(bigEndian: nonce)
        bytes.append(bigEndian: session)
        bytes.append(bigEndian: brokerEpoch)
        bytes.append(bigEndian: brokerTime)
        bytes.append(bigEndian: UInt32(clamping: maximumMessageBytes))
        try MetadataCodec.encode(metadata, into: &bytes)
        return bytes
    }

    init(
        version: UInt16, nonce: UInt64, session: UInt64, brokerEpoch: UInt64, brokerTime: UInt64,
        maximumMessageBytes: Int
    ) {
        self.version = version
        self.nonce = nonce
        self.session = session
        self.brokerEpoch = brokerEpoch
        self.brokerTime = brokerTime
        self.maximumMessageBytes = maximumMessageBytes
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        version = try reader.integer()
        nonce = try reader.integer()
        session = try reader.integer()
        brokerEpoch = try reader.integer()
        brokerTime = try reader.integer()
        maximumMessageBytes = Int(try reader.integer(UInt32.self))
        metadata = try MetadataCodec.decode(from: &reader)
        try reader.end()
    }
}
