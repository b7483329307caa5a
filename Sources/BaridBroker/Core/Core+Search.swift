internal import BaridEngine
internal import BaridLog

/// A search of a topic for the events of some subjects, in pieces, so that nobody else waits for
/// the whole of it.
struct SubjectSearch: Sendable {
    let topic: TopicID
    let subjects: Set<[UInt8]>
    /// Nothing before this sequence is wanted.
    let from: UInt64
    /// Where the next piece begins.
    var position: UInt64
    /// The sequences found.
    var found: [UInt64] = []
    /// Everything stored was looked at.
    var isOver = false
}

// Finding events by what the engine does not know: the time they were stored at, their subject.
extension Core {
    /// The first sequence of a topic stored at or after a time.
    ///
    /// - Returns: The next one to be stored, when all are older.
    func firstSequence(of topic: TopicID, storedSince wall: Int64) throws -> UInt64 {
        let point = engine.durable.topics[Int(topic.number)].point(at: wall)
        var position = point.position
        var next = max(point.sequence, engine.durable.topics[Int(topic.number)].first)
        while position <= log.durablePosition {
            let read = try log.read(from: position, maximumBytes: 256 << 10, maximumCount: 256)
            guard let last = read.last else { break }
            for entry in read {
                guard let block = try Record.events(kind: entry.kind, payload: entry.payload),
                    block.topic == topic
                else { continue }
                guard entry.wallTime < wall else { return max(next, block.firstSequence) }
                next = max(next, block.firstSequence + UInt64(block.events.count))
            }
            position = last.position + 1
        }
        return next
    }

    /// Begins a search.
    func search(_ topic: TopicID, from sequence: UInt64, subjects: [String]) -> SubjectSearch {
        SubjectSearch(
            topic: topic, subjects: Set(subjects.map { Array($0.utf8) }), from: sequence,
            position: engine.durable.topics[Int(topic.number)].position(of: sequence))
    }

    /// Goes on with a search for one piece of the log.
    func goOn(with search: inout SubjectSearch) throws {
        let read = try log.read(
            from: search.position, maximumBytes: 512 << 10, maximumCount: 1_024)
        guard let last = read.last else {
            search.isOver = true
            return
        }
        for entry in read {
            guard let block = try Record.events(kind: entry.kind, payload: entry.payload),
                block.topic == search.topic
            else { continue }
            for (offset, event) in block.events.enumerated() {
                let sequence = block.firstSequence + UInt64(offset)
                guard sequence >= search.from, let scan = try? RoutingScan(event.bytes) else {
                    continue
                }
                let wanted = event.bytes.withUnsafeBytes {
                    search.subjects.contains(Array($0[scan.subject]))
                }
                if wanted { search.found.append(sequence) }
            }
        }
        search.position = last.position + 1
        search.isOver = search.position > log.durablePosition
    }
}
