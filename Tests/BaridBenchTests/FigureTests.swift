import Foundation
import Testing

@testable import BaridBench

/// How figures are made of measurements (Sources/BaridBench/README.md).
@Suite struct FigureTests {
    @Test func theMedianIsTheMiddleOneAndTheEndsAreTold() {
        let spread = Spread([3, 1, 2])
        #expect(spread.median == 2)
        #expect(spread.least == 1)
        #expect(spread.greatest == 3)
        #expect(Spread([4, 1, 2, 3]).median == 2)
    }

    @Test func aPercentileIsTheLatencyBelowWhichThatPartLies() {
        let latencies = Latencies((1...1_000).map { UInt64($0) * 1_000 }.shuffled())
        #expect(latencies.microseconds(0.5) == 501)
        #expect(latencies.microseconds(0.99) == 991)
        #expect(latencies.microseconds(1) == 1_000)
        #expect(Latencies([]).microseconds(0.5) == 0)
    }

    @Test func aTargetIsMetAtItsBound() {
        #expect(Target.atLeast(10).isMet(by: 10))
        #expect(!Target.atLeast(10).isMet(by: 9.9))
        #expect(Target.atMost(10).isMet(by: 10))
        #expect(!Target.atMost(10).isMet(by: 10.1))
    }

    @Test func usagesOfOneKindAreAddedUpForAHundredThousandEvents() throws {
        var result = RunResult()
        let usages = [("broker", 0.5), ("worker", 0.25), ("worker", 0.75)].map {
            Interval.Usage(
                name: $0.0, cpuSeconds: $0.1, residentBytes: 0, greatestResidentBytes: 3 << 20)
        }
        result.add(usages, events: 50_000, brokerTarget: 0.5)
        let broker = try #require(result.figures.first { $0.name == "broker CPU" })
        #expect(broker.value == 1)
        #expect(broker.target == .atMost(0.5))
        #expect(result.figures.first { $0.name == "worker CPU" }?.value == 2)
        #expect(result.figures.first { $0.name == "broker RSS" }?.value == 3)
    }

    @Test func aProcessIsMeasured() throws {
        let figures = try #require(ProcessFigures(of: getpid()))
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.greatestResidentBytes >= figures.residentBytes)
        #expect(ProcessFigures(of: -1) == nil)
    }
}
