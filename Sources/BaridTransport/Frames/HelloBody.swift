internal import GRPCCore

/// The protocol versions this side speaks.
enum ProtocolVersions {
    static let supported: ClosedRange<UInt16> = 1...1

    /// A range as people read it.
    static func text(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}

/// The body of a hello.
struct HelloBody: Hashable {
    var versions = ProtocolVersions.supported
    /// Comes back in the welcome, so that an old one is not taken for it.
    var nonce: UInt64
    /// The largest gRPC message this side accepts.
    var maximumMessageBytes: Int
    var metadata: Metadata

    func encode() throws(RPCError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: versions.lowerBound)
        bytes.append(bigEndian: versions.upperBound)
        bytes.append(bigEndian: nonce)
        bytes.append(bigEndian: UInt32(clamping: maximumMessageBytes))
        try MetadataCodec.encode(metadata, into: &bytes)
        return bytes
    }

    init(
        versions: ClosedRange<UInt16> = ProtocolVersions.supported, nonce: UInt64,
        maximumMessageBytes: Int, metadata: Metadata
    ) {
        self.versions = versions
        self.nonce = nonce
        self.maximumMessageBytes = maximumMessageBytes
        self.metadata = metadata
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        let first = try reader.integer(UInt16.self)
        let last = try reader.integer(UInt16.self)
        guard first <= last else {
            throw .malformed("a hello has the version range \(first) to \(last)")
        }
        versions = first...last
        nonce = try reader.integer()
        maximumMessageBytes = Int(try reader.integer(UInt32.self))
        // What follows may differ in a version we do not speak, so that is told first.
        guard versions.overlaps(ProtocolVersions.supported) else {
            metadata = [:]
            return
        }
        metadata = try MetadataCodec.decode(from: &reader)
        try reader.end()
    }

    /// The highest version both sides speak.
    func commonVersion() throws(FrameError) -> UInt16 {
        guard versions.overlaps(ProtocolVersions.supported) else {
            let older =
                versions.upperBound < ProtocolVersions.supported.lowerBound ? "peer" : "broker"
            throw FrameError(
                code: .unsupportedVersion,
                text: """
                    the peer speaks transport version \(ProtocolVersions.text(versions)), this \
                    broker speaks \(ProtocolVersions.text(ProtocolVersions.supported)): upgrade \
                    the \(older)
                    """)
        }
        return versions.clamped(to: ProtocolVersions.supported).upperBound
    }
}

extension Registration {
    /// The registration as a hello carries it.
    var metadata: Metadata {
        var metadata = Metadata()
        if !name.isEmpty { metadata.addString(name, forKey: "barid-name") }
        if !version.isEmpty { metadata.addString(version, forKey: "barid-version") }
        if !group.isEmpty { metadata.addString(group, forKey: "barid-group") }
        for service in services { metadata.addString(service, forKey: "barid-service") }
        if let emits {
            for type in emits.isEmpty ? [""] : emits {
                metadata.addString(type, forKey: "barid-emits")
            }
        }
        metadata.addString(String(concurrency), forKey: "barid-concurrency")
        for (key, value) in extra.sorted(by: { $0.key < $1.key }) where !key.hasPrefix("barid-") {
            metadata.addString(value, forKey: key)
        }
        return metadata
    }

    init(_ metadata: Metadata) {
        func first(_ key: String) -> String {
            metadata[stringValues: key].first { _ in true } ?? ""
        }
        name = first("barid-name")
        version = first("barid-version")
        group = first("barid-group")
        services = Array(metadata[stringValues: "barid-service"])
        let types = Array(metadata[stringValues: "barid-emits"])
        emits = types.isEmpty ? nil : types.filter { !$0.isEmpty }
        concurrency = min(max(Int(first("barid-concurrency")) ?? 8, 1), 1 << 16)
        for (key, value) in metadata where !key.hasPrefix("barid-") {
            extra[key] = value.encoded()
        }
    }
}
