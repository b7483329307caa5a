/// Finds peers that fill the broker's memory with a message that does not end: a value, without I/O.
///
/// libzmq keeps every part of a message until the last one, and no option bounds how many there are; nor
/// does it say who sends them. But a peer in the middle of a message can send nothing else. So when the
/// process has grown by a step, every session is pinged, and whose connection brings bytes and no
/// message is cut. What grew for a better reason is the new floor once all have answered.
/// Specified in Protocols/7-security §7.1.
struct MemoryWatch {
    typealias Instant = ContinuousClock.Instant

    /// How often memory is looked at while somebody is connected, and while it is too much.
    private static let intervals = (
        calm: Duration.milliseconds(50), alarm: Duration.milliseconds(20)
    )
    /// For so long there are bytes to read and no whole message comes.
    static let patience = Duration.milliseconds(40)
    /// The same, of a session of 1 s and more: a busy machine may leave its bytes waiting.
    static let patienceWithFriends = Duration.milliseconds(150)
    /// After this, a peer that does not answer is cut when memory goes on growing.
    static let limit = Duration.seconds(1)
    /// For so long after a cut a quarter of the step is enough.
    static let tension = Duration.seconds(5)

    private let step: Int
    private var floor: Int?
    private var last = 0
    private var alarmSince: Instant?
    private var lastAsked: Instant?
    private var tenseUntil: Instant?
    private var isHot = false
    private var isGrowing = false
    /// Since when each connection has had bytes to read and sent no message.
    private var suspects: [Int32: Instant] = [:]

    init(step: Int) { self.step = max(1, step) }

    /// What to do after a look.
    enum Answer: Equatable {
        case nothing
        /// Look for peers that are in the middle of a message; with `ask`, ping the sessions first.
        case examine(ask: Bool)
    }

    /// When to look again.
    func interval(now: Instant) -> Duration {
        alarmSince != nil || isTense(now: now) ? Self.intervals.alarm : Self.intervals.calm
    }

    /// Whether somebody was cut a moment ago.
    func isTense(now: Instant) -> Bool { tenseUntil.map { now < $0 } ?? false }

    /// Takes the process's memory of this moment.
    mutating func measured(_ bytes: Int, now: Instant) -> Answer {
        let floor = min(self.floor ?? bytes, bytes)
        self.floor = floor
        isHot = bytes > last
        last = bytes
        guard bytes - floor > (isTense(now: now) ? step / 4 : step) else {
            alarmSince = nil
            suspects = [:]
            return .nothing
        }
        isGrowing = bytes - floor > 2 * step
        if alarmSince == nil {
            alarmSince = now
            lastAsked = nil
        }
        if let lastAsked, lastAsked.duration(to: now) < .milliseconds(500) {
            return .examine(ask: false)
        }
        lastAsked = now
        return .examine(ask: true)
    }

    /// Whether a peer has to go.
    ///
    /// - Parameters:
    ///   - descriptor: Its connection.
    ///   - heard: When it last sent a whole message, or connected.
    ///   - isFriend: Whether it has had a session for some time.
    ///   - hasUnread: Whether the kernel holds bytes of it that libzmq has not read yet.
    ///   - now: The time.
    /// - Returns: Whether it is in the middle of a message, as far as one can tell.
    mutating func isGuilty(
        _ descriptor: Int32, heard: Instant, isFriend: Bool = false, hasUnread: Bool, now: Instant
    ) -> Bool {
        guard let alarmSince else { return false }
        if !hasUnread {
            suspects[descriptor] = nil
        } else if suspects[descriptor].map({ $0 < heard }) ?? true {
            suspects[descriptor] = now
        }
        // Where nothing grows, libzmq's thread had no turn: then bytes wait for a better reason.
        let patience = isFriend ? Self.patienceWithFriends : Self.patience
        if isHot, let since = suspects[descriptor], since.duration(to: now) >= patience {
            return true
        }
        return isGrowing
            && min(heard.duration(to: now), alarmSince.duration(to: now)) >= Self.limit
    }

    /// Somebody was cut.
    mutating func hasCut(_ descriptor: Int32, now: Instant) {
        suspects[descriptor] = nil
        tenseUntil = now.advanced(by: Self.tension)
    }

    /// Ends the alarm when everybody was heard of a moment ago.
    ///
    /// - Parameters:
    ///   - oldest: When the peer that is silent for longest was heard of; nil when there is none.
    ///   - bytes: The process's memory.
    ///   - now: The time.
    mutating func calm(oldest: Instant?, bytes: Int, now: Instant) {
        guard let alarmSince, alarmSince.duration(to: now) >= .milliseconds(300),
            !isTense(now: now), oldest.map({ $0.duration(to: now) < Self.limit }) ?? true
        else { return }
        self.alarmSince = nil
        suspects = [:]
        floor = bytes
    }
}
