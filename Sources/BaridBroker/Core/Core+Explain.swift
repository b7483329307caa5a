internal import BaridEngine
internal import BaridSchema
internal import SwiftProtobuf

// Why an event does not move, in words; Protocols/2-bus §15.
extension Core {
    /// Groups of the event's topic that take it, with how it stands there.
    func standings(of event: FoundEvent) -> [(GroupID, Standing)] {
        engine.durable.groups.indices.compactMap { index in
            let group = GroupID(UInt32(index))
            guard engine.durable.groups[index].definition.topic == event.topic,
                let standing = engine.standing(
                    of: event.sequence, event: event.bytes, in: group),
                standing.state != .unmatched
            else { return nil }
            return (group, standing)
        }
    }

    /// An event's way through a group, as operators get it.
    func journey(
        of event: FoundEvent, in group: GroupID, _ standing: Standing,
        _ steps: [EventHistory.Step]
    ) throws -> Barid_Admin_V1_GroupJourney {
        var journey = Barid_Admin_V1_GroupJourney()
        journey.group = engine.durable.groups[Int(group.number)].definition.name
        journey.replay = standing.replay ?? 0
        journey.steps = try steps.map { try message(of: $0) }
        let known = steps.filter { $0.what == .failed }.map(\.time)
        for failure in standing.failures where !known.contains(failure.ended) {
            journey.steps.append(try message(of: EventHistory.Step(failure)))
        }
        switch standing.state {
        case .done:
            let expired = steps.last?.what == .expired
            journey.state = expired ? "EXPIRED" : "SETTLED"
            if expired {
                journey.reason = "EXPIRED"
                journey.message =
                    "it was past its expiry time: publish it again, with another id and a later one"
            }
        case .beforeStart:
            journey.state = "BEFORE_START"
            journey.message = "it was stored before the group's start"
        case .deadLetter(let position):
            journey.state = "DEAD_LETTERED"
            journey.reason = "DEAD_LETTERED"
            let letter = try deadLetter(at: position)
            journey.message = "given up: \(letter.fault.reason): \(letter.fault.message)"
            journey.command = "barid dead-letters retry \(position)"
            if !journey.steps.contains(where: { $0.what == "DEAD_LETTERED" }) {
                journey.steps += try letter.attempts.map {
                    try message(of: EventHistory.Step($0))
                }
            }
        case .unmatched, .leased, .waiting, .blocked, .ready, .ahead:
            journey.state = "OPEN"
            let block = try block(of: event, in: group, standing)
            journey.reason = block.reason.rawValue
            journey.message = block.message
            journey.command = block.command
            if let until = block.until {
                journey.until = Google_Protobuf_Timestamp(nanoseconds: until)
            }
        }
        return journey
    }

    /// What an open event waits for.
    struct Block {
        /// Rows of the table of Protocols/2-bus §15.
        enum Reason: String, CaseIterable {
            case draining = "BROKER_DRAINING"
            case paused = "PAUSED"
            case diskFloor = "DISK_FLOOR"
            case leased = "LEASED"
            case backoff = "BACKOFF"
            case keyHeld = "KEY_HELD"
            case noWorker = "NO_WORKER"
            case suspect = "SUSPECT"
            case noCredit = "NO_CREDIT"
            case windowFull = "WINDOW_FULL"
            case replaying = "REPLAYING"
            case behind = "BEHIND"
        }

        var reason: Reason
        var message: String
        var command = ""
        var until: Int64?
    }

    private func block(
        of event: FoundEvent, in group: GroupID, _ standing: Standing
    ) throws -> Block {
        let definition = engine.durable.groups[Int(group.number)].definition
        let name = definition.name
        if engine.isDraining {
            return Block(
                reason: .draining, message: "the broker stops; the next one goes on",
                command: "barid up")
        }
        if standing.isPaused {
            let topic = engine.durable.topics[Int(definition.topic.number)].name
            return Block(
                reason: .paused, message: "group \(name) is paused",
                command: "barid group resume \(name) --topic \(topic)")
        }
        switch standing.state {
        case .leased(let worker, let until):
            guard storage != .outputsRefused else {
                return Block(
                    reason: .diskFloor,
                    message: "\(worker) has it, and its outputs are refused: "
                        + (acceptance.refusal.map { words(for: $0, log.space) } ?? ""),
                    command: "barid status")
            }
            return Block(
                reason: .leased, message: "\(worker) has it, as attempt \(standing.attempt)",
                until: until)
        case .waiting(let until):
            return Block(
                reason: .backoff,
                message: "attempt \(standing.attempt - min(standing.attempt, 1)) failed; "
                    + "the next one waits", until: until)
        case .blocked(let sequence, let position):
            return Block(
                reason: .keyHeld,
                message: "event \(sequence) of the same key is not done, and goes first",
                command: try question(.init(sequence: sequence, position: position)))
        case .ready, .ahead, .unmatched, .beforeStart, .done, .deadLetter:
            return try block(name, standing)
        }
    }

    /// The command that asks after another event; empty when that is not to be found.
    private func question(_ place: Standing.Place) throws -> String {
        let found = try events(
            in: place.position...place.position, meeting: .init(sequence: place.sequence))
        guard let id = found.first?.id else { return "" }
        return "barid why \(Self.shellWord(String(decoding: id, as: UTF8.self)))"
    }

    /// What an event waits for that could go out, or is not read yet.
    private func block(_ name: String, _ standing: Standing) throws -> Block {
        guard standing.workers > 0 else {
            return Block(
                reason: .noWorker, message: "nobody works for group \(name)",
                command: "barid up")
        }
        if standing.isSuspect {
            return Block(
                reason: .suspect,
                message: "its worker died while it held this and other events; "
                    + "such events go out one at a time, and its turn comes")
        }
        guard standing.credit > 0 else {
            return Block(
                reason: .noCredit,
                message: "all \(standing.workers) workers of group \(name) are busy", command: "")
        }
        if standing.windowIsFull {
            return Block(
                reason: .windowFull,
                message: "the window of group \(name) is full of events that wait or are out"
                    + (standing.oldest.map { "; the oldest is event \($0.sequence)" } ?? ""),
                command: try standing.oldest.map { try question($0) } ?? "")
        }
        if case .ahead(let behind) = standing.state {
            if standing.replay != nil {
                return Block(reason: .replaying, message: "it is due again, and read soon")
            }
            return Block(
                reason: .behind, message: "group \(name) is \(behind) events behind it")
        }
        return Block(reason: .behind, message: "it goes out next")
    }

    private func message(of step: EventHistory.Step) throws -> Barid_Admin_V1_JourneyStep {
        var message = Barid_Admin_V1_JourneyStep()
        message.time = Google_Protobuf_Timestamp(nanoseconds: step.time)
        message.what = step.what.rawValue
        message.attempt = step.attempt
        message.worker = step.worker
        if let fault = step.fault { message.error = Barid_Bus_V1_BusError(fault) }
        if let exit = try workerExit(ofSession: step.session) { message.workerExit = exit }
        return message
    }

    /// Text as one word of a command line.
    private static func shellWord(_ text: String) -> String {
        "'"
            + text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }
}
