/// What a benchmark measured, on what, and under which settings.
package struct BenchReport: Sendable, Codable {
    /// One figure, over all runs.
    package struct Line: Sendable, Codable {
        /// What was measured, in words.
        package var scenario: String
        /// ipc or tcp.
        package var transport: String
        /// Bytes of an event's body.
        package var payloadBytes: Int
        /// Which figure of the scenario.
        package var figure: String
        /// What it counts.
        package var unit: String
        /// Of all runs.
        package var spread: Spread
        /// What it should be; `nil` where nothing was set.
        package var target: Target?
        /// Whether the median is as it should be.
        package var meetsTarget: Bool?
        /// The most cores others used in a run; `nil` where the system does not say.
        package var otherLoad: Double?
        /// Others used more than 0.2 core in a run: the figure does not count.
        package var isDisturbed: Bool
    }

    /// The machine.
    package var machine: Machine
    /// Runs of each scenario.
    package var runs: Int
    /// What was meant by a receipt: fsync.
    package var durability = "fsync"
    /// Figures, in the order of the scenarios.
    package var lines: [Line] = []
}

/// How much others may use before a figure does not count: a fifth of a core.
let maximumOtherLoad = 0.2
