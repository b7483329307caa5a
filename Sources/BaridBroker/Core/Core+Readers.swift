internal import BaridEngine
internal import BaridLog
internal import GRPCCore

// Feeding those who read: as long as they have room, in small pieces.
extension Core {
    func pumpReaders() throws {
        readerWaits = false
        readerBusy = false
        guard !readers.isEmpty else { return }
        for index in readers.indices { pump(index) }
        readers.removeAll { streams[$0.stream.id] !== $0.stream }
    }

    func pump(_ index: Int) {
        let stream = readers[index].stream
        // As long as it has room, but not for long: others wait too.
        for _ in 0..<4 {
            guard stream.stream.unsentBytes < configuration.readerBytes else {
                readerWaits = true
                return
            }
            do {
                guard try pumpOnce(index) else { return }
            } catch {
                complain(error, readers[index].position)
                finish(stream, Status(code: .dataLoss, message: "the log cannot be read: \(error)"))
                return
            }
        }
        readerBusy = true
    }

    /// Reads and sends one piece.
    ///
    /// - Returns: Whether there may be more.
    func pumpOnce(_ index: Int) throws -> Bool {
        let stream = readers[index].stream
        let plan = readers[index].plan
        guard let topic = engine.durable.topic(named: plan.topic) else {
            // It may come into being; its first event is what the reader waits for then.
            if case .new = plan.start { readers[index].next = 1 }
            caughtUp(index, next: 1)
            return false
        }
        let state = engine.durable.topics[Int(topic.number)]
        if readers[index].next == nil || readers[index].position == 1 {
            start(index, state)
        }
        if let next = readers[index].next, next < state.first, state.first > 1 {
            let fault = BusFault.trimmed(next, first: state.first, topic: state.name)
            finish(stream, fault.status, metadata: fault.trailers)
            return false
        }
        var batch = ReadBatch()
        var next = readers[index].next ?? state.first
        var ended = false
        var reads = 0
        // What a filter passes over is looked at in small pieces as well.
        while next < state.next, batch.bytes < Self.maximumBatchBytes / 2, !ended, reads < 4 {
            reads += 1
            let read = try log.read(
                from: readers[index].position, maximumBytes: Self.maximumBatchBytes / 2,
                maximumCount: 256)
            guard !read.isEmpty else { break }
            for entry in read {
                readers[index].position = entry.position + 1
                guard
                    let block = try Record.events(kind: entry.kind, payload: entry.payload),
                    block.topic == topic
                else { continue }
                ended = add(block, entry, to: &batch, index, &next)
                if ended || batch.bytes >= Self.maximumBatchBytes / 2 { break }
            }
        }
        readers[index].next = next
        batch.nextSequence = next
        // What a commit that is under way holds comes after it.
        batch.caughtUp = next >= state.next || readers[index].position > log.durablePosition
        if batch.events.isEmpty, batch.caughtUp, readers[index].toldCaughtUp { return false }
        if !batch.events.isEmpty || batch.caughtUp {
            readers[index].toldCaughtUp = batch.caughtUp
            try stream.stream.send(batch.encode(), exempt: false)
        }
        if ended || (batch.caughtUp && !plan.follow) {
            finish(stream, Status(code: .ok, message: ""))
            return false
        }
        return !batch.caughtUp
    }

    /// Adds what the reader wants of a block.
    ///
    /// - Returns: Whether it has all it asked for.
    func add(
        _ block: EventBlock, _ entry: LogEntry, to batch: inout ReadBatch, _ index: Int,
        _ next: inout UInt64
    ) -> Bool {
        let plan = readers[index].plan
        for (offset, event) in block.events.enumerated() {
            let sequence = block.firstSequence + UInt64(offset)
            guard sequence >= next else { continue }
            next = sequence + 1
            guard entry.wallTime >= readers[index].since, plan.wants(event.bytes) else { continue }
            batch.add(event.bytes, sequence: sequence, storedAt: entry.wallTime)
            readers[index].sent += 1
            if let maximum = plan.maximum, readers[index].sent >= maximum { return true }
        }
        return false
    }

    func start(_ index: Int, _ topic: DurableTopic) {
        let next: UInt64
        if let known = readers[index].next {
            next = known
        } else {
            switch readers[index].plan.start {
            case .first: next = topic.first
            case .new: next = topic.next
            case .last: next = max(topic.first, topic.next - 1)
            // A place before the first event kept is refused by the caller.
            case .sequence(let sequence): next = max(sequence, 1)
            case .time(let wall):
                readers[index].since = wall
                next = topic.point(at: wall).sequence
            }
        }
        readers[index].next = next
        readers[index].position = max(
            log.firstPosition,
            next >= topic.next ? engine.durable.nextPosition : topic.position(of: next))
    }

    func caughtUp(_ index: Int, next: UInt64) {
        guard !readers[index].toldCaughtUp else { return }
        readers[index].toldCaughtUp = true
        let stream = readers[index].stream
        var batch = ReadBatch()
        batch.nextSequence = next
        batch.caughtUp = true
        try? stream.stream.send(batch.encode(), exempt: false)
        if !readers[index].plan.follow { finish(stream, Status(code: .ok, message: "")) }
    }

    func finish(_ stream: CoreStream, _ status: Status, metadata: Metadata = [:]) {
        stream.stream.finish(status, metadata: metadata)
        streams[stream.id] = nil
    }
}
