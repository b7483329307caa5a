internal import BaridEngine
internal import BaridLog
internal import BaridProof
internal import BaridSchema
internal import SwiftProtobuf

/// Writes into the history what log, groups and index hold at the end.
struct Dump {
    let recorder: Recorder
    let durable: Durable
    let log: any EventLog

    func write(index: IndexStore) {
        var events: [String: [UInt64: (name: String, type: String)]] = [:]
        var expired: [(group: Int, sequence: UInt64)] = []
        var lost: [(group: Int, mark: AttemptMark)] = []
        do {
            var position = log.firstPosition
            while position <= log.durablePosition {
                let entries = try log.read(
                    from: position, maximumBytes: 1 << 20, maximumCount: 1_024)
                guard let last = entries.last else { break }
                for entry in entries {
                    if let block = try Record.events(kind: entry.kind, payload: entry.payload) {
                        try write(block, &events)
                    }
                    let record = try Record(kind: entry.kind, payload: entry.payload)
                    if case .workerLost(let group, let loss) = record, loss.held.count > 1 {
                        for mark in loss.held { lost.append((Int(group.number), mark)) }
                    }
                    if case .expired(let group, let ranges) = record {
                        for range in ranges {
                            for sequence in range { expired.append((Int(group.number), sequence)) }
                        }
                    }
                }
                position = last.position + 1
            }
        } catch {
            recorder.fail("durability", "the log cannot be read to its end: \(error)")
        }
        for (number, group) in durable.groups.enumerated() {
            let topic = durable.topics[Int(group.definition.topic.number)]
            let known = events[topic.name] ?? [:]
            write(group, topic, known)
            for item in lost where item.group == number {
                guard let event = known[item.mark.sequence] else { continue }
                recorder.add(.lost, "broker") {
                    $0.event = event.name
                    $0.group = group.definition.name
                    $0.value = Int64(item.mark.attempt)
                }
            }
            for item in expired where item.group == number {
                guard let event = known[item.sequence] else { continue }
                recorder.add(.expired, "broker") {
                    $0.event = event.name
                    $0.group = group.definition.name
                }
            }
        }
        for (row, content) in index.rows.sorted(by: { $0.key < $1.key }) {
            recorder.add(.row, "index") {
                $0.group = "index"
                $0.key = row
                $0.event = content.event
            }
        }
    }

    private func write(
        _ block: EventBlock, _ events: inout [String: [UInt64: (name: String, type: String)]]
    ) throws {
        let topic = durable.topics[Int(block.topic.number)].name
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

    private func write(
        _ group: DurableGroup, _ topic: DurableTopic,
        _ events: [UInt64: (name: String, type: String)]
    ) {
        let patterns = group.definition.types.compactMap { TypePattern($0) }
        for sequence in group.definition.start..<max(topic.next, group.definition.start) {
            let again = group.again.number(of: sequence)
            let isDone = sequence <= group.floor || group.settled.contains(sequence)
            guard !isDone || again != nil, let event = events[sequence],
                patterns.isEmpty || patterns.contains(where: { $0.matches(event.type) })
            else { continue }
            recorder.add(.pending, "broker") {
                $0.event = event.name
                $0.group = group.definition.name
                $0.replay = UInt64(again ?? 0)
            }
        }
        for letter in group.deadLetters {
            guard let event = events[letter.sequence] else { continue }
            recorder.add(.deadLetter, "broker") {
                $0.event = event.name
                $0.group = group.definition.name
                $0.offset = letter.sequence
                $0.replay = UInt64(letter.replay)
            }
        }
    }
}
