internal import GRPCCore

/// Calls passed on to workers: frames go through undecoded, only their stream ids change.
extension ListenerCore {
    func openForwarded(
        _ link: PeerLink, _ id: UInt32, _ rest: [UInt8], service: String,
        deadline: ContinuousClock.Instant?, _ now: ContinuousClock.Instant
    ) {
        link.session.forward(id)
        let call = WaitingCall(
            service: service, rest: rest, link: link, id: id, deadline: deadline,
            giveUp: now.advanced(by: configuration.maximumForwardingWait))
        switch dispatcher.choose(service) {
        case .worker(let number):
            connect(call, toWorker: number, now)
        case .none:
            refuse(call, Self.noWorker(service))
        case .busy:
            let count = waiting.count { $0.service == service }
            guard count < configuration.maximumWaitingCalls else {
                let text = "every worker of \(service) is busy and \(count) calls wait already"
                refuse(call, Status(code: .resourceExhausted, message: text))
                return
            }
            link.bindings[id] = .waiting(call)
            waiting.append(call)
            scanNoLater(than: call.giveUp)
        }
    }

    /// Opens the call on the worker and sends what the caller sent meanwhile.
    private func connect(
        _ call: WaitingCall, toWorker number: UInt64, _ now: ContinuousClock.Instant
    ) {
        let link = call.link
        let remaining = call.deadline.map { now.duration(to: $0) }
        guard let worker = self.link(number: number),
            let id = worker.session.open(rest: call.rest, remaining: remaining)
        else {
            refuse(call, Self.noWorker(call.service))
            return
        }
        worker.session.forward(id)
        worker.bindings[id] = .forward(link, call.id)
        link.bindings[call.id] = .forward(worker, id)
        dispatcher.began(number)
        shared.callBegan(on: number)
        for (kind, flags, body) in call.frames { forward(link, call.id, kind, flags, body) }
        call.frames = []
        markDirty(worker)
    }

    private func refuse(_ call: WaitingCall, _ status: Status) {
        call.isOver = true
        call.link.bindings[call.id] = nil
        call.link.session.abort(StatusBody(status), call.id)
        call.link.session.releaseSession(call.charge)
        markDirty(call.link)
    }

    /// Passes one frame on to where its stream leads.
    func forward(
        _ link: PeerLink, _ id: UInt32, _ kind: FrameKind, _ flags: FrameHeader.Flags,
        _ body: [UInt8]
    ) {
        switch link.bindings[id] {
        case .forward(let other, let otherID):
            let isTaken = other.session.sendForwarded(kind, flags, body, otherID)
            if !isTaken, kind == .message, !flags.contains(.exempt) {
                link.session.releaseSession(body.count + FrameHeader.size)
            }
            markDirty(other)
        case .waiting(let call):
            call.frames.append((kind, flags, body))
        case .handle, nil:
            if kind == .message, !flags.contains(.exempt) {
                link.session.releaseSession(body.count + FrameHeader.size)
            }
        }
    }

    /// The worker answered: the status goes to the caller behind what is still on its way.
    func forwardStatus(_ worker: PeerLink, _ id: UInt32, _ body: [UInt8], dropped: Int) {
        guard case .forward(let caller, let callerID) = worker.bindings[id] else { return }
        worker.bindings[id] = nil
        caller.session.releaseSession(dropped)
        _ = caller.session.sendForwarded(.status, [], body, callerID)
        markDirty(caller)
        workerIsFree(worker)
    }

    /// A forwarded stream ended on one side: the other side is told.
    ///
    /// `dropped` bytes were queued on this side and will not leave, so their credit goes back;
    /// `reason` says why, if the whole session of this side ended.
    func endForwarded(_ link: PeerLink, _ id: UInt32, dropped: Int, because reason: String? = nil) {
        switch link.bindings.removeValue(forKey: id) {
        case .forward(let other, let otherID):
            other.session.releaseSession(dropped)
            other.bindings[otherID] = nil
            if otherID % 2 == 0 {
                // The caller's side ended, so the worker need not go on.
                let rest = other.session.cancel(
                    CancelBody(text: reason ?? "the caller is gone"), otherID)
                link.session.releaseSession(rest)
                workerIsFree(other)
            } else {
                let name = link.description?.registration.name ?? ""
                let text = "the worker \(name) failed: \(reason ?? "it broke the protocol")"
                let rest = other.session.abort(
                    StatusBody(Status(code: .unavailable, message: text)), otherID)
                link.session.releaseSession(rest)
                if reason == nil { workerIsFree(link) }
            }
            markDirty(other)
            markDirty(link)
        case .waiting(let call):
            call.isOver = true
            link.session.releaseSession(call.charge)
            waiting.removeAll { $0 === call }
        case .handle, nil:
            break
        }
    }

    private func workerIsFree(_ worker: PeerLink) {
        dispatcher.ended(worker.number)
        shared.callEnded(on: worker.number)
        serveWaiting(dispatcher.services(of: worker.number))
    }

    /// Gives waiting calls of these services to workers, oldest first.
    func serveWaiting(_ services: [String]) {
        guard !waiting.isEmpty, !services.isEmpty else { return }
        let now = ContinuousClock.now
        var left: [WaitingCall] = []
        let calls = waiting
        waiting = []
        for call in calls {
            guard !call.isOver, services.contains(call.service) else {
                if !call.isOver { left.append(call) }
                continue
            }
            switch dispatcher.choose(call.service) {
            case .worker(let number): connect(call, toWorker: number, now)
            case .busy: left.append(call)
            case .none: refuse(call, Self.noWorker(call.service))
            }
        }
        waiting = left + waiting
    }

    /// Ends calls that waited too long.
    func expireWaiting(_ now: ContinuousClock.Instant) {
        guard waiting.contains(where: { $0.giveUp <= now }) else { return }
        for call in waiting where call.giveUp <= now {
            let text = """
                every worker of \(call.service) was busy for \
                \(configuration.maximumForwardingWait)
                """
            refuse(call, Status(code: .resourceExhausted, message: text))
        }
        waiting.removeAll { $0.isOver }
    }

    private static func noWorker(_ service: String) -> Status {
        Status(code: .unavailable, message: "no worker serves \(service)")
    }
}
