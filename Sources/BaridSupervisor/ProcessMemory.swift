import Foundation

/// How much memory a process uses.
enum ProcessMemory {
    /// Resident bytes of a process; 0 for none, for one that is gone, and where the system does not
    /// say (proc(5), statm).
    static func residentBytes(of process: Int32) -> Int {
        guard process > 0,
            let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
        else { return 0 }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
        return pages.multipliedReportingOverflow(by: Int(getpagesize())).partialValue
    }
}
