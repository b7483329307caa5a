public import BaridSchema
public import GRPCCore

extension RPCError {
    /// Metadata key of the stable reason of an error; a row of the table in Protocols/2-bus.md.
    public static let reasonKey = "barid-reason"

    /// Metadata key of the time after which to try again, in milliseconds.
    public static let retryAfterKey = "barid-retry-after-ms"

    /// The stable reason, upper case with underscores; empty if the error has none.
    public var reason: String {
        metadata[stringValues: Self.reasonKey].first { _ in true } ?? ""
    }

    /// When it is worth trying again; `nil` if the error does not say.
    public var retryAfter: Duration? {
        metadata[stringValues: Self.retryAfterKey].first { _ in true }.flatMap { UInt32($0) }
            .map { .milliseconds($0) }
    }

    /// The error that a refusal inside a stream stands for.
    ///
    /// - Parameter error: The refusal.
    public init(_ error: Barid_Bus_V1_BusError) {
        let status = Status.Code(rawValue: Int(error.code)).flatMap { RPCError.Code($0) }
        self.init(code: status ?? .unknown, message: error.message)
        if !error.reason.isEmpty { metadata.addString(error.reason, forKey: Self.reasonKey) }
        if error.retryAfterMs > 0 {
            metadata.addString(String(error.retryAfterMs), forKey: Self.retryAfterKey)
        }
    }
}

extension Barid_Bus_V1_BusError {
    /// The form of an error inside a stream.
    ///
    /// - Parameter error: The error; its cause is told in the message.
    public init(_ error: RPCError) {
        self.init()
        code = Int32(error.code.rawValue)
        reason = error.reason
        message = error.cause.map { "\(error.message) (\($0))" } ?? error.message
        retryAfterMs = error.retryAfter?.milliseconds32 ?? 0
    }
}
