import BaridChaos
import Foundation

/// One row of the fault table: a fault, and what it came to.
struct Row: Sendable {
    /// Number in the table.
    var number: Int
    /// The fault, in a few words.
    var name: String
    /// What it needs of the machine.
    var needs: [Need] = []
    /// What a row has to find, one of these checks: somebody in it breaks his word on purpose.
    var mustBreak: [String] = []
    var run: @Sendable (Workshop) async throws -> Outcome

    /// The name by which a person asks for it: "3", or "3-mutant".
    var id: String { !mustBreak.isEmpty ? "\(number)-mutant" : "\(number)" }

    /// Something that not every machine has.
    enum Need: Sendable, Hashable {
        case root
        case tool(String)

        /// Why a row cannot run; nil when it can.
        var lack: String? {
            switch self {
            case .root: geteuid() == 0 ? nil : "needs root"
            case .tool(let name):
                Shell.path(of: name) == nil
                    ? "needs \(name): Scripts/dependencies --tests installs it" : nil
            }
        }
    }
}

/// A row that cannot run here, which is not the same as one that passed.
struct Skipped: Error {
    var reason: String
}

/// The rig could not do what the row is about: a failure, because nothing was shown.
struct Broken: Error, CustomStringConvertible {
    var description: String
}

/// What a row came to.
struct Outcome: Sendable {
    var kills = 0
    var acknowledged = 0
    var lost = 0
    var duplicated = 0
    var stale = 0
    var recoveries = Durations()
    var redeliveries = Durations()
    var violations: [String] = []
    /// What else a person wants to know.
    var note = ""

    init() {}

    init(_ verdict: Verdict) { add(verdict) }

    mutating func add(_ verdict: Verdict) {
        kills += verdict.faults.values.reduce(0, +)
        acknowledged += verdict.acknowledged
        lost += verdict.lost
        duplicated += verdict.duplicated
        stale += verdict.stale
        recoveries.add(verdict.recoveries)
        redeliveries.add(verdict.redeliveries)
        violations += verdict.violations.map { "\($0.check): \($0.statement)" }
    }

    /// Whether it is what the row is for.
    func isGood(for row: Row) -> Bool {
        guard !row.mustBreak.isEmpty else { return violations.isEmpty }
        return violations.contains { violation in
            row.mustBreak.contains { violation.hasPrefix("\($0): ") }
        }
    }

    mutating func fail(_ statement: String) { violations.append(statement) }
}
