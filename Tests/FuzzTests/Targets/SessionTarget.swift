@testable import BaridTransport

/// A dialog of any messages and any wishes of the application, in any order: the session does not
/// trap, what it sends is well-formed, and what it gives out came in.
enum SessionTarget: FuzzTarget {
    static let name = "session"

    static func take(_ bytes: [UInt8]) {
        var input = Decisions(bytes)
        var limits = TransportLimits()
        limits.maximumMessageBytes = 4_096
        limits.maximumStreams = 4
        let hello = HelloBody(nonce: 7, maximumMessageBytes: 4_096, metadata: [:])
        let welcome = WelcomeBody(
            version: 1, nonce: 7, session: 1, brokerEpoch: 1, brokerTime: 0,
            maximumMessageBytes: 4_096)
        let start = ContinuousClock.now
        let begun =
            input.below(2) == 0
            ? try? Session(accepting: hello, welcome: welcome, limits: limits, now: start)
            : try? Session(hello: hello, limits: limits, now: start)
        guard var session = begun else { return expect(false, "no session") }
        var dialog = Dialog(now: start, limits: limits)
        var steps = 0
        while !input.isOver, steps < 400 {
            steps += 1
            dialog.act(&session, &input)
        }
    }

    private struct Dialog {
        var now: ContinuousClock.Instant
        let limits: TransportLimits
        var received = 0
        var given = 0
        var held: [(stream: UInt32, charge: Int, exempt: Int)] = []

        mutating func act(_ session: inout Session, _ input: inout Decisions) {
            let stream = UInt32(input.below(12))
            switch input.below(16) {
            case 0...5: receive(&session, message(&input, stream))
            case 6: receive(&session, (0..<input.below(40)).map { _ in input.byte() })
            case 7: _ = session.open(rest: [0, 1, 47, 0, 0], remaining: nil)
            case 8:
                _ = session.sendMessage(
                    [UInt8](repeating: 1, count: input.number() % 5_000),
                    exempt: input.below(2) == 0, stream)
            case 9: session.halfClose(stream)
            case 10: session.finish(StatusBody(.init(code: .ok, message: "")), stream)
            case 11: session.cancel(CancelBody(text: "no"), stream)
            case 12:
                guard let message = held.popLast() else { return }
                session.release(message.charge, stream: message.stream, exempt: message.exempt)
            case 13:
                now += .milliseconds(input.number())
                var events: [Session.Event] = []
                session.tick(now: now, into: &events)
                note(events, &session)
            case 14: session.accept(stream)
            default: send(&session)
            }
        }

        /// One to three frames with bodies that fit their kinds more often than chance.
        private func message(_ input: inout Decisions, _ stream: UInt32) -> [UInt8] {
            var message: [UInt8] = []
            for _ in 0..<1 + input.below(3) {
                let kinds: [FrameKind] = [
                    .open, .message, .message, .headers, .halfClose, .status, .cancel,
                    .windowUpdate, .ping, .pong, .goaway, .hello, .welcome,
                ]
                let kind = kinds[input.below(kinds.count)]
                var body = (0..<input.below(24)).map { _ in input.byte() }
                switch kind {
                case .open where input.below(4) > 0:
                    body = OpenBody.frame(
                        (try? OpenBody(method: "/a.B/c", remaining: nil, metadata: [:])
                            .encodeRest()) ?? [], remaining: .milliseconds(input.number()))
                case .status where input.below(4) > 0:
                    body = StatusBody(.init(code: .ok, message: "")).encode()
                case .headers where input.below(4) > 0: body = [0, 0]
                case .windowUpdate where input.below(4) > 0:
                    body = [0, 0, input.byte(), input.byte()]
                case .message where input.below(4) == 0:
                    body = [UInt8](repeating: 9, count: input.number() % 6_000)
                default: break
                }
                let isOfStream: Bool
                switch kind {
                case .hello, .welcome, .ping, .pong, .goaway: isOfStream = input.below(8) == 0
                default: isOfStream = true
                }
                FrameCodec.append(
                    kind, flags: FrameHeader.Flags(rawValue: input.byte() & 0x07),
                    stream: isOfStream ? stream : 0, body: body, to: &message)
            }
            return message
        }

        private mutating func receive(_ session: inout Session, _ message: [UInt8]) {
            received += message.count
            var rest = message[...]
            while !rest.isEmpty {
                var events: [Session.Event] = []
                let taken = rest.withUnsafeBytes { session.receive($0, now: now, into: &events) }
                expect(taken > 0 && taken <= rest.count, "\(taken) of \(rest.count) bytes taken")
                rest = rest.dropFirst(taken)
                note(events, &session)
            }
        }

        private mutating func note(_ events: [Session.Event], _ session: inout Session) {
            for event in events {
                guard case .message(let stream, let bytes, let charge, let exempt) = event else {
                    continue
                }
                given += bytes.count
                expect(bytes.count <= limits.maximumMessageBytes, "a message above the limit")
                held.append((stream, charge, exempt ? bytes.count : 0))
            }
            // Nothing is made of nothing: what is given out came in as bodies of frames.
            expect(given <= received, "\(given) bytes of messages out of \(received)")
            let ours = 32
            expect(session.streamCount <= limits.maximumStreams + 400 + ours, "streams without end")
        }

        private func send(_ session: inout Session) {
            var batch: [UInt8] = []
            var sent: [Session.Sent] = []
            guard session.nextBatch(into: &batch, sent: &sent) else { return }
            expect(!batch.isEmpty, "an empty message")
            expect(batch.count <= TransportLimits.maximumBatchBytes, "\(batch.count) bytes at once")
            let isWhole = batch.withUnsafeBytes { message in
                (try? FrameCodec.forEachFrame(in: message) { _, _ in }) != nil
            }
            expect(isWhole, "what was sent is no run of frames")
        }
    }
}
