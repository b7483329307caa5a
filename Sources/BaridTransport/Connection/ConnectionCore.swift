internal import GRPCCore
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// What a connection's thread owns: the DEALER socket, the session on it, and calls without one.
///
/// Made by ``Connection/start()`` and handed to the thread, which alone uses it from then on.
final class ConnectionCore {
    private let configuration: Connection.Configuration
    private let limits: TransportLimits
    private let shared: ConnectionShared
    private let mailbox: Mailbox<SocketOrder>
    private let socket: Socket
    private let monitor: Socket

    private var link: PeerLink?
    private var info: Connection.SessionInfo?

    /// Calls that wait for a session, oldest first.
    private var waiting: [WaitingOpen] = []

    private struct WaitingOpen {
        var handle: StreamHandle
        var rest: [UInt8]
        var deadline: ContinuousClock.Instant?
        var giveUp: ContinuousClock.Instant
        /// What was ordered meanwhile.
        var orders: [StreamHandle.Order] = []
    }

    /// The connection underneath, once libzmq has one.
    private var descriptor: Int32?
    /// The connection was cut, and its end has not been reported yet.
    private var isCut = false

    /// Attempts that led to no lasting session.
    private var failures = 0
    private var tryAfter: ContinuousClock.Instant = .now
    private var welcomedAt: ContinuousClock.Instant?

    private var isStopping = false
    /// The server was shut down: a new session registers no services.
    private var servesNoMore = false
    private var drainLimit: ContinuousClock.Instant?

    private var events: [Session.Event] = []
    private var sent: [Session.Sent] = []
    private var batch: [UInt8] = []
    /// Whether `batch` still has to leave.
    private var isBatchFull = false
    private var orders: [SocketOrder] = []

    init(
        configuration: Connection.Configuration, shared: ConnectionShared,
        mailbox: Mailbox<SocketOrder>, socket: Socket, monitor: Socket
    ) {
        self.configuration = configuration
        limits = configuration.limits.clamped()
        self.shared = shared
        self.mailbox = mailbox
        self.socket = socket
        self.monitor = monitor
    }

    // MARK: The loop

    /// Runs until closed or refused.
    func run() {
        var part = Message()
        do {
            var poll = try Poll(wakeUp: mailbox.wakeUp, socket: socket, monitor: monitor)
            while !isStopping {
                var now = ContinuousClock.now
                let ready = try poll.wait(
                    atMost: timeLeft(now), writable: isBatchFull || mayGreet(now))
                if ready.wakeUp { takeOrders() }
                if ready.readable { try receive(&part) }
                if ready.monitor { try readMonitor(&part) }
                now = .now
                if ready.writable, mayGreet(now), !isStopping { greet(now) }
                tick(now)
                try flush()
            }
        } catch {
            configuration.logger.error(
                "the connection's socket failed", metadata: ["error": "\(error)"])
        }
        stop()
    }

    /// A hello needs a connection of which the end was not told: for a moment libzmq takes messages for
    /// one that is gone, and they are lost with it.
    private func mayGreet(_ now: ContinuousClock.Instant) -> Bool {
        link == nil && descriptor != nil && !isCut && now >= tryAfter
    }

    private func timeLeft(_ now: ContinuousClock.Instant) -> Duration? {
        var next: ContinuousClock.Instant?
        func note(_ instant: ContinuousClock.Instant) { next = min(next ?? instant, instant) }
        if let link {
            note(link.session.nextTick)
        } else if now < tryAfter {
            note(tryAfter)
        }
        for call in waiting { note(call.giveUp) }
        if let drainLimit { note(drainLimit) }
        return next.map { max(now.duration(to: $0), .zero) }
    }

    private func takeOrders() {
        mailbox.take(into: &orders)
        for order in orders {
            switch order {
            case .stream(let handle, let order): perform(order, for: handle)
            case .drain(let limit):
                drainLimit = limit
                link?.session.goaway(.draining, "the peer is shutting down")
            case .roundTrip(_, let answer):
                answer(nil)  // Only listeners are asked.
            case .stopServing:
                servesNoMore = true
                link?.session.goaway(.draining, "the peer serves no more calls")
            case .stop: isStopping = true
            case .events, .keysChanged: break
            }
        }
        orders.removeAll(keepingCapacity: true)
    }

