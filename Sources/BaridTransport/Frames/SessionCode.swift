/// Why a session ends, by the code a goaway carries.
///
/// Specified in Protocols/1-transport §8, whose table a test holds against this type.
public enum SessionCode: UInt8, Sendable, Hashable, CaseIterable {
    /// No new streams, please; the open ones go on.
    case draining = 0x00
    /// The session ends in good order.
    case goodbye = 0x01
    /// A frame or its body could not be read.
    case malformed = 0x02
    /// A frame that this state or side does not allow.
    case unexpected = 0x03
    /// A frame for a stream that was never opened.
    case unknownStream = 0x04
    /// More bytes than there was credit for.
    case flowControl = 0x05
    /// There is no session on this connection: say hello again.
    case unknownSession = 0x06
    /// The two sides have no protocol version in common.
    case unsupportedVersion = 0x07
    /// The broker has as many sessions as it allows.
    case tooManySessions = 0x08
    /// Nothing was heard for too long.
    case timedOut = 0x09
    /// The peer does not read, or holds too much unfinished.
    case overloaded = 0x0a
    /// The peer's key, or having none, does not allow the session: nothing is tried again.
    case notAllowed = 0x0b

    /// The code as the specification writes it, such as `flow-control`.
    public var name: String {
        switch self {
        case .draining: "draining"
        case .goodbye: "goodbye"
        case .malformed: "malformed"
        case .unexpected: "unexpected"
        case .unknownStream: "unknown-stream"
        case .flowControl: "flow-control"
        case .unknownSession: "unknown-session"
        case .unsupportedVersion: "unsupported-version"
        case .tooManySessions: "too-many-sessions"
        case .timedOut: "timed-out"
        case .overloaded: "overloaded"
        case .notAllowed: "not-allowed"
        }
    }
}

/// A reason to refuse what a peer sent: the code for programs, the text for people.
struct FrameError: Error, Hashable {
    var code: SessionCode
    var text: String

    static func malformed(_ text: String) -> FrameError {
        FrameError(code: .malformed, text: text)
    }

    static func unexpected(_ text: String) -> FrameError {
        FrameError(code: .unexpected, text: text)
    }
}
