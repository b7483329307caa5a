import Foundation

/// Whether a process is gone, or dead and not yet reaped by whoever inherited it.
public func isGone(_ process: Int32) -> Bool {
    guard kill(process, 0) == 0 else { return true }
    let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
    return state?.split(separator: ")").last?.hasPrefix(" Z") ?? true
}
