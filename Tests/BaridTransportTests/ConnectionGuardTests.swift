import Testing

@testable import BaridTransport

/// Protocols/7-security §7: which connections give way, and when memory is looked into.
struct ConnectionGuardTests {
    private let start = ContinuousClock.now

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant {
        start + .milliseconds(milliseconds)
    }

    @Test(arguments: [1, 2, 100])
    func theOldestGivesWayAboveTheLimit(limit: Int) {
        var connections = ConnectionGuard(maximumPending: limit, maximumTime: .seconds(30))
        for number in 0..<limit {
            #expect(connections.accepted(Int32(number), now: after(number)) == nil)
        }
        #expect(
            connections.accepted(1_000, now: after(limit))
                == ConnectionGuard.Cut(descriptor: 0, offence: .crowd))
        #expect(connections.pendingCount == limit)
        // One that got its session makes room.
        connections.began(1_000)
        #expect(connections.accepted(1_001, now: after(limit + 1)) == nil)
        #expect(connections.accepted(1_002, now: after(limit + 2)) != nil)
    }

    @Test func whoHasASessionIsNeverCut() {
        var connections = ConnectionGuard(maximumPending: 1, maximumTime: .seconds(1))
        _ = connections.accepted(1, now: start)
        connections.began(1)
        #expect(connections.accepted(2, now: start) == nil)
        #expect(connections.overdue(now: after(1_001)).map(\.descriptor) == [2])
        #expect(connections.overdue(now: after(100_000)).isEmpty)
    }

    /// Below, at and above the time.
    @Test func aConnectionWithoutASessionIsCutAfterItsTime() {
        var connections = ConnectionGuard(maximumPending: 9, maximumTime: .seconds(30))
        _ = connections.accepted(1, now: start)
        #expect(connections.overdue(now: after(29_999)).isEmpty)
        #expect(connections.overdue(now: after(30_000)).isEmpty)
        #expect(
            connections.overdue(now: after(30_001))
                == [ConnectionGuard.Cut(descriptor: 1, offence: .silence)])
        #expect(connections.overdue(now: after(60_000)).isEmpty)
        #expect(connections.isEmpty)
    }

    @Test func afterItsSessionAConnectionHasTheTimeAgain() {
        var connections = ConnectionGuard(maximumPending: 9, maximumTime: .seconds(30))
        _ = connections.accepted(1, now: start)
        connections.began(1)
        connections.ended(1, now: after(50_000))
        #expect(connections.overdue(now: after(80_000)).isEmpty)
        #expect(connections.overdue(now: after(80_001)).count == 1)
    }

    @Test func messagesWithoutASessionHaveAMaximum() {
        var connections = ConnectionGuard(maximumPending: 9, maximumTime: .seconds(30))
        _ = connections.accepted(1, now: start)
        for _ in 0..<ConnectionGuard.maximumStrays { #expect(connections.strayed(1) == nil) }
        #expect(connections.strayed(1)?.offence == .strays)
        // A session begins the count anew, and one unknown is nobody's.
        _ = connections.accepted(2, now: start)
        for _ in 0..<ConnectionGuard.maximumStrays { _ = connections.strayed(2) }
        connections.began(2)
        #expect(connections.strayed(2) == nil)
        #expect(connections.strayed(77) == nil)
    }

    @Test func aHandshakeThatTookTooLongIsTold() {
        var connections = ConnectionGuard(maximumPending: 9, maximumTime: .seconds(30))
        for descriptor in Int32(1)...4 { _ = connections.accepted(descriptor, now: start) }
        connections.began(3)
        let told = [
            (1, true, 20), (2, false, 5_000), (3, false, 5_000), (4, true, 5_000),
            (4, true, 5_000),
        ].map { connections.disconnected($0.0, isGreeting: $0.1, now: after($0.2)) }
        #expect(told == [false, false, false, true, false])
        #expect(connections.pendingCount == 0)
    }

    /// Whatever the system allows, the sessions, those who wait and the broker itself fit in.
    @Test(arguments: [256, 300, 1_024, 65_536])
    func limitsFitTheDescriptors(count: Int) {
        let limits = PeerLimits().fitted(toDescriptors: count)
        #expect(limits.maximumSessions + limits.maximumPending <= count - 64)
        #expect(limits.problems.isEmpty)
        #expect(limits.maximumSessions == min(4_096, (count - 64) - (count - 64) / 4))
    }

    @Test(arguments: [(0, 1), (1, 0), (60_000, 0), (60_001, 1)])
    func limitsHaveARange(value: Int, problems: Int) {
        for path in [
            \PeerLimits.maximumSessions, \.maximumSessionsPerKey, \.maximumPending,
        ] {
            var limits = PeerLimits()
            limits[keyPath: path] = value
            #expect(limits.problems.count == problems)
        }
    }

    // MARK: Memory

    @Test(arguments: [(31, false), (32, false), (33, true)])
    func aStepOfGrowthIsLookedInto(mebibytes: Int, isLookedInto: Bool) {
        var memory = MemoryWatch(step: 32 << 20)
        #expect(memory.measured(100 << 20, now: start) == .nothing)
        let answer = memory.measured((100 + mebibytes) << 20, now: after(100))
        #expect((answer == .examine(ask: true)) == isLookedInto)
    }

    @Test func whoBringsBytesAndNoMessageIsGuilty() {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        #expect(memory.measured(140 << 20, now: after(100)) == .examine(ask: true))
        let first = memory.isGuilty(1, heard: start, hasUnread: true, now: after(100))
        #expect(memory.measured(150 << 20, now: after(139)) == .examine(ask: false))
        let early = memory.isGuilty(1, heard: start, hasUnread: true, now: after(139))
        let late = memory.isGuilty(1, heard: start, hasUnread: true, now: after(140))
        #expect([first, early, late] == [false, false, true])
        // Memory that does not grow on is not of this.
        _ = memory.measured(150 << 20, now: after(160))
        let still = memory.isGuilty(1, heard: start, hasUnread: true, now: after(160))
        #expect(!still)
    }

    /// Whoever has been there for a while has longer.
    @Test(arguments: [(139, false), (150, true)])
    func aFriendHasLonger(time: Int, isGuilty: Bool) {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        _ = memory.measured(140 << 20, now: start)
        _ = memory.isGuilty(1, heard: start, isFriend: true, hasUnread: true, now: start)
        _ = memory.measured(150 << 20, now: after(time))
        let found = memory.isGuilty(
            1, heard: start, isFriend: true, hasUnread: true, now: after(time))
        #expect(found == isGuilty)
    }

    @Test func aMessageOrAnEmptySocketClearsASuspect() {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        _ = memory.measured(140 << 20, now: after(100))
        _ = memory.isGuilty(1, heard: start, hasUnread: true, now: after(100))
        _ = memory.isGuilty(2, heard: start, hasUnread: true, now: after(100))
        _ = memory.isGuilty(2, heard: start, hasUnread: false, now: after(120))
        _ = memory.measured(150 << 20, now: after(150))
        let heard = memory.isGuilty(1, heard: after(130), hasUnread: true, now: after(150))
        let emptied = memory.isGuilty(2, heard: start, hasUnread: true, now: after(150))
        #expect(!heard && !emptied)
    }

    @Test func whatGrewForABetterReasonIsTheFloor() {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        _ = memory.measured(140 << 20, now: after(100))
        #expect(memory.interval(now: after(100)) == .milliseconds(20))
        memory.calm(oldest: after(350), bytes: 150 << 20, now: after(400))
        #expect(memory.interval(now: after(400)) == .milliseconds(50))
        #expect(memory.measured(181 << 20, now: after(500)) == .nothing)
        #expect(memory.measured(183 << 20, now: after(600)) == .examine(ask: true))
    }

    /// After a cut a quarter of the step is enough, for 5 s.
    @Test func afterACutLessIsEnough() {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        memory.hasCut(1, now: start)
        #expect(memory.measured(108 << 20, now: after(4_999)) == .nothing)
        #expect(memory.measured(109 << 20, now: after(4_999)) == .examine(ask: true))
        #expect(memory.measured(109 << 20, now: after(5_000)) == .nothing)
    }

    /// And newcomers are let in slowly.
    @Test func newcomersAreLetInSlowlyAfterACut() {
        var connections = ConnectionGuard(maximumPending: 9, maximumTime: .seconds(30))
        let cuts = [0, 249, 250, 499, 500].map {
            connections.accepted(Int32($0), slowly: true, now: after($0))?.offence
        }
        #expect(cuts == [nil, .haste, nil, .haste, nil])
        #expect(connections.pendingCount == 3)
    }

    @Test func aSilentOneGoesWhenMemoryGrowsOn() {
        var memory = MemoryWatch(step: 32 << 20)
        _ = memory.measured(100 << 20, now: start)
        _ = memory.measured(140 << 20, now: after(100))
        let below = memory.isGuilty(1, heard: start, hasUnread: false, now: after(1_200))
        _ = memory.measured(165 << 20, now: after(1_000))
        let early = memory.isGuilty(1, heard: start, hasUnread: false, now: after(1_099))
        let late = memory.isGuilty(1, heard: start, hasUnread: false, now: after(1_100))
        #expect([below, early, late] == [false, false, true])
        // One that is silent keeps the alarm up.
        memory.calm(oldest: start, bytes: 165 << 20, now: after(1_100))
        #expect(memory.measured(165 << 20, now: after(1_200)) == .examine(ask: false))
    }
}
