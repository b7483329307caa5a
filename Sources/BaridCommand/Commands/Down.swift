import ArgumentParser
import Barid
import BaridSchema
import Foundation
import GRPCCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid down`.
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Stop what `barid up` started: workers finish what they hold, the broker goes last.",
        discussion: """
            Examples:
              barid down
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let (process, since) = try await broker.connected(as: "barid down") { client in
            let supervisor = client.supervisor()
            let options = CallOptions.within(.seconds(10))
            let plugins = try await client.plugins()
            do {
                _ = try await supervisor.stop(Barid_Supervisor_V1_StopRequest(), options: options)
            } catch let error as RPCError where error.code == .unavailable {
                // With nothing to drain the broker may be gone before the answer is through it.
            }
            return (plugins.processID, plugins.since)
        }
        // The supervisor is the last to go, so its end is everybody's.
        let end = ContinuousClock.now + .seconds(30)
        while Self.isRunning(process) {
            guard ContinuousClock.now < end else {
                throw CommandError(
                    .temporary, "process \(process) was told to stop, and still runs after 30 s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        if output.json {
            var text = JSONText()
            text.add("process_id", process)
            text.add("stopped", true)
            Console.output.line(text.text)
        } else {
            Console.output.line("Stopped: process \(process), up since \(Formats.time(since)).")
        }
    }

    /// Whether there is such a process, be it another user's.
    private static func isRunning(_ process: UInt32) -> Bool {
        guard let process = pid_t(exactly: process), process > 0 else { return false }
        return kill(process, 0) == 0 || errno == EPERM
    }
}