    private func perform(_ order: StreamHandle.Order, for handle: StreamHandle) {
        if case .open(_, let rest, let deadline) = order {
            open(handle, rest, deadline)
        } else if let link = handle.link {
            link.perform(order, for: handle)
        } else if let index = waiting.firstIndex(where: { $0.handle === handle }) {
            if case .cancel(let body) = order {
                let call = waiting.remove(at: index)
                end(call, .failed(Status(code: body.code, message: body.text)))
            } else {
                waiting[index].orders.append(order)
            }
        } else if case .message(let message, _) = order {
            handle.didSend(message.count)
        } else if case .cancel(let body) = order {
            // Cancelled before it was opened: a later open finds the handle closed.
            end(handle, .failed(Status(code: body.code, message: body.text)))
        }
    }

    private func open(
        _ handle: StreamHandle, _ rest: [UInt8], _ deadline: ContinuousClock.Instant?
    ) {
        guard !handle.isOver else { return }
        let now = ContinuousClock.now
        guard drainLimit == nil else {
            let text = "the connection is closing"
            end(handle, .failed(Status(code: .failedPrecondition, message: text)))
            return
        }
        if let link, link.session.state == .open {
            guard link.open(handle, rest: rest, deadline: deadline, now: now) else {
                end(handle, .sessionEnded(.draining, "the broker takes no new calls"))
                return
            }
            return
        }
        let giveUp = now.advanced(by: configuration.maximumConnectWait)
        waiting.append(
            WaitingOpen(
                handle: handle, rest: rest, deadline: deadline,
                giveUp: min(giveUp, deadline ?? giveUp)))
    }

    private func end(_ call: WaitingOpen, _ end: StreamEnd) {
        self.end(call.handle, end)
        for case .message(let message, _) in call.orders { call.handle.didSend(message.count) }
    }

    private func end(_ handle: StreamHandle, _ end: StreamEnd) {
        handle.close(end.error)
        let sink = handle.sink
        handle.sink = nil
        sink?.ended(end)
    }

    // MARK: The session

    private func greet(_ now: ContinuousClock.Instant) {
        var registration = configuration.registration
        if servesNoMore { registration.services = [] }
        let hello = HelloBody(
            nonce: .random(in: 1...UInt64.max), maximumMessageBytes: limits.maximumMessageBytes,
            metadata: registration.metadata)
        do {
            link = PeerLink(session: try Session(hello: hello, limits: limits, now: now))
        } catch {
            refuse("the registration cannot be sent: \(error.message)")
        }
    }

    private func receive(_ part: inout Message) throws(ZeroMQError) {
        let now = ContinuousClock.now
        for _ in 0..<256 {
            guard try socket.receive(into: &part) else { return }
            guard !part.hasMore else {
                while part.hasMore, try socket.receive(into: &part) {}
                lose(.malformed, "a message of more than one part")
                continue
            }
            guard let link else { continue }
            part.withUnsafeBytes { take($0, on: link, now) }
        }
    }

    private func take(
        _ bytes: UnsafeRawBufferPointer, on link: PeerLink, _ now: ContinuousClock.Instant
    ) {
        var offset = 0
        repeat {
            offset += link.session.receive(
                UnsafeRawBufferPointer(rebasing: bytes[offset...]), now: now, into: &events)
            handleEvents(of: link, now)
        } while offset < bytes.count
    }

    private func handleEvents(of link: PeerLink, _ now: ContinuousClock.Instant) {
        var events: [Session.Event] = []
        swap(&events, &self.events)
        for event in events {
            if link.deliver(event) { continue }
            switch event {
            case .welcomed(let welcome): welcomed(welcome, link, now)
            case .opened(let id, let open, _): serve(link, id, open)
            case .draining(let text):
                configuration.logger.info("broker is draining", metadata: ["reason": "\(text)"])
            case .closed(let code, let text): closed(link, code, text)
            case .headers, .message, .halfClosed, .status, .cancelled, .deadlineExceeded, .failed,
                .forward, .forwardedStatus, .answered:
                break  // Of a stream that nobody holds any more.
            }
        }
        events.removeAll(keepingCapacity: true)
        swap(&events, &self.events)
    }

