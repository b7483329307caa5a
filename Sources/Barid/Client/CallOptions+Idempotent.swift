public import GRPCCore

extension CallOptions {
    /// Options of a call that may be made twice without harm, as its method's `idempotency_level` says.
    ///
    /// A worker that dies ends its calls UNAVAILABLE. With these options such a call is made again,
    /// up to five times in all and within the deadline, as long as no part of an answer has come; so it
    /// goes to another worker, or to the same one once it was started anew. Any other call is for its
    /// caller to judge and ends UNAVAILABLE at once.
    ///
    /// - Parameter limit: The deadline of all tries together.
    /// - Returns: The options.
    public static func idempotent(within limit: Duration) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = limit
        options.executionPolicy = .retry(
            RetryPolicy(
                maxAttempts: 5, initialBackoff: .milliseconds(100), maxBackoff: .seconds(2),
                backoffMultiplier: 2, retryableStatusCodes: [.unavailable]))
        return options
    }
}
