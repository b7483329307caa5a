/// How durable a receipt is.
public enum Durability: String, Sendable, CaseIterable {
    /// Written and fsynced before the receipt; the default.
    case fsync
    /// Kept in memory only: everything is lost when the broker ends. For tests.
    case memory

    /// Its number in `barid.bus.v1.Durability`.
    var wire: UInt64 {
        switch self {
        case .fsync: 1
        case .memory: 2
        }
    }
}
