internal import GRPCCore

/// The body of an open.
struct OpenBody: Hashable {
    /// The method as `package.Service/Method`.
    var method: String
    /// The time the call has left, at most 49 days; nil for no limit.
    var remaining: Duration?
    /// The metadata without `grpc-timeout`, which `remaining` replaces.
    var metadata: Metadata

    init(method: String, remaining: Duration?, metadata: Metadata) {
        self.method = method
        self.remaining = remaining
        self.metadata = metadata
    }

    /// The part that does not change with time; ``frame(_:remaining:)`` puts the time in front.
    func encodeRest() throws(RPCError) -> [UInt8] {
        guard method.utf8.count <= Self.maximumMethodBytes else {
            throw RPCError(
                code: .invalidArgument,
                message: """
                    the method name is \(method.utf8.count) bytes, at most \
                    \(Self.maximumMethodBytes) are allowed
                    """)
        }
        var bytes: [UInt8] = []
        bytes.append(text: method, cutAt: Self.maximumMethodBytes)
        try MetadataCodec.encode(metadata, leavingOut: "grpc-timeout", into: &bytes)
        return bytes
    }

    /// A whole body of the time left now and the rest as it was encoded or received.
    static func frame(_ rest: [UInt8], remaining: Duration?) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rest.count + 4)
        bytes.append(bigEndian: remaining.map(milliseconds) ?? noLimit)
        bytes.append(contentsOf: rest)
        return bytes
    }

    init(_ body: UnsafeRawBufferPointer) throws(FrameError) {
        var reader = ByteReader(body)
        let milliseconds = try reader.integer(UInt32.self)
        remaining = milliseconds == Self.noLimit ? nil : .milliseconds(Int64(milliseconds))
        let length = Int(try reader.integer(UInt16.self))
        guard length <= Self.maximumMethodBytes else {
            throw .malformed("a method name of \(length) bytes")
        }
        method = try reader.text(length)
        guard let slash = method.firstIndex(of: "/"), slash != method.startIndex,
            method[method.index(after: slash)...].contains("/") == false,
            method.index(after: slash) != method.endIndex
        else {
            throw .malformed("the method \(method.debugDescription) is not SERVICE/METHOD")
        }
        metadata = try MetadataCodec.decode(from: &reader)
        try reader.end()
    }

    /// The service and the method of the name.
    var descriptor: MethodDescriptor {
        let slash = method.firstIndex(of: "/") ?? method.endIndex
        return MethodDescriptor(
            fullyQualifiedService: String(method[..<slash]),
            method: String(method[slash...].dropFirst()))
    }

    private static let maximumMethodBytes = 1_024
    private static let noLimit = UInt32.max

    /// Rounded up, so that a call is not over early; the largest value stands for no limit.
    private static func milliseconds(_ duration: Duration) -> UInt32 {
        let (seconds, attoseconds) = duration.components
        guard duration > .zero else { return 0 }
        guard seconds < 5_000_000 else { return noLimit - 1 }
        let unit: Int64 = 1_000_000_000_000_000
        let milliseconds = seconds * 1_000 + (attoseconds + unit - 1) / unit
        return min(UInt32(clamping: milliseconds), noLimit - 1)
    }
}
