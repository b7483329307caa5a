/// The connections of a listener, and which of them have to give way: a value, without sockets.
///
/// A connection that has no session is *pending*: its handshake is not done, it has not said hello, or
/// its session has ended. Only so many may be, and none for long. Specified in Protocols/7-security §7.
struct ConnectionGuard {
    /// What a connection is cut for.
    enum Offence: Equatable {
        /// More were pending than may be, and it was the oldest.
        case crowd
        /// It was pending for too long.
        case silence
        /// It sent too many messages without a session.
        case strays
        /// It came while connections are let in slowly, because of one that filled memory.
        case haste

        /// What audit lines say of it.
        var right: String {
            switch self {
            case .crowd: "a place among those that wait"
            case .silence: "a hello in time"
            case .strays: "a session"
            case .haste: "a place while memory is being filled"
            }
        }
    }

    /// A connection to cut.
    struct Cut: Equatable {
        var descriptor: Int32
        var offence: Offence
    }

    /// How long a handshake may take; libzmq then cuts the connection.
    static let handshakeTime = Duration.seconds(5)

    private struct Connection {
        let since: ContinuousClock.Instant
        var pendingSince: ContinuousClock.Instant?
        var strays = 0
    }

    /// Messages in a row without a session; a peer whose session just ended may have hundreds on
    /// their way.
    static let maximumStrays = 4_096

    private let maximumPending: Int
    private let maximumTime: Duration
    private var connections: [Int32: Connection] = [:]
    private(set) var pendingCount = 0
    private var lastSlow: ContinuousClock.Instant?

    /// While memory is being filled, one connection is let in each time this has passed.
    static let slowInterval = Duration.milliseconds(250)

    init(maximumPending: Int, maximumTime: Duration) {
        self.maximumPending = max(1, maximumPending)
        self.maximumTime = maximumTime
    }

    var isEmpty: Bool { connections.isEmpty }

    /// The connections without a session, and since when.
    var pending: [(descriptor: Int32, since: ContinuousClock.Instant)] {
        connections.compactMap { descriptor, connection in
            connection.pendingSince.map { (descriptor, $0) }
        }
    }

    /// Somebody connected.
    ///
    /// - Parameters:
    ///   - descriptor: The connection.
    ///   - slowly: Whether only so many are let in, because one of them filled memory a moment ago.
    ///   - now: The time.
    /// - Returns: The connection that gives way.
    mutating func accepted(
        _ descriptor: Int32, slowly: Bool = false, now: ContinuousClock.Instant
    ) -> Cut? {
        remove(descriptor)
        if slowly {
            guard lastSlow.map({ $0.duration(to: now) >= Self.slowInterval }) ?? true else {
                return Cut(descriptor: descriptor, offence: .haste)
            }
            lastSlow = now
        }
        connections[descriptor] = Connection(since: now, pendingSince: now)
        pendingCount += 1
        guard pendingCount > maximumPending else { return nil }
        // The oldest goes: who says hello at once is never the oldest for long.
        let oldest = pending.min { $0.since < $1.since }
        return oldest.map { take($0.descriptor, .crowd) }
    }

    /// A session begins on the connection.
    mutating func began(_ descriptor: Int32) {
        guard var connection = connections[descriptor] else { return }
        if connection.pendingSince != nil { pendingCount -= 1 }
        connection.pendingSince = nil
        connection.strays = 0
        connections[descriptor] = connection
    }

    /// The session ended, the connection stays.
    mutating func ended(_ descriptor: Int32, now: ContinuousClock.Instant) {
        guard connections[descriptor]?.pendingSince == nil, connections[descriptor] != nil else {
            return
        }
        connections[descriptor]?.pendingSince = now
        pendingCount += 1
    }

    /// A message came on it, and there is no session.
    mutating func strayed(_ descriptor: Int32) -> Cut? {
        guard let strays = connections[descriptor]?.strays else { return nil }
        connections[descriptor]?.strays = strays + 1
        return strays + 1 > Self.maximumStrays ? take(descriptor, .strays) : nil
    }

    /// The connection is gone.
    ///
    /// - Parameters:
    ///   - descriptor: The connection.
    ///   - isGreeting: Whether its handshake was not done.
    ///   - now: The time.
    /// - Returns: Whether it had not finished its handshake in all the time there is for it.
    mutating func disconnected(
        _ descriptor: Int32, isGreeting: Bool, now: ContinuousClock.Instant
    ) -> Bool {
        guard let connection = remove(descriptor), isGreeting else { return false }
        // The kernel's clock and ours may differ by a little.
        let time = Self.handshakeTime - .milliseconds(100)
        return connection.since.duration(to: now) >= time
    }

    @discardableResult
    private mutating func remove(_ descriptor: Int32) -> Connection? {
        guard let connection = connections.removeValue(forKey: descriptor) else { return nil }
        if connection.pendingSince != nil { pendingCount -= 1 }
        return connection
    }

    /// Forgets a connection that is being cut for something else.
    mutating func forget(_ descriptor: Int32) { remove(descriptor) }

    /// Those that have been pending for too long.
    mutating func overdue(now: ContinuousClock.Instant) -> [Cut] {
        guard pendingCount > 0 else { return [] }
        return pending.filter { $0.since.duration(to: now) > maximumTime }
            .map { take($0.descriptor, .silence) }
    }

    /// Forgets a connection that is being cut, so that it is cut once.
    private mutating func take(_ descriptor: Int32, _ offence: Offence) -> Cut {
        remove(descriptor)
        return Cut(descriptor: descriptor, offence: offence)
    }
}
