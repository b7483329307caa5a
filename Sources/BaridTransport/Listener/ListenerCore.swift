internal import GRPCCore
internal import Glibc
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// What the listener's thread owns: the ROUTER socket, the sessions, and who serves what.
///
/// Made by ``Listener/start()`` and handed to the thread, which uses it from then on; while that
/// sleeps, others send for it (``SocketTurn``).
final class ListenerCore {
    let configuration: Listener.Configuration
    let limits: TransportLimits
    let shared: ListenerShared
    let mailbox: Mailbox<SocketOrder>
    private let socket: Socket
    private let monitor: Socket
    let localPeer: String

    var links: [RoutingID: PeerLink] = [:]
    var linksByNumber: [UInt64: PeerLink] = [:]
    private var dirty: [PeerLink] = []
    var nextNumber: UInt64 = 1
    private var isSomebodyGone = false
    /// The connection that goes next had not finished its handshake.
    private var hasHandshakeFailed = false
    var dispatcher = Dispatcher()
    var waiting: [WaitingCall] = []
    /// The token of the next round trip asked for.
    var nextRoundTrip: UInt64 = 1

    var connections: ConnectionGuard
    var memory: MemoryWatch
    let processMemory = ProcessMemory()
    var nextWatch: ContinuousClock.Instant = .now
    var nextTrim: ContinuousClock.Instant?
    /// Handshakes without a key that the self-test made, and whose failure is no news.
    var failuresOfSelfTest: Int

    private var isStopping = false
    /// When the thread wakes by itself; nil where nothing makes it.
    private var sleepsUntil: ContinuousClock.Instant?
    var drainLimit: ContinuousClock.Instant?
    var nextScan: ContinuousClock.Instant = .now

    private var events: [Session.Event] = []
    private var sent: [Session.Sent] = []
    var batch: [UInt8] = []
    private var orders: [SocketOrder] = []

    init(
        configuration: Listener.Configuration, shared: ListenerShared,
        mailbox: Mailbox<SocketOrder>, socket: Socket, monitor: Socket, localPeer: String
    ) {
        self.configuration = configuration
        limits = configuration.limits.clamped()
        connections = ConnectionGuard(
            maximumPending: configuration.peers.maximumPending,
            maximumTime: configuration.peers.maximumPendingTime)
        memory = MemoryWatch(step: configuration.peers.memoryStepBytes)
        failuresOfSelfTest =
            configuration.keys == nil
            ? 0 : configuration.endpoints.count(where: configuration.asksForKey)
        self.shared = shared
        self.mailbox = mailbox
        self.socket = socket
        self.monitor = monitor
        self.localPeer = localPeer
    }

    // MARK: The loop

    /// Runs until stopped; then nothing of the socket is left.
    func run() {
        var part = Message()
        mailbox.turn.begin { [unowned self] in sendOrders() }
        defer { mailbox.turn.end() }
        do {
            var poll = try Poll(wakeUp: mailbox.wakeUp, socket: socket, monitor: monitor)
            while !isStopping {
                let now = ContinuousClock.now
                sleepsUntil = isIdle ? nil : min(nextScan, nextWatch)
                let ready = try poll.wait(
                    atMost: sleepsUntil.map { max(now.duration(to: $0), .zero) },
                    writable: false, sleep: mailbox.turn.sleep)
                if ready.wakeUp { takeOrders() }
                if ready.readable { try receive(&part) }
                if ready.monitor || isSomebodyGone {
                    try readMonitor()
                    // What a peer sent before it went is read first.
                    if try !receive(&part) { endGone() }
                }
                scan(.now)
                watch(.now)
                flush()
                while mailbox.hasOwn, !isStopping {
                    takeOrders()
                    flush()
                }
            }
        } catch {
            configuration.logger.error(
                "the listener's socket failed", metadata: ["error": "\(error)"])
        }
        stop()
    }

    /// What the thread does with orders, on whichever thread has its turn.
    ///
    /// - Returns: Whether the thread has to look for itself.
    private func sendOrders() -> Bool {
        takeOrders()
        flush()
        guard !isStopping, !mailbox.hasOwn, let sleepsUntil,
            min(nextScan, nextWatch) >= sleepsUntil, let isReadable = try? socket.isReadable
        else { return true }
        return isReadable
    }

    private var isIdle: Bool {
        links.isEmpty && waiting.isEmpty && drainLimit == nil && connections.isEmpty
    }

