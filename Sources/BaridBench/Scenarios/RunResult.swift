/// What one run of a scenario gave.
struct RunResult {
    var figures: [Figure] = []
    /// Cores that others used meanwhile; `nil` where the system does not say.
    var otherLoad: Double?

    mutating func add(
        _ name: String, _ value: Double, _ unit: String, _ target: Target? = nil
    ) {
        figures.append(Figure(name: name, value: value, unit: unit, target: target))
    }

    /// Adds the processor time each kind of process used for a hundred thousand events.
    mutating func add(
        _ usages: [Interval.Usage], events: Int, brokerTarget: Double? = nil
    ) {
        var kinds: [(name: String, seconds: Double)] = []
        for usage in usages {
            if let index = kinds.firstIndex(where: { $0.name == usage.name }) {
                kinds[index].seconds += usage.cpuSeconds
            } else {
                kinds.append((usage.name, usage.cpuSeconds))
            }
        }
        for kind in kinds {
            add(
                "\(kind.name) CPU", kind.seconds / Double(events) * 100_000, "s/100k",
                kind.name == "broker" ? brokerTarget.map { .atMost($0) } : nil)
        }
        if let broker = usages.first(where: { $0.name == "broker" }) {
            add("broker RSS", Double(broker.greatestResidentBytes) / 1_048_576, "MiB")
        }
    }
}

/// One figure of one run.
struct Figure {
    var name: String
    var value: Double
    var unit: String
    var target: Target?
}

/// What a figure should be, on the machine that the targets were set for.
package enum Target: Sendable, Codable, Equatable {
    case atLeast(Double)
    case atMost(Double)

    /// Whether a figure is as it should be.
    func isMet(by value: Double) -> Bool {
        switch self {
        case .atLeast(let least): value >= least
        case .atMost(let most): value <= most
        }
    }
}
