import BaridProof
import Testing

/// Protocols/5-history, "Checks": each promise broken is reported under its name, and nothing
/// else is.
@Suite struct CheckerTests {
    static let seeds: Range<UInt64> = 0..<40

    @Test(arguments: seeds)
    func aGoodHistoryPasses(seed: UInt64) {
        let report = HistoryChecker.check(GoodHistory(seed: seed).history)
        #expect(report.violations.isEmpty, "\(report.violations)")
        #expect(report.counts.acknowledged > 10)
        #expect(report.counts.redelivered > 3)
        #expect(report.counts.lost == 0)
    }

    /// An unknown publish may be in the log and may not; the good histories hold both kinds.
    @Test func unknownPublishesMayGoEitherWay() {
        var counts = HistoryReport.Counts()
        for seed in Self.seeds {
            let report = HistoryChecker.check(GoodHistory(seed: seed).history)
            counts.unknown += report.counts.unknown
            counts.unknownStored += report.counts.unknownStored
        }
        #expect(counts.unknownStored > 20)
        #expect(counts.unknown - counts.unknownStored > 20)
    }

    /// What a group was given before it began anew, or another of its name was made, does not
    /// count; leases of before are over; and what retention takes is no longer owed.
    @Test func aGroupBeginsAnewAndLosesWhatRetentionTakes() throws {
        var history = History()
        let lines = """
            {"t_mono":1,"actor":"t","op":"history","value":1}
            {"t_mono":2,"actor":"b","op":"group","group":"g","offset":1}
            {"t_mono":3,"actor":"p","op":"pub_try","event_id":"e1","hash":"1","key":"k","type":"t.v1"}
            {"t_mono":4,"actor":"p","op":"pub_ok","event_id":"e1","offset":1}
            {"t_mono":5,"actor":"p","op":"pub_try","event_id":"e2","hash":"2","key":"k","type":"t.v1"}
            {"t_mono":6,"actor":"p","op":"pub_ok","event_id":"e2","offset":2}
            {"t_mono":7,"actor":"w","op":"deliver","event_id":"e1","group":"g","offset":1,"epoch":1,"attempt":1,"session":"w1","lease_ns":90,"sent_mono":7,"key":"k"}
            {"t_mono":8,"actor":"w","op":"ack_try","event_id":"e1","group":"g","epoch":1,"attempt":1}
            {"t_mono":9,"actor":"w","op":"ack_ok","event_id":"e1","group":"g","epoch":1,"attempt":1,"session":"w1"}
            {"t_mono":10,"actor":"w","op":"deliver","event_id":"e2","group":"g","offset":2,"epoch":1,"attempt":1,"session":"w1","lease_ns":90,"sent_mono":10,"key":"k"}
            {"t_mono":20,"actor":"o","op":"group_reset","group":"g","offset":1,"life":1}
            {"t_mono":21,"actor":"w","op":"deliver","event_id":"e1","group":"g","life":1,"offset":1,"epoch":1,"turn":9,"attempt":1,"session":"w2","lease_ns":90,"sent_mono":21,"key":"k"}
            {"t_mono":22,"actor":"w","op":"ack_try","event_id":"e2","group":"g","epoch":1,"attempt":1}
            {"t_mono":23,"actor":"w","op":"ack_stale","event_id":"e2","group":"g","epoch":1,"attempt":1}
            {"t_mono":30,"actor":"b","op":"trimmed","event_id":"e1","group":"g","life":1}
            {"t_mono":31,"actor":"w","op":"deliver","event_id":"e2","group":"g","life":1,"offset":2,"epoch":1,"turn":9,"attempt":1,"session":"w2","lease_ns":90,"sent_mono":31,"key":"k"}
            {"t_mono":32,"actor":"o","op":"group_deleted","group":"g","life":1}
            {"t_mono":33,"actor":"b","op":"group","group":"g","life":2,"offset":2}
            {"t_mono":34,"actor":"w","op":"deliver","event_id":"e2","group":"g","life":2,"offset":2,"epoch":1,"turn":12,"attempt":1,"session":"w3","lease_ns":90,"sent_mono":34,"key":"k"}
            {"t_mono":35,"actor":"w","op":"ack_try","event_id":"e2","group":"g","life":2,"epoch":1,"turn":12,"attempt":1}
            {"t_mono":36,"actor":"w","op":"ack_ok","event_id":"e2","group":"g","life":2,"epoch":1,"turn":12,"attempt":1,"session":"w3"}
            {"t_mono":40,"actor":"b","op":"log","event_id":"e1","hash":"1","offset":1}
            {"t_mono":41,"actor":"b","op":"log","event_id":"e2","hash":"2","offset":2}
            {"t_mono":42,"actor":"t","op":"end"}
            """
        try history.add(lines: Array(lines.utf8), file: "test")
        #expect(HistoryChecker.check(history).violations.isEmpty)
        var again = History()
        try again.add(lines: Array(history.lines.utf8), file: "again")
        #expect(again == history)
        // Each line about it is needed.
        for operation in [HistoryEntry.Operation.groupReset, .groupDeleted] {
            let without = history.entries.filter { $0.operation != operation }
            #expect(!HistoryChecker.check(History(without)).violations.isEmpty, "\(operation)")
        }
    }

