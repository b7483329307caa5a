extension Durable {
    /// The version of snapshots written.
    static let snapshotVersion: UInt8 = 2

    /// A hash over the whole durable state.
    public var hash: UInt64 { Self.hash(ofSnapshot: snapshot()) }

    /// The hash of the state that a snapshot holds.
    public static func hash(ofSnapshot bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { Mixer.mix(0, $0) }
    }

    /// The state as bytes; equal states give equal bytes.
    public func snapshot() -> [UInt8] {
        var writer = ByteWriter()
        writer.bytes.append(Self.snapshotVersion)
        writer.varint(nextPosition)
        writer.time(wall)
        writer.varint(epoch)
        writer.fixed(key.low)
        writer.fixed(key.high)
        writer.varint(firstPosition)
        writer.varint(lastTrim)
        writer.bytes.append(isAfterLoss ? 1 : 0)
        writer.varint(topics.count)
        for topic in topics {
            writer.string(topic.name)
            writer.varint(topic.first)
            writer.varint(topic.next)
            writer.varint(topic.bytesSincePoint)
            writer.varint(topic.spacing)
            writer.varint(topic.points.count)
            for point in topic.points {
                writer.varint(point.sequence)
                writer.varint(point.position)
                writer.time(point.wall)
            }
            writer.types(topic.types)
        }
        writer.varint(UInt64(replays))
        writer.varint(groups.count)
        for group in groups { writer.group(group) }
        writer.varint(exits.count)
        for exit in exits {
            writer.string(exit.session)
            writer.varint(exit.position)
        }
        let remembered = identities.current.count + identities.previous.count
        writer.bytes.reserveCapacity(writer.bytes.count + remembered * 24 + 20)
        writer.time(identities.began)
        writer.slots(of: identities.current)
        writer.slots(of: identities.previous)
        return writer.bytes
    }

    /// Restores the state from a snapshot.
    ///
    /// - Throws: ``RecordFailure`` when the bytes are no snapshot of a version this one reads.
    public init(snapshot: ArraySlice<UInt8>) throws(RecordFailure) {
        self.init()
        var reader = ByteReader(snapshot)
        let version = try reader.byte()
        guard version == Self.snapshotVersion else { throw .unknownVersion(version) }
        nextPosition = try reader.varint()
        wall = try reader.time()
        epoch = try reader.varint()
        key = HashKey(low: try reader.fixed64(), high: try reader.fixed64())
        firstPosition = try reader.varint()
        lastTrim = try reader.varint()
        isAfterLoss = try reader.byte() != 0
        for _ in 0..<(try reader.count()) {
            var topic = DurableTopic(name: try reader.string())
            topic.first = try reader.varint()
            topic.next = try reader.varint()
            topic.bytesSincePoint = try reader.varint()
            topic.spacing = try reader.varint()
            for _ in 0..<(try reader.count(minimumSize: 10)) {
                topic.points.append(
                    .init(
                        sequence: try reader.varint(), position: try reader.varint(),
                        wall: try reader.time()))
            }
            topic.types = try reader.types()
            topics.append(topic)
        }
        replays = try reader.varint32()
        for _ in 0..<(try reader.count()) { groups.append(try reader.group()) }
        for _ in 0..<(try reader.count()) {
            exits.append(ExitMark(session: try reader.string(), position: try reader.varint()))
        }
        let began = try reader.time()
        identities = IdentityWindow(
            current: try reader.slots(), previous: try reader.slots(), began: began)
        try reader.finish()
        for group in groups where group.definition.topic.number >= topics.count {
            throw .inconsistent("group '\(group.definition.name)' of no topic")
        }
    }
}

