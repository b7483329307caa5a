extension Record {
    /// The payload as slices to be written one after the other; event bodies are shared.
    public func encode() -> [ArraySlice<UInt8>] {
        var writer = ByteWriter()
        switch self {
        case .epoch(let number, let key):
            writer.varint(number)
            writer.fixed(key.low)
            writer.fixed(key.high)
        case .topicCreated(let name):
            writer.string(name)
        case .events(let block):
            return Self.encode(block, after: writer)
        case .settled(let group, let acked, let ranges, let outputs):
            writer.varint(UInt64(group.number))
            writer.varint(UInt64(acked))
            writer.ranges(ranges)
            if let outputs { return Self.encode(outputs, after: writer) }
        case .delivered(let group, let ranges), .expired(let group, let ranges):
            writer.varint(UInt64(group.number))
            writer.ranges(ranges)
        case .attempts(let group, let marks):
            writer.varint(UInt64(group.number))
            writer.marks(marks)
        case .failed(let group, let sequence, let failure, let notBefore):
            writer.varint(UInt64(group.number))
            writer.varint(sequence)
            writer.failure(failure)
            writer.time(notBefore)
        case .deadLetter(let letter):
            writer.varint(UInt64(letter.group.number))
            writer.varint(letter.sequence)
            writer.varint(letter.eventPosition)
            writer.time(letter.time)
            writer.fault(letter.fault)
            writer.varint(letter.attempts.count)
            for attempt in letter.attempts { writer.failure(attempt) }
            writer.varint(letter.earlier)
        case .groupCreated(let definition):
            writer.definition(definition)
        case .workerLost(let group, let loss):
            writer.varint(UInt64(group.number))
            writer.string(loss.worker)
            writer.string(loss.session)
            writer.marks(loss.held)
        case .suspect(let group, let sequences):
            writer.varint(UInt64(group.number))
            writer.varint(sequences.count)
            for sequence in sequences { writer.varint(sequence) }
        case .groupPaused(let group, let paused):
            writer.varint(UInt64(group.number))
            writer.varint(paused ? 1 : 0)
        case .groupReset(let group, let start):
            writer.varint(UInt64(group.number))
            writer.varint(start)
        case .groupDeleted(let group):
            writer.varint(UInt64(group.number))
        case .replay(let group, let number, let ranges):
            writer.varint(UInt64(group.number))
            writer.varint(UInt64(number))
            writer.ranges(ranges)
        case .identitiesRotated(let began):
            writer.time(began)
        case .workerExit(let exit):
            writer.string(exit.session)
            writer.blob(exit.report)
        case .deadLettersRemoved(let group, let positions):
            writer.varint(UInt64(group.number))
            writer.varint(positions.count)
            for position in positions { writer.varint(position) }
        case .trim(let trim):
            writer.trim(trim)
        }
        return [writer.bytes[...]]
    }

    /// Reads a record back; event bodies are slices of `payload`.
    ///
    /// - Throws: ``RecordFailure`` when the bytes are no such record.
    public init(kind: UInt8, payload: ArraySlice<UInt8>) throws(RecordFailure) {
        guard let known = RecordKind(rawValue: kind) else { throw .unknownKind(kind) }
        var reader = ByteReader(payload)
        switch known {
        case .epoch:
            self = .epoch(
                number: try reader.varint(),
                key: HashKey(low: try reader.fixed64(), high: try reader.fixed64()))
        case .topicCreated:
            self = .topicCreated(name: try reader.string())
        case .events:
            self = .events(try reader.block())
        case .settled, .acknowledgedEvents:
            self = .settled(
                group: GroupID(try reader.varint32()), acked: try reader.varint32(),
                ranges: try reader.ranges(),
                outputs: known == .settled ? nil : try reader.block())
        case .delivered:
            self = .delivered(group: GroupID(try reader.varint32()), ranges: try reader.ranges())
        case .expired:
            self = .expired(group: GroupID(try reader.varint32()), ranges: try reader.ranges())
        case .attempts:
            self = .attempts(group: GroupID(try reader.varint32()), try reader.marks())
        case .failed:
            self = .failed(
                group: GroupID(try reader.varint32()), sequence: try reader.varint(),
                try reader.failure(), notBefore: try reader.time())
        case .deadLetter:
            self = .deadLetter(
                DeadLetter(
                    group: GroupID(try reader.varint32()), sequence: try reader.varint(),
                    eventPosition: try reader.varint(), time: try reader.time(),
                    fault: try reader.fault(), attempts: try reader.failures(),
                    earlier: try reader.varint()))
        case .groupCreated:
            self = .groupCreated(try reader.definition())
        case .workerLost:
            self = .workerLost(
                group: GroupID(try reader.varint32()),
                WorkerLoss(
                    worker: try reader.string(), session: try reader.string(),
                    held: try reader.marks()))
        case .suspect:
            let group = GroupID(try reader.varint32())
            var sequences: [UInt64] = []
            for _ in 0..<(try reader.count()) { sequences.append(try reader.varint()) }
            self = .suspect(group: group, sequences: sequences)
        case .groupPaused:
            self = .groupPaused(
                group: GroupID(try reader.varint32()), paused: try reader.bool())
        case .groupReset:
            self = .groupReset(
                group: GroupID(try reader.varint32()), start: try reader.varint())
        case .groupDeleted:
            self = .groupDeleted(group: GroupID(try reader.varint32()))
        case .replay:
            self = .replay(
                group: GroupID(try reader.varint32()), number: try reader.varint32(),
                ranges: try reader.ranges())
        case .identitiesRotated:
            self = .identitiesRotated(began: try reader.time())
        case .workerExit:
            self = .workerExit(
                WorkerExit(session: try reader.string(), report: try reader.blob()))
        case .deadLettersRemoved:
            let group = GroupID(try reader.varint32())
            var positions: [UInt64] = []
            for _ in 0..<(try reader.count()) { positions.append(try reader.varint()) }
            self = .deadLettersRemoved(group: group, positions: positions)
        case .trim:
            self = .trim(try reader.trim())
        case .erased:
            throw .unknownKind(kind)
        }
        try reader.finish()
    }

    /// The events a record holds, without a look at anything else; `nil` when it holds none.
    ///
    /// - Throws: ``RecordFailure`` when the bytes are no such record.
    public static func events(
        kind: UInt8, payload: ArraySlice<UInt8>
    ) throws(RecordFailure) -> EventBlock? {
        guard
            kind == RecordKind.events.rawValue || kind == RecordKind.acknowledgedEvents.rawValue
        else { return nil }
        switch try Record(kind: kind, payload: payload) {
        case .events(let block): return block
        case .settled(_, _, _, let outputs): return outputs
        default: return nil
        }
    }

    /// Lengths and identities of all events first, then their bytes, one slice each.
    private static func encode(
        _ block: EventBlock, after prefix: consuming ByteWriter
    ) -> [ArraySlice<UInt8>] {
        var writer = prefix
        writer.bytes.reserveCapacity(writer.bytes.count + 16 + block.events.count * 20)
        writer.varint(UInt64(block.topic.number))
        writer.varint(block.firstSequence)
        writer.varint(block.events.count)
        for event in block.events {
            writer.varint(event.bytes.count)
            writer.fixed(event.identity.hash)
            writer.fixed(event.identity.check)
            writer.fixed(event.identity.body)
        }
        var slices: [ArraySlice<UInt8>] = []
        slices.reserveCapacity(block.events.count + 1)
        slices.append(writer.bytes[...])
        for event in block.events { slices.append(event.bytes) }
        return slices
    }
}

