import Foundation
import Synchronization

/// The lines at the end of a file that grows and is, now and then, replaced by a new one.
final class FileTail: Sendable {
    /// Most bytes read at once.
    private static let chunk = 64 << 10

    private struct State {
        var handle: FileHandle
        var inode: UInt64
        /// The beginning of a line whose end is not written yet.
        var rest: [UInt8] = []
    }

    private let path: String
    private let state: Mutex<State>

    /// Opens the file; nil when it is not there.
    init?(path: String) {
        guard let handle = FileHandle(forReadingAtPath: path), let inode = Self.inode(of: path)
        else { return nil }
        self.path = path
        state = Mutex(State(handle: handle, inode: inode))
    }

    /// The last lines; ``more()`` goes on behind them.
    func last(_ count: Int) throws -> [String] {
        try state.withLock { state in
            let size = try state.handle.seekToEnd()
            guard count > 0, size > 0 else { return [] }
            var bytes: [UInt8] = []
            var start = size
            // One more line end than lines: the one before the first of them.
            while start > 0, bytes.count(where: { $0 == 0x0A }) <= count {
                let step = min(UInt64(Self.chunk), start)
                start -= step
                try state.handle.seek(toOffset: start)
                bytes = Array(try state.handle.read(upToCount: Int(step)) ?? Data()) + bytes
            }
            try state.handle.seekToEnd()
            return Array(Self.lines(&bytes, rest: &state.rest).suffix(count))
        }
    }

    /// The lines that were written since.
    func more() throws -> [String] {
        try state.withLock { state in
            var lines = try read(&state)
            if let inode = Self.inode(of: path), inode != state.inode,
                let handle = FileHandle(forReadingAtPath: path)
            {
                // The file was put aside; what came after is in its successor.
                state = State(handle: handle, inode: inode)
                lines += try read(&state)
            }
            return lines
        }
    }

    private func read(_ state: inout State) throws -> [String] {
        var lines: [String] = []
        while let data = try state.handle.read(upToCount: Self.chunk), !data.isEmpty {
            var bytes = state.rest + data
            state.rest = []
            lines += Self.lines(&bytes, rest: &state.rest)
        }
        return lines
    }

    private static func lines(_ bytes: inout [UInt8], rest: inout [UInt8]) -> [String] {
        var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        rest = parts.popLast().map(Array.init) ?? []
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func inode(of path: String) -> UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
    }
}
