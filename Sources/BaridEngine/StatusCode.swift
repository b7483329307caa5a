/// gRPC's status codes, by their numbers on the wire.
public enum StatusCode: UInt8, Sendable, Equatable, CaseIterable {
    /// Not an error.
    case ok = 0
    /// The caller gave up.
    case cancelled = 1
    /// An error without a better code.
    case unknown = 2
    /// The request is wrong whatever the state.
    case invalidArgument = 3
    /// It took too long.
    case deadlineExceeded = 4
    /// What was named does not exist.
    case notFound = 5
    /// What was to be created exists.
    case alreadyExists = 6
    /// The caller may not.
    case permissionDenied = 7
    /// Something is used up.
    case resourceExhausted = 8
    /// The request is wrong in this state.
    case failedPrecondition = 9
    /// A conflict with something concurrent.
    case aborted = 10
    /// Past the valid range.
    case outOfRange = 11
    /// Not offered.
    case unimplemented = 12
    /// A broken invariant.
    case `internal` = 13
    /// Not reachable now.
    case unavailable = 14
    /// Data is lost or corrupt.
    case dataLoss = 15
    /// The caller is not known.
    case unauthenticated = 16
}