extension ByteWriter {
    mutating func fault(_ fault: BusFault) {
        varint(UInt64(fault.code.rawValue))
        string(fault.reason)
        string(fault.message)
        varint(UInt64(clamping: fault.retryAfter.nanoseconds))
    }

    mutating func marks(_ marks: [AttemptMark]) {
        varint(marks.count)
        for mark in marks {
            varint(mark.sequence)
            varint(UInt64(mark.attempt))
        }
    }

    mutating func failure(_ failure: FailedAttempt) {
        varint(UInt64(failure.attempt))
        string(failure.worker)
        string(failure.session)
        time(failure.started)
        time(failure.ended)
        fault(failure.fault)
    }

    mutating func definition(_ definition: GroupDefinition) {
        varint(UInt64(definition.topic.number))
        string(definition.name)
        varint(definition.types.count)
        for type in definition.types { string(type) }
        varint(definition.attributes.count)
        for attribute in definition.attributes {
            string(attribute.name)
            varint(attribute.values.count)
            for value in attribute.values { string(value) }
        }
        varint(definition.start)
        varint(UInt64(definition.maximumDeliveries))
    }
}

extension ByteReader {
    mutating func fault() throws(RecordFailure) -> BusFault {
        guard
            let raw = UInt8(exactly: try varint()), let code = StatusCode(rawValue: raw)
        else { throw .malformed }
        let reason = try string()
        let message = try string()
        // No longer than can be written again.
        let retry = Duration.nanoseconds(Int64(clamping: try varint())).nanoseconds
        return BusFault(
            code: code, reason: reason, message: message, retryAfter: .nanoseconds(retry))
    }

