import BaridProof

/// A way to spoil a good history, and the check that has to notice.
struct BadHistory: Sendable, CustomStringConvertible {
    let description: String
    let check: HistoryCheck
    let spoil: @Sendable (inout [HistoryEntry]) -> Void

    private init(
        _ description: String, _ check: HistoryCheck,
        _ spoil: @escaping @Sendable (inout [HistoryEntry]) -> Void
    ) {
        self.description = description
        self.check = check
        self.spoil = spoil
    }

    static let all: [BadHistory] = storage + duties + leases + lives + effects

    // MARK: What is stored

    private static let storage: [BadHistory] = [
        BadHistory("an acknowledged event is dropped from the log", .durability) { entries in
            entries.removeAll { $0.operation == .log && $0.event == "e5" }
        },
        BadHistory("the end of the log is cut off", .durability) { entries in
            let last = entries.last { $0.operation == .publishOK && !$0.duplicate }
            entries.removeAll { $0.operation == .log && $0.offset >= last?.offset ?? 0 }
        },
        BadHistory("another body was acknowledged than is stored", .durability) { entries in
            entries.change(.publishTry, "e2") { $0.hash = "other" }
        },
        BadHistory("an offset is missing", .offsets) { entries in
            entries.removeAll { $0.operation == .log && $0.offset == 2 }
        },
        BadHistory("an offset is used again for another event", .offsets) { entries in
            entries.change(.log, "e3") { $0.offset = 3 }
        },
        BadHistory("a receipt names another event's offset", .offsets) { entries in
            entries.change(.publishOK, "e3") { $0.offset = 3 }
        },
        BadHistory("an event is stored twice", .offsets) { entries in
            entries.repeatLast(.log) { last in
                last.offset += 1
                last.event = "e1"
                last.hash = "h1"
            }
        },
        BadHistory("a delivery has the offset of another event", .offsets) { entries in
            entries.change(.deliver, "e3") { $0.offset = 5 }
        },
        BadHistory("an event is stored that nobody published", .noPhantom) { entries in
            entries.repeatLast(.log) { last in
                last.offset += 1
                last.event = "ghost"
            }
        },
        BadHistory("an event is stored with other data", .noPhantom) { entries in
            entries.change(.log, "e2") { $0.hash = "other" }
        },
        BadHistory("an event is delivered with other data", .noPhantom) { entries in
            entries.change(.deliver, "e1") { $0.hash = "other" }
        },
        BadHistory("a refused event is stored", .noPhantom) { entries in
            entries.change(.publishOK, "e4") { entry in
                entry.operation = .publishError
                entry.offset = 0
            }
        },
        BadHistory("a receipt comes for what was never sent", .noPhantom) { entries in
            entries.change(.publishOK, "e4") { $0.event = "ghost" }
        },
        BadHistory("a group gets what its filter does not match", .noPhantom) { entries in
            entries.change(.deliver, "e3") { $0.group = "even" }
        },
    ]

    // MARK: What groups are owed

    private static let duties: [BadHistory] = [
        BadHistory("an event never reaches a group", .completeness) { entries in
            entries.removeAll { $0.group == "even" && $0.event == "e4" }
        },
        BadHistory("a nacked event does not come back", .completeness) { entries in
            entries.removeAll {
                $0.group == "index" && $0.event == "e0" && $0.token?.attempt == 2
            }
        },
        BadHistory("a rejected event is no dead letter", .completeness) { entries in
            entries.removeAll { $0.operation == .deadLetter && $0.group == "index" }
        },
        BadHistory("an event comes again after its ack", .noResurrection) { entries in
            entries.repeatLast(.deliver, event: "e1", group: "index") { last in
                last.token?.attempt += 1
            }
        },
        BadHistory("an event comes again after its ack and a restart", .noResurrection) { entries in
            entries.repeatLast(.deliver, event: "e1", group: "index") { last in
                last.token = HistoryEntry.Token(epoch: 9, attempt: 9)
            }
        },
        BadHistory("an event is stuck at the end", .liveness) { entries in
            entries.removeAll {
                $0.group == "even" && $0.event == "e4" && $0.operation == .ackOK
            }
            entries.insertBeforeEnd(.pending) { entry in
                entry.event = "e4"
                entry.group = "even"
            }
        },
        BadHistory("an event is done long after the faults were over", .liveness) { entries in
            entries.removeAll { $0.operation == .heal }
            let time = entries.first?.time ?? 0
            entries.insert(HistoryEntry(.heal, time: time, actor: "test"), at: 1)
            entries.change(.limit, "") { $0.value = 100 }
        },
        BadHistory("the history stops in the middle", .liveness) { entries in
            entries.removeAll { $0.operation == .end }
        },
    ]

    // MARK: Groups that begin anew

    private static let lives: [BadHistory] = [
        BadHistory("a group that began anew is given nothing again", .completeness) { entries in
            entries.insertBeforeEnd(.groupReset) { entry in
                entry.group = "index"
                entry.offset = 1
                entry.life = 1
            }
        },
        BadHistory("a purged dead letter is there again", .durability) { entries in
            for operation in [HistoryEntry.Operation.deadLetterPurged, .deadLetter] {
                entries.insertBeforeEnd(operation) { entry in
                    entry.event = "e1"
                    entry.group = "index"
                    entry.value = 7
                }
            }
        },
        BadHistory("an ack is accepted after its group was reset", .oneOwner) { entries in
            let first = entries.first { $0.operation == .deliver && $0.group == "index" }?.time ?? 0
            entries.insert(
                HistoryEntry(.groupReset, time: first, actor: "operator") { entry in
                    entry.group = "index"
                    entry.offset = 1
                    entry.life = 1
                }, at: 1)
        },
        BadHistory("a token of before a reset is used after it", .oneOwner) { entries in
            entries.insertBeforeEnd(.groupReset) { entry in
                entry.group = "index"
                entry.offset = 1
                entry.life = 1
            }
            entries.repeatLast(.deliver, event: "e1", group: "index") { $0.life = 1 }
        },
        BadHistory("an event goes to a group that began after it", .noResurrection) { entries in
            entries.change(.group) { $0.offset = 5 }
        },
        BadHistory("an ack is accepted of what retention took", .oneOwner) { entries in
            let first = entries.first { $0.operation == .deliver && $0.event == "e1" }?.time ?? 0
            entries.insert(
                HistoryEntry(.trimmed, time: first, actor: "broker") { entry in
                    entry.event = "e1"
                    entry.group = "index"
                }, at: 1)
        },
    ]

