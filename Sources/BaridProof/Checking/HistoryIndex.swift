internal import BaridEngine

/// A history sorted by what the checks ask for: events, groups, topics, duties.
///
/// Entries are named by their index, so nothing is copied.
struct HistoryIndex {
    /// One try to publish an event.
    struct Try {
        var entry: Int
        /// Index of the receipt or its absence.
        var answer: Int?
    }

    struct Event {
        var name: String
        var topic = ""
        var key = ""
        var type = ""
        var revision: UInt64 = 0
        var tries: [Try] = []
        /// Entries of the log's dump.
        var stored: [Int] = []
    }

    struct Group {
        var name: String
        var entry: Int
        var patterns: [TypePattern]
        var hasEffects = false
        var rows: [Int] = []
        var isDeleted = false
        /// Which life it is in.
        var life: UInt64 = 0
        /// The first offset owed to each life.
        var starts: [UInt64: UInt64] = [:]
        /// When each life ended that did, at the latest.
        var ends: [UInt64: Int64] = [:]
        /// Entries of the dead letters that are gone for good, by their numbers.
        var purged: [Int64: Int] = [:]

        func matches(_ type: String) -> Bool {
            patterns.contains { $0.matches(type) }
        }
    }

    struct Topic {
        /// Entries of the log's dump, then sorted by offset.
        var log: [Int] = []
        /// Receipts that name an offset.
        var receipts: [Int] = []
        /// The first offset that retention kept.
        var firstKept: UInt64 = 1
    }

    /// What a group owes an event: to be done with it, once a replay and life.
    struct DutyName: Hashable {
        var group: Int
        var event: Int
        var replay: UInt64
        var life: UInt64
    }

    struct Duty {
        var name: DutyName
        var deliveries: [Int] = []
        /// Tries to settle or extend, and their answers.
        var settlements: [Int] = []
        /// One of the deliveries went to a session that knows no turns.
        var isTurnless = false
        var effects: [Int] = []
        var deadLetter: Int?
        var deadLetterRemoved: Int?
        /// Retries of it as a dead letter.
        var retries: [Int] = []
        var expired: Int?
        var trimmed: Int?
        var pending: Int?
    }

    /// An attempt that the broker says did not happen.
    struct LostAttempt: Hashable {
        var group: Int
        var event: Int
        var attempt: UInt64
        var life: UInt64
    }

    private(set) var entries: [HistoryEntry]
    /// How often each attempt was taken back with its worker.
    private(set) var lost: [LostAttempt: Int] = [:]
    private(set) var events: [Event] = []
    private(set) var eventNumbers: [String: Int] = [:]
    private(set) var groups: [Group] = []
    private(set) var groupNumbers: [String: Int] = [:]
    private(set) var topics: [String: Topic] = [:]
    private(set) var duties: [Duty] = []
    private(set) var dutyNumbers: [DutyName: Int] = [:]
    private(set) var replays: [Int] = []
    private(set) var samples: [Int] = []
    /// Limits by whom they are about and their name.
    private(set) var limits: [String: [String: Int64]] = [:]
    /// When a session may first have been over for the broker; `Int64.min` for any time.
    private(set) var sessionEnds: [String: Int64] = [:]
    /// When the worker of each session last did or saw something.
    private(set) var sessionLasts: [String: Int64] = [:]
    /// Sessions whose worker or broker knows no turns.
    private var turnless: Set<String> = []
    /// Answers to publishes that nobody tried.
    private(set) var strayAnswers: [Int] = []
    private(set) var healed: Int?
    private(set) var end: Int?

    private struct Sender: Hashable {
        var actor: String
        var event: Int
    }

    init(_ history: History) {
        entries = history.sorted
        var open: [Sender: [Int]] = [:]
        for (number, entry) in entries.enumerated() { add(number, entry, &open) }
        forgetTurns()
        for name in topics.keys {
            topics[name]?.log.sort { (entries[$0].offset, $0) < (entries[$1].offset, $1) }
        }
    }

    /// What some saw without turns is compared without them.
    private mutating func forgetTurns() {
        guard !turnless.isEmpty else { return }
        for index in duties.indices
        where duties[index].deliveries.contains(where: { turnless.contains(entries[$0].session) }) {
            duties[index].isTurnless = true
            for number in duties[index].deliveries + duties[index].settlements {
                entries[number].token?.turn = 0
            }
        }
    }

    /// A limit that is about an actor, or about everybody.
    func limit(_ name: String, of actor: String = "") -> Int64? {
        limits[actor]?[name] ?? limits[""]?[name]
    }

    /// The duty, if anything is known of it.
    func duty(_ name: DutyName) -> Duty? { dutyNumbers[name].map { duties[$0] } }

