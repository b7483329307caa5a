/// One thing that a worker has to do, seen from outside.
struct Check: Sendable {
    /// Stable name, kebab-case.
    let name: String
    /// What it shows, as a statement about the worker.
    let title: String
    /// Where it is specified.
    let clause: String
    /// What to change when it fails.
    let fix: String
    /// Why it does not apply to a plugin; nil when it does.
    var skip: @Sendable (Subject) -> String? = { _ in nil }
    /// Does it; a worker that does not keep it makes this throw ``CheckFailure``.
    let run: @Sendable (Subject) async throws -> Void

    /// All of them, in the order in which they are done.
    static var all: [Check] {
        commandChecks + sessionChecks + callChecks + deliveryChecks + slowChecks + inputChecks
            + lossChecks + endChecks
    }
}

/// What a worker did not do.
struct CheckFailure: Error {
    var message: String

    init(_ message: String) { self.message = message }
}

/// A check turned out not to apply.
struct CheckSkipped: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Throws what went wrong unless a fact holds.
func expect(_ fact: Bool, _ message: @autoclosure () -> String) throws(CheckFailure) {
    guard fact else { throw CheckFailure(message()) }
}

/// Waits for a fact.
///
/// - Throws: ``CheckFailure`` when it does not come true in time.
@discardableResult
func wait<Value>(
    for what: String, within limit: Duration = .seconds(15), _ fact: () throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try fact() { return value }
        guard ContinuousClock.now < end else {
            throw CheckFailure("\(what) did not happen within \(limit)")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
