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

    private(set) var state: State
    let isListening: Bool
    let limits: TransportLimits

    /// The largest message the peer accepts.
    private(set) var peerMaximumMessageBytes: Int

    /// The peer's goaway announced that it takes no new streams.
    private(set) var isPeerDraining = false

    /// Streams the peer opens from now on are refused UNAVAILABLE.
    var isDraining = false

    private var streams: [UInt32: SessionStream] = [:]
    private var peerStreamCount = 0
    private var nextStream: UInt32
    private var lastPeerStream: UInt32 = 0

    private var control: [UInt8] = []
    private var round = StreamRound()
    private var waitingForCredit: [UInt32] = []
    private var sendCredit = TransportLimits.initialSessionCredit
    private var window: ReceiveWindow
    /// Bytes of messages that were begun and not finished.
    private(set) var assemblyBytes = 0

    /// When a whole message came last.
    private(set) var lastReceived: ContinuousClock.Instant
    private var lastPing: ContinuousClock.Instant
    private var nextDeadline: ContinuousClock.Instant?

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

// MARK: What the peer sends

extension Session {
    /// Takes the frames of one ZeroMQ message, or its first frames.
    ///
    /// It stops behind a frame that opened a stream, because what follows on the stream depends on
    /// whether the caller accepts or forwards it.
    ///
    /// - Returns: How many bytes it took; the caller handles the events and gives the rest again.
    mutating func receive(
        _ message: UnsafeRawBufferPointer, now: ContinuousClock.Instant, into events: inout [Event]
    ) -> Int {
        guard state != .closed else { return message.count }
        lastReceived = now
        do {
            guard message.count > 0 else { throw FrameError.malformed("an empty message") }
            var reader = ByteReader(message)
            while reader.remaining > 0, state != .closed {
                let header = try FrameHeader(from: &reader)
                try receive(header, reader.take(header.length), now: now, into: &events)
                if header.kind == .open { return reader.offset }
            }
        } catch let error as FrameError {
            fail(error, into: &events)
        } catch {
            fail(.malformed("\(error)"), into: &events)
        }
        return message.count
    }

    private mutating func receive(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, now: ContinuousClock.Instant,
        into events: inout [Event]
    ) throws(FrameError) {
        if case .greeting(let nonce) = state {
            try receiveGreeting(header, body, nonce: nonce, into: &events)
            return
        }
        let id = header.stream
        switch header.kind {
        case .hello, .welcome:
            throw .unexpected("a second \(header.kind.name)")
        case .open:
            try receiveOpen(id, body, now: now, into: &events)
        case .message:
            try receiveMessage(header, body, into: &events)
        case .headers, .halfClose, .status, .cancel:
            try receiveStreamFrame(header, body, into: &events)
        case .windowUpdate:
            try receiveWindowUpdate(id, body, into: &events)
        case .ping:
            guard body.count == 8 else { throw .malformed("a ping of \(body.count) bytes") }
            FrameCodec.append(.pong, body: body, to: &control)
        case .pong:
            guard body.count == 8 else { throw .malformed("a pong of \(body.count) bytes") }
        case .goaway:
            let goaway = try GoawayBody(body)
            if goaway.code == .draining {
                isPeerDraining = true
                events.append(.draining(goaway.text))
            } else {
                state = .closed
                events.append(.closed(goaway.code, goaway.text))
            }
        }
    }

    private mutating func receiveGreeting(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, nonce: UInt64,
        into events: inout [Event]
    ) throws(FrameError) {
        switch header.kind {
        case .welcome:
            let welcome = try WelcomeBody(body)
            guard welcome.nonce == nonce else { return }
            guard ProtocolVersions.supported.contains(welcome.version) else {
                throw FrameError(
                    code: .unsupportedVersion,
                    text: """
                        the broker chose transport version \(welcome.version), this side speaks \
                        \(ProtocolVersions.text(ProtocolVersions.supported))
                        """)
            }
            state = .open
            peerMaximumMessageBytes = welcome.maximumMessageBytes
            grantSession()
            events.append(.welcomed(welcome))
        case .goaway:
            let goaway = try GoawayBody(body)
            state = .closed
            events.append(.closed(goaway.code, goaway.text))
        case .hello, .open, .headers, .message, .halfClose, .status, .cancel, .windowUpdate, .ping,
            .pong:
            return  // Late frames of a session that is over.
        }
    }

