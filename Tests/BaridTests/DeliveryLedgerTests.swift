import BaridSchema
import Foundation
import GRPCCore
import Testing

@testable import Barid

/// What a worker holds and owes the broker, as a value.
struct DeliveryLedgerTests {
    private static let start = ContinuousClock.now

    private static func ledger(concurrency: Int = 2, credit: Int = 4) -> DeliveryLedger {
        DeliveryLedger(
            configuration: .init(
                concurrency: concurrency, credit: credit, creditBytes: 1_000,
                deadline: .seconds(60)))
    }

    private static func deliveries(
        _ sequences: [UInt64], attempts: [UInt32] = []
    ) -> Barid_Bus_V1_SubscribeResponse {
        .with {
            $0.sequences = sequences
            $0.attempts = attempts
            $0.events = sequences.map { _ in Data(repeating: 1, count: 10) }
        }
    }

    @Test func consecutiveAcksOfOneAttemptAreOneRange() {
        let ranges = DeliveryLedger.ranges([
            (7, 0, 1), (5, 0, 1), (6, 0, 1), (8, 0, 2), (9, 0, 2), (11, 0, 2), (12, 9, 2),
            (.max, 9, 1),
        ])
        #expect(ranges.map(\.firstSequence) == [5, 8, 11, 12, .max])
        #expect(ranges.map(\.count) == [3, 2, 1, 1, 1])
        #expect(ranges.map(\.attempt) == [1, 2, 2, 2, 1])
        #expect(ranges.map(\.turn) == [0, 0, 0, 9, 9])
    }

    /// Protocols/2-bus §6.2: the turn goes back with every settlement and extension, and two
    /// deliveries under one attempt are not the same.
    @Test func theTurnGoesBack() throws {
        var ledger = Self.ledger()
        var first = Self.deliveries([5])
        first.turns = [70]
        try ledger.receive(first, now: .now)
        let stale = try #require({ ledger.next(now: .now) }())
        #expect(stale.turn == 70)
        var second = Self.deliveries([5])
        second.turns = [71]
        try ledger.receive(second, now: .now)
        #expect(ledger.deadline(of: stale) == nil, "it is held under another turn")
        ledger.finished(stale, .outputs([]), handling: .zero, now: Self.start)
        let held = try #require({ ledger.next(now: .now) }())
        ledger.finished(held, .outputs([Data([1])]), handling: .zero, now: Self.start)
        let request = try #require({ ledger.takeRequest(now: Self.start) }())
        #expect(request.acks.isEmpty, "the stale one is told nobody")
        #expect(request.settlements.map(\.turn) == [71])
        // A refusal of the other turn is not one of this.
        try ledger.receive(
            .with {
                $0.errors = [
                    .with {
                        $0.sequence = 5
                        $0.attempt = 1
                        $0.turn = 70
                        $0.error.code = 3
                    }
                ]
            }, now: .now)
        #expect(ledger.takeRequest(now: Self.start)?.settlements.isEmpty ?? true)
    }

    @Test func turnsThatDoNotFitAreRefused() {
        var ledger = Self.ledger()
        var response = Self.deliveries([5, 6])
        response.turns = [1]
        #expect(throws: (any Error).self) { try ledger.receive(response, now: .now) }
    }

    @Test func creditComesBackWithTheSettlement() throws {
        var ledger = Self.ledger()
        let taken1 = ledger.takeRequest(now: Self.start)
        let first = try #require(taken1)
        #expect(first.credit == 4)
        #expect(first.creditBytes == 1_000)
        #expect(first.settleNumber == 0)
        try ledger.receive(Self.deliveries([1, 2, 3]), now: Self.start)
        let request13 = ledger.takeRequest(now: Self.start)
        #expect(request13 == nil)
        let taken2 = ledger.next(now: Self.start)
        let one = try #require(taken2)
        let taken3 = ledger.next(now: Self.start)
        let two = try #require(taken3)
        let request14 = ledger.next(now: Self.start)
        #expect(request14 == nil, "two run at once")
        ledger.finished(one, .outputs([]), handling: .zero, now: Self.start)
        ledger.finished(two, .outputs([]), handling: .zero, now: Self.start)
        let taken4 = ledger.takeRequest(now: Self.start)
        let request = try #require(taken4)
        #expect(request.credit == 2)
        #expect(request.creditBytes == 20)
        #expect(request.acks.map(\.count) == [2])
        #expect(request.settleNumber == 1)
        #expect(!ledger.isSettled)
        let taken5 = ledger.next(now: Self.start)
        let three = try #require(taken5)
        ledger.finished(three, .outputs([]), handling: .zero, now: Self.start)
        let request15 = ledger.takeRequest(now: Self.start)
        #expect(request15?.settleNumber == 2)
        try ledger.receive(.with { $0.settled = 1 }, now: Self.start)
        #expect(!ledger.isSettled)
        try ledger.receive(.with { $0.settled = 2 }, now: Self.start)
        #expect(ledger.isSettled)
    }

