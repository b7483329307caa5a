/// What came of the checks of one plugin.
public struct ConformanceReport: Sendable {
    /// How a check ended.
    public enum Outcome: Sendable, Hashable {
        /// The worker does it.
        case passed
        /// It does not; what was seen instead.
        case failed(String)
        /// The check does not apply, and why.
        case skipped(String)
    }

    /// One check and its end.
    public struct Result: Sendable {
        /// Stable name of the check, kebab-case.
        public var name: String
        /// What the check shows, as a statement about the worker.
        public var title: String
        /// Where it is specified, such as `4-plugin §2.6`.
        public var clause: String
        /// What to change when it fails.
        public var fix: String
        /// How it ended.
        public var outcome: Outcome
        /// How long it took.
        public var duration: Duration
    }

    /// Name of the plugin.
    public var plugin: String
    /// Every check, in order.
    public var results: [Result] = []

    /// Checks that passed.
    public var passed: Int { results.count { $0.outcome == .passed } }

    /// Checks that failed.
    public var failed: Int {
        results.count { if case .failed = $0.outcome { true } else { false } }
    }

    /// Checks that do not apply.
    public var skipped: Int { results.count - passed - failed }
}
