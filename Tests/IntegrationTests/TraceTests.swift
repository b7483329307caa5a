import Foundation
import TestSupport
import Testing

/// Protocols/8-observability §2: the spans that real executables write down, as a tree.
@Suite(.timeLimit(.minutes(5))) struct TraceTests {
    /// One span as OTLP's JSON has it.
    private struct Recorded {
        var service = ""
        var span: [String: Any] = [:]

        var name: String { span["name"] as? String ?? "" }
        var id: String { span["spanId"] as? String ?? "" }
        var trace: String { span["traceId"] as? String ?? "" }
        var parent: String { span["parentSpanId"] as? String ?? "" }
        var kind: Int { span["kind"] as? Int ?? 0 }
        var start: Int64 { Int64(span["startTimeUnixNano"] as? String ?? "") ?? 0 }
        var end: Int64 { Int64(span["endTimeUnixNano"] as? String ?? "") ?? 0 }
        var attributes: [String: String] { TraceTests.attributes(span["attributes"]) }
    }

    private static func attributes(_ list: Any?) -> [String: String] {
        let pairs = (list as? [[String: Any]] ?? []).compactMap { attribute -> (String, String)? in
            guard let key = attribute["key"] as? String,
                let value = attribute["value"] as? [String: Any]
            else { return nil }
            return (key, value["stringValue"] as? String ?? value["intValue"] as? String ?? "")
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private static func spans(_ path: String) throws -> [Recorded] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").map { line in
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let resource = try #require((object["resourceSpans"] as? [[String: Any]])?.first)
            let scope = try #require((resource["scopeSpans"] as? [[String: Any]])?.first)
            let span = try #require((scope["spans"] as? [[String: Any]])?.first)
            let facts = attributes((resource["resource"] as? [String: Any])?["attributes"])
            return Recorded(service: facts["service.name"] ?? "", span: span)
        }
    }

    private let folder: TemporaryFolder
    private let traces: String

    init() throws {
        folder = try TemporaryFolder()
        traces = folder.file("traces.jsonl")
    }

    private func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "BARID_DATA": folder.file("data"), "BARID_STATE": folder.file("state"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/broker.ipc"),
            "XDG_CONFIG_HOME": folder.file("config"), "BARID_TRACES": traces,
        ].merging(more) { $1 }
    }

    private func barid(
        _ arguments: String..., environment more: [String: String] = [:]
    ) async throws -> String {
        let process = try RunningProcess("barid", arguments, environment: environment(more))
        let code = try await process.ended()
        #expect(code == 0, "\(arguments) \(process.error)")
        return process.output
    }

    @Test func anArticleIsOneTreeFromPublishToSettle() async throws {
        let broker = try RunningProcess("barid-broker", environment: environment())
        let workers = try ["barid-parser", "barid-entity-tagger"].map {
            try RunningProcess($0, environment: environment())
        }
        try await eventually("both subscribe") {
            workers.allSatisfy { $0.error.contains("subscribed") } ? () : nil
        }
        let text = try folder.write("وصلت سلمى درويش إلى عمان.\n\nنص الخبر.\n", to: "a.txt")
        _ = try await barid("publish", text)
        // The tagger's settlement is the last thing that happens.
        try await eventually("the tagger has settled") {
            let ends = try Self.spans(traces).filter { $0.name == "settle articles" }
            return ends.contains { $0.service == "barid-entity-tagger" } ? () : nil
        }
        let spans = try Self.spans(traces)
        func only(_ name: String, _ service: String) throws -> Recorded {
            let found = spans.filter { $0.name == name && $0.service == service }
            try #require(found.count == 1, "\(name) by \(service): \(found)")
            return found[0]
        }
        let publish = try only("publish articles", "barid")
        #expect(publish.parent.isEmpty && publish.kind == 4)
        #expect(spans.allSatisfy { $0.trace == publish.trace || $0.name.contains("/") })
        let events = spans.filter { $0.trace == publish.trace }
        #expect(Set(events.map(\.id)).count == events.count)
        #expect(events.allSatisfy { $0.start > 0 && $0.end >= $0.start })

        let parse = try only("process articles", "barid-parser")
        #expect(parse.parent == publish.id && parse.kind == 5)
        let received = try only("receive articles", "barid-parser")
        #expect(received.parent == publish.id && received.end <= parse.start)
        #expect(
            parse.attributes == [
                "messaging.system": "barid", "messaging.operation.name": "process",
                "messaging.operation.type": "process", "messaging.destination.name": "articles",
                "messaging.consumer.group.name": "parser",
                "messaging.message.id": publish.attributes["messaging.message.id"] ?? "?",
                "barid.event.type": "news.barid.article.submitted.v1", "barid.sequence": "1",
                "barid.attempt": "1",
            ])
        let links = try #require(parse.span["links"] as? [[String: String]])
        #expect(links.map { $0["spanId"] } == [publish.id])
        let create = try only("create articles", "barid-parser")
        #expect(create.parent == parse.id)
        let settle = try only("settle articles", "barid-parser")
        #expect(settle.parent == parse.id && settle.start >= parse.start)
        #expect(settle.attributes["messaging.operation.name"] == "ack")
        #expect(settle.attributes["messaging.operation.type"] == "settle")

        let tag = try only("process articles", "barid-entity-tagger")
        #expect(tag.parent == create.id)
        let stored = spans.filter { $0.name == "store articles" }
        #expect(stored.allSatisfy { $0.service == "barid-broker" })
        #expect(Set(stored.map(\.parent)).isSuperset(of: [publish.id, create.id]))
        withExtendedLifetime(broker) {}
    }

    @Test func aCallIsATreeOfClientAndServer() async throws {
        let broker = try RunningProcess("barid-broker", environment: environment())
        let tagger = try RunningProcess("barid-entity-tagger", environment: environment())
        try await eventually("it subscribes") { tagger.error.contains("subscribed") ? () : nil }
        let trace = "00-" + String(repeating: "ab", count: 16) + "-00000000000000cd-01"
        _ = try await barid(
            "call", "barid.tagger.v1.EntityTagger/Tag", "{\"text\": \"عمان\"}",
            environment: ["TRACEPARENT": trace])
        let name = "barid.tagger.v1.EntityTagger/Tag"
        let spans = try await eventually("both sides are written") {
            let spans = try Self.spans(traces).filter { $0.name == name }
            return spans.count == 2 ? spans : nil
        }
        let client = try #require(spans.first { $0.kind == 3 })
        let server = try #require(spans.first { $0.kind == 2 })
        #expect(client.trace == String(repeating: "ab", count: 16))
        #expect(client.parent == "00000000000000cd" && client.service == "barid")
        #expect(server.parent == client.id && server.service == "barid-entity-tagger")
        #expect(server.attributes["rpc.grpc.status_code"] == "0")
        withExtendedLifetime(broker) {}
    }

    /// "A trace whose sampled flag is not set SHALL NOT be recorded"; the trace itself goes on.
    @Test func whatIsNotSampledIsNotWritten() async throws {
        let broker = try RunningProcess("barid-broker", environment: environment())
        let parser = try RunningProcess("barid-parser", environment: environment())
        try await eventually("it subscribes") { parser.error.contains("subscribed") ? () : nil }
        let id = String(repeating: "cd", count: 16)
        let text = try folder.write("Title\n\nText.\n", to: "a.txt")
        _ = try await barid(
            "publish", text, environment: ["TRACEPARENT": "00-\(id)-00000000000000ef-00"])
        try await eventually("the parser has emitted") {
            let output = try await barid("watch", "--from-start", "--no-follow", "--json")
            return output.split(separator: "\n").count == 2 ? () : nil
        }
        #expect(try Self.spans(traces).allSatisfy { $0.trace != id })
        withExtendedLifetime(broker) {}
    }

    @Test func aFileThatCannotBeWrittenIsTold() async throws {
        let broker = try RunningProcess(
            "barid-broker", environment: environment(["BARID_TRACES": "/nonexistent/traces"]))
        #expect(try await broker.ended() == 66)
        #expect(
            broker.error.contains("/nonexistent/traces") && broker.error.contains("BARID_TRACES"))
    }
}