    private mutating func add(_ number: Int, _ entry: HistoryEntry, _ open: inout [Sender: [Int]]) {
        if !entry.session.isEmpty, entry.operation != .sessionEnd, entry.operation != .turnless {
            sessionLasts[entry.session] = max(sessionLasts[entry.session] ?? .min, entry.time)
        }
        switch entry.operation {
        case .history: break
        case .limit: limits[entry.actor, default: [:]][entry.name] = entry.value
        case .sample: samples.append(number)
        case .group: addGroup(number, entry)
        case .groupDeleted:
            let index = group(entry)
            groups[index].isDeleted = true
            groups[index].ends[entry.life] = entry.time
            groups[index].life = max(groups[index].life, entry.life.saturatingNext)
        case .groupReset:
            let index = group(entry)
            groups[index].ends[entry.life &- 1] = entry.time
            groups[index].life = max(groups[index].life, entry.life)
            groups[index].starts[entry.life] = entry.offset
        case .replay: replays.append(number)
        case .publishTry:
            let event = event(entry)
            open[Sender(actor: entry.actor, event: event), default: []].append(
                events[event].tries.count)
            events[event].tries.append(Try(entry: number))
        case .publishOK, .publishError, .publishUnknown:
            let event = event(entry)
            let sender = Sender(actor: entry.actor, event: event)
            // Answers come in the order of the tries.
            if let index = open[sender]?.first {
                open[sender]?.removeFirst()
                events[event].tries[index].answer = number
            } else {
                strayAnswers.append(number)
            }
            if entry.operation == .publishOK, entry.offset != 0 {
                topics[events[event].topic, default: Topic()].receipts.append(number)
            }
        case .deliver: withDuty(entry) { $0.deliveries.append(number) }
        case .ackTry, .ackOK, .ackStale, .ackUnknown:
            withDuty(entry) { $0.settlements.append(number) }
        case .sessionEnd:
            let from = entry.from ?? .min
            sessionEnds[entry.session] = min(sessionEnds[entry.session] ?? .max, from)
        case .turnless: turnless.insert(entry.session)
        case .effect:
            // An effect is one whatever life saw to it.
            var first = entry
            first.life = 0
            withDuty(first) { $0.effects.append(number) }
            groups[group(entry)].hasEffects = true
        case .heal: healed = number
        case .log:
            let event = event(entry)
            events[event].stored.append(number)
            topics[entry.topic, default: Topic()].log.append(number)
        case .trim:
            let known = topics[entry.topic]?.firstKept ?? 1
            topics[entry.topic, default: Topic()].firstKept = max(known, entry.offset)
        case .pending: withDuty(entry) { $0.pending = number }
        case .deadLetter: withDuty(entry) { $0.deadLetter = number }
        case .deadLetterRemoved: withDuty(entry) { $0.deadLetterRemoved = number }
        case .deadLetterRetried: withDuty(entry) { $0.retries.append(number) }
        case .deadLetterPurged: groups[group(entry)].purged[entry.value] = number
        case .expired: withDuty(entry) { $0.expired = number }
        case .trimmed: withDuty(entry) { $0.trimmed = number }
        case .lost:
            let attempt = LostAttempt(
                group: group(entry), event: event(entry), attempt: UInt64(clamping: entry.value),
                life: entry.life)
            lost[attempt, default: 0] += 1
        case .row: groups[group(entry)].rows.append(number)
        case .end: end = number
        }
    }

    private mutating func addGroup(_ number: Int, _ entry: HistoryEntry) {
        let index = group(entry)
        groups[index].entry = number
        groups[index].isDeleted = false
        groups[index].life = max(groups[index].life, entry.life)
        groups[index].starts[entry.life] = entry.offset
        groups[index].patterns = (entry.types.isEmpty ? [">"] : entry.types)
            .compactMap(TypePattern.init)
    }

    private mutating func group(_ entry: HistoryEntry) -> Int {
        if let known = groupNumbers[entry.group] { return known }
        groupNumbers[entry.group] = groups.count
        groups.append(Group(name: entry.group, entry: -1, patterns: []))
        return groups.count - 1
    }

    private mutating func event(_ entry: HistoryEntry) -> Int {
        let index: Int
        if let known = eventNumbers[entry.event] {
            index = known
        } else {
            index = events.count
            eventNumbers[entry.event] = index
            events.append(Event(name: entry.event))
        }
        if entry.operation == .publishTry || entry.operation == .log {
            if events[index].topic.isEmpty { events[index].topic = entry.topic }
            if events[index].key.isEmpty { events[index].key = entry.key }
            if events[index].type.isEmpty { events[index].type = entry.type }
            if events[index].revision == 0 { events[index].revision = entry.revision }
        }
        return index
    }

    private mutating func withDuty(_ entry: HistoryEntry, _ body: (inout Duty) -> Void) {
        let name = DutyName(
            group: group(entry), event: event(entry), replay: entry.replay, life: entry.life)
        let index: Int
        if let known = dutyNumbers[name] {
            index = known
        } else {
            index = duties.count
            dutyNumbers[name] = index
            duties.append(Duty(name: name))
        }
        body(&duties[index])
    }
}

extension UInt64 {
    /// The number after it; the last one has none.
    fileprivate var saturatingNext: UInt64 { self == .max ? self : self + 1 }
}
