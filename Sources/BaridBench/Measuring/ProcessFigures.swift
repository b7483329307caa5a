internal import Foundation

/// What the system says about a process (proc(5)).
struct ProcessFigures {
    /// Seconds of processor time, user and system.
    var cpuSeconds = 0.0
    var residentBytes = 0
    var greatestResidentBytes = 0

    /// - Returns: `nil` when there is no such process, or no /proc.
    init?(of process: Int32) {
        guard let line = Self.text("/proc/\(process)/stat"),
            let end = line.lastIndex(of: ")")
        else { return nil }
        // Behind the name: state is field 3, utime and stime are 14 and 15.
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return nil }
        cpuSeconds = (user + system) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        for line in Self.text("/proc/\(process)/status")?.split(separator: "\n") ?? [] {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count > 1, let kibibytes = Int(words[1]) else { continue }
            if words[0] == "VmRSS:" { residentBytes = kibibytes << 10 }
            if words[0] == "VmHWM:" { greatestResidentBytes = kibibytes << 10 }
        }
    }

    static func text(_ path: String) -> String? {
        // Files of /proc have no size: they are read to their end.
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.readToEnd()
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}

/// Processor time of the whole machine since it started.
enum MachineTime {
    /// Seconds in which a core worked, for whomever; `nil` without /proc.
    static var busySeconds: Double? {
        guard let line = ProcessFigures.text("/proc/stat")?.split(separator: "\n").first else {
            return nil
        }
        let fields = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard fields.count >= 8 else { return nil }
        // user nice system idle iowait irq softirq steal; guest is part of user.
        let busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]
        return busy / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}
