internal import CZeroMQ
internal import Glibc

/// The memory of this process, as the kernel counts it.
public struct ProcessMemory: ~Copyable {
    private let descriptor: Int32
    private let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    /// Opens the kernel's figures; where there are none, nothing is ever told.
    public init() {
        descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Resident memory in bytes; nil where the system does not say.
    public func residentBytes() -> Int? {
        guard descriptor >= 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        let words = buffer.prefix(count).split(separator: UInt8(ascii: " "))
        guard words.count > 1 else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self)).map { $0 * pageBytes }
    }

    /// Gives memory that is free back to the system; takes milliseconds.
    public static func trim() {
        czeromq_trim()
    }
}
