internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import BaridTracing
internal import Foundation
internal import GRPCCore
internal import Logging

/// The owner of engine and log, on one thread: takes what is waiting, steps the engine through
/// it, commits once, and only then lets the effects out.
///
/// While the disk is at work on a large commit it goes on, for the next one.
///
/// Nothing here is shared; other threads reach it by its ``Mailbox``.
final class Core {
    var engine: Engine
    let log: any EventLog
    let durability: Durability
    let configuration: CoreConfiguration
    let logger: Logger
    let clock: () -> Instant
    let leasesChanged: (_ session: UInt64, _ events: Int) -> Void
    /// Runs what gives messages to several streams.
    let sendTogether: (() -> Void) -> Void

    var streams: [StreamID: CoreStream] = [:]
    var touched: [CoreStream] = []
    var readers: [Reader] = []
    var actions: [Action] = []
    /// What the next commit makes durable, and what waits for it.
    var pending = Commit()
    /// The commit that the disk is at work on.
    var underWay: Commit?
    /// The one that was let out last, whose memory is used again.
    var spare: Commit?
    /// Called on any thread when the disk is done with the commit that was under way.
    let commitEnded: @Sendable () -> Void
    var tickets: [UInt64: (Result<GroupCreated, BusFault>) -> Void] = [:]
    var operations: [UInt64: (Result<GroupOperated, BusFault>) -> Void] = [:]
    var nextTicket: UInt64 = 0
    var leasedOfSession: [UInt64: Int] = [:]
    var drained: (() -> Void)?
    /// What the engine wants read next.
    var fetches: [Fetch] = []
    var lastAppend: Int64 = .min
    var sealed = true
    var lastSpaceCheck: Int64 = .min
    var bytesSinceSpaceCheck = 0
    var storage = Input.StorageLevel.accepting
    /// What health says of publishing.
    let acceptance = Acceptance()
    var snapshotPosition: UInt64 = 0
    /// Payload bytes appended since the last snapshot was begun.
    var bytesSinceSnapshot = 0
    var snapshotIsUnderWay = false
    /// Since when commits wait for a sync; with interval durability only.
    var unsyncedSince: Int64?
    /// Payload bytes appended since the start.
    var appendedBytes: UInt64 = 0
    var growth = GrowthRate()
    var lastRetention: Int64 = .min
    /// Of each topic the first sequence from a position on, as last looked up.
    var knownFirsts: (end: UInt64, sequences: [UInt64])?
    /// When a snapshot last could not be written.
    var snapshotFailed: Int64 = .min
    /// Where events lie, while somebody asks for that.
    var index: EventIndex?
    var indexUsed: Int64 = .min
    /// Who waits for the index to be up to date.
    var indexWaiters: [IndexWaiter] = []
    /// What operators are shown.
    var figures = CoreFigures()
    /// Where spans of events are recorded.
    let tracer = Tracer.shared
    /// Of groups the oldest event that is not done, and when it was stored, as last read.
    var knownOldest: [Int: (sequence: UInt64, wall: Int64)] = [:]
    /// A reader's stream has no room.
    var readerWaits = false
    /// A reader has more to look at at once.
    var readerBusy = false

