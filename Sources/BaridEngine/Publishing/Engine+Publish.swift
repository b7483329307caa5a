extension Engine {
    /// Stores what can be stored and answers for every event, in order.
    mutating func publish(
        _ stream: StreamID, topic name: String, events: [ArraySlice<UInt8>],
        into actions: inout [Action]
    ) {
        if let fault = refusal(of: events, topic: name) {
            let receipt = Receipt(
                count: UInt32(clamping: events.count), firstSequence: 0, fault: fault)
            count([receipt], topic: nil)
            actions.append(.receipts(stream, [receipt]))
            return
        }
        let topic: TopicID
        do throws(BusFault) {
            topic = try ensureTopic(name, into: &actions)
        } catch {
            let receipt = Receipt(
                count: UInt32(clamping: events.count), firstSequence: 0, fault: error)
            count([receipt], topic: nil)
            actions.append(.receipts(stream, [receipt]))
            return
        }
        ageIdentities(into: &actions)
        var receipts: [Receipt] = []
        let (block, scans) = sort(events, topic: topic, receipts: &receipts)
        count(receipts, topic: topic)
        if let block {
            count(block, emitted: false)
            rotateIdentities(into: &actions)
            let position = durable.nextPosition
            append(.events(block), into: &actions)
            actions.append(.receipts(stream, receipts))
            offer(block, scans, position: position, into: &actions)
        } else {
            actions.append(.receipts(stream, receipts))
        }
    }

    private func refusal(of events: [ArraySlice<UInt8>], topic: String) -> BusFault? {
        guard !draining else { return Self.drainingFault }
        guard Self.isName(topic) else {
            return BusFault(
                .invalidArgument, .invalidName,
                "topic '\(topic.prefix(80))' is not a lower-case name of at most 64 bytes")
        }
        guard storage == .accepting else {
            return BusFault(
                .resourceExhausted, .storageFull,
                "the broker's log is full; workers go on, publishes wait",
                retryAfter: configuration.storageRetry)
        }
        guard events.count <= configuration.maximumBatchEvents else {
            return BusFault(
                .invalidArgument, .batchTooLarge,
                "\(events.count) events in one batch; the most is "
                    + "\(configuration.maximumBatchEvents)")
        }
        let bytes = events.reduce(0) { $0 + $1.count }
        guard events.count < 2 || bytes <= configuration.maximumBatchBytes else {
            return BusFault(
                .invalidArgument, .batchTooLarge,
                "\(bytes) bytes in one batch; the most is \(configuration.maximumBatchBytes)")
        }
        return nil
    }

    /// Tells new events from repeated and refused ones.
    private mutating func sort(
        _ events: [ArraySlice<UInt8>], topic: TopicID, receipts: inout [Receipt]
    ) -> (EventBlock?, [RoutingScan]) {
        batch.removeAll(keepingCapacity: true)
        var block = EventBlock(
            topic: topic, firstSequence: durable.topics[Int(topic.number)].next, events: [])
        block.events.reserveCapacity(events.count)
        var scans: [RoutingScan] = []
        scans.reserveCapacity(events.count)
        for event in events {
            do throws(BusFault) {
                let (scan, identity) = try inspect(event, topic: topic)
                if let first = try firstSequence(of: identity, in: block) {
                    receipts.append(Receipt(count: 1, firstSequence: first, duplicate: true))
                    continue
                }
                let sequence = block.firstSequence + UInt64(block.events.count)
                batch[identity.hash] = block.events.count
                block.events.append(EventBlock.Element(identity: identity, bytes: event))
                scans.append(scan)
                if let last = receipts.last, last.fault == nil, !last.duplicate {
                    receipts[receipts.count - 1].count += 1
                } else {
                    receipts.append(Receipt(count: 1, firstSequence: sequence))
                }
            } catch {
                if let last = receipts.last, last.fault == error {
                    receipts[receipts.count - 1].count += 1
                } else {
                    receipts.append(Receipt(count: 1, firstSequence: 0, fault: error))
                }
            }
        }
        return (block.events.isEmpty ? nil : block, scans)
    }

    /// The events of an ack: repeats are left out, whatever their data, for the first wins.
    ///
    /// - Throws: The fault of the first event that is none.
    mutating func outputs(
        _ events: [ArraySlice<UInt8>], topic: TopicID, after block: inout EventBlock,
        scans: inout [RoutingScan]
    ) throws(BusFault) {
        guard events.count <= configuration.maximumOutputs else {
            throw BusFault(
                .invalidArgument, .batchTooLarge,
                "\(events.count) outputs of one ack; the most is \(configuration.maximumOutputs)")
        }
        let bytes = events.reduce(0) { $0 + $1.count }
        guard bytes <= configuration.maximumOutputBytes else {
            throw BusFault(
                .invalidArgument, .batchTooLarge,
                "\(bytes) bytes of outputs; the most is \(configuration.maximumOutputBytes)")
        }
        guard storage != .outputsRefused else {
            throw BusFault(
                .resourceExhausted, .storageFull,
                "the broker's log is full; the delivery stays leased",
                retryAfter: configuration.storageRetry)
        }
        var added: [(RoutingScan, EventBlock.Element)] = []
        added.reserveCapacity(events.count)
        for event in events {
            let (scan, identity) = try inspect(event, topic: topic)
            let known =
                durable.identities.find(identity) != nil
                || batch[identity.hash] != nil
                || added.contains { $0.1.identity.isSameEvent(as: identity) }
            if !known {
                added.append((scan, EventBlock.Element(identity: identity, bytes: event)))
            }
        }
        for (scan, event) in added {
            batch[event.identity.hash] = block.events.count
            scans.append(scan)
            block.events.append(event)
        }
    }

    private func inspect(
        _ event: ArraySlice<UInt8>, topic: TopicID
    ) throws(BusFault) -> (RoutingScan, EventIdentity) {
        guard event.count <= configuration.maximumEventBytes else {
            throw BusFault(
                .invalidArgument, .eventTooLarge,
                "an event of \(event.count) bytes; the most is "
                    + "\(configuration.maximumEventBytes)")
        }
        do throws(RoutingScan.Failure) {
            let scan = try RoutingScan(event)
            return (scan, identity(of: event, scan, topic: topic))
        } catch {
            throw BusFault(.invalidArgument, .invalidEvent, error.description)
        }
    }

    private func identity(
        of event: ArraySlice<UInt8>, _ scan: RoutingScan, topic: TopicID
    ) -> EventIdentity {
        event.withUnsafeBytes { bytes in
            // The source's hash is the key of the id's, so that neither runs into the other.
            var key = durable.key
            key.low ^= UInt64(topic.number)
            let source = SipHash.hash(
                UnsafeRawBufferPointer(rebasing: bytes[scan.source]), key: key)
            let whole = SipHash.hash(
                UnsafeRawBufferPointer(rebasing: bytes[scan.id]),
                key: HashKey(low: key.low ^ source.low, high: key.high ^ source.high))
            var body = Mixer.mix(
                UInt64(scan.dataField), UnsafeRawBufferPointer(rebasing: bytes[scan.type]))
            body = Mixer.mix(body, UnsafeRawBufferPointer(rebasing: bytes[scan.data]))
            return EventIdentity(
                hash: whole.low, check: UInt32(truncatingIfNeeded: whole.high),
                body: UInt32(truncatingIfNeeded: body ^ body >> 32))
        }
    }

    /// The sequence under which an event was stored before, if it was.
    private func firstSequence(
        of identity: EventIdentity, in block: EventBlock
    ) throws(BusFault) -> UInt64? {
        let body: UInt32
        let sequence: UInt64
        if let slot = durable.identities.find(identity) {
            body = slot.identity.body
            sequence = slot.sequence
        } else if let index = batch[identity.hash],
            block.events[index].identity.isSameEvent(as: identity)
        {
            body = block.events[index].identity.body
            sequence = block.firstSequence + UInt64(index)
        } else {
            return nil
        }
        guard body == identity.body else {
            throw BusFault(
                .alreadyExists, .identityConflict,
                "an event with this source and id but other data is stored as \(sequence)")
        }
        return sequence
    }

    /// Forgets the older generation when the newer one is full: as many events came after those forgotten.
    mutating func rotateIdentities(into actions: inout [Action]) {
        guard durable.identities.current.count >= configuration.identities else { return }
        append(.identitiesRotated(began: wall), into: &actions)
    }

    /// Forgets identities that are older than the window, before anything is looked up in it.
    ///
    /// Generations follow one another without a gap while something is looked up in each. Of a longer time,
    /// nobody can say whether it passed or a clock was set: one generation ends with it, not both, so that
    /// what a publisher sends again after a start with another date is still known.
    mutating func ageIdentities(into actions: inout [Action]) {
        let age = max(configuration.identityAge.nanoseconds, 1)
        let began = durable.identities.began
        let elapsed = wall &- began
        guard elapsed >= age, !durable.identities.isEmpty else { return }
        append(.identitiesRotated(began: elapsed < 2 * age ? began &+ age : wall), into: &actions)
    }

    /// True for `a-z`, `0-9`, `-` and `.`, starting with a letter or digit, at most 64 bytes.
    static func isName(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 64 else { return false }
        var first = true
        for byte in name.utf8 {
            let plain = (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
            guard plain || !first && (byte == 0x2d || byte == 0x2e) else { return false }
            first = false
        }
        return true
    }
}

extension EventIdentity {
    func isSameEvent(as other: EventIdentity) -> Bool {
        hash == other.hash && check == other.check
    }
}
