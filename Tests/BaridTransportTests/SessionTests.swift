import GRPCCore
import TestSupport
import Testing

@testable import BaridTransport

/// Protocols/1-transport §7: the session as a value, without sockets and with a clock of its own.
struct SessionTests {
    @Test
    func idsAreOddFromTheClientAndEvenFromTheBroker() throws {
        var pair = try SessionPair()
        let ids = [try pair.open(), try pair.open()]
        #expect(ids == [1, 3])
        let rest = try OpenBody(method: "a.B/C", remaining: nil, metadata: [:]).encodeRest()
        #expect(pair.broker.session.open(rest: rest, remaining: nil) == 2)
        let seen = pair.settle()
        #expect(seen.broker.count == 2)
        #expect(seen.client.count == 1)
    }

    @Test
    func everythingWaitingLeavesInOneBatch() throws {
        var pair = try SessionPair()
        for _ in 0..<5 {
            let id = try pair.open()
            _ = pair.client.session.sendMessage([1, 2, 3], exempt: false, id)
            pair.client.session.halfClose(id)
        }
        let batches = pair.client.batches()
        #expect(batches.count == 1)
        let events = pair.broker.take(batches[0])
        #expect(events.count == 15)
    }

    @Test
    func batchesStayWithin64KiBAndLargeMessagesArriveWhole() throws {
        var pair = try SessionPair()
        let id = try pair.open()
        let message = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        _ = pair.client.session.sendMessage(message, exempt: false, id)
        let batches = pair.client.batches()
        #expect(batches.count == 4)
        #expect(batches.allSatisfy { $0.count <= 64 << 10 })
        let isWhole = batches.flatMap { pair.broker.take($0) }.contains { event in
            if case .message(id, message, _, false) = event { return true }
            return false
        }
        #expect(isWhole)
    }

    @Test
    func aLargeMessageDoesNotHoldASmallOneUp() throws {
        var pair = try SessionPair()
        let large = try pair.open()
        _ = pair.client.session.sendMessage(
            [UInt8](repeating: 0, count: 200_000), exempt: false, large)
        let small = try pair.open()
        _ = pair.client.session.sendMessage([7], exempt: false, small)
        let first = try #require(pair.client.batches().first)
        let events = pair.broker.take(first)
        let arrived = events.contains { event in
            if case .message(small, [7], _, _) = event { return true }
            return false
        }
        #expect(arrived)
    }

    @Test
    func aSenderStopsAtTheStreamsCreditAndGoesOnWhenItComesBack() throws {
        var pair = try SessionPair()
        let id = try pair.open()
        let message = [UInt8](repeating: 1, count: 50_000)
        for _ in 0..<20 { _ = pair.client.session.sendMessage(message, exempt: false, id) }
        var held: [(Int, Int)] = []
        func note(_ events: [Session.Event]) {
            for case .message(_, let bytes, let charge, _) in events {
                held.append((bytes.count, charge))
            }
        }
        note(pair.settle().broker)
        // 256 KiB hold five of them; the sixth is on its way in pieces.
        #expect(held.count == 5)
        var arrived = 0
        while let (size, charge) = held.popLast() {
            #expect(size == 50_000)
            arrived += 1
            pair.broker.session.release(charge, stream: id, exempt: 0)
            note(pair.settle().broker)
        }
        #expect(arrived == 20)
    }

    @Test
    func exemptMessagesPassAStreamWithoutCredit() throws {
        var pair = try SessionPair()
        let id = try pair.open()
        let message = [UInt8](repeating: 1, count: 250_000)
        _ = pair.client.session.sendMessage(message, exempt: false, id)
        _ = pair.client.session.sendMessage([9], exempt: true, id)
        let events = pair.settle().broker
        let passed = events.contains { event in
            if case .message(id, [9], 0, true) = event { return true }
            return false
        }
        #expect(passed)
    }

    @Test
    func aSilentPeerIsPingedAndThenGivenUp() throws {
        var pair = try SessionPair()
        #expect(pair.client.advance(.milliseconds(1_999)) == [])
        #expect(pair.client.session.hasOutput == false)
        #expect(pair.client.advance(.milliseconds(1)) == [])
        #expect(pair.client.session.hasOutput == true)
        // The answer is proof of life.
        pair.broker.now = pair.client.now
        pair.settle()
        #expect(pair.client.advance(.milliseconds(5_999)) == [])
        let events = pair.client.advance(.milliseconds(1))
        guard case .closed(.timedOut, _) = events.first else {
            Issue.record("not given up: \(events)")
            return
        }
        #expect(pair.client.session.state == .closed)
    }

    @Test
    func aPingIsNotRepeatedBeforeItsTime() throws {
        var pair = try SessionPair()
        _ = pair.client.advance(.seconds(2))
        #expect(pair.client.batches().count == 1)
        _ = pair.client.advance(.milliseconds(1_999))
        #expect(pair.client.batches() == [])
        #expect(pair.client.session.nextTick > pair.client.now)
    }

    @Test
    func theServerEndsACallAtItsDeadlineAndTellsTheOpener() throws {
        var pair = try SessionPair()
        let id = try pair.open(remaining: .milliseconds(500))
        let late = try pair.open(remaining: .seconds(1))
        pair.settle()
        #expect(pair.broker.session.nextTick <= pair.broker.now.advanced(by: .milliseconds(500)))
        #expect(pair.broker.advance(.milliseconds(499)) == [])
        #expect(pair.broker.advance(.milliseconds(1)) == [.deadlineExceeded(id, dropped: 0)])
        let ended = pair.settle().client.contains { event in
            if case .status(id, let body, _) = event {
                return body.status.code == .deadlineExceeded
            }
            return false
        }
        #expect(ended)
        #expect(pair.broker.advance(.milliseconds(500)) == [.deadlineExceeded(late, dropped: 0)])
    }

