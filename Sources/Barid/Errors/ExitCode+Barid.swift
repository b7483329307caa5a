public import ArgumentParser
public import GRPCCore

extension ExitCode {
    /// The input is no good (sysexits EX_DATAERR).
    public static let badInput = ExitCode(65)
    /// There is no such file or article (EX_NOINPUT).
    public static let noInput = ExitCode(66)
    /// There is no broker, or nobody serves this (EX_UNAVAILABLE).
    public static let unavailable = ExitCode(69)
    /// A bug (EX_SOFTWARE).
    public static let software = ExitCode(70)
    /// A file cannot be read or written (EX_IOERR).
    public static let fileFailure = ExitCode(74)
    /// The outcome is unknown or timed out (EX_TEMPFAIL).
    public static let temporary = ExitCode(75)
    /// Refused (EX_NOPERM).
    public static let refused = ExitCode(77)
    /// Interrupted, as shells say it.
    public static let interrupted = ExitCode(130)

    /// The exit code that an error's status code means.
    ///
    /// - Parameter code: The status code.
    public init(_ code: RPCError.Code) {
        switch code {
        case .unavailable, .unimplemented: self = .unavailable
        case .invalidArgument, .dataLoss, .failedPrecondition, .outOfRange, .alreadyExists:
            self = .badInput
        case .notFound: self = .noInput
        case .deadlineExceeded, .resourceExhausted, .aborted: self = .temporary
        case .permissionDenied, .unauthenticated: self = .refused
        case .cancelled: self = .interrupted
        default: self = .software
        }
    }
}
