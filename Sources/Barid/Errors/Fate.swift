public import GRPCCore

/// Says that an event can never be handled: shorthand for `RPCError` with `.invalidArgument`.
///
/// The event becomes a dead letter of the group at once.
public struct RejectEvent: Error, Sendable, Hashable {
    /// Why, for a person.
    public var message: String

    /// A rejection.
    ///
    /// - Parameter message: What is wrong with the event, and where.
    public init(_ message: String) { self.message = message }
}

/// What becomes of an event whose handler threw; the one table of it (Protocols/2-bus.md).
public enum Fate: String, Sendable, Hashable {
    /// Again after the group's backoff, counted as an attempt.
    case retry
    /// A dead letter at once.
    case deadLetter
    /// Given back without an attempt counted, and the worker pauses.
    case pause
    /// Given back without an attempt counted.
    case release

    /// The fate that a status code means.
    ///
    /// - Parameter code: The code of the error the handler threw.
    public init(_ code: RPCError.Code) {
        switch code {
        case .unavailable, .aborted, .deadlineExceeded, .internalError, .unknown: self = .retry
        case .invalidArgument, .dataLoss, .unimplemented, .failedPrecondition, .outOfRange,
            .notFound, .alreadyExists, .permissionDenied, .unauthenticated:
            self = .deadLetter
        case .resourceExhausted: self = .pause
        case .cancelled: self = .release
        default: self = .retry
        }
    }
}

extension RPCError {
    /// The error as a status: what a handler may throw, made one kind.
    ///
    /// - Parameter error: An `RPCError` stays; ``RejectEvent`` is `.invalidArgument`,
    ///   `CancellationError` `.cancelled`, anything else `.unknown`.
    public init(handlerError error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as any RPCErrorConvertible: self.init(error)
        case let error as RejectEvent: self.init(code: .invalidArgument, message: error.message)
        case is CancellationError: self.init(code: .cancelled, message: "the handler was cancelled")
        default: self.init(code: .unknown, message: "\(error)")
        }
    }
}
