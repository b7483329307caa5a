internal import GRPCCore

/// One side of a session: what Protocols/1-transport §7 says, without sockets, clocks or threads.
///
/// Messages received, orders of the application and the time go in; events come out of every call,
/// and ``nextBatch(into:sent:)`` says what to send. The states and what each may become:
///
///     greeting ── welcome ──▶ open ──▶ closed
///         └───── goaway, time-out ────────▲
///
/// The side that listens begins in `open`: it makes a session only for a hello it accepts.
struct Session: ~Copyable {
    enum State: Equatable {
        /// Our hello is out; only a welcome with our nonce or a goaway counts.
        case greeting(nonce: UInt64)
        case open
        case closed
    }

    /// What the peer did, or what the session had to decide.
    enum Event: Equatable {
        case welcomed(WelcomeBody)
        case opened(UInt32, OpenBody, rest: [UInt8])
        case headers(UInt32, Metadata)
        /// A whole message, and the credit to give back by ``Session/release(_:stream:exempt:)``.
        case message(UInt32, [UInt8], charge: Int, exempt: Bool)
        case halfClosed(UInt32)
        /// A frame of a forwarded stream.
        case forward(UInt32, FrameKind, FrameHeader.Flags, [UInt8])
        /// The forwarded stream is over: its status, as it came.
        case forwardedStatus(UInt32, [UInt8], dropped: Int)
        /// The stream is over: its status came, or it failed here.
        case status(UInt32, StatusBody, dropped: Int)
        /// The stream is over: its opener cancelled it.
        case cancelled(UInt32, CancelBody, dropped: Int)
        /// The stream is over: its time ran out, and the peer is being told.
        case deadlineExceeded(UInt32, dropped: Int)
        /// The stream is over: the peer broke a rule of it, and is being told.
        case failed(UInt32, Status, dropped: Int)
        /// The peer takes no new streams.
        case draining(String)
        /// The peer has taken in everything that left before ``Session/ask(_:)``.
        case answered(UInt64)
        /// The session is over, with every stream on it.
        case closed(SessionCode, String)
    }

    /// Bytes of one stream that left with a batch.
    struct Sent: Equatable {
        var stream: UInt32
        var bytes: Int
        /// The stream's status left, and with it the stream.
        var isLast = false
    }

    // The rest is set by this type's files and nowhere else.

    var state: State
    let isListening: Bool
    let limits: TransportLimits

    /// The largest message the peer accepts.
    var peerMaximumMessageBytes: Int

    /// The peer's goaway announced that it takes no new streams.
    var isPeerDraining = false

    /// Streams the peer opens from now on are refused UNAVAILABLE.
    var isDraining = false

    var streams: [UInt32: SessionStream] = [:]
    var peerStreamCount = 0
    var nextStream: UInt32
    var lastPeerStream: UInt32 = 0

    var control: [UInt8] = []
    var round = StreamRound()
    var waitingForCredit: [UInt32] = []
    var sendCredit = TransportLimits.initialSessionCredit
    var window: ReceiveWindow
    /// Bytes of messages that were begun and not finished.
    var assemblyBytes = 0

    /// When a whole message came last.
    var lastReceived: ContinuousClock.Instant
    var lastPing: ContinuousClock.Instant
    var nextDeadline: ContinuousClock.Instant?

    static let pingInterval = Duration.seconds(2)
    static let maximumSilence = Duration.seconds(6)

    /// Begins the connecting side with a hello.
    init(
        hello: HelloBody, limits: TransportLimits, now: ContinuousClock.Instant
    ) throws(RPCError) {
        let body = try hello.encode()
        guard body.count <= FrameHeader.maximumBody else {
            throw RPCError(
                code: .resourceExhausted, message: "the registration does not fit a frame")
        }
        self.init(
            state: .greeting(nonce: hello.nonce), isListening: false, limits: limits,
            peerMaximumMessageBytes: limits.maximumMessageBytes, now: now)
        FrameCodec.append(.hello, body: body, to: &control)
    }

    /// Begins the listening side with the answer to a hello.
    init(
        accepting hello: HelloBody, welcome: WelcomeBody, limits: TransportLimits,
        now: ContinuousClock.Instant
    ) throws(RPCError) {
        let body = try welcome.encode()
        self.init(
            state: .open, isListening: true, limits: limits,
            peerMaximumMessageBytes: hello.maximumMessageBytes, now: now)
        FrameCodec.append(.welcome, body: body, to: &control)
        grantSession()
    }

    private init(
        state: State, isListening: Bool, limits: TransportLimits, peerMaximumMessageBytes: Int,
        now: ContinuousClock.Instant
    ) {
        self.state = state
        self.isListening = isListening
        self.limits = limits
        self.peerMaximumMessageBytes = peerMaximumMessageBytes
        nextStream = isListening ? 2 : 1
        window = ReceiveWindow(
            size: limits.sessionWindowBytes, initial: TransportLimits.initialSessionCredit)
        lastReceived = now
        lastPing = now
    }
}

// MARK: What the application wants

extension Session {
    /// Open streams, both sides' together.
    var streamCount: Int { streams.count }

    /// Whether ``nextBatch(into:sent:)`` has something to say.
    var hasOutput: Bool { !control.isEmpty || (state == .open && !round.isEmpty) }

