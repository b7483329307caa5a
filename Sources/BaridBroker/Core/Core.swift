internal import BaridEngine
internal import BaridLog
internal import Foundation
internal import GRPCCore
internal import Logging

/// The owner of engine and log, on one thread: takes what is waiting, steps the engine through
/// it, commits once, and only then lets the effects out.
///
/// Nothing here is shared; other threads reach it by its ``Mailbox``.
final class Core {
    private(set) var engine: Engine
    let log: any EventLog
    let durability: Durability
    private let configuration: CoreConfiguration
    private let logger: Logger
    private let clock: () -> Instant
    private let leasesChanged: (_ session: UInt64, _ events: Int) -> Void

    private var streams: [StreamID: CoreStream] = [:]
    private var touched: [CoreStream] = []
    private var readers: [Reader] = []
    private var actions: [Action] = []
    private var effects: [Action] = []
    private var entries: [NewLogEntry] = []
    private var entryBytes = 0
    private var tickets: [UInt64: (Result<GroupCreated, BusFault>) -> Void] = [:]
    private var nextTicket: UInt64 = 0
    private var leasedOfSession: [UInt64: Int] = [:]
    private var drained: (() -> Void)?
    private var committed: [() -> Void] = []
    private var lastAppend: Int64 = .min
    private var sealed = true
    private var lastSpaceCheck: Int64 = .min
    private var storage = Input.StorageLevel.accepting
    private var snapshotPosition: UInt64 = 0
    /// A reader's stream has no room.
    private var readerWaits = false
    /// A reader has more to look at at once.
    private var readerBusy = false

    /// Recovers the state from the log and begins a new epoch.
    ///
    /// - Throws: `LogError` when the log cannot be read or written, `RecordFailure` when what it
    ///   holds makes no sense to this version.
    init(
        log: any EventLog, durability: Durability, configuration: CoreConfiguration,
        logger: Logger, clock: @escaping () -> Instant = SystemClock().now,
        leasesChanged: @escaping (UInt64, Int) -> Void = { _, _ in }
    ) throws {
        self.log = log
        self.durability = durability
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.leasesChanged = leasesChanged
        let (durable, snapshot) = try Self.recover(log, logger: logger)
        snapshotPosition = snapshot
        engine = Engine(configuration: configuration.engine, durable: durable)
        var random = SystemRandomNumberGenerator()
        engine.open(
            key: HashKey(low: random.next(), high: random.next()), at: clock(), into: &actions)
        collect()
        try flush()
    }

    // MARK: The loop

    /// Runs until ``Mail/stop``.
    ///
    /// - Throws: `LogError` when something could not be made durable: the process has to end.
    func run(_ mailbox: Mailbox) throws {
        var batch: [Mail] = []
        while true {
            mailbox.take(into: &batch, waiting: nextWait())
            let goesOn = try process(batch)
            batch.removeAll(keepingCapacity: true)
            guard goesOn else { return }
        }
    }

    /// Deals with a batch of mail, and with what is due by the clock.
    ///
    /// - Returns: False after ``Mail/stop``.
    func process(_ batch: [Mail]) throws -> Bool {
        var goesOn = true
        checkSpace()
        for mail in batch {
            switch mail {
            case .stop: goesOn = false
            default: deal(with: mail)
            }
            if entryBytes >= configuration.commitBytes { try flush() }
        }
        if let wake = engine.nextWake, wake <= clock().monotonic { step(.tick) }
        try flush()
        try pumpReaders()
        if goesOn { try rest() }
        reportDrained()
        return goesOn
    }

    /// Commits, ends every stream, and closes the log.
    func close() throws {
        try flush()
        for stream in streams.values {
            stream.stream.finish(
                Status(code: .unavailable, message: "the broker stopped"), metadata: [:])
        }
        streams = [:]
        if log.durablePosition > snapshotPosition + 1_000 { writeSnapshot() }
        try log.close()
    }

    private func nextWait() -> Int64? {
        let now = clock().monotonic
        var wait = engine.nextWake.map { max(0, $0 - now) }
        if !sealed {
            let rest = max(0, lastAppend + configuration.sealAfter.nanoseconds - now)
            wait = min(wait ?? .max, rest)
        }
        // There is no word when a slow reader has room again; it is looked at now and then.
        if readerBusy { return 0 }
        if readerWaits { wait = min(wait ?? .max, 20_000_000) }
        if storage != .accepting { wait = min(wait ?? .max, 1_000_000_000) }
        return wait
    }

    // MARK: Mail

