import BaridEngine
import BaridSchema
import GRPCCore
import TestSupport
import Testing

@testable import BaridBroker

/// Protocols/2-bus §13, at the core: pages and selections.
struct DeadLetterPageTests {
    /// A core with dead letters: one an event, in each of the groups, reasons taking turns.
    private static func bench(_ count: Int, groups: [String] = ["work"]) throws -> Bench {
        let bench = try Bench()
        let (publisher, receipts) = try bench.open(.publish)
        let workers = try groups.map { group in
            let (id, stream) = try bench.open(.subscribe(session: 1))
            try bench.subscribe(id, group: group, credit: 65_536)
            return (id, stream)
        }
        for number in 1...count {
            try bench.publish(
                publisher,
                [
                    .test(
                        "e\(number)", type: number % 2 == 0 ? "news.even.v1" : "news.odd.v1",
                        subject: "article-\(number)", data: "body \(number)")
                ])
            for (id, stream) in workers {
                let fault = BusFault(
                    code: .invalidArgument, reason: number % 3 == 0 ? "THIRD" : "OTHER",
                    message: "no \(number)")
                try bench.settle(
                    id,
                    SettleRequest(
                        number: UInt64(number),
                        settlements: [
                            .init(sequence: UInt64(number), attempt: 1, outcome: .reject(fault))
                        ]))
                _ = stream.takeMessages()
            }
            _ = receipts.takeMessages()
        }
        return bench
    }

    private static func query(
        _ populate: (inout Barid_Admin_V1_DeadLetterSelection) -> Void
    ) throws -> DeadLetterQuery {
        try DeadLetterQuery(.with(populate))
    }

    /// All sequences a query means, by pages of a size.
    private static func sequences(
        _ bench: Bench, _ query: DeadLetterQuery, pages maximum: Int
    ) throws -> [UInt64] {
        var sequences: [UInt64] = []
        var after: UInt64 = 0
        var rounds = 0
        repeat {
            let page = try bench.core.deadLetters(
                query, after: after, maximum: maximum, whole: false)
            sequences += page.found.map(\.mark.sequence)
            after = page.next
            rounds += 1
        } while after > 0 && rounds < 10_000
        return sequences
    }

    /// §13.2: pages of any size give the same, each once and in order.
    @Test(arguments: [1, 2, 3, 9, 10, 11, 1_000])
    func pagesGoOnWhereTheyEnded(maximum: Int) throws {
        let bench = try Self.bench(10)
        let all = try Self.query { _ in }
        #expect(try Self.sequences(bench, all, pages: maximum) == Array(1...10))
        let page = try bench.core.deadLetters(all, after: 0, maximum: maximum, whole: false)
        #expect((page.next == 0) == (maximum >= 10))
    }

    /// §13.2: at, below and above the dead letters looked at for one page.
    @Test(arguments: [1_023, 1_024, 1_025])
    func aPageLooksAtSoManyAndNoMore(count: Int) throws {
        let bench = try Self.bench(count)
        let all = try Self.query { _ in }
        let page = try bench.core.deadLetters(all, after: 0, maximum: 10_000, whole: false)
        #expect(page.found.count == min(count, 1_024))
        #expect((page.next == 0) == (count <= 1_024))
        #expect(try Self.sequences(bench, all, pages: 10_000).count == count)
        // A filter that meets nothing still comes to an end.
        let none = try Self.query { $0.reason = "NEVER" }
        #expect(try Self.sequences(bench, none, pages: 10).isEmpty)
    }

    /// §13.3: "all that is set has to hold".
    @Test func selectsByEveryCondition() throws {
        let bench = try Self.bench(12, groups: ["a", "b"])
        func found(
            _ populate: (inout Barid_Admin_V1_DeadLetterSelection) -> Void
        ) throws -> [UInt64] {
            try Self.sequences(bench, try Self.query(populate), pages: 5)
        }
        #expect(try found { $0.group = "a" } == Array(1...12))
        #expect(try found { _ in }.count == 24)
        #expect(
            try found {
                $0.group = "a"; $0.types = ["news.even.*"]
            } == [2, 4, 6, 8, 10, 12])
        #expect(
            try found {
                $0.group = "b"; $0.reason = "THIRD"
            } == [3, 6, 9, 12])
        #expect(
            try found {
                $0.group = "b"; $0.reason = "THIRD"; $0.types = ["news.odd.>"]
            } == [3, 9])
        #expect(
            try found {
                $0.group = "a"; $0.subject = "article-1"
            } == [1])
        #expect(
            try found {
                $0.group = "a"; $0.subjectPrefix = "article-1"
            } == [1, 10, 11, 12])
        #expect(try found { $0.eventID = "e7" } == [7, 7])
        #expect(
            try found {
                $0.group = "b"; $0.sequences = [5, 2, 99]
            } == [2, 5])
        #expect(try found { $0.topic = "other" }.isEmpty)
        #expect(try found { $0.group = "none" }.isEmpty)
        let numbers = bench.core.engine.durable.groups[1].deadLetters.map(\.position)
        #expect(try found { $0.numbers = [numbers[3], 1] } == [4])
        #expect(
            try found {
                $0.group = "b"; $0.through = numbers[1]
            } == [1, 2])
    }

    @Test(arguments: [(1_024, 32, true), (1_025, 32, false), (1_024, 33, false)])
    func limitsASelection(numbers: Int, patterns: Int, accepted: Bool) {
        let selection = Barid_Admin_V1_DeadLetterSelection.with {
            $0.numbers = (0..<numbers).map { UInt64($0) }
            $0.types = Array(repeating: "a.*", count: patterns)
        }
        #expect(((try? DeadLetterQuery(selection)) != nil) == accepted)
    }

    @Test func refusesAMalformedPattern() {
        #expect(throws: BusFault.self) { try Self.query { $0.types = ["a..b"] } }
    }
}

