internal import BaridSchema
internal import Foundation
internal import GRPCCore

/// What is on its way to the broker, as a value: no clock, no stream, no task inside.
///
/// An entry is `waiting` (to be sent) or `sent` (a receipt is awaited). Receipts come in the order of
/// sending, so an entry that was given up stays among the sent ones until its receipt or the end of
/// the stream. When a stream ends, what it left open waits again, in the order of submission.
struct PublishQueue {
    typealias Instant = ContinuousClock.Instant

    struct Entry {
        let number: UInt64
        let bytes: Data
        let deadline: Instant
        var sendings = 0
        /// It was sent, and the broker did not say that it refused it.
        var mayBeStored = false
        var isResolved = false
    }

    struct Limits {
        var events: Int
        var bytes: Int
        var batchEvents: Int
        var batchBytes: Int
    }

    struct Resolution: Equatable {
        var number: UInt64
        var outcome: PublishOutcome
    }

    let limits: Limits
    private(set) var waiting = FIFO<Entry>()
    private(set) var sent = FIFO<Entry>()
    /// Events and bytes taken in and not resolved.
    private(set) var openEvents = 0
    private(set) var openBytes = 0
    /// Nothing is sent before this: the broker asked for a pause.
    private(set) var pausedUntil: Instant?
    private var lastError = RPCError(code: .unavailable, message: "no broker was reached")

    init(limits: Limits) { self.limits = limits }

    /// Whether an event of this size may come in; one event always may when there is nothing else.
    func hasRoom(for size: Int) -> Bool {
        openEvents == 0 || (openEvents < limits.events && openBytes + size <= limits.bytes)
    }

    mutating func submit(number: UInt64, bytes: Data, deadline: Instant) {
        waiting.append(Entry(number: number, bytes: bytes, deadline: deadline))
        openEvents += 1
        openBytes += bytes.count
    }

    /// Lets batches leave again once the pause is over.
    mutating func endPause(now: Instant) {
        if let instant = pausedUntil, now >= instant { pausedUntil = nil }
    }

    /// Takes everything that waits, up to the size of a batch; empty when there is nothing to send.
    mutating func takeBatch(now: Instant) -> [Data] {
        endPause(now: now)
        guard pausedUntil == nil else { return [] }
        var batch: [Data] = []
        var size = 0
        batch.reserveCapacity(min(waiting.count, limits.batchEvents))
        while batch.count < limits.batchEvents, let bytes = waiting.first({ $0.bytes.count }) {
            size += bytes
            guard batch.isEmpty || size <= limits.batchBytes, var entry = waiting.popFirst() else {
                break
            }
            entry.sendings += 1
            entry.mayBeStored = true
            batch.append(entry.bytes)
            sent.append(entry)
        }
        return batch
    }

    /// Takes the receipts of one response.
    ///
    /// - Throws: `.internalError` if there are more receipts than events were sent.
    mutating func receive(
        _ response: Barid_Bus_V1_PublishResponse, now: Instant
    ) throws(RPCError) -> [Resolution] {
        var resolutions: [Resolution] = []
        for range in response.receipts {
            guard range.count > 0, let count = Int(exactly: range.count), count <= sent.count else {
                throw RPCError(
                    code: .internalError,
                    message: "the broker sent \(range.count) receipts; \(sent.count) are awaited")
            }
            if range.hasError {
                let entries = (0..<count).compactMap { _ in sent.popFirst() }
                refuse(entries, RPCError(range.error), now: now, into: &resolutions)
                continue
            }
            let (_, overflow) = range.firstSequence.addingReportingOverflow(UInt64(count) - 1)
            guard !overflow, range.firstSequence > 0 else {
                throw RPCError(code: .internalError, message: "a receipt without sequence")
            }
            var sequence = range.firstSequence
            resolutions.reserveCapacity(resolutions.count + count)
            for _ in 0..<count {
                guard let entry = sent.popFirst() else { break }
                let receipt = Receipt(
                    sequence: sequence, duplicate: range.duplicate,
                    durability: response.durability, sendings: entry.sendings)
                resolve(entry, .stored(receipt), into: &resolutions)
                sequence &+= 1
            }
        }
        return resolutions
    }

