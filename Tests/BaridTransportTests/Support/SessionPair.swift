import GRPCCore

@testable import BaridTransport

/// One side of a session with a clock of the test's own.
struct TestSession: ~Copyable {
    var session: Session
    var now: ContinuousClock.Instant

    /// Takes a batch and says what came of it; streams the peer opened are accepted.
    mutating func take(_ batch: [UInt8]) -> [Session.Event] {
        var events: [Session.Event] = []
        var offset = 0
        batch.withUnsafeBytes { bytes in
            repeat {
                let before = events.count
                offset += session.receive(
                    UnsafeRawBufferPointer(rebasing: bytes[offset...]), now: now, into: &events)
                for case .opened(let id, _, _) in events[before...] { session.accept(id) }
            } while offset < bytes.count
        }
        return events
    }

    /// Everything there is to send, batch by batch.
    mutating func batches() -> [[UInt8]] {
        var batches: [[UInt8]] = []
        var batch: [UInt8] = []
        var sent: [Session.Sent] = []
        while session.nextBatch(into: &batch, sent: &sent) { batches.append(batch) }
        return batches
    }

    mutating func advance(_ duration: Duration) -> [Session.Event] {
        now = now.advanced(by: duration)
        var events: [Session.Event] = []
        session.tick(now: now, into: &events)
        return events
    }
}

/// Both sides of a session, joined by hand.
struct SessionPair: ~Copyable {
    var client: TestSession
    var broker: TestSession

    static func listening(
        limits: TransportLimits = TransportLimits(), now: ContinuousClock.Instant = .now
    ) throws -> TestSession {
        let hello = HelloBody(nonce: 5, maximumMessageBytes: 1 << 20, metadata: [:])
        let welcome = WelcomeBody(
            version: 1, nonce: 5, session: 1, brokerEpoch: 1, brokerTime: 0,
            maximumMessageBytes: limits.maximumMessageBytes)
        return TestSession(
            session: try Session(accepting: hello, welcome: welcome, limits: limits, now: now),
            now: now)
    }

    init(limits: TransportLimits = TransportLimits()) throws {
        let now = ContinuousClock.now
        let hello = HelloBody(
            nonce: 5, maximumMessageBytes: limits.maximumMessageBytes, metadata: [:])
        let session = try Session(hello: hello, limits: limits, now: now)
        let listening = try Self.listening(limits: limits, now: now)
        client = TestSession(session: session, now: now)
        broker = listening
        // The listening side was made as if it had read the hello.
        _ = client.batches()
        settle()
    }

    /// Carries batches to and fro until neither side has more to say.
    ///
    /// - Returns: What each side saw.
    @discardableResult
    mutating func settle() -> (client: [Session.Event], broker: [Session.Event]) {
        var seen: (client: [Session.Event], broker: [Session.Event]) = ([], [])
        while client.session.hasOutput || broker.session.hasOutput {
            let requests = client.batches()
            let responses = broker.batches()
            if requests.isEmpty, responses.isEmpty { break }
            for batch in requests { seen.broker += broker.take(batch) }
            for batch in responses { seen.client += client.take(batch) }
        }
        return seen
    }

    /// Opens a stream from the client.
    mutating func open(remaining: Duration? = nil) throws -> UInt32 {
        let body = OpenBody(method: "a.B/C", remaining: remaining, metadata: [:])
        let id = client.session.open(rest: try body.encodeRest(), remaining: remaining)
        guard let id else { throw RPCError(code: .internalError, message: "not opened") }
        return id
    }
}
