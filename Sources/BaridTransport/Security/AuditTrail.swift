public import Logging
internal import Synchronization

/// Tells and counts what was refused to whom: one log line a refusal, of which a flood leaves few.
///
/// A line has the constant text `refused` and the metadata `audit` (the kind), `who`, `what` and
/// `right`. Every method may be called from any thread. Specified in Protocols/7-security §6.
public final class AuditTrail: Sendable {
    /// What was refused.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A connection: no key, or one that is not let in.
        case connection
        /// A session, or what it wanted to serve.
        case session
        /// A call of a method.
        case call
        /// Events to publish, or to emit with an ack.
        case publish
        /// A subscription, or a read.
        case subscribe
    }

    /// How many were refused since the start.
    public struct Counts: Sendable, Hashable {
        /// The refusals, by kind; a kind without any is missing.
        public var byKind: [Kind: UInt64] = [:]
        /// Refusals that have no line of their own.
        public var unlogged: UInt64 = 0

        /// All of them.
        public var total: UInt64 { byKind.values.reduce(0, &+) }
    }

    private struct State {
        var counts = Counts()
        var allowance: Double
        var last: ContinuousClock.Instant = .now
        var skipped: UInt64 = 0
    }

    private let logger: Logger
    private let linesPerSecond: Double
    private let burst: Double
    private let state: Mutex<State>

    /// An audit that writes to a logger.
    ///
    /// - Parameters:
    ///   - logger: Where the lines go.
    ///   - linesPerSecond: Lines written at most, in the long run. The default is 5, which a person can
    ///     still read and an attacker cannot fill a disk with.
    ///   - burst: Lines written at once at most. The default is 50.
    public init(logger: Logger, linesPerSecond: Double = 5, burst: Double = 50) {
        self.logger = logger
        self.linesPerSecond = linesPerSecond
        self.burst = burst
        state = Mutex(State(allowance: burst))
    }

    /// What was refused so far.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Counts refusals that say nothing new, without a line.
    ///
    /// - Parameters:
    ///   - kind: What was refused.
    ///   - times: How often.
    public func repeated(_ kind: Kind, times: Int = 1) {
        state.withLock { state in
            state.counts.byKind[kind, default: 0] += UInt64(clamping: times)
            state.counts.unlogged += UInt64(clamping: times)
        }
    }

    /// Notes a refusal.
    ///
    /// - Parameters:
    ///   - kind: What was refused.
    ///   - who: The key's name, or what else is known of the peer.
    ///   - what: What it wanted.
    ///   - right: The right it lacks.
    public func refused(_ kind: Kind, who: String, what: String, right: String) {
        let now = ContinuousClock.now
        let skipped: UInt64? = state.withLock { state in
            state.counts.byKind[kind, default: 0] += 1
            let elapsed = state.last.duration(to: now) / .seconds(1)
            state.last = now
            state.allowance = min(burst, state.allowance + max(elapsed, 0) * linesPerSecond)
            guard state.allowance >= 1 else {
                state.counts.unlogged += 1
                state.skipped += 1
                return nil
            }
            state.allowance -= 1
            defer { state.skipped = 0 }
            return state.skipped
        }
        guard let skipped else { return }
        var metadata: Logger.Metadata = [
            "audit": "\(kind.rawValue)", "who": "\(who)", "what": "\(what)", "right": "\(right)",
        ]
        if skipped > 0 { metadata["unlogged"] = "\(skipped)" }
        logger.warning("refused", metadata: metadata)
    }
}