    private mutating func receiveOpen(
        _ id: UInt32, _ body: UnsafeRawBufferPointer, now: ContinuousClock.Instant,
        into events: inout [Event]
    ) throws(FrameError) {
        guard isOwnID(id) == false, id > lastPeerStream else {
            throw .unexpected("an open of stream \(id) after stream \(lastPeerStream)")
        }
        lastPeerStream = id
        let open = try OpenBody(body)
        let stream = SessionStream(isOurs: false, windowBytes: limits.streamWindowBytes)
        stream.hasLeft = true
        streams[id] = stream
        peerStreamCount += 1
        if isDraining {
            abort(StatusBody(Status(code: .unavailable, message: "the peer is shutting down")), id)
            return
        }
        guard peerStreamCount <= limits.maximumStreams else {
            let text = "at most \(limits.maximumStreams) calls may be open on a session"
            abort(StatusBody(Status(code: .resourceExhausted, message: text)), id)
            return
        }
        if let remaining = open.remaining {
            let deadline = now.advanced(by: remaining)
            stream.deadline = deadline
            nextDeadline = min(nextDeadline ?? deadline, deadline)
        }
        events.append(.opened(id, open, rest: [UInt8](body.dropFirst(4))))
    }

    private mutating func receiveMessage(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        let id = header.stream
        let exempt = header.flags.contains(.exempt)
        let charge = exempt ? 0 : header.charge
        guard window.receive(charge) else {
            throw FrameError(code: .flowControl, text: "the session's credit is overdrawn")
        }
        guard let stream = try stream(id) else {
            grantSession()
            return
        }
        guard !stream.hasReceivedEnd else {
            failStream(id, stream, .internalError, "a message after the half-close", &events)
            return
        }
        if stream.isForwarded {
            window.hold(charge)
            events.append(.forward(id, .message, header.flags, [UInt8](body)))
            return
        }
        guard stream.window.receive(charge) else {
            failStream(id, stream, .resourceExhausted, "the stream's credit is overdrawn", &events)
            return
        }
        let size = stream.assembly.count + body.count
        guard size <= limits.maximumMessageBytes else {
            let text = """
                a message of \(size) bytes or more came, at most \(limits.maximumMessageBytes) are \
                allowed
                """
            failStream(id, stream, .resourceExhausted, text, &events)
            return
        }
        if header.flags.contains(.more) {
            try assemble(body, charge: charge, stream)
            grant(stream, id)
            grantSession()
            return
        }
        let message: [UInt8]
        if stream.isAssembling {
            stream.assembly.append(contentsOf: body)
            assemblyBytes -= stream.assembly.count - body.count
            message = stream.assembly
            stream.assembly = []
            stream.isAssembling = false
        } else {
            message = [UInt8](body)
        }
        let total = charge + stream.assemblyCharge
        stream.assemblyCharge = 0
        if exempt {
            stream.exemptHeld += message.count
            let allowed = limits.maximumMessageBytes + limits.streamWindowBytes
            guard stream.exemptHeld <= allowed else {
                let text = "more than \(allowed) bytes outside of credit wait to be read"
                failStream(id, stream, .resourceExhausted, text, &events)
                return
            }
        }
        stream.window.hold(total)
        window.hold(total)
        events.append(.message(id, message, charge: total, exempt: exempt))
    }

    private mutating func assemble(
        _ body: UnsafeRawBufferPointer, charge: Int, _ stream: SessionStream
    ) throws(FrameError) {
        if !stream.isAssembling {
            // Most messages that need two frames fit twice the first one.
            stream.assembly.reserveCapacity(2 * body.count)
            stream.isAssembling = true
        }
        stream.assembly.append(contentsOf: body)
        stream.assemblyCharge += charge
        assemblyBytes += body.count
        guard assemblyBytes <= limits.maximumUnfinishedBytes else {
            throw FrameError(
                code: .overloaded,
                text: """
                    unfinished messages take \(assemblyBytes) bytes, at most \
                    \(limits.maximumUnfinishedBytes) are allowed
                    """)
        }
    }

