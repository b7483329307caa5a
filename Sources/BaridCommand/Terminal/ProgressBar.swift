import Foundation
import Synchronization

/// How far many items have come, on standard error, where a person is looking.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var total: Int?
        var lastDrawn = ContinuousClock.now - .seconds(1)
        var isShown = false
    }

    private let label: String
    private let console: Console
    private let state: Mutex<State>
    private let began = ContinuousClock.now

    /// A bar for so many items; without a total it only counts.
    init(_ label: String, total: Int?, on console: Console = .error) {
        self.label = label
        self.console = console
        state = Mutex(State(total: total))
    }

    /// So many more are done.
    func advance(by count: Int = 1) {
        draw(advancedBy: count)
    }

    /// Takes the bar away, so that a line can be written where it stood.
    func clear() {
        state.withLock { state in
            guard state.isShown else { return }
            console.write("\r\u{1B}[K")
            state.isShown = false
        }
    }

    private func draw(advancedBy count: Int) {
        guard console.isTerminal else { return }
        let text: String? = state.withLock { state in
            state.done += count
            let now = ContinuousClock.now
            // Ten times a second is smooth enough and costs nothing.
            guard now - state.lastDrawn > .milliseconds(100) || state.done == state.total else {
                return nil
            }
            state.lastDrawn = now
            state.isShown = true
            return Self.text(
                label, done: state.done, total: state.total, elapsed: now - began,
                width: console.width)
        }
        if let text { console.write("\r\(text)\u{1B}[K") }
    }

    /// The line: label, bar, counts, rate.
    static func text(
        _ label: String, done: Int, total: Int?, elapsed: Duration, width: Int
    )
        -> String
    {
        let seconds =
            Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0.2 ? "  \(Int(Double(done) / seconds))/s" : ""
        guard let total, total > 0 else { return "\(label) \(done)\(rate)" }
        let share = min(max(Double(done) / Double(total), 0), 1)
        let counts = " \(done)/\(total)\(rate)"
        let room = min(30, width - DisplayWidth.columns(of: label) - counts.count - 4)
        guard room >= 5 else { return "\(label)\(counts)" }
        let full = Int(share * Double(room))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: room - full)
        return "\(label) \(bar)\(counts)"
    }
}
