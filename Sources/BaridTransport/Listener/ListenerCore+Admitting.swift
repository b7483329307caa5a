internal import GRPCCore
internal import Logging
internal import ZeroMQ

/// Who gets a session, and who loses it for what he may not.
extension ListenerCore {
    /// What is known of who sent a hello.
    private struct Visitor {
        var routingID: RoutingID
        var descriptor: Int32?
        /// Nil where keys are not in use.
        var userID: String?
        var identity: PeerIdentity
        var rights: Rights
    }

    func greet(_ part: inout Message, _ id: RoutingID, _ now: ContinuousClock.Instant) {
        let descriptor = part.sourceDescriptor
        let userID = part.property("User-Id")
        part.withUnsafeBytes { greet($0, id, descriptor, userID, now) }
    }

    /// Begins a session, or says why not.
    private func greet(
        _ bytes: UnsafeRawBufferPointer, _ id: RoutingID, _ descriptor: Int32?, _ userID: String?,
        _ now: ContinuousClock.Instant
    ) {
        do {
            var reader = ByteReader(bytes)
            let header = try FrameHeader(from: &reader)
            guard header.kind == .hello else {
                throw FrameError(code: .unknownSession, text: "say hello first")
            }
            let hello = try HelloBody(reader.take(header.length))
            let version = try hello.commonVersion()
            let visitor = try admit(id, descriptor, userID, Registration(hello.metadata))
            guard links.count < configuration.peers.maximumSessions else {
                throw FrameError(
                    code: .tooManySessions,
                    text: "the broker has \(links.count) sessions, its maximum")
            }
            guard drainLimit == nil else {
                throw FrameError(code: .draining, text: "the broker is shutting down")
            }
            // A descriptor may be used again: whoever had it before is marked as gone first.
            try? readMonitor()
            let link = try begin(hello, version: version, visitor, now)
            let rest = UnsafeRawBufferPointer(rebasing: bytes[reader.offset...])
            if !rest.isEmpty {
                take(rest, on: link, now)
            }
        } catch let error as FrameError {
            refuse(id, error, descriptor)
        } catch {
            refuse(id, .malformed("\(error)"), descriptor)
        }
    }

    /// Says who wants a session, or refuses it.
    private func admit(
        _ id: RoutingID, _ descriptor: Int32?, _ userID: String?, _ registration: Registration
    ) throws(FrameError) -> Visitor {
        guard let keys = configuration.keys else {
            return Visitor(
                routingID: id, descriptor: descriptor, identity: .local, rights: .all)
        }
        guard let identity = PeerIdentity(userID: userID) else {
            // Nobody vouched for the connection: libzmq let it in without asking.
            configuration.audit.refused(
                .session, who: "nobody", what: "hello of \(registration.name)",
                right: "an authenticated connection")
            throw FrameError(code: .notAllowed, text: "the connection is not authenticated")
        }
        guard let rights = keys.rights(of: identity) else {
            configuration.audit.refused(
                .session, who: "\(identity)", what: "hello of \(registration.name)",
                right: "a key that is let in")
            throw FrameError(code: .notAllowed, text: "the key \(identity) was revoked")
        }
        if identity != .local {
            let count = links.values.count { $0.description?.identity == identity }
            guard count < configuration.peers.maximumSessionsPerKey else {
                throw FrameError(
                    code: .tooManySessions,
                    text: "the key \(identity) has \(count) sessions, the most a key may have")
            }
        }
        if let service = registration.services.first(where: { !rights.mayServe($0) }) {
            configuration.audit.refused(
                .session, who: "\(identity)", what: service, right: "serve=\(service)")
            throw FrameError(
                code: .notAllowed, text: "the key \(identity) has no right to serve \(service)")
        }
        return Visitor(
            routingID: id, descriptor: descriptor, userID: userID, identity: identity,
            rights: rights)
    }

    /// Ends the sessions of keys that were revoked or have other rights now.
    func endUnwanted() {
        guard let keys = configuration.keys else { return }
        for link in Array(links.values) {
            guard let description = link.description else { continue }
            let rights = keys.rights(of: description.identity)
            guard rights != description.rights else { continue }
            let (code, text): (SessionCode, String) =
                rights == nil
                ? (.notAllowed, "the key \(description.identity) was revoked")
                : (.goodbye, "the rights of the key \(description.identity) changed")
            link.session.goaway(code, text)
            end(link, code, text)
        }
    }

    private func begin(
        _ hello: HelloBody, version: UInt16, _ visitor: Visitor, _ now: ContinuousClock.Instant
    ) throws(RPCError) -> PeerLink {
        let number = nextNumber
        nextNumber += 1
        let since = WallClock.now
        let welcome = WelcomeBody(
            version: version, nonce: hello.nonce, session: number,
            brokerEpoch: configuration.brokerEpoch, brokerTime: WallClock.milliseconds(since),
            maximumMessageBytes: limits.maximumMessageBytes)
        let link = PeerLink(
            session: try Session(accepting: hello, welcome: welcome, limits: limits, now: now))
        let registration = Registration(hello.metadata)
        var description = SessionDescription(
            id: number, peer: "\(localPeer)#\(number)", registration: registration, since: since)
        description.identity = visitor.identity
        description.rights = visitor.rights
        link.number = number
        link.routingID = visitor.routingID
        link.descriptor = visitor.descriptor
        link.userID = visitor.userID
        link.isRestricted = visitor.rights != .all
        link.description = description
        links[visitor.routingID] = link
        if let descriptor = visitor.descriptor { connections.began(descriptor) }
        linksByNumber[number] = link
        nextScan = min(nextScan, link.session.nextTick)
        markDirty(link)
        shared.add(description)
        dispatcher.add(
            number, services: registration.services, concurrency: registration.concurrency)
        configuration.logger.info(
            "session started",
            metadata: [
                "session": "\(number)", "name": "\(registration.name)",
                "who": "\(visitor.identity)",
            ])
        configuration.onSession?(.started(description))
        serveWaiting(registration.services)
        return link
    }

    /// Tells a peer without a session why it has none.
    func refuse(_ id: RoutingID, _ error: FrameError, _ descriptor: Int32?) {
        if let link = links[id] {
            link.session.goaway(error.code, error.text)
            end(link, error.code, error.text)
            return
        }
        note(error.code, error.text, who: "nobody")
        if let descriptor { connections.strayed(descriptor).map(cut) }
        batch.removeAll(keepingCapacity: true)
        FrameCodec.append(
            .goaway, body: GoawayBody(error.code, error.text).encode(), to: &batch)
        _ = send(batch, to: id)
    }
}