    private mutating func receiveStreamFrame(
        _ header: FrameHeader, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        let id = header.stream
        guard let stream = try stream(id) else { return }
        let fromOpener = header.kind == .halfClose || header.kind == .cancel
        guard fromOpener != stream.isOurs else {
            throw .unexpected("a \(header.kind.name) from the wrong side of stream \(id)")
        }
        do {
            switch header.kind {
            case .headers:
                guard !stream.hasHeaders else { throw FrameError.unexpected("headers twice") }
                stream.hasHeaders = true
                if stream.isForwarded {
                    events.append(.forward(id, .headers, [], [UInt8](body)))
                } else {
                    var reader = ByteReader(body)
                    let metadata = try MetadataCodec.decode(from: &reader)
                    try reader.end()
                    events.append(.headers(id, metadata))
                }
            case .halfClose:
                guard !stream.hasReceivedEnd else {
                    throw FrameError.unexpected("a half-close twice")
                }
                guard body.isEmpty, !stream.isAssembling else {
                    throw FrameError.malformed("a half-close inside a message, or with a body")
                }
                stream.hasReceivedEnd = true
                events.append(
                    stream.isForwarded ? .forward(id, .halfClose, [], []) : .halfClosed(id))
            case .status:
                if stream.isForwarded {
                    let dropped = remove(id, stream)
                    events.append(.forwardedStatus(id, [UInt8](body), dropped: dropped))
                } else {
                    let status = try StatusBody(body)
                    events.append(.status(id, status, dropped: remove(id, stream)))
                }
            case .cancel:
                let cancel = try CancelBody(body)
                stream.endCode = cancel.code.rawValue
                events.append(.cancelled(id, cancel, dropped: remove(id, stream)))
            case .hello, .welcome, .open, .message, .windowUpdate, .ping, .pong, .goaway: break
            }
        } catch let error as FrameError {
            // What concerns one stream ends that stream and no other.
            failStream(id, stream, .internalError, error.text, &events)
        } catch {
            failStream(id, stream, .internalError, "\(error)", &events)
        }
    }

    private mutating func receiveWindowUpdate(
        _ id: UInt32, _ body: UnsafeRawBufferPointer, into events: inout [Event]
    ) throws(FrameError) {
        var reader = ByteReader(body)
        let increment = Int(try reader.integer(UInt32.self))
        try reader.end()
        guard increment > 0 else { throw .malformed("a window-update of 0") }
        guard id != 0 else {
            sendCredit += increment
            guard sendCredit <= Self.maximumCredit else {
                throw FrameError(code: .flowControl, text: "the session's credit runs over")
            }
            let waiting = waitingForCredit
            waitingForCredit = []
            for id in waiting { schedule(id) }
            return
        }
        guard let stream = try stream(id) else { return }
        if stream.isForwarded {
            events.append(.forward(id, .windowUpdate, [], [UInt8](body)))
            return
        }
        stream.sendCredit += increment
        guard stream.sendCredit <= Self.maximumCredit else {
            failStream(id, stream, .internalError, "the stream's credit runs over", &events)
            return
        }
        schedule(id)
    }

    private static let maximumCredit = Int(Int32.max)

    /// The open stream of that id, nil if it is closed already.
    ///
    /// - Throws: `FrameError` if it was never opened.
    private func stream(_ id: UInt32) throws(FrameError) -> SessionStream? {
        if let stream = streams[id] { return stream }
        guard isOwnID(id) ? id < nextStream : id <= lastPeerStream else {
            throw FrameError(code: .unknownStream, text: "stream \(id) was never opened")
        }
        return nil
    }

    private func isOwnID(_ id: UInt32) -> Bool {
        (id % 2 == 0) == isListening
    }

