/// The kinds of frames, by their code on the wire.
///
/// Specified in Protocols/1-transport §5, whose table a test holds against this type.
public enum FrameKind: UInt8, Sendable, Hashable, CaseIterable {
    /// The first frame of a session, from the side that connected.
    case hello = 0x01
    /// The broker's answer to a hello it accepts.
    case welcome = 0x02
    /// Begins a stream: method, remaining time, metadata.
    case open = 0x03
    /// The response's initial metadata.
    case headers = 0x04
    /// A gRPC message, or a piece of one.
    case message = 0x05
    /// The opener of a stream sends no more messages.
    case halfClose = 0x06
    /// The end of a stream: status and trailers.
    case status = 0x07
    /// The opener of a stream wants nothing more of it.
    case cancel = 0x08
    /// More credit, for a stream or (stream 0) for the session.
    case windowUpdate = 0x09
    /// Asks for a sign of life.
    case ping = 0x0a
    /// Gives it.
    case pong = 0x0b
    /// The end of a session, or its announcement.
    case goaway = 0x0c

    /// The kind as the specification writes it, such as `half-close`.
    public var name: String {
        switch self {
        case .hello: "hello"
        case .welcome: "welcome"
        case .open: "open"
        case .headers: "headers"
        case .message: "message"
        case .halfClose: "half-close"
        case .status: "status"
        case .cancel: "cancel"
        case .windowUpdate: "window-update"
        case .ping: "ping"
        case .pong: "pong"
        case .goaway: "goaway"
        }
    }

    /// Whether frames of this kind belong to a stream; the others carry stream 0.
    ///
    /// A window-update may be either.
    var belongsToStream: Bool {
        switch self {
        case .open, .headers, .message, .halfClose, .status, .cancel: true
        case .hello, .welcome, .windowUpdate, .ping, .pong, .goaway: false
        }
    }
}
