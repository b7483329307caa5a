import BaridSchema
import BaridTracing
import Foundation
import Testing

@testable import Barid

/// Protocols/8-observability §2.
@Suite struct TracingTests {
    private static let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aTraceParentIsReadAndPassedOn() throws {
        let parent = try #require(TraceParent(Self.header))
        #expect(parent.text == Self.header && parent.isSampled)
        let child = parent.child
        #expect(child.traceID == parent.traceID && child.spanID != parent.spanID)
        #expect(TraceParent(child.text) == child)
        let first = TraceParent(), second = TraceParent(isSampled: false)
        #expect(TraceParent(first.text) == first && first.isSampled && !second.isSampled)
        #expect(first.traceID != second.traceID)
    }

    @Test(arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", true),
    ])
    func onlyTheLowestFlagSaysThatItIsSampled(header: String, isSampled: Bool) throws {
        #expect(try #require(TraceParent(header)).isSampled == isSampled)
    }

    /// Each line is JSON whatever the texts are, and the numbers are OTLP's.
    @Test func aSpanIsALineOfJSON() throws {
        try TemporaryFolder.with { folder in
            let path = "\(folder)/traces"
            let tracer = try Tracer(path, service: "a \"service\"")
            var span = Span(
                "process articles", .consumer, try #require(TraceParent(Self.header)),
                parentID: "00f067aa0ba902b7",
                attributes: [("text", .text("q\"\\\n\u{1}\u{85}عمان")), ("number", .number(.max))])
            span.failure = "no\nroom"
            span.links = [span.context]
            span.end = span.start - 5
            tracer.record(span)
            span.context.flags = "00"
            tracer.record(span)
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 1 && tracer.lostSpans == 0)
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
            let resource = try #require((object["resourceSpans"] as? [[String: Any]])?.first)
            let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
            let found = try #require((scope["spans"] as? [[String: Any]])?.first)
            #expect(found["traceId"] as? String == span.context.traceID)
            #expect(found["parentSpanId"] as? String == "00f067aa0ba902b7")
            #expect(found["kind"] as? Int == 5)
            #expect(found["endTimeUnixNano"] as? String == found["startTimeUnixNano"] as? String)
            #expect((found["status"] as? [String: Any])?["code"] as? Int == 2)
            let attributes = try #require(found["attributes"] as? [[String: Any]])
            #expect(
                (attributes[0]["value"] as? [String: String])?["stringValue"]
                    == "q\"\\\n\u{1}\u{85}عمان")
            #expect(
                (attributes[1]["value"] as? [String: String])?["intValue"] == "\(Int64.max)")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    /// A settlement's span ends with the broker's word, and fails with its refusal.
    @Test func aSettlementEndsWhenItIsDurable() throws {
        try TemporaryFolder.with { folder in
            let path = "\(folder)/traces"
            var spans = SettleSpans(tracer: try Tracer(path, service: "test"))
            func lines() throws -> [Substring] {
                try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            }
            spans.received(.with { $0.sequences = [1, 2, 3] })
            #expect(spans.takeArrival(of: 1) != nil && spans.takeArrival(of: 1) == nil)
            for sequence: UInt64 in 1...3 {
                spans.began(Span("settle \(sequence)", .client, TraceParent()), of: sequence)
            }
            spans.left(
                in: .with {
                    $0.settleNumber = 1
                    $0.acks = [
                        .with {
                            $0.firstSequence = 1
                            $0.count = 1
                        }
                    ]
                    $0.settlements = [
                        .with {
                            $0.sequence = 2
                            $0.reject = .init()
                        },
                        .with {
                            $0.sequence = 3
                            $0.extend = .init()
                        },
                    ]
                })
            #expect(try lines().isEmpty)
            spans.received(
                .with {
                    $0.errors = [
                        .with {
                            $0.sequence = 2
                            $0.error.reason = "STALE_LEASE"
                        }
                    ]
                    $0.settled = 1
                })
            // The third one asked for more time only.
            let written = try lines()
            #expect(written.count == 2)
            #expect(written.contains { $0.contains("settle 2") && $0.contains("STALE_LEASE") })
            #expect(written.contains { $0.contains("settle 1") && !$0.contains("status") })
        }
    }
}
