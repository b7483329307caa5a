internal import BaridProof
internal import Foundation
internal import GRPCCore

/// Reads what actors wrote, the killed ones too.
enum HistoryFiles {
    /// Reads a file; a last line that was cut short by a kill is left out.
    ///
    /// - Throws: `RPCError` with code `.notFound` when there is no such file; `HistoryError` when a
    ///   whole line is no entry.
    static func read(_ path: String) throws -> History {
        guard var bytes = FileManager.default.contents(atPath: path) else {
            throw RPCError(code: .notFound, message: "there is no history \(path)")
        }
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.startIndex
        bytes.removeSubrange(end...)
        var history = History()
        try history.add(lines: Array(bytes), file: path)
        return history
    }
}
