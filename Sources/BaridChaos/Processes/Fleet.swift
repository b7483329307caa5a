internal import BaridSupervisor
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The processes of a run, by name, each in a process group of its own.
///
/// None outlives the run: they are ended when it ends, and by a guard process should the run itself
/// be killed. Safe from any task.
public final class Fleet: Sendable {
    /// How a process ended.
    public struct End: Sendable, Hashable {
        /// Exit code, or 128 + the signal that ended it, as shells say it.
        public var status: Int32
        /// The last lines it wrote to standard error.
        public var lastLines: [String]
    }

    private struct State {
        var running: [String: Int32] = [:]
        /// The process group of each name's latest process.
        var groups: [String: Int32] = [:]
        var ends: [String: End] = [:]
    }

    private let children: ChildProcesses
    private let folder: String
    private let state = Mutex(State())

    private init(folder: String) throws {
        children = try ChildProcesses()
        self.folder = folder
    }

    /// Works with a fleet, and ends what still runs.
    ///
    /// - Parameters:
    ///   - folder: Where output is kept, a file `NAME.log` a process; it exists.
    ///   - body: The work.
    /// - Returns: What the work returns.
    /// - Throws: `SystemError` when there are no processes to be had, and what the work throws.
    public static func with<Result: Sendable>(
        folder: String, _ body: @Sendable (Fleet) async throws -> Result
    ) async throws -> Result {
        let fleet = try Fleet(folder: folder)
        // Not a child task: what is interrupted still has to hear of the ends of its processes.
        let listening = Task { await fleet.listen() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(fleet))
        } catch {
            result = .failure(error)
        }
        // Whatever the reason for the end: nothing may stay, stopped processes neither.
        await Task { await fleet.killAll() }.value
        fleet.children.finish()
        await listening.value
        return try result.get()
    }

    private func listen() async {
        for await event in children.events {
            state.withLock { state in
                switch event {
                case .started(let name, let process):
                    state.running[name] = process
                    state.groups[name] = process
                case .ended(let name, let end):
                    state.running[name] = nil
                    state.ends[name] = End(
                        status: end.exitCode ?? 128 + end.signal, lastLines: end.lastLines)
                }
            }
        }
    }

    /// Starts a process; one of this name must not be running.
    ///
    /// - Parameters:
    ///   - name: Its name in this fleet.
    ///   - executable: Path of the program.
    ///   - arguments: Without the program's name.
    ///   - environment: All of it.
    /// - Returns: Its process id.
    /// - Throws: ``NeverHappened`` with the system's words when it does not start.
    @discardableResult
    public func start(
        _ name: String, _ executable: String, _ arguments: [String],
        environment: [String: String]
    ) async throws -> Int32 {
        state.withLock { state in
            state.ends[name] = nil
            state.groups[name] = nil
        }
        children.start(
            ChildProcesses.Start(
                name: name, executable: executable, arguments: arguments,
                environment: environment, logFile: "\(folder)/\(name).log"))
        return try await waiting(for: "start of \(name)", within: .seconds(30)) {
            try state.withLock { state in
                // A process may have ended before anybody looked; that is for the caller to see.
                if let end = state.ends[name], end.status == 128 {
                    throw NeverHappened(
                        description:
                            "\(name) did not start: \(end.lastLines.joined(separator: " "))")
                }
                return state.running[name] ?? state.ends[name].map { _ in 0 }
            }
        }
    }

    /// The process id, while it runs.
    public func process(_ name: String) -> Int32? { state.withLock { $0.running[name] } }

    /// How it ended, once it has.
    public func end(of name: String) -> End? { state.withLock { $0.ends[name] } }

    /// Sends a signal to a process and all it started; nothing happens when it has ended.
    ///
    /// - Parameters:
    ///   - number: `SIGKILL`, `SIGTERM`, `SIGSTOP` ...
    ///   - name: The process.
    public func signal(_ number: Int32, _ name: String) {
        guard let process = process(name) else { return }
        children.signal(number, to: process, group: true)
    }

    /// Waits for the end of a process, and of all it started.
    ///
    /// What starts another program, such as strace, is gone a moment before it: it is killed with its group
    /// then, and has what it holds until the kernel has done so.
    ///
    /// - Parameters:
    ///   - name: The process.
    ///   - limit: How long to wait.
    /// - Returns: How it ended.
    /// - Throws: ``NeverHappened`` after the limit.
    @discardableResult
    public func ended(_ name: String, within limit: Duration) async throws -> End {
        try await waiting(for: "end of \(name)", within: limit) {
            end(of: name).flatMap { hasGroup(name) ? nil : $0 }
        }
    }

    private func hasGroup(_ name: String) -> Bool {
        state.withLock { $0.groups[name] }.map(ProcessGroup.isAlive) ?? false
    }

    /// Kills a process and all it started, and waits until they are gone.
    ///
    /// - Parameter name: The process.
    /// - Throws: ``NeverHappened`` should the system not do it within 30 s.
    public func kill(_ name: String) async throws {
        guard process(name) != nil || hasGroup(name) else { return }
        signal(SIGKILL, name)
        try await ended(name, within: .seconds(30))
    }

    private func killAll() async {
        let names = state.withLock { Array($0.groups.keys) }
        for name in names { signal(SIGKILL, name) }
        _ = try? await waiting(for: "end of all", within: .seconds(10)) {
            state.withLock { $0.running.isEmpty } && !names.contains(where: hasGroup) ? () : nil
        }
    }
}
