internal import Logging
internal import ZeroMQ

/// What keeps peers from using up connections and memory.
extension ListenerCore {
    /// Looks at connections without a session, and at memory, every now and then.
    func watch(_ now: ContinuousClock.Instant) {
        guard now >= nextWatch else { return }
        connections.overdue(now: now).forEach(cut)
        endMostUnfinished()
        if let nextTrim, nextTrim <= now {
            self.nextTrim = nil
            ProcessMemory.trim()
        }
        if let bytes = processMemory.residentBytes(),
            case .examine(let ask) = memory.measured(bytes, now: now)
        {
            examine(asking: ask, bytes, now)
        }
        nextWatch = now.advanced(by: memory.interval(now: now))
    }

    /// Cuts a connection, with a line that says what for.
    func cut(_ cut: ConnectionGuard.Cut) {
        // Whoever sees the cut finds it told.
        configuration.audit.refused(
            .connection, who: "nobody", what: "connection without a session",
            right: cut.offence.right)
        Socket.cut(descriptor: cut.descriptor)
    }

    /// Tells of an end that is the peer's fault.
    func note(_ code: SessionCode, _ text: String, who: String) {
        switch code {
        case .malformed, .unexpected, .unknownStream, .flowControl, .tooManySessions, .overloaded:
            configuration.audit.refused(.session, who: who, what: text, right: code.name)
        case .draining, .goodbye, .unknownSession, .unsupportedVersion, .timedOut, .notAllowed:
            // A known race, nobody's fault, or told where it was found.
            configuration.logger.debug(
                "peer without session", metadata: ["code": "\(code.name)", "reason": "\(text)"])
        }
    }

    /// Tells of a handshake that failed; what ZAP refused, the authenticator has told.
    func note(_ failure: ConnectionEvent.HandshakeFailure) {
        switch failure {
        case .lost: break  // Told when the connection is gone, if it took long.
        case .mechanism where failuresOfSelfTest > 0: failuresOfSelfTest -= 1
        case .mechanism:
            configuration.audit.refused(
                .connection, who: "nobody", what: "handshake", right: "the endpoint's mechanism")
        case .malformed(let code):
            configuration.audit.refused(
                .connection, who: "nobody", what: "handshake", right: "ZMTP 3 (error \(code))")
        case .refused: break
        }
    }

    /// Messages that were begun and not finished are outside of credit; those of all sessions have a
    /// limit together.
    private func endMostUnfinished() {
        var total = links.values.reduce(0) { $0 + $1.session.assemblyBytes }
        while total > configuration.peers.maximumUnfinishedBytes {
            let most = links.values.max { $0.session.assemblyBytes < $1.session.assemblyBytes }
            guard let most, most.session.assemblyBytes > 0 else { return }
            let bytes = most.session.assemblyBytes
            let text = """
                unfinished messages of all sessions take \(total) bytes, at most \
                \(configuration.peers.maximumUnfinishedBytes) are allowed; \(bytes) of them are here
                """
            most.session.goaway(.overloaded, text)
            end(most, .overloaded, text)
            total -= bytes
        }
    }

    /// Finds who is in the middle of a message, while memory grows.
    private func examine(asking: Bool, _ bytes: Int, _ now: ContinuousClock.Instant) {
        var oldest: ContinuousClock.Instant?
        var hasCut = false
        for link in Array(links.values) {
            let heard = link.session.lastReceived
            let isFriend = link.began.duration(to: now) >= .seconds(1)
            if let descriptor = link.descriptor,
                isGuilty(descriptor, heard: heard, isFriend: isFriend, now)
            {
                abort(descriptor, who: link.description.map { "\($0.identity)" } ?? "nobody", now)
                link.descriptor = nil
                end(link, .goodbye, "a message that does not end, while memory grows")
                hasCut = true
                continue
            }
            oldest = min(oldest ?? heard, heard)
            guard asking, heard.duration(to: now) >= MemoryWatch.patience else { continue }
            link.session.ping(now: now)
            markDirty(link)
        }
        for connection in connections.pending
        where isGuilty(
            connection.descriptor, heard: connection.since, isFriend: false, now)
        {
            connections.forget(connection.descriptor)
            abort(connection.descriptor, who: "nobody", now)
            hasCut = true
        }
        if hasCut {
            // What a cut sets free is free a moment later, when libzmq has noticed it.
            nextTrim = nextTrim ?? now.advanced(by: .milliseconds(100))
        } else {
            memory.calm(oldest: oldest, bytes: bytes, now: now)
        }
    }

    private func isGuilty(
        _ descriptor: Int32, heard: ContinuousClock.Instant, isFriend: Bool,
        _ now: ContinuousClock.Instant
    ) -> Bool {
        memory.isGuilty(
            descriptor, heard: heard, isFriend: isFriend,
            hasUnread: Socket.hasUnread(descriptor: descriptor), now: now)
    }

    private func abort(_ descriptor: Int32, who: String, _ now: ContinuousClock.Instant) {
        Socket.abort(descriptor: descriptor)
        memory.hasCut(descriptor, now: now)
        configuration.audit.refused(
            .connection, who: who, what: "message without an end", right: "a message of one part")
    }
}
