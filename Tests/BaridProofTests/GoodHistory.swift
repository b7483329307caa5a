import BaridProof
import TestSupport

/// A run of a broker that keeps every promise, made up from a seed: unknown publishes, repeats,
/// retries, leases that run out, late acks, dead letters, a restart, an index.
struct GoodHistory {
    private(set) var entries: [HistoryEntry] = []
    private var random: SeededGenerator
    private var time: Int64 = 1_000
    private var epoch: UInt64 = 1
    private var attempts: [String: UInt64] = [:]
    private var rows: [String: (event: String, revision: UInt64)] = [:]

    private struct Stored {
        var name: String
        var hash: String
        var key: String
        var type: String
        var revision: UInt64
    }
    private var stored: [Stored] = []

    static let lease: Int64 = 1_000

    init(seed: UInt64, events: Int = 24) {
        random = SeededGenerator(seed: seed)
        note(.history, "test") { $0.value = HistoryEntry.version }
        note(.limit, "") {
            $0.name = "liveness_ns"
            $0.value = 1_000_000
        }
        note(.limit, "broker") {
            $0.name = "rss_bytes"
            $0.value = 1_000
        }
        note(.group, "broker") {
            $0.group = "index"
            $0.offset = 1
        }
        note(.group, "broker") {
            $0.group = "even"
            $0.offset = 3
            $0.types = ["even.>"]
        }
        for number in 0..<events { publish(number) }
        for group in ["index", "even"] { work(group) }
        note(.sample, "broker") {
            $0.name = "rss_bytes"
            $0.value = 1_000
        }
        note(.heal, "test")
        dump()
    }

    var history: History { History(entries) }

    private mutating func note(
        _ operation: HistoryEntry.Operation, _ actor: String,
        _ fill: (inout HistoryEntry) -> Void = { _ in }
    ) {
        time += 10
        entries.append(HistoryEntry(operation, time: time, actor: actor, fill))
    }

    private mutating func publish(_ number: Int) {
        let event = Stored(
            name: "e\(number)", hash: "h\(number)", key: number % 7 == 6 ? "" : "k\(number % 3)",
            type: number % 2 == 0 ? "even.v1" : "odd.v1", revision: UInt64(number + 1))
        let outcome = number < 6 ? 9 : Int.random(in: 0..<10, using: &random)
        attempt(event)
        switch outcome {
        case 0:
            note(.publishError, "publisher") { $0.event = event.name }
        case 1:
            note(.publishUnknown, "publisher") { $0.event = event.name }
        case 2:
            // Unknown, stored, and sent again under the same id.
            note(.publishUnknown, "publisher") { $0.event = event.name }
            stored.append(event)
            attempt(event)
            acknowledge(event, duplicate: true)
        case 3:
            note(.publishUnknown, "publisher") { $0.event = event.name }
            stored.append(event)
        default:
            stored.append(event)
            acknowledge(event, duplicate: false)
        }
    }

    private mutating func attempt(_ event: Stored) {
        note(.publishTry, "publisher") {
            $0.event = event.name
            $0.hash = event.hash
            $0.key = event.key
            $0.type = event.type
            $0.revision = event.revision
        }
    }

    private mutating func acknowledge(_ event: Stored, duplicate: Bool) {
        let offset = UInt64(stored.count)
        note(.publishOK, "publisher") {
            $0.event = event.name
            $0.offset = offset
            $0.duplicate = duplicate
        }
    }

