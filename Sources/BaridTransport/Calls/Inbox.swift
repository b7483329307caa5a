internal import GRPCCore
internal import Synchronization

/// What arrived on a stream and waits for the application, as an asynchronous sequence.
///
/// It is bounded by credit: the peer gets new credit as the application reads. Made for one reader.
final class Inbox<Part: Sendable>: AsyncSequence, Sendable {
    typealias Failure = any Error

    struct Entry: Sendable {
        var part: Part
        var charge = 0
        var exempt = 0
    }

    private struct State {
        var entries: [Entry] = []
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<Void, Never>?
        var isAbandoned = false
        /// Credit of everything delivered that was not given back yet.
        var charge = 0
        var exempt = 0
    }

    private let handle: StreamHandle
    private let state = Mutex(State())

    init(handle: StreamHandle) {
        self.handle = handle
    }

    /// Adds a part, on the socket thread; false if nobody will read it.
    func deliver(_ part: Part, charge: Int = 0, exempt: Int = 0) -> Bool {
        let (accepted, reader) = state.withLock { state in
            guard !state.isAbandoned, state.end == nil else {
                return (false, nil as CheckedContinuation<Void, Never>?)
            }
            state.entries.append(Entry(part: part, charge: charge, exempt: exempt))
            state.charge += charge
            state.exempt += exempt
            defer { state.reader = nil }
            return (true, state.reader)
        }
        reader?.resume()
        return accepted
    }

    /// Ends the sequence after what was delivered; the first end counts.
    func finish(_ end: Result<Void, any Error>) {
        let reader = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Nobody reads on: what is left, also with a reader that stopped, gives its credit back.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            if state.end == nil { state.end = .success(()) }
            state.entries = []
        }
        release(charge: .max, exempt: .max)
    }

    /// Gives credit back, once at most for everything delivered.
    private func release(charge: Int, exempt: Int) {
        let (charge, exempt) = state.withLock { state in
            let due = (Swift.min(charge, state.charge), Swift.min(exempt, state.exempt))
            state.charge -= due.0
            state.exempt -= due.1
            return due
        }
        handle.release(charge: charge, exempt: exempt)
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(inbox: self)
    }

    struct Iterator: AsyncIteratorProtocol {
        private let inbox: Inbox<Part>
        private var entries: [Entry] = []
        private var index = 0
        private var charge = 0
        private var exempt = 0

        init(inbox: Inbox<Part>) {
            self.inbox = inbox
        }

        mutating func next() async throws -> Part? {
            try await next(isolation: nil)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> Part? {
            while true {
                if index < entries.count {
                    let entry = entries[index]
                    index += 1
                    charge += entry.charge
                    exempt += entry.exempt
                    if index == entries.count || charge >= 32 << 10 {
                        inbox.release(charge: charge, exempt: exempt)
                        charge = 0
                        exempt = 0
                    }
                    return entry.part
                }
                entries.removeAll(keepingCapacity: true)
                index = 0
                let end = inbox.state.withLock { state in
                    swap(&entries, &state.entries)
                    return entries.isEmpty ? state.end : nil
                }
                if let end {
                    try end.get()
                    return nil
                }
                if entries.isEmpty { try await inbox.waitForPart(isolation: actor) }
            }
        }
    }

    private func waitForPart(isolation actor: isolated (any Actor)?) async throws {
        try await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: actor) { continuation in
                let isReady = state.withLock { state in
                    guard state.entries.isEmpty, state.end == nil, !Task.isCancelled else {
                        return true
                    }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
            if Task.isCancelled {
                throw RPCError(code: .cancelled, message: "the task that reads was cancelled")
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume()
        }
    }
}
