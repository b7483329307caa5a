import BaridSchema
import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Nothing acknowledged is lost, whoever is killed.
@Suite(.serialized) struct KillTests {
    /// Broker and every worker die by SIGKILL while articles are on their way; all reach the index.
    @Test(.timeLimit(.minutes(10)))
    func everyArticleReachesTheIndexWhoeverIsKilled() async throws {
        let count = 60
        let pipeline = try await Pipeline()
        let lines = (1...count).map { number in
            """
            {"id": "kill-\(number)", "source": "The Harbour Gazette", "title": "Ferry \(number) leaves on time", \
            "text": "The ferry number \(number) left the harbour of Tarsin on time.\\nIts captain, Salma Darwish, thanked the crew."}
            """
        }.joined(separator: "\n")
        let file = try pipeline.folder.write(lines + "\n", to: "ferries.jsonl")
        let publisher = try RunningProcess(
            "barid", ["publish", file, "--json", "--deadline", "180"],
            environment: pipeline.environment)

        for name in Pipeline.workers {
            let worker = try #require(pipeline.workers[name])
            worker.signal(SIGKILL)
            try await worker.ended()
            try pipeline.start(name)
        }
        pipeline.broker.signal(SIGKILL)
        try await pipeline.broker.ended()
        try await pipeline.startBroker()
        #expect(try await publisher.ended(within: .seconds(200)) == 0, "\(publisher.error)")
        let receipts = try pipeline.objects(publisher.output)
        #expect(Set(receipts.compactMap { $0["id"] as? String }).count == count)

        // Once more, now that everything is stored and only the workers are busy.
        for name in Pipeline.workers {
            let worker = try #require(pipeline.workers[name])
            worker.signal(SIGKILL)
            try await worker.ended()
            try pipeline.start(name)
        }
        for number in 1...count {
            let found = try await eventually(
                "article \(number) in the index", within: .seconds(240)
            ) {
                let found = try await pipeline.indexed("kill-\(number)")
                let stages = Set(found?.stages ?? [])
                return stages.isSuperset(of: [.parsed, .tagged, .moderated]) ? found : nil
            }
            #expect(found.article.headline.text == "Ferry \(number) leaves on time")
        }
        let search = try await pipeline.barid(["search", "harbour", "--json", "--limit", "1"])
        let response = try Barid_Index_V1_SearchResponse(jsonString: search.output)
        #expect(response.total == UInt64(count), "each once")
    }

    /// DESIGN: "A second broker on the same data folder refuses, names the other".
    @Test func aSecondBrokerRefusesAndNamesTheFirst() async throws {
        let pipeline = try await Pipeline(workers: [])
        let second = try RunningProcess("barid-broker", environment: pipeline.environment)
        #expect(try await second.ended() != 0)
        #expect(second.error.contains("\(pipeline.broker.id)"), "\(second.error)")
        #expect(try await pipeline.barid(["status"]).status == 0)
    }
}
