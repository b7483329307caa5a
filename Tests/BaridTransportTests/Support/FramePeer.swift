import GRPCCore
import ZeroMQ

@testable import BaridTransport

/// A peer made of frames and a bare socket, for what no well-behaved peer does.
///
/// Unchecked: one test uses it, one wait at a time, each on a thread of its own.
final class FramePeer: @unchecked Sendable {
    struct Frame: Equatable, Sendable {
        var kind: FrameKind
        var stream: UInt32
        var body: [UInt8]
    }

    private let socket: Socket
    private let monitor: Socket
    private let wakeUp: WakeUp
    private var frames: [Frame] = []
    /// Whether pings are answered while a frame is waited for, where the peer plays a broker: its
    /// clients are content then, however slow the machine is.
    var answersPings = false
    /// The routing id of the last message, where the peer plays a broker.
    private(set) var client: [UInt8]?
    /// The connection that the last message came on, there.
    private(set) var descriptor: Int32?

    init(_ endpoint: Endpoint) throws {
        socket = try Socket(.dealer, in: Context())
        try socket.set(.linger(0))
        monitor = try socket.monitor(name: "peer")
        wakeUp = try WakeUp()
        try socket.connect(endpoint.description)
    }

    /// Plays a broker on a path.
    init(listeningOn endpoint: Endpoint) throws {
        socket = try Socket(.router, in: Context())
        try socket.set(.linger(0))
        monitor = try socket.monitor(name: "peer")
        wakeUp = try WakeUp()
        try socket.bind(endpoint.description)
    }

    deinit {
        socket.stopMonitor()
    }

    func send(_ bytes: [UInt8], more: Bool = false) throws {
        if let client { _ = try socket.send(client, more: true) }
        _ = try socket.send(bytes, more: more)
    }

    func send(
        _ kind: FrameKind, flags: FrameHeader.Flags = [], stream: UInt32 = 0, _ body: [UInt8] = []
    ) throws {
        var bytes: [UInt8] = []
        FrameCodec.append(kind, flags: flags, stream: stream, body: body, to: &bytes)
        try send(bytes)
    }

    /// Says hello and waits for the welcome, and then for a frame of each of those kinds.
    func greet(
        _ registration: Registration = Registration(), then kinds: FrameKind...
    ) async throws {
        let hello = HelloBody(
            nonce: 1, maximumMessageBytes: 1 << 20, metadata: registration.metadata)
        try send(.hello, hello.encode())
        _ = try await next([.welcome] + kinds)
    }

    /// The next frame of that kind; others before it are dropped.
    func next(_ kind: FrameKind) async throws -> Frame {
        try await next([kind])
    }

    /// The last of frames of those kinds, one of each in this order.
    ///
    /// All of it on a thread of its own: however busy those of the tests are, pings are answered.
    private func next(_ kinds: [FrameKind]) async throws -> Frame {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try OwnedThread.start(name: "peer") {
                    continuation.resume(
                        with: Result {
                            var last = Frame(kind: .hello, stream: 0, body: [])
                            for kind in kinds { last = try self.take(kind) }
                            return last
                        })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func take(_ kind: FrameKind) throws -> Frame {
        while true {
            while !frames.isEmpty {
                let frame = frames.removeFirst()
                if frame.kind == kind { return frame }
            }
            guard let batch = try receive() else {
                throw RPCError(code: .deadlineExceeded, message: "no \(kind.name) came")
            }
            let first = frames.count
            try batch.withUnsafeBytes { bytes in
                try FrameCodec.forEachFrame(in: bytes) { header, body throws(FrameError) in
                    frames.append(
                        Frame(kind: header.kind, stream: header.stream, body: [UInt8](body)))
                }
            }
            guard answersPings else { continue }
            for frame in frames[first...] where frame.kind == .ping {
                try send(.pong, frame.body)
            }
        }
    }

    private func receive() throws -> [UInt8]? {
        var poll = try Poll(wakeUp: wakeUp, socket: socket, monitor: monitor)
        var part = Message()
        let limit = ContinuousClock.now.advanced(by: .seconds(20))
        while ContinuousClock.now < limit {
            if try socket.receive(into: &part) {
                let bytes = part.withUnsafeBytes { [UInt8]($0) }
                guard part.hasMore, try socket.receive(into: &part) else { return bytes }
                client = bytes
                descriptor = part.sourceDescriptor
                return part.withUnsafeBytes { [UInt8]($0) }
            }
            let ready = try poll.wait(atMost: .seconds(20), writable: false)
            if ready.monitor { while try monitor.nextEvent() != nil {} }
        }
        return nil
    }
}
