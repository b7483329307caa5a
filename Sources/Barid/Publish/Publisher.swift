internal import BaridSchema
internal import BaridTracing
public import BaridTransport
internal import Foundation
internal import GRPCCore
public import Logging
internal import Synchronization

/// Publishes events until the broker's receipt, across lost connections and broker restarts.
///
/// Events leave in batches of whatever waits; a lone event leaves at once. ``submit(_:)`` holds its
/// caller back while too much is on its way. Events without a receipt are sent again in their order
/// under the same ids, so that the broker recognises those it has. A full broker is waited for.
///
/// Use ``BaridClient/withPublisher(_:_:)``. Safe from any task. Specified in Protocols/2-bus.
public final class Publisher: Sendable {
    /// The settings of a publisher.
    public struct Configuration: Sendable {
        /// The topic.
        ///
        /// The default is `articles`.
        public var topic = PluginManifest.defaultTopic
        /// How long an event is tried, from the moment it was taken in.
        ///
        /// The default is 30 s: a broker restart fits in.
        public var deadline = Duration.seconds(30)
        /// Most events on their way.
        ///
        /// The default is 8,192: enough to fill the broker's commits.
        public var maximumOpenEvents = 8_192
        /// Most bytes on their way.
        ///
        /// The default is 16 MiB.
        public var maximumOpenBytes = 16 << 20
        /// Largest event in bytes; larger ones are refused here.
        ///
        /// The default is 1 MiB, the broker's; a broker can be set to take up to 16 MiB.
        public var maximumEventBytes = 1 << 20
        /// Most events of a batch.
        ///
        /// The default is 1,024, the protocol's limit.
        public var maximumBatchEvents = 1_024
        /// Most bytes of a batch, unless it is one event.
        ///
        /// The default is 512 KiB, half the protocol's limit: larger ones gain nothing.
        public var maximumBatchBytes = 512 << 10
        /// Longest pause before the broker is tried again; the first is 50 ms.
        ///
        /// The default is 2 s.
        public var maximumBackoff = Duration.seconds(2)

        /// Settings with every default.
        public init() {}
    }

    private struct State {
        var queue: PublishQueue
        var open = NumberedWindow<Submission>()
        var outside: [Outside] = []
        var nextNumber: UInt64 = 1
        var isFinishing = false
        var hasEnded = false
        /// The stream that is open.
        var stream: Stream?
    }

    private struct Stream {
        let call: RawCall
        /// A batch is on its way to the socket; the next one gathers meanwhile.
        var isSending = false
        var hasNamedTopic = false
        var hadReceipts = false
    }

    /// What the queue's state asks for, once the lock is given back.
    private enum Step {
        case open
        case send(Barid_Bus_V1_PublishRequest, RawCall)
    }

    /// A submission that waits for room.
    private struct Outside {
        var number: UInt64
        var bytes: Data
        var submission: Submission
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let connection: Connection
    private let configuration: Configuration
    private let logger: Logger
    private let tracer = Tracer.shared
    private let state: Mutex<State>
    private let toOpen = Signal()
    private let toExpire = Signal()
    private let toResume = Signal()
    private let drained = Signal()

    /// Makes a publisher; it works while ``run()`` does.
    ///
    /// - Parameters:
    ///   - connection: The connection to the broker, such as ``BaridClient/connection``.
    ///   - configuration: Limits and times.
    ///   - logger: Where lost and regained streams are told.
    public init(
        connection: Connection, configuration: Configuration = .init(),
        logger: Logger = Logger(label: "barid.publisher")
    ) {
        self.connection = connection
        self.configuration = configuration
        self.logger = logger
        let limits = PublishQueue.Limits(
            events: configuration.maximumOpenEvents, bytes: configuration.maximumOpenBytes,
            batchEvents: configuration.maximumBatchEvents,
            batchBytes: configuration.maximumBatchBytes)
        state = Mutex(State(queue: PublishQueue(limits: limits)))
    }

    /// Publishes one event and waits for its receipt.
    ///
    /// - Parameter event: The event.
    /// - Returns: The receipt.
    /// - Throws: `RPCError`: `.invalidArgument` if it is no valid event or too large,
    ///   `.deadlineExceeded` with reason `OUTCOME_UNKNOWN` if no receipt came in time, or the broker's
    ///   refusal.
    @discardableResult
    public func publish(_ event: EventEnvelope) async throws -> Receipt {
        try await submit(event).outcome().get()
    }

