import Barid
import BaridArticles
import Testing

@testable import BaridBench

/// DESIGN 2: the attributes of an article event, which the benchmark's events carry too.
@Suite struct BenchEventTests {
    @Test func anEventIsValidAndCarriesEveryAttribute() throws {
        var maker = BenchEventMaker(run: "r", bytes: 1_024, stamp: false)
        let event = try maker.next()
        try event.validate()
        #expect(event.id == "r-1")
        #expect(event.source == "/barid/bench")
        #expect(event.type == ArticleEventType.submitted)
        #expect(event.subject == "r-1")
        #expect(event.partitionKey == "r-1")
        #expect(event.time != nil)
        #expect(event.traceParent?.count == 55)
        #expect(try Event<ArticleSubmitted>(event).payload.content.count == 1_024)
        #expect(try maker.next().id == "r-2")
    }

    @Test func knowsWhatEventsTakeTogether() throws {
        var maker = BenchEventMaker(run: "r", bytes: 64, stamp: false)
        let bytes = try (0..<123).map { _ in try maker.next().serialized().count }.reduce(0, +)
        #expect(try maker.bytes(of: 123) == bytes)
        #expect(try maker.bytes(of: 0) == 0)
    }

    @Test func aStampedBodySaysWhenItWasMade() throws {
        let before = MonotonicTime.now
        var maker = BenchEventMaker(run: "r", bytes: 64, stamp: true)
        let event = try Event<ArticleSubmitted>(maker.next())
        let stamp = BenchEventMaker.stamp(of: event.payload.content)
        #expect(before <= stamp)
        #expect(stamp <= MonotonicTime.now)
    }

    @Test func theWholePlanHasEveryScenario() {
        let plan = BenchPlan.whole(BenchSettings(scenarios: [], programs: "/"))
        #expect(Set(plan.flatMap(\.scenarios)) == Set(Scenario.allCases))
    }
}
