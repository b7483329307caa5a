import CProcess

/// A process in a session of its own, which outlives the terminal it was started from.
public enum DetachedProcess {
    /// Starts an executable with this process' environment and standard error; it reads nothing.
    ///
    /// - Parameters:
    ///   - executable: An absolute path.
    ///   - arguments: Without the name itself.
    ///   - output: Descriptor that becomes its standard output.
    /// - Returns: Its process id; the caller reaps it.
    /// - Throws: ``SystemError`` when there can be no new process.
    public static func start(
        _ executable: String, _ arguments: [String], output: Int32
    )
        throws(SystemError) -> Int32
    {
        let process = withCStrings([executable] + arguments) {
            barid_detached_start(executable, $0, output)
        }
        guard process > 0 else { throw SystemError("start \(executable)") }
        return process
    }
}
