import BaridSchema
import Foundation
import GRPCCore
import Testing

@testable import Barid

/// Protocols/2-bus.md, Publish: what the publisher promises its user.
@Suite(.timeLimit(.minutes(1)))
struct PublisherTests {
    private static func event(_ number: Int, bytes: Int = 10) -> EventEnvelope {
        var event = EventEnvelope(id: "\(number)", source: "/test", type: "test.v1")
        event.message.binaryData = Data(repeating: UInt8(number & 0xff), count: bytes)
        return event
    }

    private func publish<Result: Sendable>(
        to bus: FakeEventBus, _ configuration: Publisher.Configuration = .init(),
        _ body: (Publisher) async throws -> Result
    ) async throws -> Result {
        try await withBus([bus]) { connection in
            try await Publisher(connection: connection, configuration: configuration)
                .running(body)
        }
    }

    @Test func everyEventGetsItsOwnSequence() async throws {
        let bus = FakeEventBus()
        let receipts = try await publish(to: bus) { publisher in
            var submissions: [Submission] = []
            for number in 1...500 {
                submissions.append(try await publisher.submit(Self.event(number)))
            }
            var receipts: [Receipt] = []
            for submission in submissions {
                receipts.append(try await submission.outcome().get())
            }
            return receipts
        }
        #expect(receipts.map(\.sequence) == Array(1...500))
        #expect(
            receipts.allSatisfy { !$0.duplicate && $0.sendings == 1 && $0.durability == .memory })
        #expect(bus.state.withLock { $0.streams } == 1)
        let again = try await publish(to: bus) { try await $0.publish(Self.event(7)) }
        #expect(again.duplicate)
        #expect(again.sequence == 7)
    }

    /// "Unreceipted events SHALL be sent again in their order under the same ids".
    @Test func lostReceiptsAreFetchedByResendingInOrder() async throws {
        let bus = FakeEventBus { batch, _ in
            batch == 1 || batch == 3
                ? .storeThenFail(RPCError(code: .unavailable, message: "the broker restarts"))
                : .store
        }
        let receipts = try await publish(to: bus) { publisher in
            var submissions: [Submission] = []
            for number in 1...40 {
                submissions.append(try await publisher.submit(Self.event(number)))
            }
            var receipts: [Receipt] = []
            for submission in submissions {
                receipts.append(try await submission.outcome().get())
            }
            return receipts
        }
        #expect(receipts.map(\.sequence) == Array(1...40))
        #expect(receipts.contains { $0.duplicate && $0.sendings > 1 })
        bus.state.withLock { state in
            #expect(state.stored.map(\.id) == (1...40).map(String.init))
            #expect(state.streams > 1)
        }
    }

    /// "RESOURCE_EXHAUSTED: the publisher SHALL wait retry_after and send again".
    @Test func aFullBrokerIsWaitedFor() async throws {
        var full = RPCError(code: .resourceExhausted, message: "the log is full")
        full.metadata.addString("30", forKey: RPCError.retryAfterKey)
        let error = full
        let bus = FakeEventBus { batch, _ in batch <= 2 ? .refuse(error) : .store }
        let clock = ContinuousClock()
        let start = clock.now
        let receipt = try await publish(to: bus) { try await $0.publish(Self.event(1)) }
        #expect(receipt.sequence == 1)
        #expect(receipt.sendings == 3)
        #expect(clock.now - start >= .milliseconds(60))
    }

    /// Without anything new to send, a lost stream is noticed all the same.
    @Test func aLostStreamIsResentWhileNothingElseWaits() async throws {
        let bus = FakeEventBus { batch, _ in
            batch == 1 ? .fail(RPCError(code: .unavailable, message: "lost")) : .store
        }
        let receipt = try await publish(to: bus) { try await $0.publish(Self.event(1)) }
        #expect(receipt.sendings == 2)
        #expect(!receipt.duplicate)
    }

    @Test func refusalsReachTheirEventOnly() async throws {
        let bus = FakeEventBus { _, events in
            events.contains { $0.id == "2" }
                ? .refuse(RPCError(code: .alreadyExists, message: "another body")) : .store
        }
        var configuration = Publisher.Configuration()
        configuration.maximumBatchEvents = 1
        let outcomes = try await publish(to: bus, configuration) { publisher in
            var outcomes: [PublishOutcome] = []
            for number in 1...3 {
                outcomes.append(await (try publisher.submit(Self.event(number))).outcome())
            }
            return outcomes
        }
        #expect(outcomes[0].isStored)
        #expect(outcomes[2].isStored)
        guard case .refused(let error) = outcomes[1] else {
            Issue.record("not refused: \(outcomes[1])")
            return
        }
        #expect(error.code == .alreadyExists)
    }

    @Test func withoutAReceiptInTimeTheOutcomeIsUnknown() async throws {
        var configuration = Publisher.Configuration()
        configuration.deadline = .milliseconds(250)
        // An event that never left is not unknown, so it has to leave within the deadline.
        var hasLeft = false
        while !hasLeft {
            let bus = FakeEventBus { _, _ in .ignore }
            let error = await #expect(throws: RPCError.self) {
                try await publish(to: bus, configuration) { try await $0.publish(Self.event(1)) }
            }
            hasLeft = bus.state.withLock { !$0.batches.isEmpty }
            if hasLeft { #expect(error?.reason == "OUTCOME_UNKNOWN") }
            configuration.deadline *= 2
        }
    }

    @Test func anErrorForGoodEndsTheWait() async throws {
        // Every stream fails before anything is read: this double takes no events.
        let outcome = try await withBus([FakeGroup()]) { connection in
            try await Publisher(connection: connection).running {
                await (try $0.submit(Self.event(1))).outcome()
            }
        }
        // UNIMPLEMENTED is for good: no need to wait for the deadline.
        switch outcome {
        case .refused(let error), .unknown(let error): #expect(error.code == .unimplemented)
        case .stored: Issue.record("stored without a broker")
        }
    }

    @Test func submittersWaitWhileTheWindowIsFull() async throws {
        let open = Flag()
        let bus = FakeEventBus { _, _ in .storeAfter(open) }
        var configuration = Publisher.Configuration()
        configuration.maximumOpenEvents = 3
        let admitted = Counter()
        try await publish(to: bus, configuration) { publisher in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...8 {
                    group.addTask {
                        _ = try await publisher.submit(Self.event(number))
                        admitted.increment()
                    }
                }
                while admitted.value < 3 { await Task.yield() }
                for _ in 0..<200 { await Task.yield() }
                #expect(admitted.value == 3)
                open.set()
                try await group.waitForAll()
            }
        }
        #expect(admitted.value == 8)
    }

    /// However many send: what comes in one after the other leaves in that order.
    @Test func eachSubmittersEventsStayInTheirOrder() async throws {
        let bus = FakeEventBus()
        try await publish(to: bus) { publisher in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for submitter in 0..<8 {
                    group.addTask {
                        for number in 1...200 {
                            _ = try await publisher.submit(Self.event(submitter * 1_000 + number))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let numbers = bus.state.withLock { $0.stored.compactMap { Int($0.id) } }
        for submitter in 0..<8 {
            let own = numbers.filter { $0 / 1_000 == submitter }
            #expect(own == (1...200).map { submitter * 1_000 + $0 })
        }
    }

    @Test func aFinishedPublisherEndsItsStreamInOrderAndIsLetGo() async throws {
        let bus = FakeEventBus()
        weak var publisher: Publisher?
        try await publish(to: bus) { running in
            publisher = running
            try await running.publish(Self.event(1))
        }
        #expect(bus.state.withLock { $0.finished } == 1)
        #expect(publisher == nil)
    }

    @Test func tooLargeAndInvalidEventsAreRefusedHere() async throws {
        let bus = FakeEventBus()
        var configuration = Publisher.Configuration()
        let size = try Self.event(1, bytes: 1000).serialized().count
        configuration.maximumEventBytes = size
        try await publish(to: bus, configuration) { publisher in
            try await publisher.publish(Self.event(1, bytes: 1000))
            let error = await #expect(throws: RPCError.self) {
                try await publisher.publish(Self.event(2, bytes: 1001))
            }
            #expect(error?.reason == "EVENT_TOO_LARGE")
            #expect(error?.message.contains("\(size + 1)") == true)
            #expect(error?.message.contains("\(size)") == true)
            await #expect(throws: RPCError.self) {
                try await publisher.publish(EventEnvelope(id: "", source: "/s", type: "t"))
            }
        }
        #expect(bus.state.withLock { $0.stored.count } == 1)
    }

    @Test func batchesKeepTheirLimits() async throws {
        let bus = FakeEventBus()
        var configuration = Publisher.Configuration()
        configuration.maximumBatchEvents = 4
        configuration.maximumBatchBytes = 4_000
        try await publish(to: bus, configuration) { publisher in
            for number in 1...200 {
                _ = try await publisher.submit(
                    Self.event(number, bytes: number % 50 == 0 ? 5_000 : 900))
            }
        }
        try bus.state.withLock { state in
            #expect(state.stored.map(\.id) == (1...200).map(String.init))
            for batch in state.batches {
                #expect(batch.count <= 4)
                let bytes = try batch.reduce(0) { try $0 + $1.serialized().count }
                #expect(bytes <= 4_000 || batch.count == 1)
            }
        }
    }
}
