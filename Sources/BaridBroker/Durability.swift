/// How durable a receipt is.
public enum Durability: Sendable, Equatable {
    /// Written and fsynced before the receipt; the default.
    case fsync
    /// Written before the receipt and fsynced so much later at most: not power-safe.
    ///
    /// Receipts survive the end of the broker's process, not a power cut or a crash of the system.
    case interval(Duration)
    /// Kept in memory only: everything is lost when the broker ends. For tests.
    case memory

    /// The intervals that may be asked for.
    public static let intervals: ClosedRange<Duration> = .milliseconds(1)...(.seconds(60))

    /// Its number in `barid.bus.v1.Durability`.
    var wire: UInt64 {
        switch self {
        case .fsync: 1
        case .memory: 2
        case .interval: 3
        }
    }

    /// How long a receipt may be ahead of the disk; `nil` when it never is, or always.
    var syncInterval: Duration? {
        if case .interval(let interval) = self { interval } else { nil }
    }
}

extension Durability: LosslessStringConvertible {
    /// As people write it: `fsync`, `interval:MS` or `memory`.
    public var description: String {
        switch self {
        case .fsync: "fsync"
        case .memory: "memory"
        case .interval(let interval): "interval:\(interval.milliseconds)"
        }
    }

    /// Reads `fsync`, `interval:MS` or `memory`; `nil` for anything else, or a number out of range.
    public init?(_ description: String) {
        switch description {
        case "fsync": self = .fsync
        case "memory": self = .memory
        default:
            guard description.hasPrefix("interval:"),
                let milliseconds = UInt32(description.dropFirst("interval:".count)),
                Self.intervals.contains(.milliseconds(milliseconds))
            else { return nil }
            self = .interval(.milliseconds(milliseconds))
        }
    }
}