    mutating func marks() throws(RecordFailure) -> [AttemptMark] {
        let count = try count(minimumSize: 2)
        var marks: [AttemptMark] = []
        marks.reserveCapacity(count)
        for _ in 0..<count {
            marks.append(AttemptMark(sequence: try varint(), attempt: try varint32()))
        }
        return marks
    }

    mutating func failure() throws(RecordFailure) -> FailedAttempt {
        FailedAttempt(
            attempt: try varint32(), worker: try string(), session: try string(),
            started: try time(), ended: try time(), fault: try fault())
    }

    mutating func failures() throws(RecordFailure) -> [FailedAttempt] {
        let count = try count(minimumSize: 20)
        var result: [FailedAttempt] = []
        for _ in 0..<count { result.append(try failure()) }
        return result
    }

    mutating func definition() throws(RecordFailure) -> GroupDefinition {
        let topic = TopicID(try varint32())
        let name = try string()
        var types: [String] = []
        for _ in 0..<(try count()) { types.append(try string()) }
        var attributes: [AttributeFilter] = []
        for _ in 0..<(try count(minimumSize: 2)) {
            let name = try string()
            var values: [String] = []
            for _ in 0..<(try count()) { values.append(try string()) }
            attributes.append(AttributeFilter(name: name, values: values))
        }
        return GroupDefinition(
            topic: topic, name: name, types: types, attributes: attributes, start: try varint(),
            maximumDeliveries: try varint32())
    }

    mutating func block() throws(RecordFailure) -> EventBlock {
        let topic = TopicID(try varint32())
        let first = try varint()
        let count = try count(minimumSize: 17)
        var sizes: [Int] = []
        sizes.reserveCapacity(count)
        var events: [EventBlock.Element] = []
        events.reserveCapacity(count)
        for _ in 0..<count {
            let size = try varint()
            guard size <= UInt64(remaining) else { throw .truncated }
            sizes.append(Int(size))
            let identity = EventIdentity(
                hash: try fixed64(), check: try fixed32(), body: try fixed32())
            events.append(EventBlock.Element(identity: identity, bytes: []))
        }
        for index in events.indices { events[index].bytes = try slice(sizes[index]) }
        guard count > 0, first > 0, first.addingReportingOverflow(UInt64(count)).overflow == false
        else { throw .malformed }
        return EventBlock(topic: topic, firstSequence: first, events: events)
    }
}
