import BaridSchema
import Testing

@testable import BaridBroker

/// Where events lie; Protocols/2-bus §15.
struct EventIndexTests {
    private static func bench(_ count: Int) throws -> Bench {
        let bench = try Bench()
        let (publisher, receipts) = try bench.open(.publish)
        for number in 0..<count {
            var event = Barid_Bus_V1_Event.test(
                "e\(number)", subject: "article-\(number % 50)",
                data: String(repeating: "x", count: 2_000))
            event.causationID = number > 0 ? "e\(number - 1)" : ""
            try bench.publish(publisher, [event])
            _ = receipts.takeMessages()
        }
        while try !bench.core.extendIndex() {}
        return bench
    }

    private static func sequences(_ bench: Bench, _ question: EventQuestion) throws -> [UInt64] {
        let index = try #require(bench.core.index)
        return try index.pieces(with: question.keys).flatMap {
            try bench.core.events(in: $0, meeting: question).map(\.sequence)
        }
    }

    /// Nothing is missed, whatever is asked for, and few pieces are read.
    @Test func findsWhatWasStored() throws {
        let bench = try Self.bench(600)
        let subject = try Self.sequences(bench, EventQuestion(subjects: [Array("article-7".utf8)]))
        #expect(subject == stride(from: 8, through: 600, by: 50).map { UInt64($0) })
        #expect(try Self.sequences(bench, EventQuestion(ids: [Array("e599".utf8)])) == [600])
        #expect(try Self.sequences(bench, EventQuestion(causations: [Array("e3".utf8)])) == [5])
        let begins = try Self.sequences(bench, EventQuestion(beginning: Array("article-49".utf8)))
        #expect(begins.count == 12)
        #expect(try Self.sequences(bench, EventQuestion(beginning: Array("ar".utf8))).count == 600)
        let index = try #require(bench.core.index)
        let all = index.pieces(with: []).count
        #expect(all > 3)
        #expect(index.pieces(with: [(.id, Array("e300".utf8)[...])]).count == 1)
    }

    @Test func goesOnWhereItEndedAndIsGivenUp() throws {
        let bench = try Self.bench(10)
        let next = try #require(bench.core.index?.next)
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("late", subject: "new")])
        #expect(try bench.core.extendIndex())
        #expect(try #require(bench.core.index?.next) > next)
        #expect(
            try Self.sequences(bench, EventQuestion(subjects: [Array("new".utf8)])) == [11])
        try bench.advance(by: .seconds(601))
        #expect(bench.core.index == nil)
    }
}