    private func takeOrders() {
        mailbox.take(into: &orders)
        for order in orders {
            switch order {
            case .stream(let handle, let order):
                guard let link = handle.link else { continue }
                link.perform(order, for: handle)
                markDirty(link)
            case .events(let count, let session):
                dispatcher.setEvents(count, session: session)
                serveWaiting(dispatcher.services(of: session))
            case .roundTrip(let session, let answer):
                begin(RoundTrip(answer: answer), session: session)
            case .keysChanged:
                endUnwanted()
            case .drain(let limit):
                drainLimit = limit
                nextScan = .now
                for link in links.values { link.session.isDraining = true }
            case .stopServing:
                break  // Local calls are refused by the intake; forwarding goes on.
            case .stop:
                isStopping = true
            }
        }
        orders.removeAll(keepingCapacity: true)
    }

    /// Messages taken before other work has its turn.
    private static let receiveBatch = 256

    /// - Returns: Whether messages may be left.
    @discardableResult
    private func receive(_ part: inout Message) throws(ZeroMQError) -> Bool {
        let now = ContinuousClock.now
        for _ in 0..<Self.receiveBatch {
            guard try socket.receive(into: &part) else { return false }
            let id = part.withUnsafeBytes { RoutingID($0) }
            guard part.hasMore, try socket.receive(into: &part) else { continue }
            guard !part.hasMore else {
                while part.hasMore, try socket.receive(into: &part) {}
                refuse(
                    id, FrameError.malformed("a message of more than one part"),
                    part.sourceDescriptor)
                continue
            }
            guard let link = links[id] else {
                greet(&part, id, now)
                continue
            }
            if let userID = link.userID, !part.hasProperty("User-Id", userID) {
                // Somebody else got hold of the routing id of a connection that just went.
                configuration.audit.refused(
                    .session, who: "\(part.property("User-Id") ?? "nobody")",
                    what: "session \(link.number)", right: "the connection of it")
                end(link, .unexpected, "another connection took the session's routing id")
                greet(&part, id, now)
            } else if part.withUnsafeBytes({ FrameHeader.isHello($0) }) {
                end(link, .unexpected, "the peer said hello again")
                greet(&part, id, now)
            } else {
                part.withUnsafeBytes { take($0, on: link, now) }
            }
        }
        return true
    }

    // MARK: Events

    func take(
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
        // Events of other sessions may come up meanwhile, but never of this one.
        var events: [Session.Event] = []
        swap(&events, &self.events)
        markDirty(link)
        for event in events { handle(event, of: link, now) }
        events.removeAll(keepingCapacity: true)
        swap(&events, &self.events)
    }

    private func handle(
        _ event: Session.Event, of link: PeerLink, _ now: ContinuousClock.Instant
    ) {
        switch event {
        case .opened(let id, let open, let rest):
            dispatch(link, id, open, rest, now)
        case .forward(let id, let kind, let flags, let body):
            forward(link, id, kind, flags, body)
        case .forwardedStatus(let id, let body, let dropped):
            forwardStatus(link, id, body, dropped: dropped)
        case .draining:
            if var description = link.description {
                description.isDraining = true
                link.description = description
                shared.add(description)
            }
            let services = dispatcher.remove(link.number)
            serveWaiting(services)
        case .answered(let token):
            finishRoundTrip(token, of: link)
        case .closed(let code, let text):
            end(link, code, text)
        case .cancelled(let id, _, let dropped), .deadlineExceeded(let id, let dropped),
            .failed(let id, _, let dropped):
            if !link.deliver(event) { endForwarded(link, id, dropped: dropped) }
        case .headers, .message, .halfClosed, .status, .welcomed:
            _ = link.deliver(event)
        }
    }

    func link(number: UInt64) -> PeerLink? { linksByNumber[number] }

    func scanNoLater(than instant: ContinuousClock.Instant) { nextScan = min(nextScan, instant) }

    func markDirty(_ link: PeerLink) {
        guard !link.isDirty else { return }
        link.isDirty = true
        dirty.append(link)
    }

    // MARK: Time and output

    private func scan(_ now: ContinuousClock.Instant) {
        guard now >= nextScan || drainLimit != nil else { return }
        var next = now.advanced(by: Session.maximumSilence)
        for link in Array(links.values) {
            link.session.tick(now: now, into: &events)
            if !events.isEmpty { handleEvents(of: link, now) }
            if link.session.hasOutput { markDirty(link) }
            next = min(next, link.session.nextTick)
        }
        expireWaiting(now)
        for call in waiting { next = min(next, call.giveUp) }
        if let drainLimit {
            next = min(next, drainLimit)
            if now >= drainLimit || links.values.allSatisfy({ $0.session.streamCount == 0 }) {
                isStopping = true
            }
        }
        nextScan = next
    }

    private func flush() {
        while let link = dirty.popLast() {
            link.isDirty = false
            flush(link)
        }
    }