    private func welcomed(
        _ welcome: WelcomeBody, _ link: PeerLink, _ now: ContinuousClock.Instant
    ) {
        link.number = welcome.session
        welcomedAt = now
        let info = Connection.SessionInfo(
            id: welcome.session, brokerEpoch: welcome.brokerEpoch,
            brokerTime: .milliseconds(Int64(clamping: welcome.brokerTime)),
            maximumMessageBytes: welcome.maximumMessageBytes)
        self.info = info
        configuration.logger.info(
            "session started",
            metadata: ["session": "\(info.id)", "epoch": "\(info.brokerEpoch)"])
        shared.become(.ready(info))
        let calls = waiting
        waiting = []
        for call in calls {
            guard link.open(call.handle, rest: call.rest, deadline: call.deadline, now: now) else {
                end(call, .sessionEnded(.draining, "the broker takes no new calls"))
                continue
            }
            for order in call.orders { link.perform(order, for: call.handle) }
        }
    }

    private func serve(_ link: PeerLink, _ id: UInt32, _ open: OpenBody) {
        let handle = StreamHandle(mailbox: mailbox)
        link.session.accept(id)
        link.bind(handle, id)
        let call = ServerIntake.Call(
            handle: handle, open: open, descriptor: open.descriptor,
            remotePeer: configuration.endpoint.description,
            localPeer: "\(configuration.endpoint)#\(link.number)", session: nil,
            maximumMessageBytes: limits.maximumMessageBytes)
        guard shared.intake.isTaken else {
            let status = Status(code: .unimplemented, message: "this peer serves no calls")
            link.session.finish(StatusBody(status), id)
            return
        }
        guard shared.intake.offer(call) else {
            let status = Status(code: .unavailable, message: "the worker is shutting down")
            link.session.finish(StatusBody(status), id)
            return
        }
    }

    private func closed(_ link: PeerLink, _ code: SessionCode, _ text: String) {
        guard self.link === link else { return }
        switch code {
        case .unsupportedVersion: refuse(text)
        case .notAllowed: forbid(text)
        case .draining, .goodbye, .malformed, .unexpected, .unknownStream, .flowControl,
            .unknownSession, .tooManySessions, .timedOut, .overloaded:
            lose(code, text)
        }
    }

    /// Ends the session and everything on it; another one will be tried.
    private func lose(_ code: SessionCode, _ text: String) {
        let now = ContinuousClock.now
        if let welcomedAt, welcomedAt.duration(to: now) > .seconds(5) { failures = 0 }
        tryAfter = now.advanced(by: failures == 0 ? .zero : backoff())
        failures += 1
        dropLink(code, text)
        if code == .timedOut { cut() }
        shared.become(.lost("\(code.name): \(text)"))
        configuration.logger.warning(
            "session lost", metadata: ["code": "\(code.name)", "reason": "\(text)"])
    }

    /// Gives the connection up with the session that heard nothing: libzmq makes another one, and
    /// whoever is behind this one is told where the way there is open.
    private func cut() {
        guard let descriptor else { return }
        Socket.abort(descriptor: descriptor)
        isCut = true
    }

    private func dropLink(_ code: SessionCode, _ text: String) {
        guard let link else { return }
        _ = try? sendRest(of: link)
        isBatchFull = false
        self.link = nil
        info = nil
        welcomedAt = nil
        for (id, binding) in link.bindings {
            guard case .handle(let handle) = binding else { continue }
            link.end(handle, id, .sessionEnded(code, text))
        }
        link.bindings = [:]
    }

    /// Doubles with each failure; half of it is chance, so that peers do not come back in step.
    private func backoff() -> Duration {
        let doubled = configuration.minimumBackoff * (1 << min(failures, 16))
        return min(doubled, configuration.maximumBackoff) * Double.random(in: 0.5...1)
    }

    /// The broker will never have us: nothing is tried again.
    private func refuse(_ text: String) {
        dropLink(.unsupportedVersion, text)
        shared.become(.refused(text))
        isStopping = true
    }

    /// The broker does not let us in: nothing is tried again.
    private func forbid(_ text: String) {
        dropLink(.notAllowed, text)
        for call in waiting { end(call, .failed(Status(code: .permissionDenied, message: text))) }
        waiting = []
        shared.become(.forbidden(text))
        isStopping = true
    }

