internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

// Dead letters for operators, in pages; Protocols/2-bus §13.
extension Core {
    /// Most dead letters looked at for one page: the core has other work.
    static let deadLettersOfPage = 1_024
    /// Bytes of events after which a page ends.
    static let deadLetterBytesOfPage = 8 << 20

    /// Most rounds before a retry that are shown with a dead letter.
    static let earlierDeadLetters = 10

    /// A dead letter with its group.
    struct FoundDeadLetter {
        var group: Int
        var mark: DurableGroup.DeadLetterMark
        /// Read only where the query or the answer needs it.
        var letter: DeadLetter?
        var event: ArraySlice<UInt8> = []
    }

    /// Some dead letters, and where the next page begins.
    struct DeadLetterPage {
        var found: [FoundDeadLetter] = []
        /// 0 when everything was looked at.
        var next: UInt64 = 0
    }

    /// The dead letters a query means, in the order of their numbers, from one number on.
    ///
    /// - Parameters:
    ///   - query: Which.
    ///   - after: Only those with higher numbers.
    ///   - maximum: The most to return.
    ///   - whole: Whether letters and events are read even where the query does not need them.
    /// - Returns: The page.
    /// - Throws: `LogError` or `RecordFailure` when one that has to be read cannot be.
    func deadLetters(
        _ query: DeadLetterQuery, after: UInt64, maximum: Int, whole: Bool
    ) throws -> DeadLetterPage {
        let (marks, hasMore) = deadLetterMarks(query, after: after)
        var page = DeadLetterPage()
        var bytes = 0
        for (index, candidate) in marks.enumerated() {
            var found = candidate
            if whole || query.readsLetters {
                let letter = try deadLetter(at: found.mark.position)
                found.letter = letter
                guard query.reason.isEmpty || letter.fault.reason == query.reason else {
                    continue
                }
            }
            if whole || query.readsEvents {
                found.event = try event(found.mark.sequence, at: found.mark.eventPosition)
                bytes += found.event.count
                guard query.admits(found.event) else { continue }
            }
            page.found.append(found)
            if page.found.count >= maximum || bytes >= Self.deadLetterBytesOfPage {
                let isLast = index == marks.count - 1 && !hasMore
                page.next = isLast ? 0 : found.mark.position
                return page
            }
        }
        if hasMore, let last = marks.last { page.next = last.mark.position }
        return page
    }

    /// Removes a page of dead letters for good; each group's part is one record.
    ///
    /// - Parameters:
    ///   - query: Which.
    ///   - after: Only those with higher numbers.
    ///   - answer: Gets their numbers, and where the next page begins, once that is durable.
    func purgeDeadLetters(
        _ query: DeadLetterQuery, after: UInt64,
        answer: @escaping (Result<(purged: [UInt64], next: UInt64), RPCError>) -> Void
    ) {
        let page: DeadLetterPage
        do {
            page = try deadLetters(
                query, after: after, maximum: Self.deadLettersOfPage, whole: false)
        } catch {
            answer(.failure(RPCError(unreadable: error)))
            return
        }
        for (group, found) in Dictionary(grouping: page.found, by: \.group)
            .sorted(by: { $0.key < $1.key })
        {
            step(
                .removeDeadLetters(
                    GroupID(UInt32(group)), positions: found.map(\.mark.position)))
        }
        afterCommit { answer(.success((page.found.map(\.mark.position), page.next))) }
    }

    /// Makes a page of dead letters due again; each group's part is one record.
    ///
    /// - Parameters:
    ///   - query: Which.
    ///   - after: Only those with higher numbers.
    ///   - answer: Gets how many, and where the next page begins, once that is durable.
    func retryDeadLetters(
        _ query: DeadLetterQuery, after: UInt64,
        answer: @escaping (Result<(retried: UInt64, next: UInt64), RPCError>) -> Void
    ) {
        let page: DeadLetterPage
        do {
            page = try deadLetters(
                query, after: after, maximum: Self.deadLettersOfPage, whole: false)
        } catch {
            answer(.failure(RPCError(unreadable: error)))
            return
        }
        let groups = Dictionary(grouping: page.found, by: \.group)
        var waiting = groups.count
        var retried: UInt64 = 0
        var refusal: BusFault?
        guard waiting > 0 else {
            answer(.success((0, page.next)))
            return
        }
        for (index, found) in groups.sorted(by: { $0.key < $1.key }) {
            let definition = engine.durable.groups[index].definition
            operate(
                topic: engine.durable.topics[Int(definition.topic.number)].name,
                group: definition.name, .retry(found.map(\.mark.sequence))
            ) { result in
                switch result {
                case .success(let operated): retried += operated.events
                case .failure(let fault): refusal = fault
                }
                waiting -= 1
                guard waiting == 0 else { return }
                // What was done of it stays done; who asks again goes on with the rest.
                answer(refusal.map { .failure($0.rpcError) } ?? .success((retried, page.next)))
            }
        }
    }

    /// Dead letters of the groups a query names, and the highest number of all.
    func deadLetterCount(_ query: DeadLetterQuery) -> (total: Int, last: UInt64) {
        var total = 0
        var last: UInt64 = 0
        for (index, group) in engine.durable.groups.enumerated() {
            last = max(last, group.deadLetters.last?.position ?? 0)
            if isNamed(index, query) { total += group.deadLetters.count }
        }
        return (total, last)
    }