    /// Ends one stream for what the peer did wrong on it, and tells both sides.
    private mutating func failStream(
        _ id: UInt32, _ stream: SessionStream, _ code: Status.Code, _ text: String,
        _ events: inout [Event]
    ) {
        let status = Status(code: code, message: text)
        let dropped =
            stream.isOurs
            ? cancel(CancelBody(code: code, text: text), id) : abort(StatusBody(status), id)
        events.append(.failed(id, status, dropped: dropped))
    }

    private mutating func fail(_ error: FrameError, into events: inout [Event]) {
        goaway(error.code, error.text)
        events.append(.closed(error.code, error.text))
    }
}

// MARK: Time

extension Session {
    /// When ``tick(now:into:)`` has something to do next.
    var nextTick: ContinuousClock.Instant {
        let silence = lastReceived.advanced(by: Self.maximumSilence)
        let ping = max(lastReceived, lastPing).advanced(by: Self.pingInterval)
        let next = state == .open ? min(silence, ping) : silence
        guard let nextDeadline else { return next }
        return min(next, nextDeadline)
    }

    /// Asks the peer for a sign of life.
    mutating func ping(now: ContinuousClock.Instant) {
        guard state == .open else { return }
        lastPing = now
        FrameCodec.append(.ping, body: [0, 0, 0, 0, 0, 0, 0, 0], to: &control)
    }

    /// Pings a silent peer, gives a dead one up, ends calls whose time is over.
    mutating func tick(now: ContinuousClock.Instant, into events: inout [Event]) {
        guard state != .closed else { return }
        if lastReceived.duration(to: now) >= Self.maximumSilence {
            let text = "nothing was heard for \(Self.maximumSilence)"
            fail(FrameError(code: .timedOut, text: text), into: &events)
            return
        }
        if state == .open, max(lastReceived, lastPing).duration(to: now) >= Self.pingInterval {
            ping(now: now)
        }
        guard let first = nextDeadline, first <= now else { return }
        nextDeadline = nil
        for (id, stream) in streams {
            guard let deadline = stream.deadline else { continue }
            if deadline <= now {
                let status = Status(code: .deadlineExceeded, message: "the call's time is over")
                let dropped = abort(StatusBody(status), id)
                events.append(.deadlineExceeded(id, dropped: dropped))
            } else {
                nextDeadline = min(nextDeadline ?? deadline, deadline)
            }
        }
    }
}

// MARK: What to send

extension Session {
    /// Fills one ZeroMQ message with what is waiting.
    ///
    /// Frames without credit of their own go first, then every stream in turn.
    ///
    /// - Parameters:
    ///   - batch: Becomes the message.
    ///   - sent: Gets what left of each stream's messages.
    /// - Returns: Whether there was anything to send.
    mutating func nextBatch(into batch: inout [UInt8], sent: inout [Sent]) -> Bool {
        batch.removeAll(keepingCapacity: true)
        takeControl(into: &batch)
        guard state == .open else { return !batch.isEmpty }
        while let id = round.first {
            guard let stream = streams[id] else {
                round.removeFirst()
                continue
            }
            switch takeTurn(of: stream, id, into: &batch, sent: &sent) {
            case .batchFull: return true
            case .turnOver: round.moveFirstToEnd()
            case .nothingLeft:
                round.removeFirst()
                stream.isScheduled = false
            }
        }
        return !batch.isEmpty
    }

    private enum Turn { case batchFull, turnOver, nothingLeft }

    /// How much a stream may put into a batch before the next one has its turn.
    private static let turnBytes = 16 << 10

