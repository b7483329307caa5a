internal import GRPCCore

/// What time does.
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

    /// Asks the peer to say when it has taken in everything that has left so far.
    ///
    /// - Parameter token: Comes back with ``Event/answered(_:)``; not 0.
    mutating func ask(_ token: UInt64) {
        guard state == .open else { return }
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: token >> (56 - 8 * $0)) }
        FrameCodec.append(.ping, body: bytes, to: &control)
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
