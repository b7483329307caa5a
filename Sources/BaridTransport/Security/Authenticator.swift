internal import GRPCCore
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// Answers libzmq's questions about peers, on a thread of its own: the ZAP handler of a context.
///
/// It fails closed. While it does not answer, handshakes run into their time limit; and were its
/// socket gone, which makes libzmq accept every key, a connection would have no user id and get no
/// session. Specified in Protocols/7-security §3.
final class Authenticator: Sendable {
    private let wakeUp: WakeUp
    private let lifetime = ThreadLifetime()
    private let state = Mutex(State())

    private struct State {
        var isStopping = false
        var isAlive = false
        var probe: PublicKey?
    }

    /// Binds the handler's address in a context; must precede every other bind there.
    ///
    /// - Parameters:
    ///   - context: The context of the sockets to guard.
    ///   - keys: Who may connect.
    ///   - audit: Where refusals are told.
    ///   - logger: Where a failure of the handler is told.
    ///   - changed: Called on the handler's thread after keys or rights changed.
    /// - Throws: ``ZeroMQError`` if the address is taken or there is no thread left.
    init(
        context: Context, keys: KeyRing, audit: AuditTrail, logger: Logger,
        changed: @escaping @Sendable () -> Void
    ) throws(ZeroMQError) {
        wakeUp = try WakeUp()
        let socket = try Socket(.reply, in: context)
        try socket.set(.linger(0))
        try socket.bind("inproc://zeromq.zap.01")
        _ = lifetime.begin()
        state.withLock { $0.isAlive = true }
        let parcel = Parcel(socket)
        do {
            try OwnedThread.start(name: "barid-zap") { [self] in
                _ = parcel.open { socket in
                    do {
                        try run(socket, keys, audit, changed)
                    } catch {
                        logger.error(
                            "the authenticator failed; no new peer is let in",
                            metadata: ["error": "\(error)"])
                        // The socket stays until we are stopped: see above.
                        state.withLock { $0.isAlive = false }
                        while !state.withLock({ $0.isStopping }) { ThreadPause.second() }
                    }
                }
                state.withLock { $0.isAlive = false }
                lifetime.end()
            }
        } catch {
            lifetime.end()
            throw error
        }
    }

    /// Whether new peers can be let in.
    var isAlive: Bool { state.withLock { $0.isAlive } }

    /// Lets a key connect for a test of ourselves, or no more.
    func setProbe(_ key: PublicKey?) {
        state.withLock { $0.probe = key }
    }

    /// Ends the thread; from then on nobody new is let in.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.signal()
    }

    /// Returns when the thread has ended.
    func ended() async { await lifetime.ended() }

    private func run(
        _ socket: Socket, _ keys: KeyRing, _ audit: AuditTrail, _ changed: () -> Void
    ) throws(ZeroMQError) {
        var poll = try Poll(wakeUp: wakeUp, socket: socket)
        while !state.withLock({ $0.isStopping }) {
            // A change of the folder is seen within a second, also when nobody connects.
            let ready = try poll.wait(atMost: .seconds(1), writable: false)
            if ready.wakeUp { wakeUp.clear() }
            if keys.refresh() { changed() }
            guard ready.readable else { continue }
            while let frames = try receive(socket) { try answer(frames, socket, keys, audit) }
        }
    }

    private func receive(_ socket: Socket) throws(ZeroMQError) -> [[UInt8]]? {
        var part = Message()
        var frames: [[UInt8]] = []
        repeat {
            guard try socket.receive(into: &part) else { return nil }
            frames.append(part.withUnsafeBytes { [UInt8]($0) })
        } while part.hasMore
        return frames
    }

    private func answer(
        _ frames: [[UInt8]], _ socket: Socket, _ keys: KeyRing, _ audit: AuditTrail
    ) throws(ZeroMQError) {
        guard let exchange = ZAPExchange(frames) else {
            // Answered all the same, or the socket would take no other question.
            _ = try socket.send([])
            return
        }
        let probe = state.withLock { $0.probe }
        let verdict = exchange.verdict(identity: keys.identity(of:), probe: probe)
        if case .refused(let what) = verdict, probe == nil {
            audit.refused(
                .connection, who: what, what: "connection from \(exchange.address)",
                right: "a key that is let in")
        }
        let answer = exchange.answer(verdict)
        for (index, frame) in answer.enumerated() {
            _ = try socket.send(frame, more: index < answer.count - 1)
        }
    }
}