    /// The same event comes again while its first attempt still runs: never both at once, and the
    /// stale one settles nothing.
    @Test func aNewerAttemptWaitsForTheStaleOne() throws {
        var ledger = Self.ledger()
        _ = ledger.takeRequest(now: Self.start)
        try ledger.receive(Self.deliveries([1]), now: Self.start)
        let taken6 = ledger.next(now: Self.start)
        let stale = try #require(taken6)
        try ledger.receive(Self.deliveries([1], attempts: [2]), now: Self.start)
        let request16 = ledger.next(now: Self.start)
        #expect(request16 == nil)
        ledger.finished(stale, .outputs([]), handling: .zero, now: Self.start)
        let request17 = ledger.takeRequest(now: Self.start)
        #expect(request17?.acks.isEmpty == true)
        let taken7 = ledger.next(now: Self.start)
        let again = try #require(taken7)
        #expect(again.attempt == 2)
        ledger.finished(again, .outputs([]), handling: .zero, now: Self.start)
        let request18 = ledger.takeRequest(now: Self.start)
        #expect(request18?.acks.first?.attempt == 2)
    }

    @Test func leasesAreRenewedAtAThirdUntilTheDeadline() throws {
        var ledger = Self.ledger()
        ledger.started(.with { $0.leaseMs = 9_000 })
        _ = ledger.takeRequest(now: Self.start)
        try ledger.receive(Self.deliveries([1]), now: Self.start)
        let taken8 = ledger.next(now: Self.start)
        let delivery = try #require(taken8)
        ledger.renew(now: Self.start + .milliseconds(2_999))
        let request19 = ledger.takeRequest(now: Self.start)
        #expect(request19 == nil)
        ledger.renew(now: Self.start + .seconds(3))
        let request20 = ledger.takeRequest(now: Self.start)
        #expect(request20?.settlements.first?.outcome == .extend(.init()))
        ledger.renew(now: Self.start + .seconds(4))
        let request21 = ledger.takeRequest(now: Self.start)
        #expect(request21 == nil)
        #expect(ledger.overdue(now: Self.start + .seconds(59)).isEmpty)
        #expect(ledger.overdue(now: Self.start + .seconds(60)) == [delivery])
        ledger.renew(now: Self.start + .seconds(60))
        let request22 = ledger.takeRequest(now: Self.start)
        #expect(request22 == nil, "beyond the deadline the lease runs out")
        ledger.extend(delivery, until: Self.start + .seconds(90))
        ledger.renew(now: Self.start + .seconds(61))
        let request23 = ledger.takeRequest(now: Self.start)
        #expect(request23?.settlements.count == 1)
    }

    @Test func drainingReleasesWhatIsNotBegunAndWhatStillComes() throws {
        var ledger = Self.ledger(concurrency: 1)
        _ = ledger.takeRequest(now: Self.start)
        try ledger.receive(Self.deliveries([1, 2]), now: Self.start)
        let taken9 = ledger.next(now: Self.start)
        let running = try #require(taken9)
        ledger.drain()
        try ledger.receive(Self.deliveries([3]), now: Self.start)
        let taken10 = ledger.takeRequest(now: Self.start)
        let released = try #require(taken10)
        #expect(released.settlements.map(\.sequence) == [2, 3])
        for settlement in released.settlements {
            #expect(settlement.release.pauseMs > 0)
        }
        #expect(released.credit == 0)
        ledger.finished(running, .outputs([]), handling: .zero, now: Self.start)
        let taken11 = ledger.takeRequest(now: Self.start)
        let last = try #require(taken11)
        #expect(last.acks.map(\.firstSequence) == [1])
        #expect(last.credit == 0)
        #expect(!ledger.isSettled)
        try ledger.receive(.with { $0.settled = 2 }, now: Self.start)
        #expect(ledger.isSettled)
    }

    /// A ledger of which the worker has given a result every 10 ms until the start.
    private static func busyLedger(credit: Int = 8) throws -> DeliveryLedger {
        var ledger = ledger(credit: credit)
        ledger.started(.with { $0.leaseMs = 9_000 })
        for number in 1...20 {
            let now = start - .milliseconds(210 - 10 * number)
            try ledger.receive(deliveries([UInt64(1_000 + number)]), now: now)
            let delivery = try #require({ ledger.next(now: now) }())
            ledger.finished(delivery, .outputs([]), handling: .milliseconds(1), now: now)
            #expect({ ledger.takeRequest(now: now) }()?.acks.count == 1, "it is alone")
            try ledger.receive(.with { $0.settled = UInt64(number) }, now: now)
        }
        return ledger
    }

