import BaridSchema
import Foundation

/// How groups are shown to people.
enum GroupView {
    /// One row a group.
    static func table(of groups: [Barid_Admin_V1_GroupStatus], on console: Console) -> [String] {
        var table = Table([
            Table.Column("GROUP"), Table.Column("TOPIC"), Table.Column("STATE"),
            Table.Column("LAG", isNumber: true), Table.Column("OLDEST"),
            Table.Column("LEASED", isNumber: true), Table.Column("DEAD", isNumber: true),
            Table.Column("WORKERS", isNumber: true),
        ])
        for group in groups {
            table.add([
                console.words(group.group), console.words(group.topic), state(of: group, console),
                Formats.number(group.lag), age(of: group), Formats.number(group.leased),
                Formats.number(group.deadLetters), Formats.number(group.workers),
            ])
        }
        return table.lines(on: console)
    }

    /// Everything about one group, a line a fact.
    static func lines(of group: Barid_Admin_V1_GroupStatus, on console: Console) -> [String] {
        let conditions = group.attributes.map { attribute in
            let values = attribute.values.map(console.words).joined(separator: " or ")
            return "\(console.words(attribute.name)) is \(values)"
        }
        let types =
            group.types.isEmpty
            ? "every type" : group.types.map(console.words).joined(separator: ", ")
        var facts: [(String, String)] = [
            ("topic", console.words(group.topic)), ("state", state(of: group, console)),
            ("takes", ([types] + conditions).joined(separator: "; ")),
            ("done", "through \(Formats.number(group.settledThrough)), \(acked(group))"),
            ("lag", lag(of: group)),
            (
                "out",
                "\(Formats.number(group.leased)) leased, \(Formats.number(group.waiting)) waiting for another attempt"
            ),
            (
                "workers",
                "\(Formats.number(group.workers)), with room for \(Formats.number(group.credit))"
            ),
            (
                "failed",
                "\(Formats.number(group.redelivered)) redelivered, \(Formats.count(Int(clamping: group.deadLetters), "dead letter")), \(Formats.number(group.expired)) expired; at most \(group.maximumDeliveries) attempts"
            ),
        ]
        if group.suspects > 0 {
            facts.append(
                (
                    "suspects",
                    "\(Formats.number(group.suspects)) that may have killed a worker; each goes out alone"
                ))
        }
        let width = facts.map(\.0.count).max() ?? 0
        return [console.styled(console.words(group.group), .bold)]
            + facts.map { name, value in
                "  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(value)"
            } + advice(for: group, console)
    }

    /// Whether it is paused, does events once more, or has nobody to work for it.
    static func state(
        of group: Barid_Admin_V1_GroupStatus, _ console: Console
    ) -> String {
        var states: [String] = []
        if group.paused { states.append(console.styled("paused", .yellow)) }
        if group.replaying > 0 { states.append("replaying") }
        if group.workers == 0, !group.paused { states.append(console.styled("no worker", .yellow)) }
        return states.isEmpty ? "active" : states.joined(separator: ", ")
    }

    private static func acked(_ group: Barid_Admin_V1_GroupStatus) -> String {
        "\(Formats.number(group.acked)) acked"
    }

    private static func lag(of group: Barid_Admin_V1_GroupStatus) -> String {
        var text = Formats.number(group.lag)
        if group.replaying > 0 {
            text += ", of which \(Formats.number(group.replaying)) once more"
        }
        if group.hasOldestUnsettled {
            text += "; the oldest is of \(Formats.time(group.oldestUnsettled))"
        }
        return text
    }

    private static func age(of group: Barid_Admin_V1_GroupStatus) -> String {
        guard group.hasOldestUnsettled else { return "" }
        let now = Int64(Date().timeIntervalSince1970)
        return Formats.duration(now - group.oldestUnsettled.seconds)
    }

    private static func advice(
        for group: Barid_Admin_V1_GroupStatus, _ console: Console
    ) -> [String] {
        let name = console.words(group.group)
        var lines: [String] = []
        if group.paused { lines.append("Resume it with `barid group resume \(name)`.") }
        if group.deadLetters > 0 {
            lines.append("See `barid dead-letters list --group \(name)`.")
        }
        return lines.isEmpty ? [] : [""] + lines
    }
}
