import BaridSchema
import Foundation
import SwiftProtobuf
import Testing

@testable import BaridBroker
@testable import BaridEngine

/// What is read and written by hand agrees, byte for byte, with the generated messages.
struct WireTests {
    private static let fault = BusFault(
        code: .resourceExhausted, reason: "STORAGE_FULL", message: "ممتلئ",
        retryAfter: .milliseconds(1_500))

    private var error: Barid_Bus_V1_BusError {
        .with {
            $0.code = 8
            $0.reason = "STORAGE_FULL"
            $0.message = "ممتلئ"
            $0.retryAfterMs = 1_500
        }
    }

    @Test func publishRequestsAreRead() throws {
        let request = Barid_Bus_V1_PublishRequest.with {
            $0.topic = "articles"
            $0.events = [Data([1, 2, 3]), Data(), Data(repeating: 9, count: 300)]
        }
        let read = try PublishMessage(request.serializedBytes())
        #expect(read.topic == "articles")
        #expect(read.events.map { Data($0) } == request.events)
        #expect(try PublishMessage([]).topic == nil)
    }

    @Test func publishResponsesAreWritten() throws {
        let receipts = [
            Receipt(count: 64, firstSequence: 1 << 40),
            Receipt(count: 1, firstSequence: 3, duplicate: true),
            Receipt(count: 2, firstSequence: 0, fault: Self.fault),
        ]
        let expected = Barid_Bus_V1_PublishResponse.with {
            $0.durability = .fsync
            $0.receipts = [
                .with {
                    $0.count = 64
                    $0.firstSequence = 1 << 40
                },
                .with {
                    $0.count = 1
                    $0.firstSequence = 3
                    $0.duplicate = true
                },
                .with {
                    $0.count = 2
                    $0.error = error
                },
            ]
        }
        #expect(
            PublishMessage.response(receipts, durability: .fsync)
                == (try expected.serializedBytes() as [UInt8]))
        #expect(
            PublishMessage.response([], durability: .memory)
                == (try Barid_Bus_V1_PublishResponse.with { $0.durability = .memory }
                    .serializedBytes() as [UInt8]))
    }

    @Test func subscribeRequestsAreRead() throws {
        let request = Barid_Bus_V1_SubscribeRequest.with {
            $0.subscription = .with { $0.group = "g" }
            $0.credit = 12
            $0.creditBytes = 1 << 33
            $0.settleNumber = 7
            $0.acks = [
                .with {
                    $0.firstSequence = 5
                    $0.count = 3
                    $0.attempt = 1
                }
            ]
            $0.settlements = [
                .with {
                    $0.sequence = 9
                    $0.attempt = 2
                    $0.ack = .with { $0.outputs = [Data([1]), Data([2, 3])] }
                },
                .with {
                    $0.sequence = 10
                    $0.nack = .with {
                        $0.delayMs = 250
                        $0.error = error
                    }
                },
                .with {
                    $0.sequence = 11
                    $0.reject = .with { $0.error = error }
                },
                .with {
                    $0.sequence = 12
                    $0.extend = .with { $0.leaseMs = 9_000 }
                },
                .with {
                    $0.sequence = 13
                    $0.release = .with { $0.pauseMs = 40 }
                },
                .with {
                    $0.sequence = 14
                    $0.ack = Barid_Bus_V1_Ack()
                },
            ]
        }
        let read = try SubscribeMessage(request.serializedBytes())
        #expect(
            Data(try #require(read.subscription))
                == (try request.subscription.serializedBytes() as Data))
        #expect(read.credit == 12)
        #expect(read.creditBytes == 1 << 33)
        #expect(read.settle.number == 7)
        #expect(read.settle.acks == [.init(first: 5, count: 3, attempt: 1)])
        #expect(read.settle.settlements.map(\.sequence) == [9, 10, 11, 12, 13, 14])
        #expect(read.settle.settlements[0].attempt == 2)
        var seen: [String] = []
        for settlement in read.settle.settlements {
            switch settlement.outcome {
            case .ack(let outputs): seen.append("ack \(outputs.map { Array($0) })")
            case .nack(let delay, let fault):
                #expect(fault.reason == Self.fault.reason && fault.message == Self.fault.message)
                seen.append("nack \(delay)")
            case .reject(let fault): seen.append("reject \(fault.code)")
            case .extend(let lease): seen.append("extend \(lease)")
            case .release(let pause, _): seen.append("release \(pause)")
            }
        }
        #expect(
            seen == [
                "ack [[1], [2, 3]]", "nack 0.25 seconds", "reject resourceExhausted",
                "extend 9.0 seconds", "release 0.04 seconds", "ack []",
            ])
    }

    @Test func aSettlementWithoutOutcomeIsRefused() throws {
        let request = Barid_Bus_V1_SubscribeRequest.with {
            $0.settlements = [.with { $0.sequence = 1 }]
        }
        #expect(throws: MessageFailure.malformed) {
            try SubscribeMessage(request.serializedBytes())
        }
    }

    @Test func subscribeResponsesAreWritten() throws {
        var batch = DeliveryBatch()
        batch.started = SubscriptionStarted(
            epoch: 3, group: "g", lease: .seconds(30), maximumDeliveries: 5, types: ["a.>", "b"],
            attributes: [AttributeFilter(name: "language", values: ["ar", "fa"])])
        for (sequence, attempt) in [(5, 1), (200, 2)] as [(UInt64, UInt32)] {
            batch.add(
                Delivery(
                    sequence: sequence, attempt: attempt,
                    bytes: Array(repeating: 7, count: Int(sequence))[...]))
        }
        batch.refuse(sequence: 9, attempt: 1, turn: 1 << 40, Self.fault)
        batch.settled = 12
        batch.draining = true
        let expected = Barid_Bus_V1_SubscribeResponse.with {
            $0.started = .with {
                $0.epoch = 3
                $0.group = "g"
                $0.leaseMs = 30_000
                $0.maximumDeliveries = 5
                $0.types = ["a.>", "b"]
                $0.attributes = [
                    .with {
                        $0.name = "language"
                        $0.values = ["ar", "fa"]
                    }
                ]
            }
            $0.events = [Data(repeating: 7, count: 5), Data(repeating: 7, count: 200)]
            $0.sequences = [5, 200]
            $0.attempts = [1, 2]
            $0.errors = [
                .with {
                    $0.sequence = 9
                    $0.attempt = 1
                    $0.error = error
                    $0.turn = 1 << 40
                }
            ]
            $0.settled = 12
            $0.draining = true
        }
        #expect(batch.encode() == (try expected.serializedBytes() as [UInt8]))
    }

    @Test func firstAttemptsAreLeftOut() throws {
        var batch = DeliveryBatch()
        batch.add(Delivery(sequence: 1, attempt: 1, bytes: [1]))
        let response = try Barid_Bus_V1_SubscribeResponse(serializedBytes: batch.encode())
        #expect(response.attempts.isEmpty)
        #expect(response.sequences == [1])
    }

    /// Protocols/2-bus §4.1: "it is 0 for an event that is not replayed".
    @Test func replayNumbersAreParallelOrLeftOut() throws {
        var batch = DeliveryBatch()
        for (sequence, replay) in [(1, 0), (2, 3), (3, 0)] as [(UInt64, UInt32)] {
            batch.add(Delivery(sequence: sequence, attempt: 1, replay: replay, bytes: [1]))
        }
        let response = try Barid_Bus_V1_SubscribeResponse(serializedBytes: batch.encode())
        #expect(response.replays == [0, 3, 0])
        var plain = DeliveryBatch()
        plain.add(Delivery(sequence: 1, attempt: 1, bytes: [1]))
        #expect(
            try Barid_Bus_V1_SubscribeResponse(serializedBytes: plain.encode()).replays.isEmpty)
    }

    /// Protocols/2-bus §6.2: nothing is sent of turns on the common path.
    @Test func turnsAreParallelOrLeftOut() throws {
        var batch = DeliveryBatch()
        for (sequence, turn) in [(1, 0), (2, 1 << 40), (3, 0)] as [(UInt64, UInt64)] {
            batch.add(Delivery(sequence: sequence, attempt: 1, turn: turn, bytes: [1]))
        }
        let response = try Barid_Bus_V1_SubscribeResponse(serializedBytes: batch.encode())
        #expect(response.turns == [0, 1 << 40, 0])
        var plain = DeliveryBatch()
        plain.add(Delivery(sequence: 1, attempt: 1, bytes: [1]))
        #expect(try Barid_Bus_V1_SubscribeResponse(serializedBytes: plain.encode()).turns.isEmpty)
    }

    @Test func readResponsesAreWritten() throws {
        var batch = ReadBatch()
        batch.add([1, 2], sequence: 300, storedAt: 1_700_000_000_000_000_001)
        batch.add([], sequence: 301, storedAt: 0)
        batch.nextSequence = 302
        batch.caughtUp = true
        let expected = Barid_Bus_V1_ReadResponse.with {
            $0.events = [Data([1, 2]), Data()]
            $0.sequences = [300, 301]
            $0.storedNs = [1_700_000_000_000_000_001, 0]
            $0.nextSequence = 302
            $0.caughtUp = true
        }
        #expect(batch.encode() == (try expected.serializedBytes() as [UInt8]))
    }

    @Test func theScanAgreesWithTheGeneratedEvent() throws {
        let event = Barid_Bus_V1_Event.with {
            $0.id = "id"
            $0.source = "urn:source"
            $0.type = "news.test.v1"
            $0.subject = "موضوع"
            $0.partitionKey = "key"
            $0.expiryTime = Google_Protobuf_Timestamp(seconds: 12, nanos: 5)
            $0.time = Google_Protobuf_Timestamp(seconds: 1)
            $0.extensions = ["a": .with { $0.string = "b" }]
            $0.binaryData = Data([1, 2, 3])
        }
        let bytes: [UInt8] = try event.serializedBytes()
        let scan = try RoutingScan(bytes[...])
        let text = { (range: Range<Int>) in String(decoding: bytes[range], as: UTF8.self) }
        #expect(text(scan.id) == event.id)
        #expect(text(scan.source) == event.source)
        #expect(text(scan.type) == event.type)
        #expect(text(scan.subject) == event.subject)
        #expect(text(scan.key) == event.partitionKey)
        #expect(scan.expiry == 12_000_000_005)
        #expect(Array(bytes[scan.data]) == [1, 2, 3])
    }

    @Test func randomRequestsNeverTrap() throws {
        var random = SystemRandomNumberGenerator()
        let good: [UInt8] = try Barid_Bus_V1_SubscribeRequest.with {
            $0.settlements = [
                .with {
                    $0.sequence = 9
                    $0.nack = .with { $0.error = error }
                }
            ]
        }.serializedBytes()
        var read = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<2 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
                    in: .min ... .max, using: &random)
            }
            if (try? SubscribeMessage(bytes)) != nil { read += 1 }
            _ = try? PublishMessage(bytes)
        }
        #expect(read > 0)
    }
}