    /// The stream is gone; what it left open waits again, unless the error is for good.
    mutating func streamEnded(_ error: RPCError?, now: Instant) -> [Resolution] {
        // What the broker refused for now may already wait among them.
        wait(with: sent.filter { !$0.isResolved })
        sent = FIFO()
        guard let error else { return [] }
        lastError = error
        if error.code == .resourceExhausted { pause(error, now: now) }
        switch Fate(error.code) {
        case .retry, .release, .pause: return []
        case .deadLetter:
            return resolveAll { $0.mayBeStored ? .unknown(error) : .refused(error) }
        }
    }

    /// Gives up what is overdue.
    mutating func expire(now: Instant) -> [Resolution] {
        var resolutions: [Resolution] = []
        for entry in sent where entry.deadline <= now {
            resolve(entry, .unknown(lastError), into: &resolutions)
        }
        sent.forEach { entry in
            if entry.deadline <= now { entry.isResolved = true }
        }
        for entry in waiting where entry.deadline <= now {
            resolve(
                entry, entry.mayBeStored ? .unknown(lastError) : .refused(notStored),
                into: &resolutions)
        }
        if waiting.contains(where: { $0.deadline <= now }) {
            waiting = FIFO(waiting.filter { $0.deadline > now })
        }
        return resolutions
    }

    /// The publisher stops: nothing that is open will hear of the broker again.
    mutating func giveUp(_ error: RPCError) -> [Resolution] {
        resolveAll { $0.mayBeStored ? .unknown(error) : .refused(error) }
    }

    /// When something is overdue next.
    var nextDeadline: Instant? {
        let open = sent.lazy.filter { !$0.isResolved }.map(\.deadline)
        return [open.min(), waiting.lazy.map(\.deadline).min()].compactMap(\.self).min()
    }

    private var notStored: RPCError {
        RPCError(
            code: lastError.code == .resourceExhausted ? .resourceExhausted : .deadlineExceeded,
            message: "not stored within the deadline: \(lastError.message)",
            metadata: lastError.metadata)
    }

    private mutating func refuse(
        _ entries: [Entry], _ error: RPCError, now: Instant,
        into resolutions: inout [Resolution]
    ) {
        switch Fate(error.code) {
        case .deadLetter, .release:
            for entry in entries { resolve(entry, .refused(error), into: &resolutions) }
        case .retry, .pause:
            // The broker is full or busy: these wait again, before everything younger.
            lastError = error
            pause(error, now: now)
            wait(
                with: entries.filter { !$0.isResolved }.map { entry in
                    var entry = entry
                    entry.mayBeStored = false
                    return entry
                })
        }
    }

    /// Lets entries wait again among the others, in the order of submission.
    private mutating func wait(with entries: [Entry]) {
        guard !entries.isEmpty else { return }
        waiting = FIFO((entries + waiting).sorted { $0.number < $1.number })
    }

    private mutating func pause(_ error: RPCError, now: Instant) {
        pausedUntil = now + (error.retryAfter ?? .milliseconds(250))
    }

    private mutating func resolve(
        _ entry: Entry, _ outcome: PublishOutcome, into resolutions: inout [Resolution]
    ) {
        guard !entry.isResolved else { return }
        openEvents -= 1
        openBytes -= entry.bytes.count
        resolutions.append(Resolution(number: entry.number, outcome: outcome))
    }

    private mutating func resolveAll(_ outcome: (Entry) -> PublishOutcome) -> [Resolution] {
        var resolutions: [Resolution] = []
        for entry in sent { resolve(entry, outcome(entry), into: &resolutions) }
        for entry in waiting { resolve(entry, outcome(entry), into: &resolutions) }
        sent = FIFO()
        waiting = FIFO()
        return resolutions
    }
}