    private mutating func work(_ group: String) {
        for (index, event) in stored.enumerated() {
            let offset = UInt64(index + 1)
            guard group == "index" || (offset >= 3 && event.type == "even.v1") else { continue }
            if index == 9 {
                // The broker starts again: attempt 1 was out.
                deliver(event, offset, group, attempt: 1)
                epoch += 1
                deliver(event, offset, group, attempt: 2)
                ack(event, group, attempt: 2)
                continue
            }
            switch index < 6 ? index : Int.random(in: 0..<8, using: &random) {
            case 0:
                deliver(event, offset, group, attempt: 1)
                settle(.ackTry, event, group, attempt: 1, .nack)
                settle(.ackOK, event, group, attempt: 1, .nack)
                deliver(event, offset, group, attempt: 2)
                ack(event, group, attempt: 2)
            case 1:
                // The lease runs out; the first worker comes too late.
                deliver(event, offset, group, attempt: 1)
                time += Self.lease
                deliver(event, offset, group, attempt: 2)
                settle(.ackTry, event, group, attempt: 1)
                settle(.ackStale, event, group, attempt: 1)
                ack(event, group, attempt: 2)
            case 2:
                deliver(event, offset, group, attempt: 1)
                settle(.ackTry, event, group, attempt: 1, .reject)
                settle(.ackOK, event, group, attempt: 1, .reject)
                note(.deadLetter, "broker") {
                    $0.event = event.name
                    $0.group = group
                    $0.offset = offset
                }
            case 3:
                deliver(event, offset, group, attempt: 1)
                settle(.ackTry, event, group, attempt: 1, .extend)
                settle(.ackOK, event, group, attempt: 1, .extend)
                time += Self.lease / 2
                ack(event, group, attempt: 1)
            case 4:
                // The worker dies after its effect and before its ack.
                deliver(event, offset, group, attempt: 1, session: "s1/\(event.name)/\(group)")
                if group == "index" { effect(event, group) }
                let ended = time
                note(.sessionEnd, "worker") {
                    $0.session = "s1/\(event.name)/\(group)"
                    $0.from = ended
                }
                deliver(event, offset, group, attempt: 2, session: "s2")
                settle(.ackTry, event, group, attempt: 2)
                settle(.ackOK, event, group, attempt: 2)
            case 5:
                // The answer to the ack is lost.
                deliver(event, offset, group, attempt: 1)
                if group == "index" { effect(event, group) }
                settle(.ackTry, event, group, attempt: 1)
                settle(.ackUnknown, event, group, attempt: 1)
            default:
                deliver(event, offset, group, attempt: 1)
                ack(event, group, attempt: 1)
            }
        }
    }

    private mutating func deliver(
        _ event: Stored, _ offset: UInt64, _ group: String, attempt: UInt64, session: String = "s"
    ) {
        let (now, epoch) = (time + 5, epoch)
        note(.deliver, "worker") {
            $0.event = event.name
            $0.hash = event.hash
            $0.key = event.key
            $0.group = group
            $0.offset = offset
            $0.token = HistoryEntry.Token(epoch: epoch, attempt: attempt)
            $0.session = session
            $0.lease = Self.lease
            $0.sent = now
        }
    }

    private mutating func settle(
        _ operation: HistoryEntry.Operation, _ event: Stored, _ group: String, attempt: UInt64,
        _ how: HistoryEntry.Settlement = .ack
    ) {
        let epoch = epoch
        note(operation, "worker") {
            $0.event = event.name
            $0.group = group
            $0.token = HistoryEntry.Token(epoch: epoch, attempt: attempt)
            $0.how = how
        }
    }

    private mutating func ack(_ event: Stored, _ group: String, attempt: UInt64) {
        if group == "index" { effect(event, group) }
        settle(.ackTry, event, group, attempt: attempt)
        settle(.ackOK, event, group, attempt: attempt)
    }

    private mutating func effect(_ event: Stored, _ group: String) {
        note(.effect, "worker") {
            $0.event = event.name
            $0.group = group
            $0.key = event.key.isEmpty ? event.name : event.key
        }
        let name = event.key.isEmpty ? event.name : event.key
        if event.revision > rows[name]?.revision ?? 0 {
            rows[name] = (event.name, event.revision)
        }
    }

    private mutating func dump() {
        for (index, event) in stored.enumerated() {
            note(.log, "broker") {
                $0.event = event.name
                $0.hash = event.hash
                $0.key = event.key
                $0.offset = UInt64(index + 1)
            }
        }
        for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
            note(.row, "index") {
                $0.group = "index"
                $0.key = name
                $0.event = row.event
            }
        }
        note(.end, "test")
    }
}
