import Barid
import BaridArticles
import BaridSchema
import BaridTracing
import Foundation
import GRPCCore

/// An article on its way, and where it stands among the input.
struct PublishedArticle: Sendable {
    var index: Int
    var name: String
    var identity: ArticleIdentity
}

/// One run of `barid publish` over a connection: submit, gather receipts, follow.
struct PublishRun: Sendable {
    let client: BaridClient
    let configuration: Publisher.Configuration
    let report: PublishReport
    let explicitID: String?
    let url: String?
    let isWaiting: Bool
    let limit: Duration
    /// What was read already; the reader has the rest.
    let beginning: [ArticleReader.Element]
    let reader: ArticleReader

    private struct OnItsWay: Sendable {
        var article: PublishedArticle
        var submission: Submission
    }

    func run() async throws {
        let follower = ArticleFollower(client: client, limit: limit)
        try await withThrowingTaskGroup(of: Void.self) { group in
            if isWaiting {
                group.addTask {
                    for try await (article, end) in follower.ends {
                        await report.end(of: article, end)
                    }
                }
                group.addTask { try await follower.run() }
            }
            group.addTask {
                try await client.withPublisher(configuration) { publisher in
                    try await publish(by: publisher, follower)
                }
                await follower.finish()
            }
            try await group.waitForAll()
        }
    }

    /// Two tasks: one submits as long as there is room, the other takes the receipts in order.
    private func publish(by publisher: Publisher, _ follower: ArticleFollower) async throws {
        let (onTheirWay, post) = AsyncStream.makeStream(of: OnItsWay.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { post.finish() }
                var index = 0
                func take(_ item: ArticleReader.Element) async throws -> Bool {
                    try Task.checkCancellation()
                    guard await !report.hasLostBroker else {
                        await report.stop(before: item.name)
                        return false
                    }
                    defer { index += 1 }
                    switch item {
                    case .failure(let problem):
                        await report.problem(problem)
                        await report.skip(index)
                    case .success(let input) where index > 0 && (explicitID != nil || url != nil):
                        await report.problem(
                            InputProblem(
                                name: input.name, code: .badInput,
                                message: "is another article: --id and --url are for one"))
                        await report.skip(index)
                    case .success(let input):
                        if let next = await submit(input, index, to: publisher) { post.yield(next) }
                    }
                    return true
                }
                for item in beginning where try await !take(item) { return }
                for await item in reader where try await !take(item) { return }
            }
            group.addTask {
                for await next in onTheirWay {
                    let outcome = await next.submission.outcome()
                    await report.receipt(of: next.article, outcome)
                    if isWaiting, case .stored(let receipt) = outcome {
                        await follower.follow(next.article, receipt)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func submit(
        _ input: ArticleInput, _ index: Int, to publisher: Publisher
    ) async
        -> OnItsWay?
    {
        var submitted = ArticleSubmitted()
        submitted.content = input.content
        submitted.mediaType = input.mediaType
        submitted.url = url ?? ""
        let identity = ArticleIdentity(of: submitted, explicit: explicitID)
        let article = PublishedArticle(index: index, name: input.name, identity: identity)
        do {
            // Everything in the event but its trace follows from the bytes, so that the same bytes are
            // the same event.
            var event = EventEnvelope(
                id: identity.eventID, source: "/barid/publish", type: ArticleEventType.submitted)
            event.subject = identity.articleID
            let caller = CurrentTrace.header.flatMap { TraceParent($0) }
            event.traceParent = (caller?.child ?? TraceParent()).text
            try event.setData(submitted)
            return OnItsWay(article: article, submission: try await publisher.submit(event))
        } catch let error as RPCError {
            await report.receipt(of: article, .refused(error))
        } catch {
            let code = RPCError.Code.cancelled
            await report.receipt(of: article, .refused(RPCError(code: code, message: "not sent")))
        }
        return nil
    }
}

extension Result<ArticleInput, InputProblem> {
    /// The article's name, or the problem's.
    var name: String {
        switch self {
        case .success(let input): input.name
        case .failure(let problem): problem.name
        }
    }
}
