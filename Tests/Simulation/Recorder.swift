internal import BaridProof

/// Keeps the history of a run, what went wrong beside it, and, when asked, a trace.
final class Recorder {
    private let timeline: Timeline
    private(set) var history: History
    /// Violations that no history shows: of the state's hash, the fence, a reader, the log.
    private(set) var failures: [(name: String, statement: String)] = []
    private(set) var trace: [String] = []
    private let isTracing: Bool
    /// Of everything that was recorded: equal for equal runs.
    private(set) var digest = Digest()

    init(timeline: Timeline, isTracing: Bool) {
        self.timeline = timeline
        self.isTracing = isTracing
        history = History()
        add(.history, "simulation") { $0.value = HistoryEntry.version }
    }

    func add(
        _ operation: HistoryEntry.Operation, _ actor: String,
        _ fill: (inout HistoryEntry) -> Void = { _ in }
    ) {
        let entry = HistoryEntry(operation, time: timeline.now, actor: actor, fill)
        history.add(entry)
        digest.add(entry.time)
        digest.add(operation.rawValue)
        digest.add(actor)
        digest.add(entry.event)
        digest.add(Int64(bitPattern: entry.offset ^ (entry.token?.attempt ?? 0) << 32))
        if isTracing { note(entry.json) }
    }

    /// Notes for the trace what no history holds.
    func say(_ text: @autoclosure () -> String) {
        guard isTracing else { return }
        note("\(timeline.now) \(text())")
    }

    func fail(_ name: String, _ statement: String) {
        guard failures.count < 20 else { return }
        failures.append((name, statement))
        if isTracing { note("\(timeline.now) VIOLATION \(name): \(statement)") }
    }

    private func note(_ line: String) { trace.append(line) }
}
