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

    /// From now on gives each piece of 4 MiB and more back to the system as soon as it is free.
    ///
    /// Left alone the C library raises that limit to the largest piece freed so far, up to 32 MiB
    /// (mallopt(3), `M_MMAP_THRESHOLD`): tables and snapshots that grow then leave holes among
    /// smaller pieces, which stay resident. Holds for the whole process; any thread may call it, and
    /// again.
    public static func returnLargePieces() {
        czeromq_return_large(4 << 20)
    }

    /// Gives memory that is free back to the system; takes milliseconds.
    public static func trim() {
        czeromq_trim()
    }
}