extension ByteWriter {
    fileprivate mutating func group(_ group: DurableGroup) {
        definition(group.definition)
        varint(group.floor)
        ranges(group.settled.ranges)
        ranges(group.delivered.ranges)
        varint(group.acked)
        varint(group.redelivered)
        varint(group.expired)
        varint((group.isPaused ? 1 : 0) | (group.isDeleted ? 2 : 0) as Int)
        varint(group.trimmed)
        varint(group.attempts.count)
        for (sequence, attempts) in group.attempts.sorted(by: { $0.key < $1.key }) {
            varint(sequence)
            varint(UInt64(attempts.started))
            time(attempts.notBefore)
            varint(UInt64(attempts.soloDeaths))
            varint(attempts.isSuspect ? 1 : 0)
            varint(attempts.failures.count)
            for attempt in attempts.failures { failure(attempt) }
        }
        varint(group.deadLetters.count)
        for letter in group.deadLetters {
            varint(letter.sequence)
            varint(letter.eventPosition)
            varint(letter.position)
            varint(UInt64(letter.replay))
        }
        varint(group.earlier.count)
        for (sequence, position) in group.earlier.sorted(by: { $0.key < $1.key }) {
            varint(sequence)
            varint(position)
        }
        varint(group.again.replays.count)
        for replay in group.again.replays {
            varint(UInt64(replay.number))
            ranges(replay.due.ranges)
            ranges(replay.delivered.ranges)
        }
    }

    fileprivate mutating func types(_ types: TypeCounts) {
        varint(types.elements.count)
        for element in types.elements {
            blob(element.type[...])
            varint(element.count)
        }
        varint(types.others)
    }

    fileprivate mutating func slots(of generation: IdentityWindow.Generation) {
        varint(generation.count)
        generation.forEachSorted { slot in
            fixed(slot.identity.hash)
            fixed(slot.identity.check)
            fixed(slot.identity.body)
            fixed(slot.sequence)
        }
    }
}

extension ByteReader {
    fileprivate mutating func group() throws(RecordFailure) -> DurableGroup {
        let definition = try definition()
        guard definition.start > 0 else { throw .malformed }
        var group = DurableGroup(definition: definition)
        group.floor = try varint()
        for range in try ranges() { group.settled.insert(range) }
        for range in try ranges() { group.delivered.insert(range) }
        group.acked = try varint()
        group.redelivered = try varint()
        group.expired = try varint()
        let flags = try byte()
        guard flags < 4 else { throw .malformed }
        group.isPaused = flags & 1 != 0
        group.isDeleted = flags & 2 != 0
        group.trimmed = try varint()
        for _ in 0..<(try count(minimumSize: 13)) {
            let sequence = try varint()
            var attempts = DurableGroup.Attempts()
            attempts.started = try varint32()
            attempts.notBefore = try time()
            attempts.soloDeaths = try varint32()
            attempts.isSuspect = try bool()
            attempts.failures = try failures()
            group.attempts[sequence] = attempts
        }
        for _ in 0..<(try count(minimumSize: 4)) {
            group.deadLetters.append(
                .init(
                    sequence: try varint(), eventPosition: try varint(), position: try varint(),
                    replay: try varint32()))
        }
        for _ in 0..<(try count(minimumSize: 2)) {
            let sequence = try varint()
            group.earlier[sequence] = try varint()
        }
        var replays: [DueAgain.Replay] = []
        for _ in 0..<(try count(minimumSize: 3)) {
            var replay = DueAgain.Replay(number: try varint32())
            for range in try ranges() { replay.due.insert(range) }
            for range in try ranges() { replay.delivered.insert(range) }
            replays.append(replay)
        }
        group.again = DueAgain(replays: replays)
        return group
    }

    fileprivate mutating func types() throws(RecordFailure) -> TypeCounts {
        let count = try count(minimumSize: 2)
        guard count <= TypeCounts.maximum else { throw .malformed }
        var elements: [TypeCounts.Element] = []
        for _ in 0..<count {
            elements.append(.init(type: Array(try blob()), count: try varint()))
        }
        return TypeCounts(elements: elements, others: try varint())
    }

    fileprivate mutating func slots() throws(RecordFailure) -> [IdentityWindow.Slot] {
        let count = try count(minimumSize: 24)
        var slots: [IdentityWindow.Slot] = []
        slots.reserveCapacity(count)
        for _ in 0..<count {
            let slot = IdentityWindow.Slot(
                identity: EventIdentity(
                    hash: try fixed64(), check: try fixed32(), body: try fixed32()),
                sequence: try fixed64())
            // Events are counted from 1; in the table 0 means that a slot is free.
            guard slot.sequence > 0 else { throw .malformed }
            slots.append(slot)
        }
        return slots
    }
}