    private func flush(_ link: PeerLink) {
        guard let id = link.routingID, links[id] === link else { return }
        nextScan = min(nextScan, link.session.nextTick)
        while link.session.nextBatch(into: &batch, sent: &sent) {
            let result = send(batch, to: id)
            for sent in sent { didSend(sent, on: link) }
            sent.removeAll(keepingCapacity: true)
            switch result {
            case .sent: continue
            case .full:
                end(link, .overloaded, "the peer does not read")
                // With it goes what libzmq holds for the peer.
                if let descriptor = link.descriptor { Socket.cut(descriptor: descriptor) }
                return
            case .unreachable:
                end(link, .goodbye, "the connection is gone")
                return
            }
        }
        if askForRoundTrips(of: link) { flush(link) }
    }

    private func didSend(_ sent: Session.Sent, on link: PeerLink) {
        if sent.bytes > 0, case .forward(let origin, _) = link.bindings[sent.stream] {
            markDirty(origin)
        }
        link.didSend(sent)
    }

    func send(_ bytes: [UInt8], to id: RoutingID) -> Socket.SendResult {
        do {
            let first = try id.withUnsafeBytes { try socket.send($0, more: true) }
            guard case .sent = first else { return first }
            return try socket.send(bytes)
        } catch {
            configuration.logger.error("a send failed", metadata: ["error": "\(error)"])
            return .unreachable
        }
    }

    // MARK: Ends

    func readMonitor() throws(ZeroMQError) {
        while let event = try monitor.nextEvent() {
            let wasGreeting = hasHandshakeFailed
            hasHandshakeFailed = false
            switch event {
            case .accepted(let descriptor):
                let now = ContinuousClock.now
                connections.accepted(
                    descriptor, slowly: memory.isTense(now: now), now: now
                ).map(cut)
            case .disconnected(let descriptor): isGone(descriptor, isGreeting: wasGreeting)
            case .handshakeFailed(let failure):
                hasHandshakeFailed = true
                note(failure)
            case .connected, .established: continue
            case .acceptFailed(let error):
                configuration.logger.error(
                    "a connection could not be accepted", metadata: ["errno": "\(error)"])
            }
        }
    }

    private func isGone(_ descriptor: Int32, isGreeting: Bool) {
        if let link = links.values.first(where: { $0.descriptor == descriptor }) {
            link.descriptor = nil
            link.isGone = true
            isSomebodyGone = true
        }
        guard connections.disconnected(descriptor, isGreeting: isGreeting, now: .now) else {
            return
        }
        configuration.audit.refused(
            .connection, who: "nobody", what: "handshake",
            right: "an end within \(ConnectionGuard.handshakeTime)")
    }

    private func endGone() {
        isSomebodyGone = false
        for link in Array(links.values) where link.isGone {
            end(link, .goodbye, "the connection is gone")
        }
    }

    /// Ends a session and everything on it.
    func end(_ link: PeerLink, _ code: SessionCode, _ text: String) {
        guard let id = link.routingID, links[id] === link else { return }
        while link.session.nextBatch(into: &batch, sent: &sent) {
            guard case .sent = send(batch, to: id) else { break }
        }
        sent.removeAll(keepingCapacity: true)
        links[id] = nil
        linksByNumber[link.number] = nil
        if let descriptor = link.descriptor {
            connections.ended(descriptor, now: .now)
            // Whoever is silent may be in the middle of a message without an end, or hear of nothing:
            // then a reset tells it where the way to it is open.
            if code == .timedOut { Socket.abort(descriptor: descriptor) }
        }
        note(code, text, who: link.description.map { "\($0.identity)" } ?? "nobody")
        let services = dispatcher.remove(link.number)
        for (stream, binding) in link.bindings {
            switch binding {
            case .handle(let handle): link.end(handle, stream, .sessionEnded(code, text))
            case .forward, .waiting: endForwarded(link, stream, dropped: 0, because: text)
            }
        }
        link.bindings = [:]
        link.session.countWhatEnds()
        loseRoundTrips(of: link)
        serveWaiting(services)
        guard let description = link.description else { return }
        shared.remove(description.id)
        configuration.logger.info(
            "session ended",
            metadata: [
                "session": "\(description.id)", "name": "\(description.registration.name)",
                "code": "\(code.name)", "reason": "\(text)",
            ])
        configuration.onSession?(.ended(description, reason: text))
    }

    private func stop() {
        for link in Array(links.values) {
            link.session.goaway(.goodbye, "the broker is shutting down")
            end(link, .goodbye, "the broker is shutting down")
        }
        for order in mailbox.close() {
            if case .roundTrip(_, let answer) = order { answer(nil) }
            guard case .stream(let handle, _) = order else { continue }
            handle.close(RPCError(code: .unavailable, message: "the listener stopped"))
        }
        shared.intake.shutDown()
        socket.stopMonitor()
    }
}