    /// Opens a stream; nil when the session is not open, ends, or has used up its ids.
    mutating func open(rest: [UInt8], remaining: Duration?) -> UInt32? {
        guard state == .open, !isPeerDraining, nextStream < UInt32.max - 2 else { return nil }
        let id = nextStream
        nextStream += 2
        let stream = SessionStream(isOurs: true, windowBytes: limits.streamWindowBytes)
        streams[id] = stream
        enqueue(.frame(.open, OpenBody.frame(rest, remaining: remaining)), id, stream)
        return id
    }

    /// Passes the stream's frames on from now on, instead of taking them apart.
    mutating func forward(_ id: UInt32) {
        streams[id]?.isForwarded = true
    }

    /// Counts a stream the peer opened once it is over.
    mutating func count(_ id: UInt32, in tally: CallTally) {
        streams[id]?.tally = tally
    }

    /// Counts the streams that end with the session; nothing is done with it from then on.
    mutating func countWhatEnds() {
        for stream in streams.values {
            stream.tally?.ended(stream.endCode)
            stream.tally = nil
        }
    }

    /// Takes a stream the peer opened: it gets the whole window.
    mutating func accept(_ id: UInt32) {
        if let stream = streams[id] { grant(stream, id) }
    }

    /// Leaves a message outside of credit to be released by hand like any other.
    mutating func hold(_ bytes: Int, stream id: UInt32) {
        streams[id]?.window.hold(bytes)
        window.hold(bytes)
    }

    /// Answers with initial metadata; a second time does nothing.
    mutating func sendHeaders(_ body: [UInt8], _ id: UInt32) {
        guard let stream = sendable(id), !stream.hasHeaders else { return }
        stream.hasHeaders = true
        enqueue(.frame(.headers, body), id, stream)
    }

    /// Sends a message; false when the stream is over.
    mutating func sendMessage(_ message: [UInt8], exempt: Bool, _ id: UInt32) -> Bool {
        guard let stream = sendable(id) else { return false }
        if !stream.isOurs, !stream.hasHeaders {
            stream.hasHeaders = true
            enqueue(.frame(.headers, [0, 0]), id, stream)
        }
        enqueue(.message(message, exempt: exempt), id, stream)
        return true
    }

    /// Passes a frame of another session on; false when the stream is over.
    mutating func sendForwarded(
        _ kind: FrameKind, _ flags: FrameHeader.Flags, _ body: [UInt8], _ id: UInt32
    ) -> Bool {
        if kind == .windowUpdate, let stream = streams[id], stream.hasLeft {
            FrameCodec.append(.windowUpdate, stream: id, body: body, to: &control)
            return true
        }
        guard let stream = sendable(id) else { return false }
        switch kind {
        case .message: enqueue(.forwarded(body, flags), id, stream)
        case .halfClose, .status:
            stream.hasQueuedEnd = true
            if kind == .status { stream.endCode = body.first.map(Int.init) ?? -1 }
            enqueue(.frame(kind, body), id, stream)
        case .headers: enqueue(.frame(kind, body), id, stream)
        case .cancel, .open, .windowUpdate, .hello, .welcome, .ping, .pong, .goaway: break
        }
        return true
    }

    /// Sends no more messages on a stream of ours.
    mutating func halfClose(_ id: UInt32) {
        guard let stream = sendable(id), stream.isOurs else { return }
        stream.hasQueuedEnd = true
        enqueue(.frame(.halfClose, []), id, stream)
    }

    /// Ends a stream of the peer's; it is gone once the status has left.
    mutating func finish(_ body: StatusBody, _ id: UInt32) {
        guard let stream = sendable(id), !stream.isOurs else { return }
        stream.hasQueuedEnd = true
        stream.endCode = body.status.code.rawValue
        stream.deadline = nil
        enqueue(.frame(.status, body.encode()), id, stream)
    }

    /// Ends a stream of ours at once.
    ///
    /// - Returns: The bytes that were queued and will not leave.
    @discardableResult
    mutating func cancel(_ body: CancelBody, _ id: UInt32) -> Int {
        guard let stream = streams[id], stream.isOurs else { return 0 }
        let dropped = remove(id, stream)
        // An open that has not left yet never will: the peer need not hear of the stream.
        if stream.hasLeft {
            FrameCodec.append(.cancel, stream: id, body: body.encode(), to: &control)
        }
        return dropped
    }

    /// Ends a stream of the peer's at once, dropping what is queued.
    ///
    /// - Returns: The bytes that were queued and will not leave.
    @discardableResult
    mutating func abort(_ body: StatusBody, _ id: UInt32) -> Int {
        guard let stream = streams[id], !stream.isOurs else { return 0 }
        stream.endCode = body.status.code.rawValue
        let dropped = remove(id, stream)
        FrameCodec.append(.status, stream: id, body: body.encode(), to: &control)
        return dropped
    }

    /// Gives back the credit of messages the application has read.
    mutating func release(_ charge: Int, stream id: UInt32, exempt: Int) {
        if let stream = streams[id], !stream.isForwarded {
            stream.window.release(charge)
            stream.exemptHeld = max(0, stream.exemptHeld - exempt)
            if !stream.hasReceivedEnd { grant(stream, id) }
        }
        releaseSession(charge)
    }

    /// Gives back session credit alone: for frames that were passed on to another session.
    mutating func releaseSession(_ charge: Int) {
        window.release(charge)
        grantSession()
    }

    /// Ends the session, or announces its end, in good order.
    mutating func goaway(_ code: SessionCode, _ text: String) {
        FrameCodec.append(.goaway, body: GoawayBody(code, text).encode(), to: &control)
        if code == .draining {
            isDraining = true
        } else {
            state = .closed
        }
    }
}
