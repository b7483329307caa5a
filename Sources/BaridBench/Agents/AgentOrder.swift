/// What one process of a benchmark does; it travels as the argument of `barid bench-agent`.
struct AgentOrder: Codable, Sendable {
    enum Role: String, Codable {
        /// Publishes when told to go.
        case publish
        /// Receives and acks for ever.
        case work
        /// Serves calls for ever.
        case serve
        /// Calls when told to go.
        case call
    }

    var role: Role
    var endpoint: String
    /// Connections of this process, each with a publisher or worker of its own.
    var connections = 1
    /// Events or calls, of all connections together.
    var count = 0
    var payloadBytes = 1_024
    /// Events or calls in flight, for each connection.
    var window = 1
    /// Events a second; 0 is as many as possible.
    var rate = 0.0
    var group = ""
    /// A folder for workers, ours alone.
    var folder = ""
    /// Handlers at once in each worker, and deliveries that wait for each.
    var concurrency = 8
    var prefetch = 64
    /// Whether events carry the instant of their making, and latencies are noted.
    var stamp = false
}

/// What a process of a benchmark tells, one object a line.
struct AgentReport: Codable, Sendable {
    /// It is connected and waits for `go`; of a worker: it runs.
    var ready = false
    /// Monotonic nanoseconds.
    var started: UInt64 = 0
    var ended: UInt64 = 0
    var count = 0
    /// In nanoseconds: of a publisher until the receipt, of a worker until the handler, of a caller
    /// until the answer.
    var latencies: [UInt64] = []
}