    /// The next marks by number, by what is in memory of them.
    private func deadLetterMarks(
        _ query: DeadLetterQuery, after: UInt64
    ) -> (marks: [FoundDeadLetter], hasMore: Bool) {
        var marks: [FoundDeadLetter] = []
        for (index, group) in engine.durable.groups.enumerated() where isNamed(index, query) {
            marks += group.deadLetters[group.firstDeadLetter(after: after)...].lazy
                .filter { query.admits($0) }.prefix(Self.deadLettersOfPage + 1)
                .map { FoundDeadLetter(group: index, mark: $0) }
        }
        marks.sort { $0.mark.position < $1.mark.position }
        let hasMore = marks.count > Self.deadLettersOfPage
        return (Array(marks.prefix(Self.deadLettersOfPage)), hasMore)
    }

    private func isNamed(_ group: Int, _ query: DeadLetterQuery) -> Bool {
        let definition = engine.durable.groups[group].definition
        let topic = engine.durable.topics[Int(definition.topic.number)].name
        return (query.topic.isEmpty || query.topic == topic)
            && (query.group.isEmpty || query.group == definition.name)
    }

    /// Reads the record of a dead letter.
    func deadLetter(at position: UInt64) throws -> DeadLetter {
        guard
            let entry = try log.read(from: position, maximumBytes: 1, maximumCount: 1).first,
            case .deadLetter(let letter) = try Record(kind: entry.kind, payload: entry.payload)
        else { throw RecordFailure.inconsistent("no dead letter at \(position)") }
        return letter
    }

    /// Reads one event from the record that holds it.
    func event(_ sequence: UInt64, at position: UInt64) throws -> ArraySlice<UInt8> {
        guard let block = try events(from: position, bytes: 1, count: 1).first?.block,
            sequence >= block.firstSequence,
            sequence - block.firstSequence < UInt64(block.events.count)
        else { throw RecordFailure.inconsistent("no event \(sequence) at \(position)") }
        return block.events[Int(sequence - block.firstSequence)].bytes
    }

    /// How the worker process behind a session ended, as far as a supervisor reported it.
    func workerExit(ofSession session: String) throws -> Barid_Admin_V1_WorkerExit? {
        guard !session.isEmpty,
            let mark = engine.durable.exits.last(where: { $0.session == session }),
            let entry = try log.read(from: mark.position, maximumBytes: 1, maximumCount: 1).first,
            case .workerExit(let exit) = try Record(kind: entry.kind, payload: entry.payload)
        else { return nil }
        return try Barid_Admin_V1_WorkerExit(serializedBytes: Array(exit.report))
    }

    /// A dead letter as operators get it.
    func message(
        of found: FoundDeadLetter, withEvent: Bool
    ) throws -> Barid_Admin_V1_DeadLetter {
        let group = engine.durable.groups[found.group]
        var message = Barid_Admin_V1_DeadLetter()
        message.topic = engine.durable.topics[Int(group.definition.topic.number)].name
        message.group = group.definition.name
        message.number = found.mark.position
        message.sequence = found.mark.sequence
        if withEvent { message.event = Data(found.event) }
        if let scan = try? RoutingScan(found.event) {
            let bytes = Array(found.event)
            message.eventID = String(decoding: bytes[scan.id], as: UTF8.self)
            message.type = String(decoding: bytes[scan.type], as: UTF8.self)
            message.subject = String(decoding: bytes[scan.subject], as: UTF8.self)
        }
        guard let letter = found.letter else { return message }
        message.time = Google_Protobuf_Timestamp(nanoseconds: letter.time)
        message.error = Barid_Bus_V1_BusError(letter.fault)
        message.attempts = try letter.attempts.map { try self.message(of: $0) }
        var earlier = letter.earlier
        while earlier > 0, message.earlier.count < Self.earlierDeadLetters,
            earlier >= log.firstPosition
        {
            let before = try deadLetter(at: earlier)
            message.earlier.append(
                try .with {
                    $0.number = earlier
                    $0.sequence = before.sequence
                    $0.time = Google_Protobuf_Timestamp(nanoseconds: before.time)
                    $0.error = Barid_Bus_V1_BusError(before.fault)
                    $0.attempts = try before.attempts.map { try self.message(of: $0) }
                })
            earlier = before.earlier
        }
        return message
    }

    /// A failed attempt as operators get it.
    func message(of attempt: FailedAttempt) throws -> Barid_Admin_V1_Attempt {
        var message = Barid_Admin_V1_Attempt()
        message.attempt = attempt.attempt
        message.worker = attempt.worker
        message.started = Google_Protobuf_Timestamp(nanoseconds: attempt.started)
        message.ended = Google_Protobuf_Timestamp(nanoseconds: attempt.ended)
        message.error = Barid_Bus_V1_BusError(attempt.fault)
        if let exit = try workerExit(ofSession: attempt.session) {
            message.workerExit = exit
        } else {
            message.unsupervised = attempt.fault.reason == BusFault.Reason.workerLost.rawValue
        }
        return message
    }
}

extension Barid_Bus_V1_BusError {
    /// A fault as it goes over the wire.
    init(_ fault: BusFault) {
        self.init()
        code = Int32(fault.code.rawValue)
        reason = fault.reason
        message = fault.message
        retryAfterMs = fault.retryAfter.milliseconds
    }
}