    @Test
    func framesOfAClosedStreamAreIgnoredAndTheirCreditReturns() throws {
        var limits = TransportLimits()
        limits.sessionWindowBytes = TransportLimits.initialSessionCredit
        var pair = try SessionPair(limits: limits)
        // Twenty times as much as the session's credit, all of it after the stream was closed.
        for _ in 0..<100 {
            let id = try pair.open()
            pair.settle()
            let message = [UInt8](repeating: 0, count: 200_000)
            _ = pair.client.session.sendMessage(message, exempt: false, id)
            pair.broker.session.abort(StatusBody(Status(code: .aborted, message: "")), id)
            pair.settle()
        }
        #expect(pair.client.session.state == .open)
        #expect(pair.client.session.streamCount == 0)
        #expect(pair.broker.session.streamCount == 0)
    }

    @Test
    func aCancelBeforeTheOpenLeftSaysNothing() throws {
        var pair = try SessionPair()
        let id = try pair.open()
        pair.client.session.cancel(CancelBody(text: "never mind"), id)
        #expect(pair.client.batches() == [])
        // The id is used up all the same.
        #expect(try pair.open() == id + 2)
        #expect(pair.settle().broker.count == 1)
    }

    @Test
    func tooManyStreamsAreRefusedOneByOne() throws {
        var limits = TransportLimits()
        limits.maximumStreams = 2
        var pair = try SessionPair(limits: limits)
        for _ in 0..<3 { _ = try pair.open() }
        let seen = pair.settle()
        #expect(seen.broker.count == 2)
        let refused = seen.client.contains { event in
            if case .status(5, let body, _) = event {
                return body.status.code == .resourceExhausted
            }
            return false
        }
        #expect(refused)
        #expect(pair.broker.session.state == .open)
    }

    @Test
    func aMessageOverTheReceiversLimitEndsItsStreamOnly() throws {
        var pair = try SessionPair()
        let id = try pair.open()
        let message = [UInt8](repeating: 0, count: (1 << 20) + 1)
        _ = pair.client.session.sendMessage(message, exempt: false, id)
        let seen = pair.settle()
        let failure = seen.broker.compactMap { event -> Status? in
            if case .failed(id, let status, _) = event { return status }
            return nil
        }.first
        #expect(failure?.code == .resourceExhausted)
        #expect(failure?.message.contains("1048576") == true)
        #expect(pair.client.session.state == .open)
        #expect(pair.client.session.streamCount == 0)
    }

    /// A message is expected to be as large as the one before, but not on many streams at once.
    @Test
    func manyMessagesBegunAtOnceReserveNoMoreThanOneOfThem() throws {
        var pair = try SessionPair()
        let size = SessionStream.maximumReserve
        var streams: [UInt32] = []
        for _ in 0..<32 {
            let id = try pair.open()
            streams.append(id)
            _ = pair.client.session.sendMessage(
                [UInt8](repeating: 0, count: size), exempt: true, id)
            pair.settle()
        }
        var reserved: [Int] = []
        for id in streams {
            var bytes: [UInt8] = []
            FrameCodec.append(.message, flags: [.more, .exempt], stream: id, body: [1], to: &bytes)
            _ = pair.broker.take(bytes)
            reserved.append(pair.broker.session.streams[id]?.assembly.capacity ?? 0)
        }
        #expect(reserved[0] >= size)
        #expect(reserved.dropFirst().reduce(0, +) < 32 << 10)
    }

    @Test
    func aWelcomeWithAnotherNonceIsNotOurs() throws {
        let hello = HelloBody(nonce: 6, maximumMessageBytes: 1 << 20, metadata: [:])
        var client = TestSession(
            session: try Session(hello: hello, limits: TransportLimits(), now: .now), now: .now)
        var broker = try SessionPair.listening()
        for batch in broker.batches() { #expect(client.take(batch) == []) }
        #expect(client.session.state == .greeting(nonce: 6))
    }

    /// Random bytes, and good frames with a byte changed, never trap and never leave the session in
    /// a state that says neither open nor closed.
    @Test(arguments: 0..<20)
    func randomBytesNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var pair = try SessionPair()
            let id = try pair.open(remaining: .seconds(1))
            _ = pair.client.session.sendMessage(
                [UInt8](repeating: 3, count: Int.random(in: 0...100_000, using: &random)),
                exempt: Bool.random(using: &random), id)
            var batches = pair.client.batches()
            for index in batches.indices {
                guard !batches[index].isEmpty else { continue }
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    // Mostly in the first bytes, where headers and fields are.
                    let limit = Bool.random(using: &random) ? 40 : batches[index].count
                    let place = Int.random(in: 0..<min(limit, batches[index].count), using: &random)
                    batches[index][place] = UInt8.random(in: 0...255, using: &random)
                }
                if Int.random(in: 0..<8, using: &random) == 0 {
                    batches[index].removeLast(
                        Int.random(in: 0...batches[index].count, using: &random))
                }
            }
            let noise = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...14, using: &random)
            }
            for batch in batches + [noise] {
                guard pair.broker.session.state == .open else { break }
                _ = pair.broker.take(batch)
                _ = pair.broker.advance(.milliseconds(Int64.random(in: 0...700, using: &random)))
            }
            _ = pair.broker.batches()
        }
    }
}
