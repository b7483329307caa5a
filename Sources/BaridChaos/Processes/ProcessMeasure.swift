internal import Foundation

/// What a process uses, as the system counts it.
public struct ProcessMeasure: Sendable, Hashable {
    /// Resident memory in bytes.
    public var residentBytes: Int64
    /// The most it ever was.
    public var peakBytes: Int64
    /// Open descriptors.
    public var descriptors: Int64
    /// Processor time used so far.
    public var processorTime: Duration

    /// Measures a process; nil when it is gone, or the system has no /proc.
    ///
    /// - Parameter process: Its id.
    public init?(_ process: Int32) {
        guard
            let status = try? String(
                contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let files = try? FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(process)/fd")
        else { return nil }
        func bytes(_ name: String) -> Int64 {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
            let number = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
            return (number.flatMap { Int64($0) } ?? 0) << 10
        }
        residentBytes = bytes("VmRSS:")
        peakBytes = bytes("VmHWM:")
        descriptors = Int64(files.count)
        // Fields 14 and 15, counted behind the name, which may hold anything.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Int64($0) }.reduce(0, +)
        processorTime = .milliseconds(ticks * 1_000 / Int64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }
}
