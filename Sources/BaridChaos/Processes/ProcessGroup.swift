internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// What the system says about a process group.
enum ProcessGroup {
    /// Whether a process of the group runs; one that ended and that nobody has reaped does not.
    static func isAlive(_ group: Int32) -> Bool {
        guard kill(-group, 0) == 0 else { return false }
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return true
        }
        return all.contains { name in
            // Behind the name of the program, which may hold anything: state, parent, group.
            guard Int32(name) != nil,
                let stat = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8),
                let facts = stat.split(separator: ")").last?.split(separator: " "),
                facts.count > 2
            else { return false }
            return facts[0] != "Z" && Int32(facts[2]) == group
        }
    }
}
