import BaridSchema
import Foundation
import GRPCCore
import Testing

@testable import Barid

/// The publisher's window as a value: what is told to whom, without clock or stream.
struct PublishQueueTests {
    private static let start = ContinuousClock.now

    private static func queue(
        _ count: UInt64, deadline: Duration = .seconds(10)
    ) -> PublishQueue {
        var queue = PublishQueue(
            limits: .init(events: 100, bytes: 1_000, batchEvents: 10, batchBytes: 100))
        for number in 1...count {
            queue.submit(number: number, bytes: Data([1, 2]), deadline: start + deadline)
        }
        return queue
    }

    private static func receipts(
        _ ranges: Barid_Bus_V1_ReceiptRange...
    )
        -> Barid_Bus_V1_PublishResponse
    {
        .with { $0.receipts = ranges }
    }

    private static func range(_ count: UInt32, from sequence: UInt64) -> Barid_Bus_V1_ReceiptRange {
        .with {
            $0.count = count
            $0.firstSequence = sequence
        }
    }

    private static func refusal(_ count: UInt32, _ error: RPCError) -> Barid_Bus_V1_ReceiptRange {
        .with {
            $0.count = count
            $0.error = Barid_Bus_V1_BusError(error)
        }
    }

    @Test func whatWasNeverSentIsRefusedAndWhatWasSentIsUnknown() throws {
        var queue = Self.queue(12)
        #expect(queue.takeBatch(now: Self.start).count == 10)
        let resolutions = queue.expire(now: Self.start + .seconds(10))
        #expect(resolutions.count == 12)
        for resolution in resolutions {
            switch resolution.outcome {
            case .unknown: #expect(resolution.number <= 10)
            case .refused(let error):
                #expect(resolution.number > 10)
                #expect(error.code == .deadlineExceeded)
            case .stored: Issue.record("nothing was stored")
            }
        }
        #expect(queue.openEvents == 0)
        #expect(queue.openBytes == 0)
        // The receipts that still come belong to nobody, and must not be taken for others'.
        queue.submit(number: 13, bytes: Data([3]), deadline: Self.start + .seconds(20))
        #expect(queue.takeBatch(now: Self.start).count == 1)
        let late = try queue.receive(
            Self.receipts(Self.range(10, from: 1), Self.range(1, from: 11)), now: Self.start)
        #expect(late.map(\.number) == [13])
    }

    /// A broker that was full to the end did not store it, and said so.
    @Test func whatTheBrokerRefusedIsNotUnknown() throws {
        var queue = Self.queue(2)
        _ = queue.takeBatch(now: Self.start)
        let full = RPCError(code: .resourceExhausted, message: "full")
        #expect(
            try queue.receive(Self.receipts(Self.refusal(2, full)), now: Self.start).isEmpty)
        #expect(queue.takeBatch(now: Self.start).isEmpty, "it pauses")
        let resolutions = queue.expire(now: Self.start + .seconds(10))
        for resolution in resolutions {
            guard case .refused(let error) = resolution.outcome else {
                Issue.record("\(resolution.outcome)")
                continue
            }
            #expect(error.code == .resourceExhausted)
        }
        #expect(resolutions.count == 2)
    }

    @Test func whatWaitsAgainGoesOutInItsOldOrder() throws {
        var queue = Self.queue(4)
        let sent = queue.takeBatch(now: Self.start)
        #expect(sent.count == 4)
        queue.submit(number: 5, bytes: Data([5]), deadline: Self.start + .seconds(10))
        let busy = RPCError(code: .unavailable, message: "busy")
        let resolved = try queue.receive(
            Self.receipts(Self.range(1, from: 7), Self.refusal(1, busy)), now: Self.start)
        #expect(resolved.map(\.number) == [1])
        #expect(queue.waiting.map(\.number) == [2, 5])
        #expect(queue.streamEnded(busy, now: Self.start).isEmpty)
        #expect(queue.waiting.map(\.number) == [2, 3, 4, 5])
    }

    @Test(arguments: [
        [
            Barid_Bus_V1_ReceiptRange.with {
                $0.count = 3; $0.firstSequence = 1
            }
        ],
        [.with { $0.firstSequence = 1 }], [.with { $0.count = 1 }],
        [
            .with {
                $0.count = 2; $0.firstSequence = .max
            }
        ],
    ])
    func receiptsThatCannotBeAreRefused(ranges: [Barid_Bus_V1_ReceiptRange]) {
        var queue = Self.queue(2)
        _ = queue.takeBatch(now: Self.start)
        let error = #expect(throws: RPCError.self) {
            try queue.receive(.with { $0.receipts = ranges }, now: Self.start)
        }
        #expect(error?.code == .internalError)
    }

    @Test func roomIsCountedInEventsAndBytes() {
        var queue = PublishQueue(
            limits: .init(events: 2, bytes: 10, batchEvents: 10, batchBytes: 100))
        #expect(queue.hasRoom(for: 50), "one event always has room")
        queue.submit(number: 1, bytes: Data(repeating: 0, count: 4), deadline: Self.start)
        #expect(queue.hasRoom(for: 6))
        #expect(!queue.hasRoom(for: 7))
        queue.submit(number: 2, bytes: Data(repeating: 0, count: 1), deadline: Self.start)
        #expect(!queue.hasRoom(for: 1))
        _ = queue.giveUp(RPCError(code: .cancelled, message: "stopped"))
        #expect(queue.hasRoom(for: 7))
    }
}