    /// Takes in one event; waits while too much is on its way.
    ///
    /// - Parameter event: The event.
    /// - Returns: The submission, to wait for its outcome.
    /// - Throws: `RPCError` with code `.invalidArgument` if it is no valid event or too large,
    ///   `.failedPrecondition` after ``finish()``; `CancellationError` if the task is cancelled while
    ///   there is no room (the event is not sent then).
    public func submit(_ event: EventEnvelope) async throws -> Submission {
        let bytes = try event.checkedData()
        guard bytes.count <= configuration.maximumEventBytes else {
            throw RPCError(
                code: .invalidArgument,
                message: """
                    the event has \(bytes.count) bytes; at most \(configuration.maximumEventBytes) \
                    are allowed
                    """, metadata: [RPCError.reasonKey: "EVENT_TOO_LARGE"])
        }
        let submission = Submission(
            span: tracer.flatMap { PublishSpan(event, topic: configuration.topic, tracer: $0) })
        let (waits, step, isFirst) = try state.withLock { state in
            guard !state.isFinishing else { throw Self.finished }
            let number = state.nextNumber
            state.nextNumber += 1
            guard state.outside.isEmpty, state.queue.hasRoom(for: bytes.count) else {
                return (UInt64?.some(number), Step?.none, false)
            }
            // Who expires sleeps until the oldest is due, and needs a notice only of the first.
            let isFirst = state.queue.openEvents == 0
            admit(number: number, bytes: bytes, submission, into: &state)
            return (nil, nextStep(&state), isFirst)
        }
        if let number = waits { try await waitForRoom(number: number, bytes: bytes, submission) }
        take(step)
        if isFirst { toExpire.notify() }
        return submission
    }

    /// Takes nothing in any more; ``run()`` returns when everything has its outcome.
    public func finish() {
        state.withLock { $0.isFinishing = true }
        drained.notify()
    }