    /// Recovers the state from the log and begins a new epoch.
    ///
    /// - Throws: `LogError` when the log cannot be read or written, `RecordFailure` when what it
    ///   holds makes no sense to this version.
    init(
        log: any EventLog, durability: Durability, configuration: CoreConfiguration,
        logger: Logger, key: HashKey? = nil, clock: @escaping () -> Instant = SystemClock().now,
        leasesChanged: @escaping (UInt64, Int) -> Void = { _, _ in },
        sendTogether: @escaping (() -> Void) -> Void = { $0() },
        commitEnded: @escaping @Sendable () -> Void = {}
    ) throws {
        self.log = log
        self.durability = durability
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.leasesChanged = leasesChanged
        self.sendTogether = sendTogether
        self.commitEnded = commitEnded
        let (durable, snapshot) = try Self.recover(log, logger: logger)
        snapshotPosition = snapshot
        engine = Engine(configuration: configuration.engine, durable: durable)
        var random = SystemRandomNumberGenerator()
        engine.open(
            key: key ?? HashKey(low: random.next(), high: random.next()), at: clock(),
            into: &actions)
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
            case .perform(let body):
                // Whoever asks finds in the log what the engine knows of.
                try commitEverything()
                body(self)
            default: deal(with: mail)
            }
            if pending.bytes >= configuration.commitBytes {
                _ = try endCommit(waiting: true)
                try advance()
                checkSpace()
            }
        }
        if let wake = engine.nextWake, wake <= clock().monotonic { step(.tick) }
        try advance()
        try syncWhatWaited()
        try keepSnapshotFresh()
        try pumpReaders()
        pumpIndex()
        if goesOn {
            try retain()
            try rest()
        }
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
        writeLastSnapshot()
        try log.close()
    }

    /// In how many nanoseconds there is something to do without mail; `nil` when nothing is due.
    func nextWait() -> Int64? {
        let now = clock().monotonic
        var wait = engine.nextWake.map { max(0, $0 - now) }
        if !sealed, underWay == nil {
            let rest = max(0, lastAppend + configuration.sealAfter.nanoseconds - now)
            wait = min(wait ?? .max, rest)
        }
        if let since = unsyncedSince, let interval = durability.syncInterval {
            wait = min(wait ?? .max, max(0, since + interval.nanoseconds - now))
        }
        // There is no word when a slow reader has room again; it is looked at now and then.
        if readerBusy || !fetches.isEmpty || !indexWaiters.isEmpty { return 0 }
        if readerWaits { wait = min(wait ?? .max, 20_000_000) }
        if !configuration.retention.keepAll {
            wait = min(wait ?? .max, configuration.retentionInterval.nanoseconds)
        }
        if storage != .accepting { wait = min(wait ?? .max, 1_000_000_000) }
        return wait
    }

    // MARK: Mail

    private func deal(with mail: Mail) {
        switch mail {
        case .opened(let id, let stream, let role):
            streams[id] = CoreStream(id: id, stream: stream, role: role)
        case .request(let id, let input, let bytes, let arrived):
            guard let stream = streams[id] else { return }
            if case .publish(_, _, let events) = input {
                pending.dueReceipts.append(
                    DueReceipts(arrived: arrived ?? clock().monotonic, events: events.count))
            }
            if case .subscribe(_, let backlog) = stream.role {
                backlog?.remove(bytes)
            } else {
                pending.addCredit(bytes, of: stream)
            }
            step(input)
        case .subscribe(let id, let request, let start):
            subscribe(id, request, start)
        case .refused(let id, let receipts, let bytes):
            guard let stream = streams[id] else { return }
            pending.addCredit(bytes, of: stream)
            pending.effects.append(.receipts(id, receipts))
        case .read(let id, let plan):
            guard let stream = streams[id] else { return }
            readers.append(Reader(stream: stream, plan: plan))
        case .halfClosed(let id):
            guard let stream = streams[id] else { return }
            if case .subscribe = stream.role { step(.end(id, .left)) }
            guard stream.role != .read else { return }
            pending.closing.append(stream)
        case .closed(let id, let cause):
            guard let stream = streams[id] else { return }
            forget(stream)
            if case .subscribe = stream.role { step(.end(id, cause)) }
        case .perform, .commitEnded, .stop:
            break
        }
    }

    private func subscribe(_ id: StreamID, _ request: SubscriptionRequest, _ start: GroupStart) {
        guard let stream = streams[id] else { return }
        var request = request
        do {
            request.start = try resolve(start, ofTopic: request.topic)
            step(.subscribe(id, request))
        } catch {
            complain(error, engine.durable.nextPosition)
            finish(stream, Status(code: .dataLoss, message: "the log cannot be read: \(error)"))
        }
    }

    private func forget(_ stream: CoreStream) {
        streams[stream.id] = nil
        if stream.role == .read { readers.removeAll { $0.stream === stream } }
        tellLeases(stream, 0)
    }

    func touch(_ stream: CoreStream) {
        guard !stream.touched else { return }
        stream.touched = true
        touched.append(stream)
    }

    // MARK: Steps and effects

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
                pending.add(entry)
                if let tracer { begin(record, tracer) }
                tell(of: record)
            } else {
                pending.effects.append(action)
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
            guard logger.logLevel <= .info else { return }
            logger.info(
                "attempt failed",
                metadata: [
                    "group": "\(name(of: group))", "sequence": "\(sequence)",
                    "attempt": "\(attempt.attempt)", "worker": "\(attempt.worker)",
                    "reason": "\(attempt.fault.reason)",
                ].merging(
                    identity(of: sequence, at: engine.position(of: sequence, in: group))
                ) { $1 })
        case .groupPaused(let group, let paused):
            logger.notice(
                paused ? "group paused" : "group resumed",
                metadata: ["group": "\(name(of: group))"])
        case .groupReset(let group, let start):
            logger.notice(
                "group reset",
                metadata: ["group": "\(name(of: group))", "start": "\(start)"])
        case .groupDeleted(let group):
            logger.notice("group deleted", metadata: ["group": "\(name(of: group))"])
        case .replay(let group, let number, let ranges):
            logger.notice(
                "events are due again",
                metadata: [
                    "group": "\(name(of: group))", "replay": "\(number)",
                    "events": "\(ranges.reduce(0) { $0 + $1.count })",
                ])
        case .deadLetter(let letter):
            logger.warning(
                "dead letter",
                metadata: [
                    "group": "\(name(of: letter.group))", "sequence": "\(letter.sequence)",
                    "reason": "\(letter.fault.reason)", "error": "\(letter.fault.message)",
                ].merging(identity(of: letter.sequence, at: letter.eventPosition)) { $1 })
        case .deadLettersRemoved(let group, let positions):
            logger.warning(
                "dead letters purged",
                metadata: ["group": "\(name(of: group))", "count": "\(positions.count)"])
        default:
            break
        }
    }

    /// What identifies an event in a line about it, by the names the workers use; nothing when it
    /// cannot be read.
    private func identity(of sequence: UInt64, at position: UInt64?) -> Logger.Metadata {
        guard let position, position > 0, position <= log.durablePosition,
            let block = try? events(from: position, bytes: 1, count: 1).first?.block,
            sequence >= block.firstSequence,
            sequence - block.firstSequence < UInt64(block.events.count),
            let event = try? Barid_Bus_V1_Event(
                serializedBytes: Array(block.events[Int(sequence - block.firstSequence)].bytes))
        else { return [:] }
        var metadata: Logger.Metadata = ["event": "\(event.id)"]
        if !event.subject.isEmpty { metadata["subject"] = "\(event.subject)" }
        let trace = event.traceparent.split(separator: "-")
        if trace.count == 4, trace[1].utf8.count == 32 { metadata["trace"] = "\(trace[1])" }
        return metadata
    }

    private func name(of group: GroupID) -> String {
        engine.durable.groups[Int(group.number)].definition.name
    }

    func release(_ effect: Action) {
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
        case .settleRefused(let id, let sequence, let attempt, let turn, let fault):
            guard let stream = streams[id] else { return }
            stream.batch.refuse(sequence: sequence, attempt: attempt, turn: turn, fault)
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
        case .operated(let ticket, let result):
            operations.removeValue(forKey: ticket)?(result)
        }
    }

    func flushStreams() {
        guard !touched.isEmpty else { return }
        sendTogether { flushTouched() }
    }

    private func flushTouched() {
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
    static var maximumBatchBytes: Int { 512 << 10 }
    static var maximumBatchEvents: Int { 1_024 }
}
