import Testing

@testable import BaridEngine

/// Protocols/2-bus §6.1: what becomes of the events that a lost worker held.
struct WorkerLossTests {
    private static let fault = BusFault(code: .unavailable, reason: "BUSY", message: "later")

    /// One killer among a thousand, workers with a credit of 32 that die on it: one dead letter,
    /// everything else delivered, under the attempt numbers it had.
    @Test(arguments: [1, 17, 500, 990, 1_000] as [UInt64], [1, 3] as [Int])
    func onlyTheKillerBecomesADeadLetter(killer: UInt64, workers: Int) throws {
        var broker = Broker()
        for number in 1...1_000 {
            // Some have keys, so that a killer also stands before others.
            let key = number.isMultiple(of: 10) ? "key-\(number % 50)" : ""
            broker.publish(EventBytes.make(id: "\(number)", key: key))
        }
        var stream: UInt64 = 9
        var deaths = 0
        var attempts: [UInt64: [UInt32]] = [:]
        var held: [UInt64: [Handed]] = [:]
        for _ in 0..<workers {
            stream += 1
            held[stream] = []
            broker.subscribe(stream, credit: 32)
        }
        for _ in 0..<5_000 where broker.group().floor < 1_000 {
            for handed in broker.takeDeliveries() {
                attempts[handed.sequence, default: []].append(handed.attempt)
                held[handed.stream]?.append(handed)
            }
            var idle = true
            for (worker, deliveries) in held.sorted(by: { $0.key < $1.key }) {
                guard let first = deliveries.first else { continue }
                idle = false
                if first.sequence == killer {
                    deaths += 1
                    held[worker] = nil
                    broker.step(.end(StreamID(worker), .lost))
                    stream += 1
                    held[stream] = []
                    broker.subscribe(stream, credit: 32)
                } else {
                    held[worker]?.removeFirst()
                    broker.ack(worker, first.sequence, attempt: first.attempt)
                    broker.step(.credit(StreamID(worker), messages: 1, bytes: 0))
                }
            }
            if idle { broker.advance(by: .seconds(1)) }
        }
        #expect(broker.group().floor == 1_000)
        #expect(broker.group().acked == 999)
        #expect(broker.group().deadLetters.map(\.sequence) == [killer])
        #expect(deaths <= 3, "once with others, twice alone")
        for sequence in 1...1_000 as ClosedRange<UInt64> where sequence != killer {
            let numbers = attempts[sequence] ?? []
            #expect(!numbers.isEmpty && numbers.allSatisfy { $0 == 1 }, "\(sequence): \(numbers)")
        }
        #expect(broker.kinds.filter { $0 == .failed }.count == 1)
        #expect(try broker.replay().hash == broker.engine.durable.hash)
    }

    @Test func aSuspectGoesOutAloneToAnIdleWorker() {
        var broker = Broker()
        broker.subscribe(10, credit: 2)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.subscribe(11, credit: 10)
        broker.publish(EventBytes.make(id: "c"), EventBytes.make(id: "d"))
        #expect(broker.takeDeliveries().suffix(2) == [Handed(11, 3), Handed(11, 4)])
        broker.step(.end(StreamID(10), .lost))
        #expect(broker.takeDeliveries().isEmpty, "11 is not idle")
        broker.publish(EventBytes.make(id: "e"))
        #expect(broker.takeDeliveries().isEmpty, "11 is kept for the suspects")
        broker.ack(11, 3)
        #expect(broker.takeDeliveries().isEmpty)
        broker.ack(11, 4)
        #expect(broker.takeDeliveries() == [Handed(11, 1)])
        broker.subscribe(12, credit: 10)
        #expect(broker.takeDeliveries() == [Handed(12, 2)], "it is idle")
        broker.ack(11, 1)
        #expect(broker.takeDeliveries() == [Handed(11, 5)], "no suspect waits any more")
        broker.publish(EventBytes.make(id: "f"))
        #expect(broker.takeDeliveries() == [Handed(11, 6)], "12 has a suspect")
        broker.ack(12, 2)
        broker.publish(EventBytes.make(id: "g"))
        #expect(broker.takeDeliveries().count == 1)
        #expect(broker.group().attempts.isEmpty)
    }

    /// Others go on while one worker is kept for suspects.
    @Test func suspectsHoldOneWorkerBackAtMost() {
        var broker = Broker()
        broker.subscribe(10, credit: 2)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.subscribe(11, credit: 10)
        broker.publish(EventBytes.make(id: "c"))
        broker.subscribe(12, credit: 10)
        broker.publish(EventBytes.make(id: "d"))
        _ = broker.takeOut().count
        broker.step(.end(StreamID(10), .lost))
        for id in ["e", "f"] { broker.publish(EventBytes.make(id: id)) }
        let handed = broker.takeDeliveries()
        #expect(handed.map(\.sequence) == [5, 6])
        #expect(Set(handed.map(\.stream)).count == 1)
    }