    @Test(arguments: BadHistory.all)
    func aBadHistoryFailsUnderItsName(bad: BadHistory) {
        for seed in Self.seeds {
            let good = GoodHistory(seed: seed)
            var entries = good.entries
            bad.spoil(&entries)
            let isSpoilt = entries != good.entries
            #expect(isSpoilt, "seed \(seed): nothing was spoilt")
            let report = HistoryChecker.check(History(entries))
            #expect(
                report.failed.contains(bad.check),
                "seed \(seed): \(report.failed) instead of \(bad.check)")
            let found = report.violations.first { $0.check == bad.check }
            #expect(found.map { !$0.statement.isEmpty } ?? false)
        }
    }

    @Test func everyCheckHasABadHistory() {
        #expect(Set(BadHistory.all.map(\.check)) == Set(HistoryCheck.allCases))
        #expect(BadHistory.all.count >= 20)
    }

    /// A report stays readable however much is wrong.
    @Test func violationsAreCountedBeyondWhatIsKept() {
        var entries = GoodHistory(seed: 1, events: 200).entries
        entries.removeAll { $0.operation == .log }
        let report = HistoryChecker.check(History(entries))
        let kept = report.violations.filter { $0.check == .durability }
        #expect(kept.count == HistoryChecker.maximumViolations)
        #expect(report.totals[.durability, default: 0] > 100)
        #expect(report.counts.lost == report.totals[.durability])
    }

    @Test func retentionExcusesWhatItRemoved() {
        var entries = GoodHistory(seed: 2).entries
        let time = entries.last?.time ?? 0
        entries.removeAll { $0.operation == .log && $0.offset < 5 }
        entries.insert(
            HistoryEntry(.trim, time: time - 1, actor: "broker") { $0.offset = 5 },
            at: entries.count - 1)
        let report = HistoryChecker.check(History(entries))
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    /// A replay is owed like everything else, and no resurrection; it ends a dead letter, here of e2.
    @Test(arguments: [1, 2] as [UInt64])
    func aReplayIsOwed(number: UInt64) {
        var entries = GoodHistory(seed: 3).entries
        entries.removeAll {
            $0.operation == .deadLetter && $0.event == "e2" && $0.group == "index" && number == 2
        }
        let end = entries.count - 1
        let time = entries[end].time
        let replay = HistoryEntry(.replay, time: time - 5, actor: "admin") {
            $0.group = "index"
            $0.offset = number + 1
            $0.last = number + 1
            $0.replay = 1
        }
        entries.insert(replay, at: end)
        #expect(HistoryChecker.check(History(entries)).failed == [.completeness])
        let again: [HistoryEntry] = [HistoryEntry.Operation.deliver, .effect, .ackTry, .ackOK].map {
            HistoryEntry($0, time: time - 1, actor: "worker") {
                $0.event = "e\(number)"
                $0.group = "index"
                $0.offset = number + 1
                $0.key = "k\(number)"
                $0.replay = 1
                $0.token = HistoryEntry.Token(epoch: 9, attempt: 1)
            }
        }
        entries.insert(contentsOf: again, at: end + 1)
        let report = HistoryChecker.check(History(entries))
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    /// What a retried dead letter comes to is held to its tokens like everything else.
    @Test(
        arguments: [
            ("as it should be", nil),
            ("under the token of before", .oneOwner),
            ("without a retry", .noResurrection),
            ("settled under the token of before", .oneOwner),
            ("coming again after its ack", .noResurrection),
            ("under an attempt that goes on from before, and again", .oneOwner),
        ] as [(String, HistoryCheck?)])
    func aRetriedDeadLetterIsHeldToItsTokens(how: String, failed: HistoryCheck?) {
        var entries = GoodHistory(seed: 5).entries
        var (end, time) = (entries.count - 1, (entries.last?.time ?? 0) - 100)
        // In the good histories, e2 was rejected at its first attempt.
        func add(
            _ operation: HistoryEntry.Operation, turn: UInt64, attempt: UInt64 = 1
        ) {
            time += 5
            entries.insert(
                HistoryEntry(operation, time: time, actor: "worker") {
                    $0.event = "e2"
                    $0.group = "index"
                    $0.offset = 3
                    $0.key = "k2"
                    if operation != .deadLetterRetried {
                        $0.token = HistoryEntry.Token(epoch: 2, turn: turn, attempt: attempt)
                    }
                    if operation == .deliver { $0.sent = time }
                }, at: end)
            end += 1
        }
        if how != "without a retry" { add(.deadLetterRetried, turn: 0) }
        let turn: UInt64 = how == "under the token of before" ? 0 : 9
        add(.deliver, turn: turn)
        if how.hasPrefix("under an attempt") {
            add(.deliver, turn: 10, attempt: 2)
            add(.deliver, turn: 11, attempt: 2)
        }
        let last: (UInt64, UInt64) = how.hasPrefix("under an attempt") ? (11, 2) : (turn, 1)
        add(.effect, turn: last.0)
        let told: UInt64 = how == "settled under the token of before" ? 0 : last.0
        add(.ackTry, turn: told, attempt: last.1)
        add(.ackOK, turn: told, attempt: last.1)
        if how == "coming again after its ack" { add(.deliver, turn: 20) }
        let report = HistoryChecker.check(History(entries))
        if let failed {
            #expect(report.failed.contains(failed), "\(report.failed)")
        } else {
            #expect(report.isGood, "\(report.violations)")
        }
    }

    /// An ack that lost its answer may count, though another worker's under its token was refused.
    @Test(arguments: [("worker-9", true), ("worker-1", false)])
    func aRefusalIsThatOfItsSettlerOnly(refused: String, isGood: Bool) throws {
        var entries = GoodHistory(seed: 5).entries
        let acked = try #require(
            entries.firstIndex {
                $0.operation == .ackOK && $0.event == "e1" && $0.group == "index"
            })
        entries[acked].operation = .ackUnknown
        let own = entries[acked].actor
        for operation in [HistoryEntry.Operation.ackTry, .ackStale] {
            entries.repeatLast(.ackTry, event: "e1", group: "index") { entry in
                entry.operation = operation
                entry.actor = refused == "worker-9" ? refused : own
                if refused == "worker-9" { entry.session = "worker-9/1" }
            }
        }
        let report = HistoryChecker.check(History(entries))
        #expect(report.isGood == isGood, "\(report.violations)")
        #expect(isGood || report.failed.contains(.completeness))
    }

    /// 2-bus §3.3: after the window of repeats the same identity is another event.
    @Test(
        arguments: [
            ("after the window", 10, 22, nil),
            ("after the window, under the same token", 10, 22, nil),
            ("within the window", 200, 22, .offsets),
            ("within the window, with another topic", 30, 22, .offsets),
            ("after the window of two topics", 24, 22, nil),
            ("at its old place", 10, 2, .noResurrection),
        ] as [(String, Int64, UInt64, HistoryCheck?)])
    func anEventMayBeStoredAgain(
        when: String, window: Int64, place: UInt64, failed: HistoryCheck?
    ) {
        var entries = GoodHistory(seed: 5).entries
        entries.insert(
            HistoryEntry(.limit, time: entries.first?.time ?? 0, actor: "") {
                $0.name = "identity_window"
                $0.value = window
            }, at: 1)
        let token = HistoryEntry.Token(epoch: 9, turn: 9, attempt: 1)
        for operation in [HistoryEntry.Operation.deliver, .ackTry, .ackOK] {
            entries.repeatLast(operation, event: "e1", group: "index") { entry in
                if !when.hasSuffix("same token") { entry.token = token }
                entry.how = .ack
                if operation == .deliver { entry.offset = place }
            }
        }
        entries.repeatLast(.log, event: "e1") { $0.offset = 22 }
        for number in 0..<(when.contains("topic") ? 5 : 0) {
            for operation in [HistoryEntry.Operation.publishTry, .log] {
                entries.repeatLast(operation) { entry in
                    entry.event = "other-\(number)"
                    entry.topic = "comments"
                    entry.hash = "h"
                    entry.key = ""
                    entry.offset = operation == .log ? UInt64(number) + 1 : 0
                }
            }
        }
        let report = HistoryChecker.check(History(entries))
        if let failed {
            #expect(report.failed.contains(failed), "\(when): \(report.failed)")
        } else {
            #expect(report.isGood, "\(when): \(report.violations)")
        }
    }

    /// 2-bus §6.2.3: to a worker that does not say that it knows turns, none is sent.
    ///
    /// What a lost worker held then goes out again under the token it had; that, and nothing else, is let
    /// pass.
    @Test(
        arguments: [
            ("from a lost worker, without turns", nil),
            ("from a lost worker, to one with turns and back", nil),
            ("from a lost worker, and with turns", .oneOwner),
            ("from a worker that is not lost", .oneOwner),
            ("settled by a third", .oneOwner),
        ] as [(String, HistoryCheck?)])
    func aVersionWithoutTurnsMayGiveOneTokenTwice(how: String, failed: HistoryCheck?) {
        var entries = GoodHistory(seed: 6).entries
        var (end, time) = (entries.count - 1, (entries.last?.time ?? 0) - 200)
        func add(
            _ operation: HistoryEntry.Operation, by actor: String, turn: UInt64 = 0
        ) {
            time += 5
            entries.insert(
                HistoryEntry(operation, time: time, actor: actor) {
                    $0.session = "\(actor)/turnless"
                    guard operation != .turnless, operation != .sessionEnd else { return }
                    $0.event = "old"
                    $0.hash = "h"
                    $0.topic = entries[end - 1].topic
                    if operation == .log { $0.offset = 1_000_000 }
                    guard operation != .publishTry, operation != .log else { return }
                    $0.group = "old-group"
                    $0.offset = 1_000_000
                    $0.token = HistoryEntry.Token(epoch: 2, turn: turn, attempt: 1)
                }, at: end)
            end += 1
        }
        if how != "from a lost worker, and with turns" {
            add(.turnless, by: "first")
            add(.turnless, by: "second")
        }
        add(.publishTry, by: "publisher")
        add(.deliver, by: "first")
        if how != "from a worker that is not lost" { add(.sessionEnd, by: "first") }
        if how.hasSuffix("and back") {
            add(.deliver, by: "between", turn: 7)
            add(.sessionEnd, by: "between")
        }
        add(.deliver, by: "second")
        if how == "from a worker that is not lost" { add(.ackStale, by: "first") }
        let settling = how == "settled by a third" ? "third" : "second"
        add(.ackTry, by: settling)
        add(.ackOK, by: settling)
        let report = HistoryChecker.check(History(entries))
        #expect(
            report.violations.filter { $0.check == .oneOwner }.isEmpty == (failed == nil),
            "\(report.violations)")
    }

    @Test func ofADeletedGroupNothingIsOwed() {
        var entries = GoodHistory(seed: 4).entries
        entries.removeAll { $0.group == "even" && $0.event == "e4" }
        let last = entries.lastIndex { $0.operation == .heal } ?? 0
        entries.insert(
            HistoryEntry(.groupDeleted, time: entries[last].time, actor: "admin") {
                $0.group = "even"
            }, at: last)
        let report = HistoryChecker.check(History(entries))
        #expect(report.isGood, "\(report.violations)")
    }
}
