/// The ten things a history is held to; the names under which a violation is reported.
///
/// Specified in Protocols/5-history.
public enum HistoryCheck: String, Sendable, CaseIterable {
    /// Every event whose publisher got a receipt is in the log.
    case durability
    /// Every stored event is, for each group it is owed to, acked, a dead letter, expired or
    /// removed by stated retention.
    case completeness
    /// Whatever is stored, delivered or takes effect was published, with the same data, and not
    /// refused.
    case noPhantom
    /// Nothing is delivered again after its ack was durable.
    case noResurrection
    /// Within a group, events of a key go out in the order of their offsets.
    case order
    /// No two leases of an event, or of a key, are out at the same time; no token is used twice,
    /// and none is accepted once a later one is out.
    case oneOwner
    /// Every acked event took effect exactly once, and the highest revision stands in the index.
    case effect
    /// After the faults are over everything comes to an end in time.
    case liveness
    /// Offsets have no gaps; each holds one event, and each event has one.
    case offsets
    /// No measure is above its limit.
    case bounds
}
