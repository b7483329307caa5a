import Barid
import BaridArticles
import BaridSchema
import BaridTesting
import GRPCCore
import Testing

struct HandlerTesterTests {
    private struct Renamer: EventHandler {
        func handle(
            _ event: Event<Barid_Article_V1_ArticleIndexed>, in context: HandlerContext
        ) throws -> [any EventPayload] {
            guard !event.payload.articleID.isEmpty else { throw RejectEvent("no id") }
            return [
                Barid_Article_V1_ArticleSubmitted.with {
                    $0.url = "\(event.payload.articleID) \(context.attempt)"
                }
            ]
        }
    }

    @Test func outputsAndFatesAreThoseOfAWorker() async throws {
        let tester = HandlerTester(Renamer(), worker: "renamer")
        let result = try await tester.handle(.with { $0.articleID = "a" }, subject: "s", attempt: 2)
        #expect(result.error == nil)
        #expect(result.fate == nil)
        let submitted = try result.outputs(of: Barid_Article_V1_ArticleSubmitted.self)
        #expect(submitted.map(\.url) == ["a 2"])
        #expect(result.outputs.first?.subject == "s")
        #expect(result.outputs.first?.source == "/barid/workers/renamer")
        #expect(result.outputs.first?.originSequence == 1)
        let rejected = try await tester.handle(Barid_Article_V1_ArticleIndexed())
        #expect(rejected.fate == .deadLetter)
        #expect(rejected.error?.message == "no id")
        #expect(rejected.outputs.isEmpty)
    }
}