    /// Slow handlers: what each gives waits for company, the last of it for none.
    @Test func resultsGatherWhileThereIsMoreToDo() throws {
        var ledger = try Self.busyLedger()
        try ledger.receive(Self.deliveries([1, 2, 3, 4, 5, 6, 7]), now: Self.start)
        func handle(_ output: [Data], after time: Duration) throws {
            let delivery = try #require({ ledger.next(now: Self.start) }())
            ledger.finished(
                delivery, .outputs(output), handling: time, now: Self.start + time)
        }
        try handle([Data([1])], after: .milliseconds(5))
        try handle([], after: .milliseconds(9))
        let due = Self.start + .milliseconds(35)
        #expect(ledger.gathersUntil(now: Self.start + .milliseconds(9)) == due)
        #expect({ ledger.takeRequest(now: due - .nanoseconds(1)) }() == nil)
        let first = try #require({ ledger.takeRequest(now: due) }())
        #expect(first.settlements.map(\.sequence) == [1] && first.acks.map(\.firstSequence) == [2])
        #expect(first.credit == 2 && first.settleNumber == 21)
        #expect(ledger.gathersUntil(now: due) == nil)

        // Half of the credit is enough company.
        for _ in 3...5 { try handle([Data([1])], after: .milliseconds(40)) }
        #expect({ ledger.takeRequest(now: Self.start + .milliseconds(40)) }() == nil)
        try handle([Data([1])], after: .milliseconds(41))
        let second = { ledger.takeRequest(now: Self.start + .milliseconds(41)) }()
        #expect(second?.settlements.map(\.sequence) == [3, 4, 5, 6])

        // Nothing else is held: nobody will come.
        try handle([Data([1])], after: .milliseconds(50))
        let last = { ledger.takeRequest(now: Self.start + .milliseconds(50)) }()
        #expect(last?.settlements.map(\.sequence) == [7])
    }

    /// After a pause the first ones leave at once; so do those that come by thousands, and those of
    /// handlers that take no time.
    @Test(arguments: [
        (Duration.milliseconds(300), Duration.milliseconds(200)),
        (.microseconds(100), .milliseconds(2)), (.milliseconds(10), .microseconds(999)),
    ])
    func resultsThatAreTooSlowOrTooFastWaitForNobody(apart: Duration, taking: Duration) throws {
        var ledger = try Self.busyLedger(credit: 4_000)
        try ledger.receive(Self.deliveries(Array(1...3_000)), now: Self.start)
        var now = Self.start
        var waited = 0
        for _ in 1...2_500 {
            now += apart
            let delivery = try #require({ ledger.next(now: now) }())
            ledger.finished(delivery, .outputs([Data([1])]), handling: taking, now: now)
            if now - Self.start > .milliseconds(210), ledger.takeRequest(now: now) == nil {
                waited += 1
            }
        }
        #expect(waited == 0)
    }

    @Test func extensionsAndTheEndWaitForNoCompany() throws {
        var ledger = try Self.busyLedger()
        try ledger.receive(Self.deliveries([1, 2, 3]), now: Self.start - .seconds(3))
        let one = try #require({ ledger.next(now: Self.start) }())
        let two = try #require({ ledger.next(now: Self.start) }())
        ledger.finished(one, .outputs([Data([1])]), handling: .zero, now: Self.start)
        #expect({ ledger.takeRequest(now: Self.start) }() == nil)
        ledger.renew(now: Self.start)
        let extending = { ledger.takeRequest(now: Self.start) }()
        #expect(extending?.settlements.map(\.sequence).sorted() == [1, 2, 3])

        ledger.finished(
            two, .failed(RPCError(code: .unavailable, message: "no")), handling: .zero,
            now: Self.start)
        #expect({ ledger.takeRequest(now: Self.start) }() == nil)
        ledger.drain()
        let leaving = { ledger.takeRequest(now: Self.start) }()
        #expect(leaving?.settlements.map(\.sequence) == [2, 3])
    }

    @Test func largeOutputsAreSplitOverRequests() throws {
        var ledger = DeliveryLedger(
            configuration: .init(
                concurrency: 8, credit: 8, creditBytes: 1_000, deadline: .seconds(60),
                requestBytes: 100, requestSettlements: 3))
        _ = ledger.takeRequest(now: Self.start)
        try ledger.receive(Self.deliveries(Array(1...6)), now: Self.start)
        for size in [60, 60, 500, 10, 10, 10] {
            let taken12 = ledger.next(now: Self.start)
            let delivery = try #require(taken12)
            ledger.finished(
                delivery, .outputs([Data(repeating: 0, count: size)]), handling: .zero,
                now: Self.start)
        }
        var sizes: [[Int]] = []
        while let request = ledger.takeRequest(now: Self.start) {
            sizes.append(request.settlements.map { $0.ack.outputs.reduce(0) { $0 + $1.count } })
        }
        #expect(sizes == [[60], [60], [500], [10, 10, 10]])
    }

    @Test func arraysThatDoNotFitEndTheStream() {
        var ledger = Self.ledger()
        for change: (inout Barid_Bus_V1_SubscribeResponse) -> Void in [
            { $0.sequences = [1] }, { $0.attempts = [1, 2, 3] }, { $0.replays = [1] },
        ] {
            var response = Self.deliveries([1, 2])
            change(&response)
            #expect(throws: RPCError.self) { try ledger.receive(response, now: Self.start) }
        }
    }
}
