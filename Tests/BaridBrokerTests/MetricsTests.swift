import BaridEngine
import BaridMetrics
import BaridSchema
import Foundation
import GRPCCore
import GRPCProtobuf
import Synchronization
import TestSupport
import Testing

@testable import BaridBroker

/// Protocols/8-observability §1: what a broker's figures say, and that they are the table's.
@Suite(.timeLimit(.minutes(5))) struct MetricsTests {
    private static let work: KeyValuePairs = ["topic": "articles", "group": "work"]

    @Test func countersMoveAsEventsGo() async throws {
        let running = try RunningBroker(
            in: TemporaryFolder(), metrics: MetricsAddress("127.0.0.1:0"))
        let port = try #require(running.broker.metricsAddress?.port)
        _ = try await running.publish([.test("a"), .test("b"), .test("c"), .test("d")])
        _ = try await running.publish([.test("a"), .test("b", data: "other")])
        _ = try await running.publish([.test("e")], topic: "Not A Name")
        let output: [UInt8] = try Barid_Bus_V1_Event.test("out").serializedBytes()
        try await running.subscribe { response, send in
            for sequence in response.sequences where sequence < 5 {
                send(
                    .with {
                        $0.settleNumber = sequence
                        $0.settlements = [
                            .with {
                                $0.sequence = sequence
                                $0.attempt = 1
                                switch sequence {
                                case 1: $0.ack = .with { $0.outputs = [Data(output)] }
                                case 2: $0.nack = .with { $0.delayMs = 60_000 }
                                case 3: $0.reject = .init()
                                default: $0.ack = .init()
                                }
                            }
                        ]
                    })
            }
            return response.settled < 4
        }
        let figures = try await RawClient.figures(port: port)
        #expect(try figures.differences(fromTable: "The broker").isEmpty)
        let topic = "articles"
        #expect(
            figures["barid_topic_events_total", ["topic": topic, "from": "publisher"]] == 4)
        #expect(figures["barid_topic_events_total", ["topic": topic, "from": "worker"]] == 1)
        #expect(figures["barid_topic_duplicates_total", ["topic": topic]] == 1)
        #expect(figures["barid_topic_last_sequence", ["topic": topic]] == 5)
        #expect(try #require(figures["barid_topic_event_bytes_total", ["topic": topic]]) > 50)
        #expect(figures["barid_publish_refused_total", ["reason": "IDENTITY_CONFLICT"]] == 1)
        #expect(figures["barid_publish_refused_total", ["reason": "INVALID_NAME"]] == 1)
        func settled(_ outcome: String) -> Double? {
            figures["barid_group_settlements_total", ["group": "work", "outcome": outcome]]
        }
        #expect(settled("ack") == 2 && settled("nack") == 1 && settled("reject") == 1)
        #expect(settled("lease-expired") == 0 && settled("worker-lost") == 0)
        #expect(figures["barid_group_dead_letters", Self.work] == 1)
        #expect(figures["barid_group_dead_lettered_total", Self.work] == 1)
        #expect(figures["barid_group_waiting_events", Self.work] == 1)
        // The output is either out and given back, or was never delivered.
        #expect(figures["barid_group_leased_events", Self.work] == 0)
        #expect(figures["barid_group_lag_events", Self.work] == 2)
        #expect(figures["barid_group_workers", Self.work] == 0)
        let age = figures["barid_group_oldest_unacknowledged_age_seconds", Self.work]
        #expect(try #require(age) > 0 && #require(age) < 60)
        #expect(figures["barid_group_delivery_to_settle_seconds_count", Self.work] == 4)
        #expect(figures["barid_group_publish_to_settle_seconds_count", Self.work] == 2)
        // What was repeated or refused has a receipt too.
        #expect(figures["barid_publish_to_receipt_seconds_count", [:]] == 7)
        #expect(try #require(figures["barid_log_commit_seconds_count", [:]]) > 0)
        #expect(try #require(figures["barid_log_records_total", [:]]) > 4)
        #expect(try #require(figures["barid_process_open_descriptors", [:]]) > 3)
        #expect(
            figures["barid_calls_total", ["service": "barid.bus.v1.EventBus", "code": "OK"]] == 4)
        try await running.broker.stop()
        #expect(throws: POSIXError.self) { try RawClient(port: port) }
    }

    /// A peer that makes names up cannot make series up.
    @Test func callsAreCountedByServedServicesOnly() async throws {
        let running = try RunningBroker(
            in: TemporaryFolder(), metrics: MetricsAddress("127.0.0.1:0"))
        let port = try #require(running.broker.metricsAddress?.port)
        try await running.withClient { client in
            for name in ["made.up.One", "made.up.Two"] {
                let method = MethodDescriptor(fullyQualifiedService: name, method: "Do")
                await #expect(throws: RPCError.self) {
                    try await client.unary(
                        request: ClientRequest(message: [UInt8]()), descriptor: method,
                        serializer: Plain(), deserializer: Plain(), options: .defaults
                    ) { try $0.message }
                }
            }
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            await #expect(throws: RPCError.self) {
                try await admin.pauseGroup(.with { $0.group = "none" })
            }
        }
        let figures = try await RawClient.figures(port: port)
        let services = (figures.families["barid_calls_total"]?.samples ?? []).map(\.labels)
        #expect(services.allSatisfy { $0["service"]?.hasPrefix("made") == false }, "\(services)")
        #expect(
            figures["barid_calls_total", ["service": "other", "code": "UNAVAILABLE"]] == 2,
            "\(services)")
        #expect(
            figures["barid_calls_total", ["service": "barid.admin.v1.Admin", "code": "NOT_FOUND"]]
                == 1, "\(services)")
        try await running.broker.stop()
    }

    /// A thousand connections of a client that means harm leave the bus as it was.
    @Test func aHostileClientHarmsNothing() async throws {
        let running = try RunningBroker(
            in: TemporaryFolder(), metrics: MetricsAddress("127.0.0.1:0"))
        let port = try #require(running.broker.metricsAddress?.port)
        var open: [RawClient] = []
        for number in 0..<200 {
            let client = try RawClient(port: port)
            switch number % 4 {
            case 0: client.send((0..<512).map { _ in UInt8.random(in: 0...255) })
            case 1: client.send([UInt8](repeating: 0x41, count: 64 << 10))
            case 2: client.send(Array("GET /metrics HTTP/1.1\r\nX: ".utf8))
            default: break
            }
            open.append(client)
        }
        let receipts = try await running.publish([.test("a")])
        #expect(receipts.map(\.firstSequence) == [1])
        let figures = try await RawClient.figures(port: port)
        #expect(figures["barid_topic_events_total", ["from": "publisher"]] == 1)
        withExtendedLifetime(open) {}
        try await running.broker.stop()
    }

    private struct Plain: MessageSerializer, MessageDeserializer {
        func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes {
            Bytes(message)
        }

        func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
            bytes.withUnsafeBytes { Array($0) }
        }
    }
}
