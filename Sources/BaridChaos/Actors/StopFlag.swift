internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Says once and for all that a loop is to end; safe from any task.
public final class StopFlag: Sendable {
    /// Set by signals, so it can be nothing but global.
    private static let wasTold = Atomic(false)

    private let flag = Atomic(false)
    private let heedsSignals: Bool

    /// Not set.
    public init() { heedsSignals = false }

    private init(heedsSignals: Bool) { self.heedsSignals = heedsSignals }

    /// A flag that SIGTERM and SIGINT set, from this moment on and however early they come.
    ///
    /// - Returns: The flag; all of a process are set together.
    public static func setBySignals() -> StopFlag {
        // Touched before a handler may: the first use of a global is not safe inside of one.
        _ = wasTold.load(ordering: .relaxed)
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in StopFlag.wasTold.store(true, ordering: .releasing) }
        }
        return StopFlag(heedsSignals: true)
    }

    /// Whether it is set.
    public var isSet: Bool {
        flag.load(ordering: .acquiring)
            || (heedsSignals && Self.wasTold.load(ordering: .acquiring))
    }

    /// Sets it.
    public func set() { flag.store(true, ordering: .releasing) }
}
