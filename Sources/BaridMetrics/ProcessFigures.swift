internal import Foundation

/// What the system says about a process (proc(5)).
public struct ProcessFigures: Sendable, Equatable {
    /// Resident memory in bytes.
    public var residentBytes = 0
    /// Processor time, user and system, in seconds.
    public var cpuSeconds = 0.0
    /// Open descriptors; `nil` of other processes.
    public var openDescriptors: Int?
    /// When it started, in seconds since 1970.
    public var startTime = 0.0

    /// Reads those of this process; `nil` without /proc.
    public init?() {
        self.init(of: getpid())
        openDescriptors =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
    }

    /// Reads those of a process; `nil` when there is no such process, or no /proc.
    ///
    /// - Parameter process: The process id.
    public init?(of process: Int32) {
        guard process > 0, let line = Self.text("/proc/\(process)/stat"),
            let end = line.lastIndex(of: ")")
        else { return nil }
        // Behind the name: state is field 3, utime and stime are 14 and 15, starttime is 22, rss 24.
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let start = Double(fields[19]), let pages = Int(fields[21])
        else { return nil }
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        cpuSeconds = (user + system) / ticks
        residentBytes =
            max(0, pages).multipliedReportingOverflow(
                by: max(0, sysconf(Int32(_SC_PAGESIZE)))
            ).partialValue
        startTime = (Self.bootTime + start / ticks).rounded(.toNearestOrEven)
    }

    /// Adds the figures of this process as `barid_process_resident_memory_bytes` and so on.
    public func add(to text: inout MetricsText) {
        text.begin(
            "barid_process_resident_memory_bytes", .gauge, "Resident memory of this process.")
        text.add(residentBytes)
        text.begin(
            "barid_process_cpu_seconds_total", .counter,
            "Processor time of this process, user and system.")
        text.add(cpuSeconds)
        if let openDescriptors {
            text.begin("barid_process_open_descriptors", .gauge, "Open file descriptors.")
            text.add(openDescriptors)
        }
        text.begin(
            "barid_process_start_time_seconds", .gauge,
            "When this process started, in seconds since 1970.")
        text.add(startTime)
    }

    /// When the machine started, in seconds since 1970.
    private static let bootTime: Double = {
        let line = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Double($0.dropFirst(6)) } ?? 0
    }()

    private static func text(_ path: String) -> String? {
        // Files of /proc have no size: they are read to their end.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.readToEnd()
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
