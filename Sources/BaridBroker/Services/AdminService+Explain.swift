internal import BaridEngine
internal import BaridSchema
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

// Why an article does not move: found and told in pieces, so that nobody waits for the whole.
extension AdminService {
    /// Most events of one answer.
    private static let maximumEvents = 1_000
    /// Bodies larger than this are left out.
    private static let maximumBody = 64 << 10

    func explain(
        request: Barid_Admin_V1_ExplainRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ExplainResponse {
        let text = Array(request.article.utf8)
        guard !text.isEmpty, text.count <= 2_048 else {
            throw RPCError(
                code: .invalidArgument, message: "an article's id has from 1 to 2,048 bytes")
        }
        // One question, and not one a piece: each would wait for its turn on two threads.
        try await core.ask { core, answer in
            core.whenIndexed { answer($0.mapError { RPCError(unreadable: $0) }) }
        }
        var events = try await journeyed(text)
        if !request.topic.isEmpty {
            let topic = try await asking { $0.engine.durable.topic(named: request.topic) }
            events = events.filter { $0.topic == topic }
        }
        events.sort { ($0.topic.number, $0.sequence) < ($1.topic.number, $1.sequence) }
        let told = events.prefix(Self.maximumEvents)
        var histories: [TopicID: EventHistory] = [:]
        for (topic, own) in Dictionary(grouping: told, by: \.topic) {
            histories[topic] = try await history(of: own)
        }
        let known = histories
        return try await asking { core in
            var response = Barid_Admin_V1_ExplainResponse()
            response.subject = told.first.map { String(decoding: $0.subject, as: UTF8.self) } ?? ""
            if let refusal = core.acceptance.refusal {
                response.notAccepting = refusal.rawValue
                response.notAcceptingReason = core.words(for: refusal, core.log.space)
            }
            response.events = try told.map { event in
                try Self.message(of: event, known[event.topic], core)
            }
            return response
        }
    }

    private static func message(
        of event: FoundEvent, _ history: EventHistory?, _ core: Core
    ) throws -> Barid_Admin_V1_ExplainedEvent {
        var message = Barid_Admin_V1_ExplainedEvent()
        message.topic = core.engine.durable.topics[Int(event.topic.number)].name
        message.sequence = event.sequence
        message.stored = Google_Protobuf_Timestamp(nanoseconds: event.wall)
        message.event = Data(event.bytes)
        if event.bytes.count > maximumBody {
            var bare = try Barid_Bus_V1_Event(serializedBytes: Array(event.bytes))
            bare.data = nil
            message.event = try bare.serializedData()
        }
        message.groups = try core.standings(of: event).map { group, standing in
            let key = EventHistory.Key(group: group, sequence: event.sequence)
            return try core.journey(
                of: event, in: group, standing, history?.steps[key] ?? [])
        }
        return message
    }

    /// The events meant by a text, and what they gave rise to.
    private func journeyed(_ text: [UInt8]) async throws -> [FoundEvent] {
        var found = try await find(EventQuestion(ids: [text], subjects: [text]))
        if found.isEmpty {
            let subjects = Set(try await find(EventQuestion(beginning: text)).map(\.subject))
            guard let subject = subjects.first else {
                throw RPCError(
                    code: .notFound,
                    message: "no event of '\(String(decoding: text, as: UTF8.self))' is stored")
            }
            guard subjects.count == 1 else {
                let some = subjects.map { String(decoding: $0, as: UTF8.self) }.sorted().prefix(3)
                throw RPCError(
                    code: .failedPrecondition,
                    message: "\(subjects.count) articles begin so, as "
                        + "\(some.joined(separator: ", ")): give more of the id")
            }
            found = try await find(EventQuestion(subjects: [subject]))
        } else if !found.contains(where: { $0.subject == text }),
            let subject = found.first?.subject, !subject.isEmpty
        {
            found = try await find(EventQuestion(subjects: [subject]))
        }
        var known = Set(found.map(\.id))
        var latest = known
        while !latest.isEmpty, found.count < Self.maximumEvents {
            let caused = try await find(EventQuestion(causations: latest))
                .filter { !known.contains($0.id) }
            latest = Set(caused.map(\.id))
            known.formUnion(latest)
            found += caused
        }
        return found
    }

    /// The events that meet a question.
    private func find(_ question: EventQuestion) async throws -> [FoundEvent] {
        let keys = question.keys
        var found: [FoundEvent] = []
        for piece in try await asking({ $0.index?.pieces(with: keys) ?? [] }) {
            try Task.checkCancellation()
            found += try await asking { try $0.events(in: piece, meeting: question) }
            guard found.count <= Self.maximumEvents else { break }
        }
        return found
    }

    private func history(of events: [FoundEvent]) async throws -> EventHistory {
        var history = try await asking { core in
            var keys: [EventHistory.Key: (position: UInt64, end: EventHistory.End)] = [:]
            for event in events {
                for (group, standing) in core.standings(of: event) {
                    let end: EventHistory.End
                    switch standing.state {
                    case .done: end = .done
                    case .deadLetter(let position): end = .deadLetter(position)
                    case .unmatched, .beforeStart, .leased, .waiting, .blocked, .ready, .ahead:
                        end = .open
                    }
                    let key = EventHistory.Key(group: group, sequence: event.sequence)
                    keys[key] = (event.position, end)
                }
            }
            return EventHistory(events, keys)
        }
        while let next = history.next {
            try Task.checkCancellation()
            let current = history
            history = try await asking { core in
                var after = current
                try after.take(
                    core.log.read(
                        from: max(next, core.log.firstPosition),
                        maximumBytes: Core.pieceOfSearch, maximumCount: 4_096))
                return after
            }
        }
        return history
    }

    /// Asks the core one thing that reads the log.
    private func asking<Answer: Sendable>(
        _ body: @escaping @Sendable (Core) throws -> Answer
    ) async throws -> Answer {
        try await core.ask { core, answer in
            answer(Result { try body(core) }.mapError { RPCError(unreadable: $0) })
        }
    }
}