/// Protocols/2-bus §13, over a real socket and a real log.
@Suite(.timeLimit(.minutes(5))) struct DeadLetterServiceTests {
    /// §13.5: to that group only, and what was tried before is still shown.
    @Test func retriesInTheGroupThatGaveUp() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("a", subject: "x"), .test("b", subject: "y")])
        try await running.rejectAll(2, group: "one")
        try await running.rejectAll(2, group: "two")
        try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let first = try await admin.listDeadLetters(.with { $0.selection.group = "one" })
            let retried = try await admin.retryDeadLetters(
                .with {
                    $0.selection.group = "one"
                    $0.selection.subject = "x"
                })
            #expect(retried.retried == 1 && retried.next == 0)
            try await running.rejectAll(1, group: "one", reason: "WORSE")
            let again = try await admin.listDeadLetters(
                .with {
                    $0.selection.group = "one"
                    $0.selection.subject = "x"
                })
            let letter = try #require(again.deadLetters.first)
            #expect(letter.number > first.last)
            #expect(letter.error.reason == "WORSE" && letter.attempts.count == 1)
            #expect(letter.earlier.map(\.number) == [first.deadLetters[0].number])
            #expect(letter.earlier.first?.attempts.map(\.error.reason) == ["BAD"])
            let status = try await admin.getStatus(.init())
            #expect(status.groups.map(\.deadLetters) == [2, 2])
            #expect(status.groups.map(\.lag) == [0, 0])
            let nothing = try await admin.retryDeadLetters(.with { $0.selection.eventID = "z" })
            #expect(nothing.retried == 0)
        }
        try await running.broker.stop()
    }

    @Test func listsAndPurgesForGood() async throws {
        let folder = try TemporaryFolder()
        var running = try RunningBroker(in: folder)
        _ = try await running.publish([.test("a", subject: "x"), .test("b", subject: "y")])
        try await running.rejectAll(2)
        let left = try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let all = try await admin.listDeadLetters(.init())
            #expect(all.deadLetters.map(\.subject) == ["x", "y"])
            #expect(all.total == 2 && all.next == 0)
            #expect(all.last == all.deadLetters.last?.number)
            #expect(all.deadLetters.allSatisfy { !$0.event.isEmpty })
            let bare = try await admin.listDeadLetters(.with { $0.withoutEvents = true })
            #expect(bare.deadLetters.map(\.eventID) == ["a", "b"])
            #expect(bare.deadLetters.allSatisfy { $0.event.isEmpty })
            let purged = try await admin.purgeDeadLetters(
                .with { $0.selection.subject = "x" })
            #expect(purged.removed == 1 && purged.next == 0)
            let again = try await admin.purgeDeadLetters(
                .with { $0.selection.subject = "x" })
            #expect(again.removed == 0)
            await #expect(throws: RPCError.self) {
                try await admin.purgeDeadLetters(.with { $0.selection.types = ["."] })
            }
            return try await admin.listDeadLetters(.init()).deadLetters.map(\.number)
        }
        try await running.broker.stop()
        running = try RunningBroker(in: folder)
        try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let letters = try await admin.listDeadLetters(.init()).deadLetters
            #expect(letters.map(\.number) == left)
            #expect(letters.map(\.subject) == ["y"])
        }
        try await running.broker.stop()
    }
}

extension RunningBroker {
    /// A worker that rejects so many deliveries and leaves.
    func rejectAll(_ count: UInt64, group: String = "work", reason: String = "BAD") async throws {
        try await subscribe(group: group) { response, send in
            for sequence in response.sequences {
                send(
                    .with {
                        $0.settleNumber = sequence
                        $0.settlements = [
                            .with {
                                $0.sequence = sequence
                                $0.attempt = 1
                                $0.reject = .with {
                                    $0.error = .with {
                                        $0.code = 3
                                        $0.reason = reason
                                        $0.message = "no use"
                                    }
                                }
                            }
                        ]
                    })
            }
            return response.settled < count
        }
    }
}
