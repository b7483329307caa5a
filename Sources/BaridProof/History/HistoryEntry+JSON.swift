internal import BaridEngine

extension HistoryEntry {
    /// The version of the format, written and read.
    public static let version: Int64 = 1

    /// The entry as a line of JSON, without the line feed.
    ///
    /// Reading it gives the entry back. Specified in Protocols/5-history.
    public var json: String {
        var writer = FlatObjectWriter()
        writer.add("t_mono", time)
        writer.add("actor", actor)
        writer.add("op", operation.rawValue)
        writer.add("event_id", event)
        writer.add("hash", hash)
        writer.add("key", key)
        writer.add("type", type)
        writer.add("topic", topic)
        writer.add("group", group)
        if !types.isEmpty { writer.add("types", types) }
        writer.add("session", session)
        if let token {
            writer.add("epoch", Int64(clamping: token.epoch))
            if token.turn != 0 { writer.add("turn", Int64(clamping: token.turn)) }
            writer.add("attempt", Int64(clamping: token.attempt))
        }
        if how != .ack { writer.add("how", how.rawValue) }
        if offset != 0 { writer.add("offset", Int64(clamping: offset)) }
        if last != 0 { writer.add("last", Int64(clamping: last)) }
        if revision != 0 { writer.add("rev", Int64(clamping: revision)) }
        if replay != 0 { writer.add("replay", Int64(clamping: replay)) }
        if life != 0 { writer.add("life", Int64(clamping: life)) }
        if duplicate { writer.add("duplicate", true) }
        if lease != 0 { writer.add("lease_ns", lease) }
        if let sent { writer.add("sent_mono", sent) }
        if let from { writer.add("from_mono", from) }
        writer.add("name", name)
        if value != 0 { writer.add("value", value) }
        writer.add("result", result)
        return writer.text
    }

    /// Reads a line of JSON.
    ///
    /// Fields that are not known are passed over.
    ///
    /// - Parameter line: The line, without the line feed.
    /// - Throws: ``HistoryError/Reason`` when the line is no entry.
    public init(json line: UnsafeRawBufferPointer) throws(HistoryError.Reason) {
        var reader = FlatObjectReader(line)
        var entry = HistoryEntry(.end, time: 0, actor: "")
        var epoch: UInt64?
        var turn: UInt64 = 0
        var attempt: UInt64?
        var operation: Operation?
        var hasTime = false
        while let (name, value) = try reader.next() {
            switch name {
            case "t_mono":
                entry.time = try value.integer(name)
                hasTime = true
            case "actor": entry.actor = try value.string(name)
            case "op":
                let text = try value.string(name)
                guard let known = Operation(rawValue: text) else { throw .operation(text) }
                operation = known
            case "event_id": entry.event = try value.string(name)
            case "hash": entry.hash = try value.string(name)
            case "key": entry.key = try value.string(name)
            case "type": entry.type = try value.string(name)
            case "topic": entry.topic = try value.string(name)
            case "group": entry.group = try value.string(name)
            case "types":
                entry.types = try value.strings(name)
                if let bad = entry.types.first(where: { TypePattern($0) == nil }) {
                    throw .value(name, bad)
                }
            case "session": entry.session = try value.string(name)
            case "epoch": epoch = try value.natural(name)
            case "turn": turn = try value.natural(name)
            case "attempt": attempt = try value.natural(name)
            case "how":
                let text = try value.string(name)
                guard let known = Settlement(rawValue: text) else { throw .value(name, text) }
                entry.how = known
            case "offset": entry.offset = try value.natural(name)
            case "last": entry.last = try value.natural(name)
            case "rev": entry.revision = try value.natural(name)
            case "replay": entry.replay = try value.natural(name)
            case "life": entry.life = try value.natural(name)
            case "duplicate": entry.duplicate = try value.bool(name)
            case "lease_ns": entry.lease = try value.integer(name)
            case "sent_mono": entry.sent = try value.integer(name)
            case "from_mono": entry.from = try value.integer(name)
            case "name": entry.name = try value.string(name)
            case "value": entry.value = try value.integer(name)
            case "result": entry.result = try value.string(name)
            default: break
            }
        }
        guard let operation else { throw .missing("op") }
        guard hasTime else { throw .missing("t_mono") }
        entry.operation = operation
        if let epoch, let attempt {
            entry.token = Token(epoch: epoch, turn: turn, attempt: attempt)
        } else if epoch != nil || attempt != nil {
            throw .missing(epoch == nil ? "epoch" : "attempt")
        }
        if let field = entry.missingField { throw .missing(field) }
        self = entry
    }

    /// The name of the first field that the operation needs and the entry lacks.
    var missingField: String? {
        var needed: [(String, Bool)] = []
        switch operation {
        case .history: needed = [("value", value != 0)]
        case .limit, .sample: needed = [("name", !name.isEmpty)]
        case .groupReset:
            needed = [
                ("group", !group.isEmpty), ("offset", offset != 0), ("life", life != 0),
            ]
        case .group, .groupDeleted: needed = [("group", !group.isEmpty)]
        case .replay:
            needed = [
                ("group", !group.isEmpty), ("replay", replay != 0), ("offset", offset != 0),
                ("last", last != 0),
            ]
        case .publishTry, .log:
            needed = [
                ("event_id", !event.isEmpty), ("hash", !hash.isEmpty),
                ("offset", operation != .log || offset != 0),
            ]
        case .publishOK, .publishError, .publishUnknown: needed = [("event_id", !event.isEmpty)]
        case .deliver:
            needed = [
                ("event_id", !event.isEmpty), ("group", !group.isEmpty), ("offset", offset != 0),
                ("epoch", token != nil),
            ]
        case .ackTry, .ackOK, .ackStale, .ackUnknown:
            needed = [
                ("event_id", !event.isEmpty), ("group", !group.isEmpty), ("epoch", token != nil),
            ]
        case .sessionEnd, .turnless: needed = [("session", !session.isEmpty)]
        case .deadLetterPurged:
            needed = [
                ("event_id", !event.isEmpty), ("group", !group.isEmpty), ("value", value > 0),
            ]
        case .effect, .pending, .deadLetter, .deadLetterRemoved, .deadLetterRetried, .expired,
            .trimmed:
            needed = [("event_id", !event.isEmpty), ("group", !group.isEmpty)]
        case .lost:
            needed = [
                ("event_id", !event.isEmpty), ("group", !group.isEmpty), ("value", value > 0),
            ]
        case .row:
            needed = [
                ("event_id", !event.isEmpty), ("group", !group.isEmpty), ("key", !key.isEmpty),
            ]
        case .trim: needed = [("offset", offset != 0)]
        case .heal, .end: break
        }
        return needed.first { !$0.1 }?.0
    }
}
