internal import Barid
internal import BaridProof
internal import BaridSchema
internal import Foundation
internal import GRPCCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A log with acknowledged events, sealed and then killed: something to damage copies of.
public struct PreparedLog: Sendable {
    /// What a broker makes of a damaged copy.
    public enum Reaction: Sendable {
        /// It serves; so many acknowledged events are missing, or not what they were.
        case serves(missing: Int)
        /// It does not start.
        case refuses(Fleet.End)
    }

    /// The data folder.
    public let dataFolder: String
    /// The events with a receipt: hashes of their bodies, by id.
    public let acknowledged: [String: String]

    /// Fills a log under load, lets it come to rest, and kills the broker.
    ///
    /// - Parameters:
    ///   - configuration: Where.
    ///   - time: How long events are published.
    ///   - seed: Of the events.
    /// - Throws: ``NeverHappened`` when a process does not start or stop, and errors of files.
    public init(
        _ configuration: Arena.Configuration, publishing time: Duration, seed: UInt64
    ) async throws {
        dataFolder = configuration.dataFolder
        acknowledged = try await Arena.with(configuration) { arena in
            var crew = Crew(arena: arena, proof: ProofConfiguration(seed: seed, duration: nil))
            try await arena.startBroker()
            for name in crew.workers + crew.publishers { try await crew.start(name) }
            try await Task.sleep(for: time)
            for name in crew.publishers + crew.workers { try await crew.stop(name) }
            // The seal comes after 100 ms without a commit.
            try await Task.sleep(for: .milliseconds(400))
            try await arena.fleet.kill(Arena.broker)
            var acknowledged: [String: String] = [:]
            for shift in crew.shifts {
                var tried: [String: String] = [:]
                for entry in try HistoryFiles.read(shift.history).entries {
                    switch entry.operation {
                    case .publishTry: tried[entry.event] = entry.hash
                    case .publishOK: acknowledged[entry.event] = tried[entry.event] ?? ""
                    default: break
                    }
                }
            }
            return acknowledged
        }
    }

    /// Starts a broker on a copy and counts what it does not have.
    ///
    /// - Parameter configuration: Where; its data folder is the copy.
    /// - Returns: What it makes of it.
    /// - Throws: `RPCError` when it serves and cannot be read.
    public func reaction(_ configuration: Arena.Configuration) async throws -> Reaction {
        try await Arena.with(configuration) { arena in
            do {
                try await arena.startBroker()
            } catch let stuck as NeverHappened {
                guard let end = arena.fleet.end(of: Arena.broker) else { throw stuck }
                return .refuses(end)
            }
            let stored = try await Survey(arena: arena, limits: [:]).storedEvents()
            return .serves(missing: acknowledged.count { stored[$0.key] != $0.value })
        }
    }
}
