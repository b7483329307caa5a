internal import BaridEngine
internal import BaridLog
internal import BaridProof
internal import BaridSchema
internal import SwiftProtobuf

/// Writes into the history what the log holds: of its beginning before retention takes it, of the
/// rest at the end; then what groups and index hold.
struct Dump {
    let recorder: Recorder
    private var lives = Lives()
    private var topics: [String] = []
    /// Name and type of each event by topic and sequence.
    private var events: [String: [UInt64: (name: String, type: String)]] = [:]
    private var next: UInt64 = 1

    init(recorder: Recorder) { self.recorder = recorder }

    /// Writes what the log holds up to a position.
    mutating func write(_ log: any EventLog, through last: UInt64) {
        do {
            while next <= last {
                let entries = try log.read(
                    from: next, maximumBytes: 1 << 20, maximumCount: 1_024)
                guard !entries.isEmpty else { break }
                for entry in entries where entry.position <= last {
                    try write(Record(kind: entry.kind, payload: entry.payload))
                    next = entry.position + 1
                }
            }
        } catch {
            recorder.fail("durability", "the log cannot be read to its end: \(error)")
        }
    }

    /// Writes what groups and index hold at the end.
    func write(_ durable: Durable, _ index: IndexStore) {
        for (number, group) in durable.groups.enumerated() where !group.isDeleted {
            write(group, GroupID(UInt32(number)), durable)
        }
        for (row, content) in index.rows.sorted(by: { $0.key < $1.key }) {
            recorder.add(.row, "index") {
                $0.group = "index"
                $0.key = row
                $0.event = content.event
            }
        }
    }

    private mutating func write(_ record: Record) throws {
        lives.apply(record)
        switch record {
        case .topicCreated(let name): topics.append(name)
        case .events(let block): try write(block)
        case .settled(_, _, _, let outputs?): try write(outputs)
        case .workerLost(let group, let loss) where loss.held.count > 1:
            for mark in loss.held {
                write(.lost, group, mark.sequence) { $0.value = Int64(mark.attempt) }
            }
        case .expired(let group, let ranges):
            for range in ranges { for sequence in range { write(.expired, group, sequence) } }
        default: break
        }
    }

    private mutating func write(_ block: EventBlock) throws {
        let topic = topics[Int(block.topic.number)]
        for (offset, element) in block.events.enumerated() {
            let event = try Barid_Bus_V1_Event(serializedBytes: Array(element.bytes))
            let sequence = block.firstSequence + UInt64(offset)
            let name = "\(topic)/\(event.id)"
            events[topic, default: [:]][sequence] = (name, event.type)
            recorder.add(.log, "broker") {
                $0.event = name
                $0.topic = topic
                $0.hash = SimulatedEvent.hash(of: event.textData)
                $0.offset = sequence
            }
        }
    }

    /// Writes something about an event of a group; of one that the log never held, nothing.
    private func write(
        _ operation: HistoryEntry.Operation, _ group: GroupID, _ sequence: UInt64,
        _ fill: (inout HistoryEntry) -> Void = { _ in }
    ) {
        let topic = topics[Int(lives.topic(of: group).number)]
        guard let event = events[topic]?[sequence] else { return }
        recorder.add(operation, "broker") {
            $0.event = event.name
            $0.group = lives.name(of: group)
            $0.life = lives.life(of: group)
            fill(&$0)
        }
    }

    private func write(_ group: DurableGroup, _ id: GroupID, _ durable: Durable) {
        let topic = durable.topics[Int(group.definition.topic.number)]
        let patterns = group.definition.types.compactMap { TypePattern($0) }
        for sequence in topic.first..<topic.next {
            let again = group.again.number(of: sequence)
            let isDone = sequence <= group.floor || group.settled.contains(sequence)
            guard !isDone || again != nil, let event = events[topic.name]?[sequence],
                patterns.isEmpty || patterns.contains(where: { $0.matches(event.type) })
            else { continue }
            write(.pending, id, sequence) { $0.replay = UInt64(again ?? 0) }
        }
        for letter in group.deadLetters {
            write(.deadLetter, id, letter.sequence) {
                $0.offset = letter.sequence
                $0.replay = UInt64(letter.replay)
                $0.value = Int64(letter.position)
            }
        }
    }
}
