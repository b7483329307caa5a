internal import BaridProof
internal import Foundation
internal import GRPCCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Appends what one actor does and sees to a file of its own, so that it outlives the actor.
///
/// Each call is one write, done before it returns: what an actor says it is about to do stands in
/// the file before it does it, whenever it is killed. Safe from any task.
final class HistoryWriter: Sendable {
    let actor: String
    private let descriptor: Mutex<Int32>

    /// Creates the file.
    ///
    /// - Parameters:
    ///   - path: A file that does not exist yet.
    ///   - actor: The writer's name.
    /// - Throws: `RPCError` with code `.failedPrecondition` when it cannot be created.
    init(path: String, actor: String) throws {
        self.actor = actor
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw RPCError(
                code: .failedPrecondition,
                message: "cannot create \(path): \(String(cString: strerror(errno)))")
        }
        self.descriptor = Mutex(descriptor)
        try append([
            HistoryEntry(.history, time: MonotonicTime.now, actor: actor) {
                $0.value = HistoryEntry.version
            }
        ])
    }

    deinit { _ = descriptor.withLock { close($0) } }

    /// Writes some entries.
    ///
    /// - Throws: `RPCError` with code `.dataLoss` when the file cannot be written: a proof without
    ///   its history proves nothing.
    func append(_ entries: [HistoryEntry]) throws {
        guard !entries.isEmpty else { return }
        var text = ""
        for entry in entries { text += entry.json + "\n" }
        let bytes = Array(text.utf8)
        try descriptor.withLock { descriptor in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    throw RPCError(
                        code: .dataLoss,
                        message:
                            "the history cannot be written: \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    /// Writes one entry with the time of now.
    func append(
        _ operation: HistoryEntry.Operation, _ fill: (inout HistoryEntry) -> Void
    ) throws {
        try append([HistoryEntry(operation, time: MonotonicTime.now, actor: actor, fill)])
    }
}

/// The clock of histories: all processes of a machine share it, and it never goes back.
enum MonotonicTime {
    /// Nanoseconds since some moment before.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
