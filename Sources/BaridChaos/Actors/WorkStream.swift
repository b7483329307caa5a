internal import Barid
internal import BaridProof
internal import BaridSchema
internal import GRPCCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One Subscribe stream of a proof's worker.
final class WorkStream: Sendable {
    private struct State {
        var desk: WorkDesk
        /// Last time that the broker was heard of.
        var heard = MonotonicTime.now
        /// What was acked before its effect.
        var late: [WorkDesk.Held] = []
        var hasEnded = false
        var failure: (any Error)?
    }

    private let worker: ProvenWorker
    private let session: String
    private let writer: HistoryWriter
    private let effects: EffectStore?
    private let stop: StopFlag
    private let state: Mutex<State>

    init(
        worker: ProvenWorker, session: String, writer: HistoryWriter, effects: EffectStore?,
        stop: StopFlag
    ) {
        self.worker = worker
        self.session = session
        self.writer = writer
        self.effects = effects
        self.stop = stop
        state = Mutex(State(desk: WorkDesk(credit: worker.credit)))
    }

    func run(on client: BaridClient) async throws {
        var result = Result<Void, any Error>.success(())
        do {
            try await client.eventBus.subscribe(
                metadata: [:], options: .defaults,
                requestProducer: { writer in
                    try await writer.write(self.first)
                    while let request = try self.next() {
                        if let request {
                            try await writer.write(request)
                        } else {
                            try await Task.sleep(for: .milliseconds(2))
                        }
                    }
                },
                onResponse: { response in
                    defer { self.state.withLock { $0.hasEnded = true } }
                    for try await message in response.messages { try self.receive(message) }
                })
        } catch {
            result = .failure(error)
        }
        try close()
        if let failure = state.withLock({ $0.failure }) { throw failure }
        try result.get()
    }

    private var first: Barid_Bus_V1_SubscribeRequest {
        .with {
            $0.subscription.topic = ProvenEvent.topic
            $0.subscription.group = worker.group
            $0.subscription.types = [ProvenEvent.type]
            $0.subscription.start.at = .first
            $0.subscription.leaseMs = UInt32(clamping: worker.lease.milliseconds)
            $0.subscription.maximumDeliveries = worker.maximumDeliveries
            $0.subscription.worker = worker.name
            $0.subscription.turns = true
        }
    }

    /// The next request; inner nil when there is nothing to say yet, outer nil at the end.
    private func next() throws -> Barid_Bus_V1_SubscribeRequest?? {
        try state.withLock { state in
            guard !state.hasEnded else { return nil }
            if stop.isSet { state.desk.drain() }
            guard let (request, notes) = try state.desk.takeRequest(now: .now) else {
                return stop.isSet && state.desk.isIdle ? nil : .some(nil)
            }
            try write(notes)
            return request
        }
    }

    private func receive(_ message: Barid_Bus_V1_SubscribeResponse) throws {
        do {
            try state.withLock { state in
                state.heard = MonotonicTime.now
                let notes = try state.desk.receive(message, now: .now)
                try write(notes)
                guard worker.acksTooEarly, message.settled > 0 else { return }
                try state.late.forEach { try effects?.apply($0) }
                state.late = notes.compactMap { note in
                    if case .settled(let held, .ack) = note { held } else { nil }
                }
            }
        } catch {
            state.withLock { $0.failure = error }
            throw error
        }
    }

    /// What was said and not answered is unknown now, and everything held is somebody else's.
    private func close() throws {
        try state.withLock { state in
            try state.late.forEach { try effects?.apply($0) }
            try writer.append(
                state.desk.unanswered.flatMap { entries(.ackUnknown, $0.held, $0.how) })
            let heard = state.heard
            try writer.append(.sessionEnd) {
                $0.session = session
                $0.from = heard
            }
        }
    }

    private func write(_ notes: [WorkDesk.Note]) throws {
        for case .settling(let held, .ack) in notes where !worker.acksTooEarly {
            try effects?.apply(held)
        }
        try writer.append(notes.flatMap(entries))
        for case .poisoned in notes { kill(getpid(), SIGKILL) }
    }

    private func entries(_ note: WorkDesk.Note) -> [HistoryEntry] {
        switch note {
        case .delivered(let held):
            [
                entry(.deliver, held) {
                    $0.hash = String(held.hash, radix: 16)
                    $0.key = held.key
                    $0.type = ProvenEvent.type
                    $0.offset = held.token.sequence
                    $0.lease = worker.lease.milliseconds * 1_000_000
                }
            ]
        case .settling(let held, let how): entries(.ackTry, held, how)
        case .settled(let held, let how): entries(.ackOK, held, how)
        case .stale(let held, let how): entries(.ackStale, held, how)
        case .poisoned: []
        case .phantom(let token, let event):
            [
                HistoryEntry(.deliver, time: MonotonicTime.now, actor: worker.name) {
                    $0.event = event
                    $0.group = worker.group
                    $0.topic = ProvenEvent.topic
                    $0.session = session
                    $0.offset = token.sequence
                    $0.token = .init(token)
                }
            ]
        }
    }

    /// A settlement, and with it what became of the event that the ack emits.
    private func entries(
        _ operation: HistoryEntry.Operation, _ held: WorkDesk.Held, _ how: WorkDesk.How
    ) -> [HistoryEntry] {
        let settlement = entry(operation, held) {
            switch how {
            case .ack: $0.how = .ack
            case .nack: $0.how = .nack
            case .reject: $0.how = .reject
            }
        }
        guard case .ack(let output?) = how else { return [settlement] }
        var emitted = HistoryEntry(.publishTry, time: MonotonicTime.now, actor: worker.name)
        switch operation {
        case .ackOK: emitted.operation = .publishOK
        case .ackStale, .ackUnknown: emitted.operation = .publishUnknown
        default: break
        }
        emitted.event = output.id
        emitted.topic = ProvenEvent.topic
        emitted.hash = String(PayloadHash.of(output.body), radix: 16)
        emitted.key = output.key
        emitted.type = ProvenEvent.outputType
        return [emitted, settlement]
    }

    private func entry(
        _ operation: HistoryEntry.Operation, _ held: WorkDesk.Held,
        _ fill: (inout HistoryEntry) -> Void
    ) -> HistoryEntry {
        HistoryEntry(operation, time: MonotonicTime.now, actor: worker.name) {
            $0.event = held.event
            $0.group = worker.group
            $0.topic = ProvenEvent.topic
            $0.session = session
            $0.token = .init(held.token)
            fill(&$0)
        }
    }
}

extension HistoryEntry.Token {
    init(_ token: LeaseToken) {
        self.init(epoch: token.epoch, turn: token.turn, attempt: UInt64(token.attempt))
    }
}
