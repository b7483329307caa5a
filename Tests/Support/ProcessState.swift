import Foundation

/// Whether a process is gone, or dead and not yet reaped by whoever inherited it.
public func isGone(_ process: Int32) -> Bool {
    guard kill(process, 0) == 0, let state = state(of: process) else { return true }
    return state == "Z"
}

/// Whether a process stands still after SIGSTOP.
public func isStopped(_ process: Int32) -> Bool { state(of: process) == "T" }

/// The letter of proc(5); `nil` for a process that is gone.
private func state(of process: Int32) -> Character? {
    let facts = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    // Behind the name of the program, which may hold anything.
    return facts?.split(separator: ")").last?.first { $0 != " " }
}
