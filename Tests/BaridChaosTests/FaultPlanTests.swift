import Testing

@testable import BaridChaos

/// A seed is a plan: whoever reports one gives everybody the same faults and the same events.
@Suite struct FaultPlanTests {
    private static func steps(_ seed: UInt64, _ count: Int) -> [FaultPlan.Step] {
        var plan = FaultPlan(seed: seed, recipe: .init(workers: 3, publishers: 2))
        return (0..<count).map { _ in plan.next() }
    }

    @Test func theSameSeedGivesTheSamePlan() {
        #expect(Self.steps(7, 200) == Self.steps(7, 200))
        #expect(Self.steps(7, 20) != Self.steps(8, 20))
    }

    /// Written down, so that no version of compiler or library changes what a seed means.
    @Test func aSeedMeansTheSameInEveryVersion() {
        let text = Self.steps(7, 6).map { "\($0.pause.milliseconds) \($0.fault)" }
        #expect(
            text == [
                "902 kill the broker", "1822 kill worker 2", "649 kill worker 1",
                "441 restart the broker", "386 kill publisher 2", "1769 restart worker 2",
            ])
    }

    @Test func everyKindComesAndEveryProcessIsHit() {
        // What a plan has only where it is asked for, comes then as well.
        #expect(!Set(Self.steps(1, 500).map(\.fault.kind)).contains(.diskFloor))
        var recipe = FaultPlan.Recipe(workers: 3, publishers: 2)
        recipe.weights[.diskFloor] = 1
        var plan = FaultPlan(seed: 1, recipe: recipe)
        let steps = (0..<500).map { _ in plan.next() }
        #expect(Set(steps.map(\.fault.kind)) == Set(Fault.Kind.allCases))
        for number in 1...3 { #expect(steps.contains { $0.fault == .killWorker(number) }) }
        for number in 1...2 { #expect(steps.contains { $0.fault == .killPublisher(number) }) }
        for step in steps {
            #expect(step.pause >= .milliseconds(200) && step.pause <= .seconds(2))
        }
    }

    @Test func onlyWhatHasAWeightComes() {
        var plan = FaultPlan(
            seed: 3, recipe: .init(weights: [.killBroker: 1], workers: 1, publishers: 1))
        for _ in 0..<100 { #expect(plan.next().fault == .killBroker) }
    }

    @Test func numbersStayBelowTheirBound() {
        var numbers = SeededNumbers(seed: 5)
        for bound in [1, 2, 3, 1_000, UInt64.max] as [UInt64] {
            for _ in 0..<100 { #expect(numbers.below(bound) < bound) }
        }
        #expect(numbers.below(0) == 0)
    }
}