    /// Sends and receives until ``finish()`` was called and everything has its outcome.
    ///
    /// If the task is cancelled, what is open is resolved as it stands: refused if it was never sent,
    /// else unknown.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepStreaming() }
            group.addTask { await self.keepExpiring() }
            group.addTask { await self.keepResuming() }
            group.addTask {
                while !self.isDrained && !Task.isCancelled { await self.drained.wait() }
                guard let call = self.state.withLock({ $0.stream?.call }) else { return }
                // The broker's status ends the stream; one that says nothing is not waited for.
                call.halfClose()
                try? await Task.sleep(for: .seconds(1))
            }
            await group.next()
            group.cancelAll()
        }
        let error = RPCError(code: .cancelled, message: "the publisher was stopped")
        apply { state in
            state.isFinishing = true
            state.hasEnded = true
            return state.queue.giveUp(error)
        }
        let outside = state.withLock { state in
            defer { state.outside = [] }
            return state.outside
        }
        for waiting in outside { waiting.continuation.resume(throwing: Self.finished) }
    }

    // MARK: Room

    private func admit(
        number: UInt64, bytes: Data, _ submission: Submission, into state: inout State
    ) {
        state.open.insert(submission, at: number)
        state.queue.submit(number: number, bytes: bytes, deadline: .now + configuration.deadline)
    }

    private func waitForRoom(number: UInt64, bytes: Data, _ submission: Submission) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let refusal: (any Error)? = state.withLock { state in
                    guard !state.hasEnded else { return Self.finished }
                    guard !Task.isCancelled else { return CancellationError() }
                    let outside = Outside(
                        number: number, bytes: bytes, submission: submission,
                        continuation: continuation)
                    // Another task may have come in between; the numbers keep the order.
                    let place = state.outside.firstIndex { $0.number > number }
                    state.outside.insert(outside, at: place ?? state.outside.endIndex)
                    return nil
                }
                if let refusal { return continuation.resume(throwing: refusal) }
                // Room may have come since it was found full.
                apply { _ in [] }
            }
        } onCancel: {
            let outside = state.withLock { state in
                state.outside.firstIndex { $0.number == number }.map {
                    state.outside.remove(at: $0)
                }
            }
            outside?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Changes the queue, tells outcomes, lets in what has room now, and wakes whom it concerns.
    private func apply(_ change: (inout State) -> [PublishQueue.Resolution]) {
        var resolved: [(Submission, PublishOutcome)] = []
        var admitted: [Outside] = []
        let (step, isPaused, isEnding) = state.withLock { state in
            let resolutions = change(&state)
            resolved.reserveCapacity(resolutions.count)
            for resolution in resolutions {
                guard let submission = state.open.remove(resolution.number) else {
                    continue
                }
                resolved.append((submission, resolution.outcome))
            }
            while let first = state.outside.first, !state.hasEnded,
                state.queue.hasRoom(for: first.bytes.count)
            {
                state.outside.removeFirst()
                admit(number: first.number, bytes: first.bytes, first.submission, into: &state)
                admitted.append(first)
            }
            return (
                nextStep(&state), state.queue.pausedUntil != nil,
                state.isFinishing || state.hasEnded
            )
        }
        for (submission, outcome) in resolved { submission.resolve(outcome) }
        for outside in admitted { outside.continuation.resume() }
        take(step)
        if !admitted.isEmpty { toExpire.notify() }
        if isPaused { toResume.notify() }
        if isEnding { drained.notify() }
    }

    private var isDrained: Bool {
        state.withLock { $0.isFinishing && $0.queue.openEvents == 0 && $0.outside.isEmpty }
    }

    private static let finished = RPCError(
        code: .failedPrecondition, message: "the publisher takes nothing any more")

    // MARK: Sending

    /// Takes the next batch out, unless one is on its way to the socket.
    ///
    /// So batches stay in their order, whichever thread sends them, and grow with what comes
    /// meanwhile.
    private func nextStep(_ state: inout State) -> Step? {
        guard let stream = state.stream else { return state.queue.waiting.isEmpty ? nil : .open }
        guard !stream.isSending else { return nil }
        let batch = state.queue.takeBatch(now: .now)
        guard !batch.isEmpty else { return nil }
        var request = Barid_Bus_V1_PublishRequest()
        request.events = batch
        if !stream.hasNamedTopic { request.topic = configuration.topic }
        state.stream?.hasNamedTopic = true
        state.stream?.isSending = true
        return .send(request, stream.call)
    }

    private func take(_ step: Step?) {
        switch step {
        case .open: toOpen.notify()
        case .send(let request, let call): call.send(request)
        case nil: break
        }
    }

    /// Takes the receipts of one stream.
    private final class Receiver: RawCallReceiver {
        private let publisher: Publisher

        init(_ publisher: Publisher) { self.publisher = publisher }

        func received(_ message: [UInt8]) throws(RPCError) {
            let response = try Barid_Bus_V1_PublishResponse(received: message)
            var failure: RPCError?
            publisher.apply { state in
                state.stream?.hadReceipts = true
                do throws(RPCError) {
                    return try state.queue.receive(response, now: .now)
                } catch {
                    failure = error
                    return []
                }
            }
            if let failure { throw failure }
        }

        func sent() {
            publisher.apply { state in
                state.stream?.isSending = false
                return []
            }
        }
    }

    // MARK: Tasks

    private func keepStreaming() async {
        var backoff = Backoff(first: .milliseconds(50), longest: configuration.maximumBackoff)
        while !Task.isCancelled && !isDrained {
            guard state.withLock({ !$0.queue.waiting.isEmpty }) else {
                await toOpen.wait()
                continue
            }
            var failure: RPCError?
            do {
                let method = Barid_Bus_V1_EventBus.Method.Publish.descriptor
                let call = try connection.call(method, receiver: Receiver(self))
                apply { state in
                    state.stream = Stream(call: call)
                    return []
                }
                try await call.end()
            } catch {
                failure = error
            }
            var hadReceipts = false
            apply { state in
                hadReceipts = state.stream?.hadReceipts ?? false
                state.stream = nil
                return state.queue.streamEnded(failure, now: .now)
            }
            guard !Task.isCancelled, !isDrained else { return }
            logger.debug(
                "publish stream lost",
                metadata: [
                    "code": "\(failure.map { "\($0.code)" } ?? "OK")",
                    "error": "\(failure?.message ?? "ended by the broker")",
                ])
            if hadReceipts { backoff.reset() }
            try? await Task.sleep(for: backoff.pause())
        }
    }

    /// Goes on where the broker asked for a pause.
    private func keepResuming() async {
        while !Task.isCancelled {
            guard let instant = state.withLock({ $0.queue.pausedUntil }) else {
                await toResume.wait()
                continue
            }
            try? await Task.sleep(until: instant, clock: .continuous)
            apply { state in
                state.queue.endPause(now: .now)
                return []
            }
        }
    }

    private func keepExpiring() async {
        while !Task.isCancelled {
            guard let deadline = state.withLock({ $0.queue.nextDeadline }) else {
                await toExpire.wait()
                continue
            }
            guard deadline <= .now else {
                // Younger events are overdue later, so nothing needs to shorten this sleep.
                try? await Task.sleep(until: deadline, clock: .continuous)
                continue
            }
            apply { $0.queue.expire(now: .now) }
        }
    }
}

extension BaridClient {
    /// Publishes events: runs a publisher around `body`, and waits for all outcomes after it.
    ///
    /// - Parameters:
    ///   - configuration: Limits and times.
    ///   - body: The work; events it submitted without waiting have their outcome when this returns.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; then what is open is given up.
    public func withPublisher<Result: Sendable>(
        _ configuration: Publisher.Configuration = .init(),
        _ body: (Publisher) async throws -> Result
    ) async throws -> Result {
        try await Publisher(connection: connection, configuration: configuration).running(body)
    }
}

extension Publisher {
    /// Runs this publisher around `body`.
    func running<Result: Sendable>(
        _ body: (Publisher) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            do {
                let result = try await body(self)
                finish()
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}
