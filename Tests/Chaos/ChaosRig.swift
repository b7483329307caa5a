import ArgumentParser
import BaridChaos
import Foundation

/// Runs the rows of the fault table against the real executables beside this one.
///
/// Scripts/chaos builds what it needs and starts it.
@main
struct ChaosRig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chaos", abstract: "Runs the rows of the fault table with real processes.")

    @Flag(help: "The whole counts: 1,000 broker kills, 500 worker kills, 100 power cuts ...")
    var full = false

    @Option(help: "In place of each row's own count: faults, cuts, rounds or seconds.")
    var count: Int?

    @Flag(help: "List the rows and stop.")
    var list = false

    @Option(help: "How many rows run at once; each has processes and folders of its own.")
    var jobs = 1

    @Option(help: "File to which the table is written as well.")
    var summary: String

    @Option(help: "Folder to work in.")
    var work: String

    @Option(help: "Folder of the built shims.")
    var shims: String

    @Option(help: "Folder with the executables of an earlier version, for row 33.")
    var earlier: String?

    @Option(help: "Seed of all plans.")
    var seed: UInt64 = 1

    @Argument(help: "Rows, by number; all when there are none.")
    var rows: [String] = []

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is at least 1") }
        if jobs < 1 { throw ValidationError("--jobs is at least 1") }
    }

    func run() async throws {
        let chosen = try chosenRows()
        if list {
            for row in Rows.all { print("\(row.id)\t\(row.name)") }
            return
        }
        let executables = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().path
        let workshop = Workshop(
            folder: work, executables: executables, shims: shims, isFull: full, seed: seed,
            earlier: earlier, stop: StopFlag.setBySignals(), countGiven: count)
        var table = SummaryTable(file: summary)
        table.begin(isFull: full, seed: seed)
        try await Self.run(chosen, jobs: jobs, in: workshop, into: &table)
        table.end(wasInterrupted: workshop.stop.isSet, work: work)
        if workshop.stop.isSet { throw ExitCode(130) }
        if table.failed > 0 { throw ExitCode(70) }
    }

    /// Runs rows, so many at once, and notes them as they end.
    private static func run(
        _ rows: [Row], jobs: Int, in workshop: Workshop, into table: inout SummaryTable
    ) async throws {
        try await withThrowingTaskGroup(of: Ended.self) { group in
            var rest = rows[...]
            func beginNext() throws {
                guard !workshop.stop.isSet, let row = rest.popFirst() else { return }
                let shop = try workshop.prepared(for: row)
                group.addTask {
                    let began = ContinuousClock.now
                    let result = await result(of: row, in: shop)
                    return Ended(
                        row: row, result: result, took: ContinuousClock.now - began,
                        folder: shop.folder)
                }
            }
            for _ in 0..<jobs { try beginNext() }
            while let ended = try await group.next() {
                table.add(ended)
                if ended.result.isGood(for: ended.row) {
                    try? FileManager.default.removeItem(atPath: ended.folder)
                }
                try beginNext()
            }
        }
    }

    private func chosenRows() throws -> [Row] {
        guard !rows.isEmpty else { return Rows.all }
        return try rows.flatMap { id in
            let found = Rows.all.filter { $0.id == id }
            guard !found.isEmpty else {
                throw ValidationError("there is no row \(id); --list shows all")
            }
            return found
        }
    }

    /// A row that has been run.
    struct Ended: Sendable {
        var row: Row
        var result: Result
        var took: Duration
        /// Where its evidence is, should it have failed.
        var folder: String
    }

    /// What became of a row.
    enum Result: Sendable {
        case done(Outcome)
        case skipped(String)
        case broken(String)

        func isGood(for row: Row) -> Bool {
            switch self {
            case .done(let outcome): outcome.isGood(for: row)
            case .skipped: true
            case .broken: false
            }
        }
    }

    private static func result(of row: Row, in workshop: Workshop) async -> Result {
        for need in row.needs {
            if let lack = need.lack { return .skipped(lack) }
        }
        do {
            return .done(try await row.run(workshop))
        } catch let skipped as Skipped {
            return .skipped(skipped.reason)
        } catch {
            return .broken("\(error)")
        }
    }
}