    @Test func suspectsOutliveARestart() throws {
        var broker = Broker()
        broker.subscribe(10)
        for id in ["a", "b", "c"] { broker.publish(EventBytes.make(id: id)) }
        broker.step(.commit)
        broker.step(.end(StreamID(10), .lost))
        #expect(broker.kinds.suffix(2) == [.workerLost, .suspect])
        let durable = broker.engine.durable
        #expect(try Durable(snapshot: durable.snapshot()[...]) == durable)
        try broker.restart()
        broker.publish(EventBytes.make(id: "d"))
        broker.subscribe(20)
        #expect(broker.engine.status(of: GroupID(0))?.suspects == 3)
        #expect(broker.takeDeliveries() == [Handed(20, 1)])
        broker.ack(20, 1)
        #expect(broker.takeDeliveries() == [Handed(20, 2)])
        broker.step(.commit)
        try broker.restart()
        broker.subscribe(30)
        // 2 was out when the broker stopped, which is attempt 2 as for any event.
        #expect(broker.takeDeliveries() == [Handed(30, 2, 2)])
        broker.ack(30, 2, attempt: 2)
        #expect(broker.takeDeliveries() == [Handed(30, 3)])
    }

    /// Two solo deaths make a dead letter, whatever the maximum of deliveries is.
    @Test(arguments: [(1, 1), (2, 2), (3, 2), (100, 2)] as [(UInt32, Int)])
    func twoSoloDeathsAreEnough(maximum: UInt32, deaths: Int) throws {
        var configuration = EngineConfiguration()
        configuration.maximumDeliveries = maximum
        var broker = Broker(configuration)
        broker.publish(EventBytes.make(id: "a"))
        for death in 1...deaths {
            broker.subscribe(UInt64(death))
            #expect(broker.takeDeliveries().map(\.attempt) == [UInt32(death)])
            broker.step(.end(StreamID(UInt64(death)), .lost))
            broker.advance(by: .seconds(2))
        }
        let mark = try #require(broker.group().deadLetters.first)
        let logged = broker.log[Int(mark.position) - 1]
        guard
            case .deadLetter(let letter) = try Record(
                kind: logged.kind, payload: logged.payload[...])
        else {
            Issue.record("the mark points elsewhere")
            return
        }
        #expect(letter.attempts.count == deaths)
        #expect(letter.attempts.allSatisfy { $0.fault.reason == "WORKER_LOST" })
        #expect(letter.attempts.map(\.session) == (1...deaths).map { "s\($0)" })
    }

    @Test(arguments: [(1, 1), (2, 2), (3, 3)] as [(UInt32, Int)])
    func limitsSoloDeaths(limit: UInt32, deaths: Int) {
        var configuration = EngineConfiguration()
        configuration.maximumSoloDeaths = limit
        var broker = Broker(configuration)
        broker.publish(EventBytes.make(id: "a"))
        var seen = 0
        repeat {
            seen += 1
            broker.subscribe(UInt64(seen))
            broker.step(.end(StreamID(UInt64(seen)), .lost))
            broker.advance(by: .seconds(60))
        } while broker.group().deadLetters.isEmpty && seen < 9
        #expect(seen == deaths)
    }

    @Test func bystandersKeepLaterAttemptsToo() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.settle(10, 1, .nack(delay: .seconds(1), Self.fault))
        broker.advance(by: .seconds(2))
        _ = broker.takeOut().count
        broker.step(.end(StreamID(10), .lost))
        broker.subscribe(11)
        #expect(broker.takeDeliveries() == [Handed(11, 1, 2)])
        #expect(broker.group().attempts[1]?.failures.count == 1)
        broker.ack(11, 1, attempt: 2)
        #expect(broker.takeDeliveries() == [Handed(11, 2, 1)])
    }

    /// A worker that says that it failed lives; one that says nothing may hang.
    @Test func aNackLiftsTheSuspicionAndALeaseThatRanOutDoesNot() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.step(.end(StreamID(10), .lost))
        broker.subscribe(11, lease: .seconds(10))
        broker.settle(11, 1, .nack(delay: .seconds(3_600), Self.fault))
        #expect(broker.group().attempts[1]?.isSuspect == false)
        _ = broker.takeOut().count
        broker.advance(by: .seconds(12))
        #expect(broker.group().attempts[2]?.failures.map(\.fault.reason) == ["LEASE_EXPIRED"])
        #expect(broker.group().attempts[2]?.isSuspect == true)
        #expect(broker.engine.status(of: GroupID(0))?.suspects == 1)
    }

    @Test func aSuspectThatIsDueAgainStaysUnderItsReplay() {
        var broker = Broker()
        broker.subscribe(10)
        broker.publish(EventBytes.make(id: "a"), EventBytes.make(id: "b"))
        broker.ack(10, 1)
        broker.ack(10, 2)
        broker.operate(.replay([1...2]))
        broker.step(.commit)
        _ = broker.takeOut().count
        broker.step(.end(StreamID(10), .lost))
        broker.subscribe(11)
        let deliveries = broker.takeOut().compactMap { action -> [UInt64]? in
            guard case .deliver(_, let delivery) = action else { return nil }
            return [delivery.sequence, UInt64(delivery.attempt), UInt64(delivery.replay)]
        }
        #expect(deliveries == [[1, 1, 1]])
    }
}
