internal import GRPCCore

/// Where a call goes that a peer opened.
extension ListenerCore {
    func dispatch(
        _ link: PeerLink, _ id: UInt32, _ open: OpenBody, _ rest: [UInt8],
        _ now: ContinuousClock.Instant
    ) {
        guard let description = link.description else { return }
        let descriptor = open.descriptor
        let service = descriptor.service.fullyQualifiedService
        let deadline = open.remaining.map { now.advanced(by: $0) }
        if let deadline { nextScan = min(nextScan, deadline) }
        let isOurs = shared.intake.serves(service) ?? !dispatcher.serves(service)
        // Peers make names up: those of services that nobody serves are not told apart.
        let isServed =
            dispatcher.serves(service) || shared.intake.serves(service) == true
            || configuration.rawHandlers[open.method] != nil
        link.session.count(
            id,
            in: CallTally(
                counts: configuration.calls,
                service: isServed ? configuration.calls.service(service) : .other))
        guard !link.isRestricted || description.rights.mayCall(descriptor) else {
            refuseCall(link, id, descriptor, description)
            return
        }
        if let handler = configuration.rawHandlers[open.method] {
            link.session.accept(id)
            let handle = StreamHandle(mailbox: mailbox)
            link.bind(handle, id)
            let stream = RawStream(
                handle: handle, method: descriptor, metadata: open.metadata,
                session: description, deadline: deadline,
                maximumMessageBytes: limits.maximumMessageBytes)
            handle.sink = RawSink(stream: stream, receiver: handler.opened(stream))
        } else if isOurs {
            link.session.accept(id)
            serveLocally(link, id, open, descriptor, description)
        } else {
            openForwarded(link, id, rest, service: service, deadline: deadline, now)
        }
    }

    private func refuseCall(
        _ link: PeerLink, _ id: UInt32, _ method: MethodDescriptor,
        _ description: SessionDescription
    ) {
        let refusal = Refusal(
            who: description.identity, what: "call \(method.fullyQualifiedMethod)",
            right: Rights.needed(for: method))
        refusal.note(.call, in: configuration.audit)
        link.session.accept(id)
        link.session.finish(StatusBody(refusal.status, metadata: refusal.trailers), id)
    }

    private func serveLocally(
        _ link: PeerLink, _ id: UInt32, _ open: OpenBody, _ descriptor: MethodDescriptor,
        _ description: SessionDescription
    ) {
        let handle = StreamHandle(mailbox: mailbox)
        link.bind(handle, id)
        let call = ServerIntake.Call(
            handle: handle, open: open, descriptor: descriptor, remotePeer: description.peer,
            localPeer: localPeer, session: description,
            maximumMessageBytes: limits.maximumMessageBytes)
        guard shared.intake.offer(call) else {
            link.session.finish(
                StatusBody(Status(code: .unavailable, message: "the broker is shutting down")), id)
            return
        }
    }
}