    private func deal(with mail: Mail) {
        switch mail {
        case .opened(let id, let stream, let role):
            streams[id] = CoreStream(id: id, stream: stream, role: role)
        case .request(let id, let input, let bytes):
            guard let stream = streams[id] else { return }
            if case .subscribe(_, let backlog) = stream.role {
                backlog?.remove(bytes)
            } else {
                stream.credit += bytes
                touch(stream)
            }
            step(input)
        case .read(let id, let plan):
            guard let stream = streams[id] else { return }
            readers.append(Reader(stream: stream, plan: plan))
        case .halfClosed(let id):
            guard let stream = streams[id] else { return }
            if case .subscribe = stream.role { step(.end(id, .left)) }
            guard stream.role != .read else { return }
            stream.finishing = true
            touch(stream)
        case .closed(let id, let cause):
            guard let stream = streams[id] else { return }
            forget(stream)
            if case .subscribe = stream.role { step(.end(id, cause)) }
        case .perform(let body):
            body(self)
        case .stop:
            break
        }
    }

    private func forget(_ stream: CoreStream) {
        streams[stream.id] = nil
        if stream.role == .read { readers.removeAll { $0.stream === stream } }
        tellLeases(stream, 0)
    }

    private func touch(_ stream: CoreStream) {
        guard !stream.touched else { return }
        stream.touched = true
        touched.append(stream)
    }

    // MARK: Steps, commits, effects

    /// Steps the engine; records go to the next commit, effects wait for it.
    func step(_ input: Input) {
        engine.step(input, at: clock(), into: &actions)
        collect()
    }

    private func collect() {
        for action in actions {
            if case .append(let record) = action {
                let entry = NewLogEntry(
                    kind: record.kind.rawValue, wallTime: engine.recordedWall,
                    payload: record.encode())
                entryBytes += entry.payloadBytes
                entries.append(entry)
                tell(of: record)
            } else {
                effects.append(action)
            }
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// Logs what an operator wants to know of.
    private func tell(of record: Record) {
        switch record {
        case .groupCreated(let definition):
            logger.info(
                "group created",
                metadata: [
                    "group": "\(definition.name)", "types": "\(definition.types)",
                    "start": "\(definition.start)",
                ])
        case .failed(let group, let sequence, let attempt, _):
            logger.info(
                "attempt failed",
                metadata: [
                    "group": "\(name(of: group))", "sequence": "\(sequence)",
                    "attempt": "\(attempt.attempt)", "worker": "\(attempt.worker)",
                    "reason": "\(attempt.fault.reason)",
                ])
        case .deadLetter(let letter):
            logger.warning(
                "dead letter",
                metadata: [
                    "group": "\(name(of: letter.group))", "sequence": "\(letter.sequence)",
                    "reason": "\(letter.fault.reason)", "error": "\(letter.fault.message)",
                ])
        default:
            break
        }
    }

    private func name(of group: GroupID) -> String {
        engine.durable.groups[Int(group.number)].definition.name
    }

    /// Commits what was appended and lets the effects out, until there are none.
    private func flush() throws {
        while !(entries.isEmpty && effects.isEmpty && touched.isEmpty && committed.isEmpty) {
            if !entries.isEmpty {
                // First deliveries ride along; the wait for their record would gain nothing.
                step(.commit)
                try log.append(entries, expecting: log.lastPosition)
                try log.commit()
                entries.removeAll(keepingCapacity: true)
                entryBytes = 0
                lastAppend = clock().monotonic
                sealed = false
            }
            let answers = committed
            committed.removeAll()
            for answer in answers { answer() }
            var fetches: [Fetch] = []
            let released = effects
            effects.removeAll(keepingCapacity: true)
            for effect in released { release(effect, &fetches) }
            flushStreams()
            for fetch in fetches {
                let (group, fetched) = read(fetch)
                step(.fetched(group, fetched))
            }
        }
    }

    private func release(_ effect: Action, _ fetches: inout [Fetch]) {
        switch effect {
        case .append:
            break
        case .receipts(let id, let receipts):
            guard let stream = streams[id] else { return }
            stream.receipts.append(contentsOf: receipts)
            touch(stream)
        case .started(let id, let started):
            guard let stream = streams[id] else { return }
            stream.group = started.group
            stream.batch.started = started
            touch(stream)
        case .deliver(let id, let delivery):
            guard let stream = streams[id] else { return }
            let full =
                stream.batch.bytes + delivery.bytes.count > Self.maximumBatchBytes
                || stream.batch.events.count >= Self.maximumBatchEvents
            if full, !stream.batch.events.isEmpty { send(stream) }
            stream.batch.add(delivery)
            touch(stream)
        case .settled(let id, let number):
            guard let stream = streams[id] else { return }
            stream.batch.settled = max(stream.batch.settled, number)
            touch(stream)
        case .settleRefused(let id, let sequence, let attempt, let fault):
            guard let stream = streams[id] else { return }
            stream.batch.refuse(sequence: sequence, attempt: attempt, fault)
            touch(stream)
        case .end(let id, let fault):
            guard let stream = streams[id] else { return }
            send(stream)
            stream.stream.finish(fault.status, metadata: fault.trailers)
            forget(stream)
        case .fetch(let fetch):
            fetches.append(fetch)
        case .groupCreated(let ticket, let result):
            tickets.removeValue(forKey: ticket)?(result)
        }
    }

    private func flushStreams() {
        let waiting = touched
        touched.removeAll(keepingCapacity: true)
        for stream in waiting {
            stream.touched = false
            guard streams[stream.id] === stream else { continue }
            send(stream)
            if let fault = stream.ending {
                stream.stream.finish(fault.status, metadata: fault.trailers)
                forget(stream)
            } else if stream.finishing {
                stream.stream.finish(Status(code: .ok, message: ""), metadata: [:])
                forget(stream)
            } else if case .subscribe = stream.role {
                tellLeases(stream, engine.leased(by: stream.id))
            }
        }
    }

    private func send(_ stream: CoreStream) {
        guard let error = stream.flush(durability: durability) else { return }
        stream.stream.finish(Status(code: .init(error.code), message: error.message), metadata: [:])
        forget(stream)
        if case .subscribe = stream.role { step(.end(stream.id, .left)) }
    }

    private func tellLeases(_ stream: CoreStream, _ count: Int) {
        guard case .subscribe(let session, _) = stream.role, count != stream.leased else { return }
        let whole = leasedOfSession[session, default: 0] + count - stream.leased
        stream.leased = count
        leasedOfSession[session] = whole == 0 ? nil : whole
        leasesChanged(session, whole)
    }

    /// A message stays well below the least limit a peer may have, but for one large event.
    private static var maximumBatchBytes: Int { 512 << 10 }
    private static var maximumBatchEvents: Int { 1_024 }

    // MARK: Reading

    private func read(_ fetch: Fetch) -> (GroupID, Fetched) {
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
                            bytes: Array(event.bytes)[...]))
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

    private func scan(
        _ topic: TopicID, _ sequences: ClosedRange<UInt64>, _ start: UInt64, _ count: Int,
        _ bytes: Int
    ) throws -> Fetched {
        var found: [FetchedEvent] = []
        var size = 0
        var next = sequences.lowerBound
        var position = start
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
                            sequence: sequence, position: entry.position, bytes: event.bytes))
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

