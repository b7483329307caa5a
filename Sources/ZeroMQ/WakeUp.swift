internal import CZeroMQ
internal import Glibc

/// An eventfd: lets any thread end the wait of the one thread that polls it.
public final class WakeUp: Sendable {
    let descriptor: Int32

    /// Creates the descriptor.
    ///
    /// - Throws: ``ZeroMQError`` if the system has no descriptors left.
    public init() throws(ZeroMQError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard descriptor >= 0 else { throw ZeroMQError(number: errno, call: "eventfd") }
    }

    deinit {
        close(descriptor)
    }

    /// Ends the current or the next wait; several signals before that are one.
    public func signal() {
        var one: UInt64 = 1
        // Only a full counter fails, and then the waiter is woken already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the signals back; called by the thread that waits.
    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
