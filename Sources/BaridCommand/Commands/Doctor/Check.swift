import Foundation

/// One thing the doctor looked at.
struct Check: Sendable, Equatable {
    /// How it is.
    enum State: String, Sendable {
        case ok
        case warn
        case fail
    }

    var name: String
    var state: State
    /// What was found.
    var finding: String
    /// What to do; empty when nothing need be done.
    var remedy: String

    init(_ name: String, _ state: State, _ finding: String, remedy: String = "") {
        self.name = name
        self.state = state
        self.finding = finding
        self.remedy = remedy
    }

    var json: String {
        var text = JSONText()
        text.add("name", name)
        text.add("state", state.rawValue)
        text.add("finding", finding)
        text.add("remedy", remedy)
        return text.text
    }

    static func lines(_ checks: [Check], on console: Console) -> [String] {
        let width = checks.map(\.name.count).max() ?? 0
        return checks.flatMap { check in
            let state =
                switch check.state {
                case .ok: console.styled("ok  ", .green)
                case .warn: console.styled("warn", .yellow)
                case .fail: console.styled("fail", .red)
                }
            let name = check.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let line = "\(state)  \(name)  \(console.words(check.finding))"
            guard !check.remedy.isEmpty else { return [line] }
            return [line, "      \(String(repeating: " ", count: width))  → \(check.remedy)"]
        }
    }
}