    // MARK: Who owned what

    private static let leases: [BadHistory] = [
        BadHistory("an event has two owners", .oneOwner) { entries in
            entries.change(.deliver, "e1", attempt: 2) { $0.sent = ($0.sent ?? 0) - 900 }
        },
        BadHistory("two events of a key are out at once", .oneOwner) { entries in
            let other = entries.first {
                $0.operation == .deliver && $0.event == "e0" && $0.token?.attempt == 2
            }
            entries.change(.deliver, "e3") { $0.sent = (other?.sent ?? 0) + 1 }
        },
        BadHistory("a token is used twice", .oneOwner) { entries in
            entries.change(.deliver, "e0", attempt: 2) { $0.token?.attempt = 1 }
        },
        BadHistory("a token is used again by the next epoch", .oneOwner) { entries in
            entries.change(.deliver, "e0", attempt: 2) { $0.token = .init(epoch: 2, attempt: 1) }
        },
        BadHistory("an older token goes out after a later one", .oneOwner) { entries in
            entries.change(.deliver, "e0", attempt: 1) { $0.token?.turn = 5 }
        },
        BadHistory("an attempt's number is forgotten by a restart", .oneOwner) { entries in
            entries.repeatLast(.deliver, group: "index") { last in
                last.event = "e0"
                last.hash = "h0"
                last.key = "k0"
                last.offset = 1
                last.token = HistoryEntry.Token(epoch: 7, turn: 5, attempt: 2)
            }
        },
        BadHistory("an ack of somebody else is accepted", .oneOwner) { entries in
            entries.change(.ackTry, "e0", attempt: 2) { $0.actor = "another" }
            entries.change(.ackOK, "e0", attempt: 2) { $0.actor = "another" }
        },
        BadHistory("a late ack is accepted", .oneOwner) { entries in
            entries.change(.ackStale, "e1") { $0.operation = .ackOK }
        },
        BadHistory("a key's events go out in another order", .order) { entries in
            let third = entries.first { $0.operation == .deliver && $0.event == "e3" }?.time
            entries.change(.deliver, "e0") { entry in
                guard let third else { return }
                entry.sent = third + 1
            }
        },
        BadHistory("a waiting event does not hold back its key", .order) { entries in
            let first = entries.firstIndex {
                $0.operation == .deliver && $0.event == "e0" && $0.token?.attempt == 2
            }
            let third = entries.first { $0.operation == .deliver && $0.event == "e3" }?.sent
            guard let first, let third else { return }
            entries[first].sent = third + 1
        },
    ]

    // MARK: What it came to

    private static let effects: [BadHistory] = [
        BadHistory("an effect happens twice", .effect) { entries in
            entries.repeatLast(.effect) { _ in }
        },
        BadHistory("an acked event had no effect", .effect) { entries in
            entries.removeAll { $0.operation == .effect && $0.event == "e1" }
        },
        BadHistory("an older revision stands in the index", .effect) { entries in
            entries.change(.row, key: "k0") { $0.event = "e0" }
        },
        BadHistory("a row comes from nowhere", .effect) { entries in
            entries.change(.row, key: "k0") { $0.key = "nowhere" }
        },
        BadHistory("a row is missing", .effect) { entries in
            entries.removeAll { $0.operation == .row && $0.key == "k0" }
        },
        BadHistory("memory is over its bound", .bounds) { entries in
            entries.change(.sample) { $0.value = 1_001 }
        },
    ]
}

extension [HistoryEntry] {
    /// Changes the first entry that fits.
    fileprivate mutating func change(
        _ operation: HistoryEntry.Operation, _ event: String? = nil, attempt: UInt64? = nil,
        key: String? = nil, _ body: (inout HistoryEntry) -> Void
    ) {
        let found = firstIndex {
            $0.operation == operation && (event == nil || $0.event == event)
                && (attempt == nil || $0.token?.attempt == attempt) && (key == nil || $0.key == key)
        }
        if let found { body(&self[found]) }
    }

    /// Adds a changed copy of the last entry that fits, before the dumps' end.
    mutating func repeatLast(
        _ operation: HistoryEntry.Operation, event: String? = nil, group: String? = nil,
        _ body: (inout HistoryEntry) -> Void
    ) {
        let found = last {
            $0.operation == operation && (event == nil || $0.event == event)
                && (group == nil || $0.group == group)
        }
        guard var copy = found, let end = last else { return }
        copy.time = end.time - 1
        if copy.sent != nil { copy.sent = end.time - 1 }
        body(&copy)
        insert(copy, at: count - 1)
    }

    fileprivate mutating func insertBeforeEnd(
        _ operation: HistoryEntry.Operation, _ body: (inout HistoryEntry) -> Void
    ) {
        guard let end = last else { return }
        insert(HistoryEntry(operation, time: end.time - 1, actor: "broker", body), at: count - 1)
    }
}
