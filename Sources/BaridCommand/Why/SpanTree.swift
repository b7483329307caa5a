import BaridSchema

/// Which event gave rise to which, and how long each group took, as a tree.
struct SpanTree {
    let journeys: [EventJourney]
    let console: Console

    func lines() -> [String] {
        let ids = Set(journeys.map(\.event.id))
        let first = journeys.map(\.explained.stored.nanoseconds).min() ?? 0
        var lines: [String] = []
        for journey in journeys where !ids.contains(journey.event.causationID) {
            let trace = journey.event.traceparent.split(separator: "-")
            if trace.count == 4 { lines.append("trace \(console.words(String(trace[1])))") }
            add(journey, depth: 0, from: first, seen: [], to: &lines)
        }
        return lines
    }

    private func add(
        _ journey: EventJourney, depth: Int, from first: Int64, seen: Set<String>,
        to lines: inout [String]
    ) {
        // Hostile events may cause one another in a circle, or without end.
        guard depth < 32, !seen.contains(journey.event.id) else { return }
        let indent = String(repeating: "  ", count: depth)
        let stored = journey.explained.stored.nanoseconds
        let type = console.words(DeadLetterView.shortType(journey.event.type))
        lines.append("\(indent)\(console.styled(type, .cyan))  +\(milliseconds(stored - first))")
        for group in journey.explained.groups {
            let end = group.steps.last?.time.nanoseconds
            let took = end.map { milliseconds($0 - stored) } ?? "not begun"
            let start = group.steps.first { $0.what == "DELIVERED" }?.time.nanoseconds
            let waited = start.map { ", waited \(milliseconds($0 - stored))" } ?? ""
            let state = group.reason.isEmpty ? "" : "  \(console.words(group.reason))"
            lines.append("\(indent)  · \(console.words(group.group)): \(took)\(waited)\(state)")
            lines += spans(of: group, from: first).map { "\(indent)      \($0)" }
        }
        for next in journeys where next.event.causationID == journey.event.id {
            add(
                next, depth: depth + 1, from: first, seen: seen.union([journey.event.id]),
                to: &lines)
        }
    }

    /// One line for each time the group's workers had the event, and for each settlement.
    private func spans(
        of group: Barid_Admin_V1_GroupJourney, from first: Int64
    ) -> [String] {
        var lines: [String] = []
        var began: Barid_Admin_V1_JourneyStep?
        func process(until step: Barid_Admin_V1_JourneyStep, _ outcome: String) {
            let start = began?.time.nanoseconds ?? step.time.nanoseconds
            let attempt = began?.attempt ?? step.attempt
            let by = step.worker.isEmpty ? "" : " by \(console.words(step.worker))"
            lines.append(
                "process attempt \(max(attempt, 1))\(by)  +\(milliseconds(start - first)), took \(milliseconds(step.time.nanoseconds - start))\(outcome)"
            )
            began = nil
        }
        func settle(_ step: Barid_Admin_V1_JourneyStep, _ how: String) {
            lines.append("settle \(how)  +\(milliseconds(step.time.nanoseconds - first))")
        }
        for step in group.steps {
            switch step.what {
            case "DELIVERED": began = step
            case "FAILED":
                process(until: step, ": \(DeadLetterView.error(step.error, on: console))")
            case "WORKER_LOST": process(until: step, ": the worker was lost")
            case "SETTLED":
                if began != nil { process(until: step, "") }
                settle(step, "ack")
            case "DEAD_LETTERED": settle(step, "dead letter")
            case "EXPIRED": settle(step, "expired")
            default: break
            }
        }
        if let began {
            lines.append(
                "process attempt \(began.attempt)  +\(milliseconds(began.time.nanoseconds - first)), not over"
            )
        }
        return lines
    }

    private func milliseconds(_ nanoseconds: Int64) -> String {
        "\(max(0, nanoseconds) / 1_000_000) ms"
    }
}
