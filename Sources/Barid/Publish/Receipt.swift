public import BaridSchema
public import GRPCCore

/// The broker's word that an event is stored.
public struct Receipt: Sendable, Hashable {
    /// The event's place in its topic.
    public var sequence: UInt64
    /// The event was there before; ``sequence`` is that of the first time.
    ///
    /// After a lost connection that first time may have been this publish: see ``sendings``.
    public var duplicate: Bool
    /// What the receipt stands for.
    public var durability: Barid_Bus_V1_Durability
    /// How often the event was sent until the receipt came; 1 unless a connection was lost.
    public var sendings: Int
}

/// What became of a published event.
public enum PublishOutcome: Sendable, Hashable {
    /// It is stored.
    case stored(Receipt)
    /// It is not stored, and why.
    case refused(RPCError)
    /// It was sent, and no receipt came in time: it may be stored or not.
    ///
    /// Publishing it again under the same id is safe. The error is the last one met.
    case unknown(RPCError)

    /// The receipt.
    ///
    /// - Returns: The receipt of a stored event.
    /// - Throws: `RPCError`: the refusal, or `.deadlineExceeded` with reason `OUTCOME_UNKNOWN`.
    public func get() throws -> Receipt {
        switch self {
        case .stored(let receipt): return receipt
        case .refused(let error): throw error
        case .unknown(let error):
            throw RPCError(
                code: .deadlineExceeded,
                message: "no receipt came in time; whether it is stored is unknown",
                metadata: [RPCError.reasonKey: "OUTCOME_UNKNOWN"], cause: error as any Error)
        }
    }
}

extension PublishOutcome {
    var isStored: Bool {
        if case .stored = self { true } else { false }
    }
}