    /// Notes why a connection did not come about, and gives up where it never will.
    private func handshakeFailed(_ failure: ConnectionEvent.HandshakeFailure) {
        let name = "the broker at \(configuration.endpoint)"
        let hasKey = configuration.key != nil && configuration.endpoint.asksForKeys
        switch failure {
        case .refused(let status) where status == 400:
            forbid(
                "\(name) does not let our key in: it is unknown there, or was revoked")
        case .mechanism:
            forbid(
                hasKey
                    ? "\(name) takes no keys: leave the key out"
                    : "\(name) takes keys: --key FILE, or BARID_KEY_FILE")
        case .refused, .malformed, .lost:
            // It may be a broker that just stops, so we go on; who waits is told what it may be.
            shared.noteHandshake(
                problem: hasKey
                    ? """
                    \(name) ended every handshake: is the server-key of our key file its key \
                    (`barid keys server`)?
                    """
                    : configuration.endpoint.asksForKeys
                        ? """
                        \(name) ended every handshake; if it takes keys: --key FILE, or \
                        BARID_KEY_FILE
                        """ : nil)
        }
    }

    private func readMonitor(_ part: inout Message) throws(ZeroMQError) {
        var isGone = false
        while let event = try monitor.nextEvent() {
            switch event {
            case .connected(let descriptor): self.descriptor = descriptor
            case .disconnected:
                descriptor = nil
                isCut = false
                isGone = true
            case .established: shared.noteHandshake(problem: nil)
            case .handshakeFailed(let failure): handshakeFailed(failure)
            case .accepted, .acceptFailed: continue
            }
        }
        guard isGone, link != nil else { return }
        // What the broker sent before it went is read first.
        try receive(&part)
        if link != nil { lose(.goodbye, "the connection to the broker is gone") }
    }

    // MARK: Time and output

    private func tick(_ now: ContinuousClock.Instant) {
        if let link {
            link.session.tick(now: now, into: &events)
            if !events.isEmpty { handleEvents(of: link, now) }
        }
        if waiting.contains(where: { $0.giveUp <= now }) {
            let late = waiting.filter { $0.giveUp <= now }
            waiting.removeAll { $0.giveUp <= now }
            for call in late {
                let text = "no session with the broker at \(configuration.endpoint)"
                let isLate = call.deadline.map { $0 <= now } ?? false
                end(
                    call,
                    .failed(Status(code: isLate ? .deadlineExceeded : .unavailable, message: text)))
            }
        }
        if let drainLimit, now >= drainLimit || (link?.session.streamCount ?? 0) == 0 {
            isStopping = true
        }
    }

    private func flush() throws(ZeroMQError) {
        guard let link else { return }
        _ = try sendRest(of: link)
    }

    /// Sends what is waiting, as much as the socket takes.
    ///
    /// - Returns: Whether everything has left.
    private func sendRest(of link: PeerLink) throws(ZeroMQError) -> Bool {
        if isBatchFull {
            guard try send() else { return false }
        }
        while link.session.nextBatch(into: &batch, sent: &sent) {
            let hasLeft = try send()
            // After the sending, as who is told may have more to do.
            for sent in sent { link.didSend(sent) }
            sent.removeAll(keepingCapacity: true)
            guard hasLeft else { return false }
        }
        return true
    }

    private func send() throws(ZeroMQError) -> Bool {
        let result = try socket.send(batch)
        if case .sent = result {
            isBatchFull = false
            return true
        }
        isBatchFull = true
        return false
    }

    private func stop() {
        if let link, link.session.state == .open {
            link.session.goaway(.goodbye, "the peer closed the connection")
            // The goodbye may leave after the close, which waits for it a little.
            try? socket.set(.linger(200))
        }
        dropLink(.goodbye, "the connection was closed")
        let text = "the connection was closed"
        for call in waiting { end(call, .failed(Status(code: .unavailable, message: text))) }
        waiting = []
        for order in mailbox.close() {
            guard case .stream(let handle, _) = order else { continue }
            end(handle, .failed(Status(code: .unavailable, message: text)))
        }
        shared.intake.shutDown()
        shared.become(.closed)
        socket.stopMonitor()
    }
}
