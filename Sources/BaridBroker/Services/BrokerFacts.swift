internal import BaridSchema
internal import Foundation

/// What does not change while the broker runs.
struct BrokerFacts: Sendable {
    var version: String
    var started: Date
    var dataFolder: String
    var endpoints: @Sendable () -> [String]
    var localServices: Set<String>
    /// Where figures are served, if they are.
    var metricsURL: @Sendable () -> String?
    /// Who is let in and what was refused, at this moment.
    var security: @Sendable () -> Barid_Admin_V1_SecurityStatus
}

/// The memory of this process.
enum ResidentMemory {
    /// Resident bytes; 0 where the system does not say.
    static var bytes: UInt64 {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
            return 0
        }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
        return pages * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
    }
}
