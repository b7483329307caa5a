import BaridArticles
import BaridSchema
import BaridTracing
import GRPCCore
import Testing

@testable import Barid

struct EventTests {
    /// Protocols/3-events.md §4: "Everything in an output follows from its input".
    @Test func outputsInheritAndRepeatToTheByte() throws {
        var input = EventEnvelope(id: "i", source: "/s", type: "t.v1")
        input.subject = "article-1"
        input.partitionKey = "key"
        input.expiryTime = .with { $0.seconds = 1_900_000_000 }
        input.traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        input.traceState = "vendor=1"
        let payload = Barid_Article_V1_ArticleIndexed.with { $0.articleID = "article-1" }
        let output = try input.output(payload, worker: "indexer", index: 2, replay: 1)
        #expect(
            try output.serialized()
                == input.output(payload, worker: "indexer", index: 2, replay: 1).serialized())
        #expect(output.type == "news.barid.article.indexed.v1")
        #expect(output.source == "/barid/workers/indexer")
        #expect(output.subject == "article-1")
        #expect(output.partitionKey == "key")
        #expect(output.expiryTime?.seconds == 1_900_000_000)
        #expect(output.causationID == "i")
        #expect(output.correlationID == "i")
        #expect(output.time == nil)
        let trace = try #require(output.traceParent.flatMap { TraceParent($0) })
        #expect(trace.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(trace.spanID == output.id.prefix(16))
        #expect(output.traceState == "vendor=1")
        let next = try output.output(payload, worker: "indexer", index: 0, replay: 0)
        #expect(next.causationID == output.id)
        #expect(next.correlationID == "i")
        #expect(try Event<Barid_Article_V1_ArticleIndexed>(next).payload == payload)
    }

    /// Protocols/3-events.md §4: `replaynumber` is "the higher of the delivery's replay number and
    /// the event's own".
    @Test func outputsOfAReplayAreMarkedDownTheChain() throws {
        let input = EventEnvelope(id: "i", source: "/s", type: "t.v1")
        let payload = Barid_Article_V1_ArticleIndexed.with { $0.articleID = "article-1" }
        let plain = try input.output(payload, worker: "w", index: 0, replay: 0)
        #expect(plain.replayNumber == 0)
        #expect(plain.message.extensions["replaynumber"] == nil)
        let replayed = try input.output(payload, worker: "w", index: 0, replay: 4)
        #expect(replayed.replayNumber == 4)
        #expect(replayed.id != plain.id)
        #expect(try replayed.output(payload, worker: "x", index: 0, replay: 0).replayNumber == 4)
        #expect(try replayed.output(payload, worker: "x", index: 0, replay: 9).replayNumber == 9)
    }

    /// Protocols/3-events.md §4: "The output of an event with 64 `hops` SHALL be refused".
    @Test(arguments: [(0, 1), (1, 2), (63, 64)] as [(UInt32, UInt32)])
    func outputsCountTheWorkersTheyCameThrough(own: UInt32, expected: UInt32) throws {
        var input = EventEnvelope(id: "i", source: "/s", type: "t.v1")
        input.hops = own
        let payload = Barid_Article_V1_ArticleIndexed.with { $0.articleID = "article-1" }
        #expect(try input.output(payload, worker: "w", index: 0, replay: 0).hops == expected)
    }

    @Test(arguments: [64, 65, .max] as [UInt32])
    func circlesOfPluginsEnd(own: UInt32) throws {
        var input = EventEnvelope(id: "i", source: "/s", type: "t.v1")
        input.hops = own
        let payload = Barid_Article_V1_ArticleIndexed.with { $0.articleID = "article-1" }
        let error = #expect(throws: RPCError.self) {
            try input.output(payload, worker: "w", index: 0, replay: 0)
        }
        #expect(error?.code == .failedPrecondition && error?.message.contains("\(own)") == true)
    }

    /// W3C Trace Context §3.2: a bad header is ignored whole.
    @Test(arguments: [
        "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    ])
    func badTraceParentsAreIgnored(header: String) throws {
        var input = EventEnvelope(id: "i", source: "/s", type: "t.v1")
        input.traceParent = header
        input.traceState = "vendor=1"
        let output = try input.output(
            Barid_Article_V1_ArticleIndexed(), worker: "w", index: 0, replay: 0)
        #expect(output.traceParent == nil)
        #expect(output.traceState == nil)
    }

    @Test func bodiesAreReadInEveryFormAndRefusedByName() throws {
        let payload = Barid_Article_V1_ArticleIndexed.with { $0.articleID = "a" }
        var envelope = EventEnvelope(
            id: "i", source: "/s", type: Barid_Article_V1_ArticleIndexed.eventType)
        envelope.message.textData = #"{"articleId": "a"}"#
        envelope.dataContentType = "application/json"
        #expect(try Event<Barid_Article_V1_ArticleIndexed>(envelope).payload == payload)
        envelope.message.binaryData = try payload.serializedData()
        envelope.dataContentType = "application/protobuf"
        #expect(try Event<Barid_Article_V1_ArticleIndexed>(envelope).payload == payload)
        try envelope.setData(payload)
        #expect(try Event<Barid_Article_V1_ArticleIndexed>(envelope).payload == payload)
        #expect(throws: RPCError.self) { try Event<Barid_Article_V1_ArticleSubmitted>(envelope) }
        envelope.type = Barid_Article_V1_ArticleSubmitted.eventType
        let error = #expect(throws: RPCError.self) {
            try Event<Barid_Article_V1_ArticleSubmitted>(envelope)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("barid.article.v1.ArticleSubmitted") == true)
    }

    @Test(
        arguments: [
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("1970-01-01T00:00:00Z", 0, 0),
            ("2000-02-29T23:59:59.000000001Z", 951_868_799, 1),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
            ("1969-12-31T23:59:59.5Z", -1, 500_000_000),
        ] as [(String, Int64, Int32)])
    func timesAreReadAndWritten(text: String, seconds: Int64, nanos: Int32) throws {
        let time = try #require(Timestamps.parse(text))
        #expect(time.seconds == seconds)
        #expect(time.nanos == nanos)
        #expect(Timestamps.text(time) == text)
    }

    @Test func offsetsCountAndNonsenseIsRefused() {
        #expect(
            Timestamps.parse("2026-01-01T02:00:00+03:00")
                == Timestamps.parse("2025-12-31T23:00:00Z"))
        for text in [
            "", "2026", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx",
            "0001-01-01T00:00:00+00:01", "٢٠٢٦-01-01T00:00:00Z",
        ] {
            #expect(Timestamps.parse(text) == nil)
        }
    }
}
