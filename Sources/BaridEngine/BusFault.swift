/// A refusal as it goes over the wire: a gRPC status code, a stable reason and a sentence.
///
/// The rows of the table of reasons in Protocols/2-bus.
public struct BusFault: Error, Sendable, Equatable {
    /// Why, for programs.
    ///
    /// Every case is a row of the table of reasons in Protocols/2-bus.
    public enum Reason: String, Sendable, Equatable, CaseIterable {
        /// The bytes are no event, or an attribute is missing, too long or not UTF-8.
        case invalidEvent = "INVALID_EVENT"
        /// The event is larger than the broker takes.
        case eventTooLarge = "EVENT_TOO_LARGE"
        /// A batch or an ack's outputs hold too many events or bytes.
        case batchTooLarge = "BATCH_TOO_LARGE"
        /// The same source and id were stored before with other data.
        case identityConflict = "IDENTITY_CONFLICT"
        /// The log is full up to its soft limit: publishes wait, settling goes on.
        case storageFull = "STORAGE_FULL"
        /// The name of a topic or group is no kebab-case name of at most 64 bytes.
        case invalidName = "INVALID_NAME"
        /// A pattern on the event type is malformed, or there are too many.
        case invalidFilter = "INVALID_FILTER"
        /// The group exists with another filter.
        case filterMismatch = "FILTER_MISMATCH"
        /// A setting of the subscription is out of range.
        case invalidSubscription = "INVALID_SUBSCRIPTION"
        /// The broker holds as many topics, groups or subscriptions as it may.
        case tooMany = "TOO_MANY"
        /// What is asked for is no longer kept.
        case trimmed = "TRIMMED"
        /// There is no group of this name.
        case noSuchGroup = "NO_SUCH_GROUP"
        /// The group was deleted while the worker was subscribed.
        case groupDeleted = "GROUP_DELETED"
        /// The group began anew while the worker was subscribed.
        case groupReset = "GROUP_RESET"
        /// The lease is no longer held under this token; the settlement changed nothing.
        case staleLease = "STALE_LEASE"
        /// The request breaks the dialog of the stream.
        case protocolViolation = "PROTOCOL_VIOLATION"
        /// The broker stops.
        case draining = "DRAINING"
        /// The worker asked for another attempt.
        case nacked = "NACKED"
        /// The worker refused the event for good.
        case rejected = "REJECTED"
        /// The worker neither settled nor extended in time.
        case leaseExpired = "LEASE_EXPIRED"
        /// The worker's session ended while it held the lease.
        case workerLost = "WORKER_LOST"
        /// The peer's key has no right to that.
        case notAllowed = "NOT_ALLOWED"
        /// The worker did not say at its hello that it emits this type.
        case undeclaredType = "UNDECLARED_TYPE"
        /// The event was given back, or lost to restarts, more often than the limit allows.
        case releasedTooOften = "RELEASED_TOO_OFTEN"
    }

    /// The status code, one of gRPC's.
    public var code: StatusCode
    /// The reason as it stands on the wire; a worker's own errors bring reasons of their own.
    public var reason: String
    /// A sentence for a person.
    public var message: String
    /// When it is worth trying again; zero when it is not.
    public var retryAfter: Duration

    /// Creates a fault with a reason of the broker's.
    public init(
        _ code: StatusCode, _ reason: Reason, _ message: String, retryAfter: Duration = .zero
    ) {
        self.init(code: code, reason: reason.rawValue, message: message, retryAfter: retryAfter)
    }

    /// Creates a fault with any reason, as a worker sends it.
    public init(
        code: StatusCode, reason: String, message: String, retryAfter: Duration = .zero
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension BusFault {
    /// The fault of asking for what retention has let go of.
    ///
    /// - Parameters:
    ///   - sequence: What was asked for.
    ///   - first: The first sequence kept.
    ///   - topic: The topic's name.
    /// - Returns: The fault.
    public static func trimmed(_ sequence: UInt64, first: UInt64, topic: String) -> BusFault {
        BusFault(
            .outOfRange, .trimmed,
            "event \(sequence) of topic '\(topic)' is no longer kept; the first one is \(first)")
    }
}
