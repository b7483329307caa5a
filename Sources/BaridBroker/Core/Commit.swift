internal import BaridEngine
internal import BaridLog
internal import BaridTracing

/// Records that become durable together, and everything that waits for that.
///
/// Belongs to the core's thread.
final class Commit {
    private(set) var entries: [NewLogEntry] = []
    /// Payload bytes of the records.
    private(set) var bytes = 0
    private(set) var records = 0
    /// What the engine wants done once they are durable.
    var effects: [Action] = []
    /// Who wants to know.
    var committed: [() -> Void] = []
    /// Leases of the deliveries among the effects.
    var grants: [Grant] = []
    /// Bytes of requests dealt with, whose credit returns to their streams.
    private(set) var credits: [(stream: CoreStream, bytes: Int)] = []
    /// Streams whose peer sends nothing more: their status follows the effects.
    var closing: [CoreStream] = []
    /// Whose receipts are among the effects.
    var dueReceipts: [DueReceipts] = []
    /// Spans of the events that are stored.
    var storing: [Span] = []
    /// When it was begun, by the core's clock.
    var began: Int64 = 0

    /// Whether nobody waits for anything.
    var isEmpty: Bool {
        entries.isEmpty && effects.isEmpty && credits.isEmpty && committed.isEmpty
            && closing.isEmpty
    }

    func add(_ entry: NewLogEntry) {
        entries.append(entry)
        bytes += entry.payloadBytes
        records += 1
    }

    func addCredit(_ bytes: Int, of stream: CoreStream) {
        if let last = credits.last, last.stream === stream {
            credits[credits.count - 1].bytes += bytes
        } else {
            credits.append((stream, bytes))
        }
    }

    /// Lets go of the records, which the log has.
    func forgetEntries() { entries.removeAll(keepingCapacity: true) }

    /// Makes it an empty one that keeps its memory.
    func clear() {
        forgetEntries()
        bytes = 0
        records = 0
        effects.removeAll(keepingCapacity: true)
        grants.removeAll(keepingCapacity: true)
        credits.removeAll(keepingCapacity: true)
        committed.removeAll()
        closing.removeAll()
        dueReceipts.removeAll(keepingCapacity: true)
        storing.removeAll(keepingCapacity: true)
    }
}
