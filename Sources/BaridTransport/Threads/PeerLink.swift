internal import GRPCCore

/// A session and where each of its streams leads; it belongs to who has the turn of a socket.
final class PeerLink {
    /// Where a stream leads.
    enum Binding {
        /// To somebody in this process.
        case handle(StreamHandle)
        /// To a stream of another session.
        case forward(PeerLink, UInt32)
        /// To a worker that is not free yet.
        case waiting(WaitingCall)
    }

    var session: Session
    var bindings: [UInt32: Binding] = [:]

    /// The number of the session; 0 until it is welcomed.
    var number: UInt64 = 0

    /// Whether the owner has the link on its list of those with something to send.
    var isDirty = false

    /// When the link was made.
    let began = ContinuousClock.now

    /// What the listener knows of the peer.
    var description: SessionDescription?

    /// The way to the peer on a ROUTER.
    var routingID: RoutingID?

    /// The connection the peer's hello came in on, as libzmq's monitor names it.
    var descriptor: Int32?

    /// What the connection has for a user id, where keys are in use: every message has to have it.
    var userID: String?

    /// Whether the peer may not do everything, so that each call is looked at.
    var isRestricted = false

    /// The connection is gone; the session ends once everything that came on it was read.
    var isGone = false

    /// Who waits until the peer has taken in what was sent to it.
    var roundTrips: [RoundTrip] = []

    init(session: consuming Session) {
        self.session = session
    }

    /// Opens a stream for a handle; false when the session does not take it.
    func open(
        _ handle: StreamHandle, rest: [UInt8], deadline: ContinuousClock.Instant?,
        now: ContinuousClock.Instant
    ) -> Bool {
        let remaining = deadline.map { now.duration(to: $0) }
        guard let id = session.open(rest: rest, remaining: remaining) else { return false }
        bind(handle, id)
        return true
    }

    func bind(_ handle: StreamHandle, _ id: UInt32) {
        handle.link = self
        handle.id = id
        handle.isBound = true
        bindings[id] = .handle(handle)
    }

    /// Ends a handle's stream and forgets it.
    func end(_ handle: StreamHandle, _ id: UInt32, _ end: StreamEnd, dropped: Int = 0) {
        bindings[id] = nil
        handle.isBound = false
        if let held = handle.heldByHand {
            session.releaseSession(held)
            handle.heldByHand = 0
        }
        handle.close(end.error)
        if dropped > 0 { handle.didSend(dropped) }
        let sink = handle.sink
        handle.sink = nil
        sink?.ended(end)
    }

    /// Carries out what was ordered about a stream of this session.
    func perform(_ order: StreamHandle.Order, for handle: StreamHandle) {
        let id = handle.id
        guard handle.isBound else {
            // A known race: the stream ended while the order was on its way.
            switch order {
            case .message(let message, _): handle.didSend(message.count)
            case .release(let charge, _):
                // What was to be returned by hand came back when the stream ended.
                if handle.heldByHand == nil { session.releaseSession(charge) }
            case .open, .headers, .halfClose, .finish, .cancel: break
            }
            return
        }
        switch order {
        case .open: break
        case .headers(let body): session.sendHeaders(body, id)
        case .message(let message, let exempt):
            let limit = session.peerMaximumMessageBytes
            guard message.count <= limit else {
                refuse(handle, size: message.count, limit: limit)
                handle.didSend(message.count)
                return
            }
            if !session.sendMessage(message, exempt: exempt, id) { handle.didSend(message.count) }
        case .halfClose: session.halfClose(id)
        case .finish(let body): session.finish(body, id)
        case .cancel(let body):
            let dropped = session.cancel(body, id)
            end(
                handle, id,
                .failed(Status(code: body.code, message: body.text)), dropped: dropped)
        case .release(var charge, let exempt):
            if let held = handle.heldByHand {
                charge = min(charge, held)
                handle.heldByHand = held - charge
            }
            session.release(charge, stream: id, exempt: exempt)
        }
    }

    /// Ends a call whose message the peer would not take.
    private func refuse(_ handle: StreamHandle, size: Int, limit: Int) {
        let id = handle.id
        let status = Status(
            code: .resourceExhausted,
            message: "a message of \(size) bytes; the peer accepts at most \(limit)")
        let dropped =
            session.abort(StatusBody(status), id)
            + session.cancel(CancelBody(code: status.code, text: status.message), id)
        end(handle, id, .failed(status), dropped: dropped)
    }

    /// Handles what concerns a stream that leads to a handle.
    ///
    /// - Returns: Whether the event was one of those.
    func deliver(_ event: Session.Event) -> Bool {
        switch event {
        case .headers(let id, let metadata):
            guard case .handle(let handle) = bindings[id] else { return false }
            handle.sink?.headers(metadata)
        case .message(let id, let bytes, let charge, let exempt):
            guard case .handle(let handle) = bindings[id] else { return false }
            let release = handle.sink?.message(bytes, charge: charge, exempt: exempt) ?? .now
            let exemptBytes = exempt ? bytes.count : 0
            switch release {
            case .later: break
            case .now: session.release(charge, stream: id, exempt: exemptBytes)
            case .byHand:
                handle.heldByHand = (handle.heldByHand ?? 0) + bytes.count
                if exempt { session.hold(bytes.count, stream: id) }
                session.release(
                    exempt ? 0 : charge - bytes.count, stream: id, exempt: exemptBytes)
            }
        case .halfClosed(let id):
            guard case .handle(let handle) = bindings[id] else { return false }
            handle.sink?.halfClosed()
        case .status(let id, let body, let dropped):
            guard case .handle(let handle) = bindings[id] else { return false }
            end(handle, id, .status(body), dropped: dropped)
        case .cancelled(let id, let body, let dropped):
            guard case .handle(let handle) = bindings[id] else { return false }
            end(handle, id, .cancelled(body), dropped: dropped)
        case .deadlineExceeded(let id, let dropped):
            guard case .handle(let handle) = bindings[id] else { return false }
            end(handle, id, .deadlineExceeded, dropped: dropped)
        case .failed(let id, let status, let dropped):
            guard case .handle(let handle) = bindings[id] else { return false }
            end(handle, id, .failed(status), dropped: dropped)
        case .welcomed, .opened, .forward, .forwardedStatus, .draining, .answered, .closed:
            return false
        }
        return true
    }

    /// Tells handles what of their messages has left.
    func didSend(_ sent: Session.Sent) {
        switch bindings[sent.stream] {
        case .handle(let handle):
            handle.didSend(sent.bytes)
            if sent.isLast { end(handle, sent.stream, .finished) }
        case .forward(let origin, _):
            if sent.bytes > 0 { origin.session.releaseSession(sent.bytes) }
            if sent.isLast { bindings[sent.stream] = nil }
        case .waiting, nil: break
        }
    }
}
