internal import Foundation

/// What the figures were measured on.
package struct Machine: Sendable, Codable {
    /// Cores this process may use.
    package var cores: Int
    /// The processor's name.
    package var processor: String
    /// Bytes of memory.
    package var memoryBytes: UInt64
    /// System and kernel.
    package var system: String
    /// The kind of file system of the scratch folder.
    package var fileSystem: String

    /// Looks.
    init(folder: String) {
        cores = ProcessInfo.processInfo.activeProcessorCount
        memoryBytes = ProcessInfo.processInfo.physicalMemory
        let model = ProcessFigures.text("/proc/cpuinfo")?.split(separator: "\n")
            .first { $0.hasPrefix("model name") }?.split(separator: ":").last
        processor = model.map { $0.drop { $0 == " " } }.map(String.init) ?? "unknown"
        let kernel = ProcessFigures.text("/proc/sys/kernel/osrelease")?.split(separator: "\n").first
        system =
            "\(ProcessInfo.processInfo.operatingSystemVersionString), kernel \(kernel ?? "unknown")"
        // The longest mount point that the folder is in.
        let mounts = ProcessFigures.text("/proc/self/mounts")?.split(separator: "\n") ?? []
        let fitting = mounts.map { $0.split(separator: " ") }
            .filter { $0.count > 2 && folder.hasPrefix($0[1]) }
            .max { $0[1].count < $1[1].count }
        fileSystem = fitting.map { String($0[2]) } ?? "unknown"
    }
}
