/// What all actors of a run did and saw.
///
/// A value. Some 300 bytes of memory an entry, so a check of ten million entries wants 3 GB.
public struct History: Sendable, Equatable {
    /// The entries in the order they were added.
    public private(set) var entries: [HistoryEntry] = []

    /// Creates a history; entries of actors may be added one actor after the other.
    public init(_ entries: [HistoryEntry] = []) {
        self.entries = entries
    }

    /// Adds an entry.
    public mutating func add(_ entry: HistoryEntry) {
        entries.append(entry)
    }

    /// The entries by time; those of the same time in the order they were added.
    var sorted: [HistoryEntry] {
        let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.time <= $1.time }
        guard !isSorted else { return entries }
        // The standard library does not promise that its sort is stable; the index makes it so.
        return entries.enumerated()
            .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }

    /// Adds the lines of a file.
    ///
    /// Every file begins with the operation `history`; empty lines are passed over. Nothing is
    /// added when it throws. Call it once a file, then check the whole.
    ///
    /// - Parameters:
    ///   - bytes: The file's content. A last line without a line feed is read too.
    ///   - file: What errors call it.
    /// - Throws: ``HistoryError`` naming the first bad line.
    public mutating func add(lines bytes: [UInt8], file: String) throws(HistoryError) {
        let (found, failure) = bytes.withUnsafeBytes { Self.read($0, file: file) }
        if let failure { throw failure }
        entries.append(contentsOf: found)
    }

    /// The history as a file: one line an entry.
    public var lines: String {
        let header = HistoryEntry(.history, time: entries.first?.time ?? 0, actor: "history") {
            $0.value = HistoryEntry.version
        }
        let all = (entries.first?.operation == .history ? [] : [header]) + entries
        return all.map { $0.json + "\n" }.joined()
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) -> ([HistoryEntry], HistoryError?) {
        var entries: [HistoryEntry] = []
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            number += 1
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            start = end + 1
            guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) else { continue }
            do throws(HistoryError.Reason) {
                let entry = try HistoryEntry(json: line)
                if entries.isEmpty {
                    guard entry.operation == .history else { throw .version(nil) }
                    guard entry.value == HistoryEntry.version else { throw .version(entry.value) }
                }
                entries.append(entry)
            } catch {
                return ([], HistoryError(file: file, line: number, reason: error))
            }
        }
        return (entries, nil)
    }
}
