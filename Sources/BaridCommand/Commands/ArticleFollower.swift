import Barid
import BaridArticles
import BaridSchema
import GRPCCore

/// Follows articles into the index: from their receipts until every stage is in, or one is given up.
actor ArticleFollower {
    /// How the way of an article ended.
    enum End: Sendable {
        /// Parsed, tagged, moderated and indexed.
        case indexed(Barid_Index_V1_GetArticleResponse)
        /// A group gave up on it.
        case givenUp(Barid_Admin_V1_DeadLetter)
        /// Nothing came for as long as the person would wait.
        case timedOut
        /// The result could not be fetched.
        case failed(RPCError)
    }

    private struct Expected {
        var article: PublishedArticle
        var since: ContinuousClock.Instant
    }

    /// An article's revision.
    private struct Key: Hashable {
        var id: String
        var revision: String
    }

    /// Articles with their ends, in the order of the ends.
    nonisolated let ends: AsyncThrowingStream<(PublishedArticle, End), any Error>

    private static let needed: Set<Barid_Article_V1_Stage> = [.parsed, .tagged, .moderated]

    private let client: BaridClient
    private let limit: Duration
    private let post: AsyncThrowingStream<(PublishedArticle, End), any Error>.Continuation
    private let firsts: AsyncStream<UInt64>
    private let postFirst: AsyncStream<UInt64>.Continuation
    private var expected: [Key: [Expected]] = [:]
    /// Keys in the order of their receipts, for the search among dead letters; may hold ended ones.
    private var order: [Key] = []
    private var lastProgress = ContinuousClock.now
    private var hasAll = false
    private var hasFirst = false

    init(client: BaridClient, limit: Duration) {
        self.client = client
        self.limit = limit
        (ends, post) = AsyncThrowingStream.makeStream()
        (firsts, postFirst) = AsyncStream.makeStream()
    }

    /// Adds an article that has its receipt.
    func follow(_ article: PublishedArticle, _ receipt: Receipt) async {
        let key = Key(id: article.identity.articleID, revision: article.identity.revision)
        expected[key, default: []].append(Expected(article: article, since: .now))
        order.append(key)
        lastProgress = .now
        if !hasFirst {
            hasFirst = true
            postFirst.yield(receipt.sequence)
        }
        // Of a duplicate the events may lie before the point where the reading began.
        if receipt.duplicate { await lookUp(key, isFinal: false) }
    }

    /// Nothing is added any more.
    func finish() {
        hasAll = true
        endIfDone()
    }

    /// Reads the index's events, and looks for dead letters, until everything has its end.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.readIndexed() }
            group.addTask { try await self.lookForTrouble() }
            group.addTask { await self.waitUntilOver() }
            // The third ends when everything has its end; the others are over then.
            while let _ = try await group.next() {
                if isOver { break }
            }
            group.cancelAll()
        }
    }

    private let over = AsyncStream.makeStream(of: Never.self)

    private func waitUntilOver() async {
        for await _ in over.stream {}
    }

    private var isOver: Bool { hasAll && expected.isEmpty }

    private func endIfDone() {
        guard isOver else { return }
        post.finish()
        postFirst.finish()
        over.continuation.finish()
    }

    private func readIndexed() async throws {
        for await first in firsts {
            var request = Barid_Bus_V1_ReadRequest()
            request.topic = ArticleEventType.topic
            request.types = [ArticleEventType.indexed]
            request.start.at = .sequence
            request.start.sequence = first
            request.follow = true
            try await EventReader(client: client).read(request, deadline: nil) { stored in
                guard case .protoData(let data) = stored.event.data else { return true }
                let indexed = try ArticleIndexed(serializedBytes: data.value)
                if Self.needed.isSubset(of: indexed.stages) {
                    await self.lookUp(
                        Key(id: indexed.articleID, revision: indexed.revision), isFinal: true)
                }
                return true
            }
        }
    }

    /// Fetches the result of an article, if it is one of ours and complete.
    private func lookUp(_ key: Key, isFinal: Bool) async {
        guard expected[key] != nil else { return }
        do {
            let response = try await article(key.id)
            guard response.article.id == key.id, Self.needed.isSubset(of: response.stages),
                isFinal || response.article.revision == key.revision
            else { return }
            end(key, .indexed(response))
        } catch let error as RPCError {
            // What the indexer does not know yet will be told by an event.
            if isFinal { end(key, .failed(error)) }
        } catch {
            if isFinal { end(key, .failed(RPCError(code: .unknown, message: "\(error)"))) }
        }
    }

    /// Asks the index, again while it is busy or starting anew.
    private func article(_ id: String) async throws -> Barid_Index_V1_GetArticleResponse {
        while true {
            do {
                return try await client.article(id)
            } catch let error as RPCError
                where error.code == .resourceExhausted || error.code == .unavailable
            {
                guard ContinuousClock.now - lastProgress < limit else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func end(_ key: Key, _ end: End) {
        lastProgress = .now
        for expected in expected.removeValue(forKey: key) ?? [] {
            post.yield((expected.article, end))
        }
        endIfDone()
    }

    /// Asks twice a second whether the time has run out, or one of the oldest was given up.
    private func lookForTrouble() async throws {
        while !isOver {
            try await Task.sleep(for: .milliseconds(500))
            order.removeAll { expected[$0] == nil }
            guard ContinuousClock.now - lastProgress < limit else {
                for key in order { end(key, .timedOut) }
                continue
            }
            for key in order.prefix(20) {
                guard let expected = expected[key]?.first else { continue }
                if let letter = await deadLetter(key.id, expected.article.identity.eventID) {
                    end(key, .givenUp(letter))
                }
            }
            // Each in its turn, however many there are.
            let looked = order.prefix(20)
            order = Array(order.dropFirst(20)) + looked
        }
    }

    /// What a group has given up on of the article; nil while none has.
    private func deadLetter(
        _ id: String, _ eventID: String
    ) async -> Barid_Admin_V1_DeadLetter? {
        var request = Barid_Admin_V1_ListDeadLettersRequest()
        request.selection.topic = ArticleEventType.topic
        request.selection.subject = id
        request.maximum = 20
        let response = try? await client.admin.listDeadLetters(
            request, options: .within(.seconds(5)))
        return response?.deadLetters.first { letter in
            letter.eventID == eventID
                || (try? Barid_Bus_V1_Event(serializedBytes: letter.event))?.correlationID
                    == eventID
        }
    }

    /// "parser gave up after 5 attempts: no article in it".
    static func text(_ letter: Barid_Admin_V1_DeadLetter, on words: Console) -> String {
        let tries = letter.attempts.count > 1 ? " after \(letter.attempts.count) attempts" : ""
        var text = "\(words.words(letter.group)) gave up\(tries)"
        if !letter.error.message.isEmpty { text += ": \(words.words(letter.error.message))" }
        if let last = letter.attempts.last, last.hasWorkerExit {
            let exit = last.workerExit
            text +=
                exit.signal > 0
                ? " (its worker ended by signal \(exit.signal))"
                : " (its worker ended with exit code \(exit.exitCode))"
            if let line = exit.lastLines.last { text += ": \(words.words(line))" }
        }
        return text
    }
}