    private mutating func takeTurn(
        of stream: SessionStream, _ id: UInt32, into batch: inout [UInt8], sent: inout [Sent]
    ) -> Turn {
        let start = batch.count
        while let item = stream.queue.first {
            let room = TransportLimits.maximumBatchBytes - batch.count
            let used = batch.count - start
            if used >= Self.turnBytes, round.hasOthers { return .turnOver }
            switch item {
            case .frame(let kind, let body):
                guard room >= FrameHeader.size + body.count else { return .batchFull }
                FrameCodec.append(kind, stream: id, body: body, to: &batch)
                stream.queue.removeFirst()
                if kind == .open {
                    stream.hasLeft = true
                    grant(stream, id)
                }
                if kind == .status {
                    sent.append(Sent(stream: id, bytes: 0, isLast: true))
                    remove(id, stream)
                    return .nothingLeft
                }
            case .forwarded(let body, let flags):
                let charge = FrameHeader.size + body.count
                let exempt = flags.contains(.exempt)
                guard exempt || charge <= sendCredit else {
                    waitingForCredit.append(id)
                    return .nothingLeft
                }
                guard room >= charge else { return .batchFull }
                FrameCodec.append(.message, flags: flags, stream: id, body: body, to: &batch)
                stream.queue.removeFirst()
                if !exempt {
                    sendCredit -= charge
                    sent.append(Sent(stream: id, bytes: charge))
                }
            case .message(let message, let exempt):
                let left = message.count - stream.queue.offset
                // A piece worth its header, or the rest of the message.
                guard room >= FrameHeader.size + min(left, 1_024) else { return .batchFull }
                var length = min(left, room - FrameHeader.size)
                if round.hasOthers { length = min(length, max(Self.turnBytes - used, 1_024)) }
                if !exempt {
                    guard sendCredit > FrameHeader.size else {
                        waitingForCredit.append(id)
                        return .nothingLeft
                    }
                    guard stream.sendCredit > FrameHeader.size else { return .nothingLeft }
                    length = min(
                        length, sendCredit - FrameHeader.size, stream.sendCredit - FrameHeader.size)
                    sendCredit -= length + FrameHeader.size
                    stream.sendCredit -= length + FrameHeader.size
                }
                var flags: FrameHeader.Flags = exempt ? .exempt : []
                if length < left { flags.insert(.more) }
                let start = stream.queue.offset
                FrameCodec.append(
                    .message, flags: flags, stream: id, body: message[start..<start + length],
                    to: &batch)
                sent.append(Sent(stream: id, bytes: length))
                if length == left {
                    stream.queue.removeFirst()
                } else {
                    stream.queue.offset += length
                }
            }
        }
        return .nothingLeft
    }

    /// Moves whole frames, as many as fit.
    private mutating func takeControl(into batch: inout [UInt8]) {
        guard !control.isEmpty else { return }
        if control.count <= TransportLimits.maximumBatchBytes {
            swap(&batch, &control)
            return
        }
        var end = 0
        control.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            while let header = try? FrameHeader(from: &reader),
                (try? reader.take(header.length)) != nil,
                reader.offset <= TransportLimits.maximumBatchBytes
            {
                end = reader.offset
            }
        }
        batch.append(contentsOf: control[..<end])
        control.removeSubrange(..<end)
    }

    private func sendable(_ id: UInt32) -> SessionStream? {
        guard state == .open, let stream = streams[id], !stream.hasQueuedEnd else { return nil }
        return stream
    }

    private mutating func enqueue(_ item: SendQueue.Item, _ id: UInt32, _ stream: SessionStream) {
        stream.queue.append(item)
        schedule(id)
    }

    private mutating func schedule(_ id: UInt32) {
        guard let stream = streams[id], !stream.isScheduled, stream.queue.first != nil else {
            return
        }
        stream.isScheduled = true
        round.append(id)
    }

    @discardableResult
    private mutating func remove(_ id: UInt32, _ stream: SessionStream) -> Int {
        streams[id] = nil
        stream.tally?.ended(stream.endCode)
        assemblyBytes -= stream.assembly.count
        if !stream.isOurs { peerStreamCount -= 1 }
        return stream.queue.removeAll()
    }

    private mutating func grant(_ stream: SessionStream, _ id: UInt32) {
        guard !stream.isForwarded, let increment = stream.window.grant() else { return }
        appendWindowUpdate(increment, id)
    }

    private mutating func grantSession() {
        guard state != .closed, let increment = window.grant() else { return }
        appendWindowUpdate(increment, 0)
    }

    private mutating func appendWindowUpdate(_ increment: UInt32, _ id: UInt32) {
        FrameHeader(kind: .windowUpdate, stream: id, length: 4).encode(into: &control)
        control.append(bigEndian: increment)
    }
}
