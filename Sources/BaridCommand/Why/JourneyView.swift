import Barid
import BaridSchema
import BaridSupervisor

/// The journey of an article's events, for people.
struct JourneyView {
    let response: Barid_Admin_V1_ExplainResponse
    let journeys: [EventJourney]
    let console: Console

    /// Event by event, group by group; what does not move comes again at the end.
    func lines() -> [String] {
        var lines = [console.styled(console.words(response.subject), .bold)]
        for journey in journeys { lines += self.lines(of: journey) }
        lines += [""]
        let blocks = self.blocks
        if blocks.isEmpty {
            lines.append(console.styled("Nothing holds it up.", .green))
        } else {
            lines += blocks
        }
        if !response.notAccepting.isEmpty {
            let reason = console.words(response.notAcceptingReason)
            lines.append("NOT_ACCEPTING: \(console.words(response.notAccepting)): \(reason)")
        }
        return lines
    }

    private func lines(of journey: EventJourney) -> [String] {
        let type = console.words(DeadLetterView.shortType(journey.event.type))
        let stored = Formats.instant(nanoseconds: time(journey.explained.stored.nanoseconds))
        let id = console.words(DisplayWidth.cut(journey.event.id, to: 20))
        var lines = [
            "", "\(console.styled(type, .cyan))  \(journey.explained.sequence)  \(stored)  \(id)",
        ]
        if let reason = journey.reason {
            lines.append("  \(console.styled(reason.name, .yellow))")
        }
        for group in journey.explained.groups {
            lines.append("  \(console.words(group.group))  \(state(of: group))")
            var before = journey.explained.stored.nanoseconds
            for step in group.steps {
                lines.append("    \(text(of: step, after: before))")
                before = step.time.nanoseconds
                if step.hasWorkerExit {
                    let exit = step.workerExit
                    lines.append(
                        exit.signal > 0
                            ? "      its process was ended by signal \(exit.signal)"
                            : "      its process ended with exit code \(exit.exitCode)")
                    lines += exit.lastLines.suffix(3).map { "      | \(console.words($0))" }
                }
            }
        }
        return lines
    }

    private func state(of group: Barid_Admin_V1_GroupJourney) -> String {
        let again = group.replay > 0 ? " (replay \(group.replay))" : ""
        switch group.state {
        case "SETTLED": return console.styled("done", .green) + again
        case "BEFORE_START": return "stored before the group's start"
        default:
            let style: Style = group.state == "DEAD_LETTERED" ? .red : .yellow
            return console.styled(console.words(group.reason), style) + again
        }
    }

    private func text(of step: Barid_Admin_V1_JourneyStep, after before: Int64) -> String {
        let passed = max(0, step.time.nanoseconds - before) / 1_000_000
        let by = step.worker.isEmpty ? "" : " by \(console.words(step.worker))"
        let what =
            switch step.what {
            case "DELIVERED": "out as attempt \(step.attempt)"
            case "FAILED":
                "attempt \(step.attempt) failed\(by): \(DeadLetterView.error(step.error, on: console))"
            case "DEAD_LETTERED": "dead letter: \(DeadLetterView.error(step.error, on: console))"
            case "PURGED": "the dead letter was purged"
            case "WORKER_LOST": "its worker was lost"
            case "DUE_AGAIN": "made due again"
            case "EXPIRED": "expired"
            case "SETTLED": "done\(by)"
            default: console.words(step.what)
            }
        return "+\(passed) ms  \(what)"
    }

    /// What does not move: the reason, the sentence, the command.
    private var blocks: [String] {
        journeys.flatMap { journey -> [String] in
            let type = console.words(DeadLetterView.shortType(journey.event.type))
            var blocks: [String] = []
            if let reason = journey.reason {
                blocks += block(reason.name, type, reason.message, reason.command, until: nil)
            }
            for group in journey.explained.groups where !group.reason.isEmpty {
                blocks += block(
                    group.reason, "\(type) in \(console.words(group.group))", group.message,
                    group.command, until: group.hasUntil ? Formats.time(group.until) : nil)
            }
            return blocks
        }
    }

    private func block(
        _ name: String, _ place: String, _ message: String, _ command: String, until: String?
    ) -> [String] {
        let title = console.styled(console.words(name), .yellow)
        let words = console.isolated(VisibleText.joined(message))
        var lines = ["\(title)  \(place): \(words)\(until.map { ", until \($0)" } ?? "")"]
        if command.isEmpty {
            // What expired is over; everything else without a command only takes its time.
            if name != "EXPIRED" { lines.append("  it goes on by itself") }
        } else {
            let verb = Self.looking.contains(name) ? "look further with" : "free it with"
            lines.append("  \(verb): \(console.words(command))")
        }
        return lines
    }

    /// Reasons whose command shows what has to be dealt with.
    private static let looking: Set = ["KEY_HELD", "WINDOW_FULL", "DISK_FLOOR"]

    private func time(_ nanoseconds: Int64) -> UInt64 { UInt64(max(0, nanoseconds)) }
}
