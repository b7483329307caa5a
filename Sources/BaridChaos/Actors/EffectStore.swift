internal import BaridProof
internal import Foundation
internal import GRPCCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the work of a proof comes to: an effect for each event, once, and for each key a row that names its
/// latest event.
///
/// A folder that all workers share, whatever becomes of them. An effect is a symbolic link named by the
/// event: it is there with all that it says or not at all, and a second one of that name is refused. A row is
/// a file under a lock; it is seen to each time, since who made the effect may have been killed before it.
struct EffectStore: Sendable {
    private let effects: String
    private let rows: String

    /// Makes the folders that are missing.
    ///
    /// - Throws: `RPCError` when they cannot be made.
    init(folder: String) throws {
        effects = "\(folder)/effects"
        rows = "\(folder)/rows"
        for path in [folder, effects, rows] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw Self.error("make \(path)")
        }
    }

    /// Takes effect, once however often it is called.
    ///
    /// - Throws: `RPCError` with code `.dataLoss` when it cannot: an ack without its effect proves nothing.
    func apply(_ held: WorkDesk.Held) throws {
        let path = "\(effects)/\(held.event)"
        guard symlink(String(held.hash, radix: 16), path) == 0 || errno == EEXIST else {
            throw Self.error("make \(path)")
        }
        try updateRow(held)
    }

    private func updateRow(_ held: WorkDesk.Held) throws {
        let path = "\(rows)/\(held.key)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error("open \(path)") }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX) == 0 else { throw Self.error("lock \(path)") }
        var bytes = [UInt8](repeating: 0, count: Self.rowBytes)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let known = Self.words(bytes.prefix(max(count, 0))).first.flatMap { UInt64($0) } ?? 0
        guard held.token.sequence > known else { return }
        // One write of one length: a kill leaves the row of before or this one.
        var row = Array("\(held.token.sequence) \(held.event) ".utf8)
        row += [UInt8](repeating: UInt8(ascii: " "), count: max(0, Self.rowBytes - row.count))
        guard pwrite(descriptor, row, row.count, 0) == row.count else {
            throw Self.error("write \(path)")
        }
    }

    /// What there is at the end, as entries of a history.
    ///
    /// - Throws: `RPCError` when it cannot be read.
    func entries(group: String) throws -> [HistoryEntry] {
        let time = MonotonicTime.now
        func entry(_ operation: HistoryEntry.Operation) -> HistoryEntry {
            HistoryEntry(operation, time: time, actor: "prover") {
                $0.group = group
                $0.topic = ProvenEvent.topic
            }
        }
        var all: [HistoryEntry] = []
        for event in try FileManager.default.contentsOfDirectory(atPath: effects).sorted() {
            var effect = entry(.effect)
            effect.event = event
            effect.hash = try FileManager.default.destinationOfSymbolicLink(
                atPath: "\(effects)/\(event)")
            all.append(effect)
        }
        for key in try FileManager.default.contentsOfDirectory(atPath: rows).sorted() {
            let words = Self.words(FileManager.default.contents(atPath: "\(rows)/\(key)") ?? Data())
            guard words.count == 2 else { continue }
            var row = entry(.row)
            row.key = key
            row.event = words[1]
            all.append(row)
        }
        return all
    }

    private static let rowBytes = 128

    private static func words(_ bytes: some Collection<UInt8>) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
    }

    private static func error(_ what: String) -> RPCError {
        RPCError(code: .dataLoss, message: "cannot \(what): \(String(cString: strerror(errno)))")
    }
}
