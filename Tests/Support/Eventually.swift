/// A fact did not come true in time.
public struct NeverHappened: Error, CustomStringConvertible {
    /// What was waited for.
    public let description: String
}

/// Waits for a fact: asks again every few milliseconds until it holds or the time is over.
///
/// - Parameters:
///   - what: Names the fact in the error.
///   - limit: How long to wait; generous, because a loaded machine must not fail a test.
///   - fact: Returns a value once the fact holds, and nil before.
/// - Returns: What `fact` returned.
/// - Throws: ``NeverHappened``, or whatever `fact` throws.
public func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(60), _ fact: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await fact() { return value }
        guard ContinuousClock.now < end else { throw NeverHappened(description: what) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
