@preconcurrency import Dispatch
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C, or the wish of the system that we leave.
struct Interrupted: Error {}

/// The signals that ask a command to stop.
///
/// While it lives they do not end the process; a second one does, and so does one that comes later.
final class StopSignals: Sendable {
    let signals: AsyncStream<Int32>
    private let numbers: [Int32]
    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP]) {
        let (signals, post) = AsyncStream.makeStream(of: Int32.self)
        self.signals = signals
        self.numbers = numbers
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                post.yield(number)
                // Whoever is in a hurry presses again.
                for number in numbers { signal(number, SIG_DFL) }
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }
}

/// Runs work; the first stop signal cancels it.
///
/// - Parameter work: Ends soon after its task is cancelled.
/// - Returns: What the work returns.
/// - Throws: ``Interrupted`` after a signal, else what the work throws.
func interruptible<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let stop = StopSignals()
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            for await _ in stop.signals { throw Interrupted() }
            return nil
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw Interrupted()
    }
}
