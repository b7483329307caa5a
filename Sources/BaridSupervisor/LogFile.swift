import Foundation

/// The log file of one plugin: what its process writes and what becomes of it, a line each.
///
/// At its limit the file is renamed to `NAME.log.1`, replacing the one before. Not safe from
/// several threads: the thread of ``ChildProcesses`` owns it.
final class LogFile {
    let path: String
    private let maximumBytes: Int
    private var handle: FileHandle?
    private var bytes = 0

    /// - Parameters:
    ///   - path: Where it is; made when something is written.
    ///   - maximumBytes: The default is 10 MiB, so that a chatty plugin never fills a disk.
    init(path: String, maximumBytes: Int = 10 << 20) {
        self.path = path
        self.maximumBytes = maximumBytes
    }

    /// Adds a line: time, process, where it came from ("out", "err" or "---"), text.
    func write(_ text: String, process: Int32, from stream: String) {
        let time = Date.now.formatted(.iso8601.time(includingFractionalSeconds: true))
        let line = Data("\(time) \(process) \(stream) \(text)\n".utf8)
        if bytes + line.count > maximumBytes { rotate() }
        guard let handle = handle ?? open() else { return }
        // A full disk must not stop the draining of pipes; the line is lost.
        try? handle.write(contentsOf: line)
        bytes += line.count
    }

    private func open() -> FileHandle? {
        // Appended to, so that nothing is overwritten, whoever else writes.
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        bytes = Int((try? handle?.seekToEnd()) ?? 0)
        return handle
    }

    private func rotate() {
        try? handle?.close()
        handle = nil
        bytes = 0
        let old = path + ".1"
        try? FileManager.default.removeItem(atPath: old)
        try? FileManager.default.moveItem(atPath: path, toPath: old)
    }
}