    private func complain(_ error: any Error, _ position: UInt64) {
        logger.error(
            "the log cannot be read; trying again",
            metadata: ["position": "\(position)", "error": "\(error)"])
    }

    // MARK: Readers

    private func pumpReaders() throws {
        readerWaits = false
        readerBusy = false
        guard !readers.isEmpty else { return }
        for index in readers.indices { pump(index) }
        readers.removeAll { streams[$0.stream.id] !== $0.stream }
    }

    private func pump(_ index: Int) {
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
    private func pumpOnce(_ index: Int) throws -> Bool {
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
        batch.caughtUp = next >= state.next
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
    private func add(
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

    private func start(_ index: Int, _ topic: DurableTopic) {
        let next: UInt64
        if let known = readers[index].next {
            next = known
        } else {
            switch readers[index].plan.start {
            case .first: next = topic.first
            case .new: next = topic.next
            case .sequence(let sequence): next = max(sequence, topic.first)
            case .time(let wall):
                readers[index].since = wall
                next = topic.point(at: wall).sequence
            }
        }
        readers[index].next = next
        readers[index].position =
            next >= topic.next ? engine.durable.nextPosition : topic.position(of: next)
    }

    private func caughtUp(_ index: Int, next: UInt64) {
        guard !readers[index].toldCaughtUp else { return }
        readers[index].toldCaughtUp = true
        let stream = readers[index].stream
        var batch = ReadBatch()
        batch.nextSequence = next
        batch.caughtUp = true
        try? stream.stream.send(batch.encode(), exempt: false)
        if !readers[index].plan.follow { finish(stream, Status(code: .ok, message: "")) }
    }

    private func finish(_ stream: CoreStream, _ status: Status) {
        stream.stream.finish(status, metadata: [:])
        streams[stream.id] = nil
    }

    // MARK: Rest, space, snapshots

    private func rest() throws {
        guard !sealed, clock().monotonic - lastAppend >= configuration.sealAfter.nanoseconds
        else { return }
        try log.seal()
        sealed = true
        if log.durablePosition >= snapshotPosition + configuration.snapshotRecords {
            writeSnapshot()
        }
    }

    private func writeSnapshot() {
        let position = log.durablePosition
        guard position == engine.durable.nextPosition - 1 else { return }
        do {
            try log.writeSnapshot(engine.durable.snapshot(), at: position)
            snapshotPosition = position
        } catch {
            // The log itself is whole; a start reads more of it.
            logger.warning("no snapshot was written", metadata: ["error": "\(error)"])
        }
    }

    private func checkSpace() {
        let now = clock().monotonic
        guard lastSpaceCheck == .min || now - lastSpaceCheck >= 500_000_000 else { return }
        lastSpaceCheck = now
        let space = log.space
        let (sum, overflow) = space.ready.addingReportingOverflow(space.free)
        let left = overflow ? Int.max : sum
        let level: Input.StorageLevel
        if left < configuration.hardFreeBytes {
            level = .outputsRefused
        } else if left < configuration.softFreeBytes || space.used >= configuration.maximumLogBytes
        {
            level = .publishesRefused
        } else {
            level = .accepting
        }
        guard level != storage else { return }
        storage = level
        step(.storage(level))
        if level == .accepting {
            logger.info("publishes are taken again", metadata: ["bytes-left": "\(left)"])
        } else {
            logger.error(
                "publishes are refused: the log is full",
                metadata: ["bytes-left": "\(left)", "bytes-used": "\(space.used)"])
        }
    }

    // MARK: For services, on the core's thread

    /// The streams that subscribe, with their groups, by session.
    var subscriptions: [(session: UInt64, group: String, leased: Int)] {
        streams.values.compactMap { stream in
            guard case .subscribe(let session, _) = stream.role, let group = stream.group else {
                return nil
            }
            return (session, group, engine.leased(by: stream.id))
        }
    }

    /// Makes sure that a group exists; the answer comes once that is durable.
    func createGroup(
        _ request: SubscriptionRequest,
        answer: @escaping (Result<GroupCreated, BusFault>) -> Void
    ) {
        nextTicket += 1
        tickets[nextTicket] = answer
        step(.createGroup(ticket: nextTicket, request))
    }

    /// Takes and gives out nothing new; tells subscribers, and `done` once nothing is leased.
    func drain(_ done: @escaping () -> Void) {
        step(.drain)
        drained = done
        for stream in streams.values {
            guard case .subscribe = stream.role else { continue }
            stream.batch.draining = true
            touch(stream)
        }
    }

    /// Waits no longer for what is leased.
    func giveUpDraining() {
        drained?()
        drained = nil
    }

    /// Ends every stream: subscribers well, the others as unavailable.
    func endStreams() {
        let fault = BusFault(
            .unavailable, .draining, "the broker stops", retryAfter: .seconds(1))
        for stream in streams.values {
            touch(stream)
            switch stream.role {
            case .subscribe: stream.finishing = true
            case .publish, .read: stream.ending = fault
            }
        }
    }

    /// Calls `body` once everything appended so far is committed.
    func afterCommit(_ body: @escaping () -> Void) {
        committed.append(body)
    }

    private func reportDrained() {
        guard let done = drained, engine.leasedCount == 0 else { return }
        drained = nil
        done()
    }

    // MARK: Recovery

    private static func recover(
        _ log: any EventLog, logger: Logger
    ) throws -> (Durable, snapshot: UInt64) {
        var durable = Durable()
        var snapshotPosition: UInt64 = 0
        if let snapshot = try log.latestSnapshot(), snapshot.position <= log.durablePosition {
            do {
                durable = try Durable(snapshot: snapshot.bytes[...])
                snapshotPosition = snapshot.position
            } catch {
                // Everything is in the log too.
                logger.warning(
                    "the snapshot is of no use; reading the whole log",
                    metadata: ["position": "\(snapshot.position)", "error": "\(error)"])
                durable = Durable()
            }
        }
        while durable.nextPosition <= log.durablePosition {
            let entries = try log.read(
                from: durable.nextPosition, maximumBytes: 1 << 20, maximumCount: 4_096)
            guard !entries.isEmpty else {
                throw RecordFailure.inconsistent("no record \(durable.nextPosition)")
            }
            for entry in entries {
                try durable.apply(
                    Record(kind: entry.kind, payload: entry.payload), position: entry.position,
                    wall: entry.wallTime)
            }
        }
        return (durable, snapshotPosition)
    }
}
