/// Something did not come true in time: with real processes that is a finding, not a bug of the test.
public struct NeverHappened: Error, CustomStringConvertible {
    /// What was waited for, and how long.
    public let description: String
}

/// Asks again every two milliseconds until a fact holds.
///
/// - Parameters:
///   - what: Names the fact in the error.
///   - limit: How long to wait.
///   - fact: Returns a value once the fact holds, and nil before.
/// - Returns: What `fact` returned.
/// - Throws: ``NeverHappened`` after the limit, `CancellationError`, or what `fact` throws.
func waiting<Value>(
    for what: String, within limit: Duration, _ fact: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await fact() { return value }
        guard ContinuousClock.now < end else {
            throw NeverHappened(description: "\(what), within \(limit.inSeconds) s")
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
