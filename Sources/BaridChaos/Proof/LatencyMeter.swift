internal import BaridProof
internal import Foundation

/// How long events take from their publish to their first delivery, as far as actors have written.
struct LatencyMeter {
    private var published: [String: Int64] = [:]
    private var delivered: [String: Int64] = [:]
    /// How much of each file has been read.
    private var offsets: [String: UInt64] = [:]

    /// Each event that was delivered.
    var latencies: [Verdict.Latency] {
        delivered.compactMap { event, time in
            guard let since = published[event], time >= since else { return nil }
            return Verdict.Latency(published: since, time: .nanoseconds(time - since))
        }
    }

    mutating func add(_ entry: HistoryEntry) {
        switch entry.operation {
        // What is tried again was published when it was tried first.
        case .publishTry: published[entry.event] = min(published[entry.event] ?? .max, entry.time)
        case .deliver: delivered[entry.event] = min(delivered[entry.event] ?? .max, entry.time)
        default: break
        }
    }

    /// Reads the whole lines that a file has got since it was read last.
    ///
    /// - Throws: An error of the file system, or `HistoryError.Reason` when a line is no entry.
    mutating func read(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { try? file.close() }
        try file.seek(toOffset: offsets[path, default: 0])
        let bytes = [UInt8](try file.readToEnd() ?? Data())
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return }
        offsets[path, default: 0] += UInt64(end + 1)
        for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
            add(try line.withUnsafeBytes { bytes in try HistoryEntry(json: bytes) })
        }
    }
}
