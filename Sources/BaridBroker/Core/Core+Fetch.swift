internal import BaridEngine
internal import BaridLog
internal import Logging

// Reading events back for the engine.
extension Core {
    func read(_ fetch: Fetch) -> (GroupID, Fetched) {
        switch fetch {
        case .event(let group, let topic, let sequence, let position):
            do {
                let found = try events(from: position, bytes: 1, count: 1)
                    .first { $0.block.topic == topic }
                guard let block = found?.block, sequence >= block.firstSequence,
                    sequence - block.firstSequence < UInt64(block.events.count)
                else { throw RecordFailure.inconsistent("no event \(sequence) at \(position)") }
                let event = block.events[Int(sequence - block.firstSequence)]
                return (
                    group,
                    .event(
                        FetchedEvent(
                            sequence: sequence, position: position,
                            // One event must not keep a whole chunk of the log in memory.
                            bytes: Array(event.bytes)[...], stored: found?.entry.wallTime ?? 0))
                )
            } catch {
                complain(error, position)
                return (group, .failed(sequence: sequence))
            }
        case .scan(let group, let topic, let sequences, let position, let count, let bytes):
            do {
                return (group, try scan(topic, sequences, position, count, bytes))
            } catch {
                complain(error, position)
                return (group, .failed(sequence: nil))
            }
        }
    }

    func scan(
        _ topic: TopicID, _ sequences: ClosedRange<UInt64>, _ start: UInt64, _ count: Int,
        _ bytes: Int
    ) throws -> Fetched {
        var found: [FetchedEvent] = []
        var size = 0
        var next = sequences.lowerBound
        // What came before is kept no longer.
        var position = max(start, log.firstPosition)
        while next <= sequences.upperBound, found.count < count, size < bytes {
            let read = try log.read(from: position, maximumBytes: bytes, maximumCount: 256)
            guard let last = read.last else { break }
            for entry in read {
                position = entry.position + 1
                guard
                    let block = try Record.events(kind: entry.kind, payload: entry.payload),
                    block.topic == topic
                else { continue }
                for (offset, event) in block.events.enumerated() {
                    let sequence = block.firstSequence + UInt64(offset)
                    guard sequences.contains(sequence) else { continue }
                    found.append(
                        FetchedEvent(
                            sequence: sequence, position: entry.position, bytes: event.bytes,
                            stored: entry.wallTime))
                    size += event.bytes.count
                    next = sequence + 1
                }
                if next > sequences.upperBound || found.count >= count || size >= bytes { break }
            }
            if last.position >= log.durablePosition { break }
        }
        return .scan(events: found, nextSequence: next, nextPosition: position)
    }

    /// The blocks of events from a position on.
    func events(
        from position: UInt64, bytes: Int, count: Int
    ) throws -> [(entry: LogEntry, block: EventBlock)] {
        var result: [(LogEntry, EventBlock)] = []
        for entry in try log.read(from: position, maximumBytes: bytes, maximumCount: count) {
            if let block = try Record.events(kind: entry.kind, payload: entry.payload) {
                result.append((entry, block))
            }
        }
        return result
    }

    func complain(_ error: any Error, _ position: UInt64) {
        logger.error(
            "the log cannot be read; trying again",
            metadata: ["position": "\(position)", "error": "\(error)"])
    }
}
