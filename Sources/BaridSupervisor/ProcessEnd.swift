#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a supervised process ended.
public struct ProcessEnd: Sendable, Equatable {
    /// Its process id; 0 when it could not be started.
    public var processIdentifier: Int32

    /// Exit code, when it exited by itself.
    public var exitCode: Int32?

    /// The signal that ended it, else 0.
    public var signal: Int32 = 0

    /// The last lines it wrote to standard error, at most 8 KiB.
    public var lastLines: [String] = []

    /// Whether a process ends like this that was asked to, by SIGTERM.
    ///
    /// It goes by itself and well, or by the signal before its own code took it, as while an
    /// interpreter starts; a shell says 143 then.
    var isAnswerToTerminate: Bool {
        exitCode == 0 || signal == SIGTERM || exitCode == 128 + SIGTERM
    }

    /// One line for a person: "exit code 1", "signal 9".
    public var summary: String {
        if let exitCode { return "exit code \(exitCode)" }
        return signal == 0 ? "could not be started" : "signal \(signal)"
    }
}
