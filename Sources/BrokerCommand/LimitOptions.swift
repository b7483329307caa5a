import ArgumentParser
import BaridBroker
import BaridTransport
import Foundation

/// Limits of disk, memory and peers: flags, else variables of the environment, else the defaults.
struct LimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Refuse publishes when the disk has less room than this.",
            discussion: "Else BARID_SOFT_FREE. The default is 64MiB; what lies between this and "
                + "--hard-free is kept for workers' outputs.", valueName: "size"))
    var softFree: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Refuse workers' outputs too when the disk has less room than this.",
            discussion: "Else BARID_HARD_FREE. The default is 24MiB.", valueName: "size"))
    var hardFree: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Refuse publishes when the log holds as much.",
            discussion: "Else BARID_MAXIMUM_LOG. The default is no limit but the disk's.",
            valueName: "size"))
    var maximumLog: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Recognise repeats among at least so many events, and at most twice as many.",
            discussion: "Else BARID_DEDUP_EVENTS. The default is 131072, in at most 13 MiB.",
            valueName: "count"))
    var dedupEvents: Int?

    @Option(
        help: ArgumentHelp(
            "Recognise repeats for at least so many hours, and mostly less than twice as many.",
            discussion: "Else BARID_DEDUP_HOURS. The default is 24.", valueName: "hours"))
    var dedupHours: Int?

    @Option(
        help: ArgumentHelp(
            "Peers at once.",
            discussion: "Else BARID_MAXIMUM_SESSIONS. The default is 4096, or what the limit of "
                + "descriptors has room for.", valueName: "count"))
    var maximumSessions: Int?

    @Option(
        help: ArgumentHelp(
            "Peers at once that have the same key.",
            discussion: "Else BARID_MAXIMUM_SESSIONS_PER_KEY. The default is 256.",
            valueName: "count"))
    var maximumSessionsPerKey: Int?

    @Option(
        help: ArgumentHelp(
            "Connections at once that have no session; the oldest gives way.",
            discussion: "Else BARID_MAXIMUM_PENDING. The default is 1024, or what the limit of "
                + "descriptors has room for.", valueName: "count"))
    var maximumPending: Int?

    @Option(
        help: ArgumentHelp(
            "Memory for messages that peers have begun and not finished.",
            discussion: "Else BARID_MAXIMUM_UNFINISHED. The default is 256MiB.",
            valueName: "size"))
    var maximumUnfinished: ByteSize?

    @Option(
        help: ArgumentHelp(
            "Look for peers that fill memory each time it has grown by so much.",
            discussion: "Else BARID_MEMORY_STEP. The default is 32MiB.", valueName: "size"))
    var memoryStep: ByteSize?

    /// A limit as it was resolved.
    struct Explained {
        var name: String
        var value: String
        var origin: String
    }

    /// Puts the limits into the settings.
    ///
    /// - Parameters:
    ///   - core: The settings of the core to change.
    ///   - peers: The limits of peers to change.
    ///   - environment: The environment.
    /// - Returns: Every limit with its origin, for `--print-configuration`.
    /// - Throws: `ValidationError` naming every variable that cannot be read.
    func apply(
        to core: inout CoreConfiguration, _ peers: inout PeerLimits,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> [Explained] {
        var explained: [Explained] = []
        var problems: [String] = []
        func resolve<Value>(
            _ name: String, _ flag: Value?, _ read: (String) -> Value?, fallback: Value,
            _ show: (Value) -> String
        ) -> Value {
            let variable =
                "BARID_" + name.uppercased().replacingOccurrences(of: "-", with: "_")
            var (value, origin) = (fallback, "default")
            if let flag {
                (value, origin) = (flag, "flag --\(name)")
            } else if let text = environment[variable], !text.isEmpty {
                if let read = read(text) {
                    (value, origin) = (read, "environment \(variable)")
                } else {
                    problems.append("'\(text)' is no value of \(variable)")
                }
            }
            explained.append(Explained(name: name, value: show(value), origin: origin))
            return value
        }
        func size(_ name: String, _ flag: ByteSize?, _ fallback: Int) -> Int {
            resolve(
                name, flag?.bytes, { ByteSize(argument: $0)?.bytes }, fallback: fallback,
                { $0 == .max ? "unlimited" : "\($0)" })
        }
        core.softFreeBytes = size("soft-free", softFree, core.softFreeBytes)
        core.hardFreeBytes = size("hard-free", hardFree, core.hardFreeBytes)
        core.maximumLogBytes = size("maximum-log", maximumLog, core.maximumLogBytes)
        core.engine.identities = resolve(
            "dedup-events", dedupEvents, { Int($0) }, fallback: core.engine.identities, { "\($0)" })
        let hours = resolve(
            "dedup-hours", dedupHours, { Int($0) }, fallback: 24, { "\($0)" })
        core.engine.identityAge = .seconds(3_600) * max(0, min(hours, 1_000_000))
        func count(_ name: String, _ flag: Int?, _ fallback: Int) -> Int {
            resolve(name, flag, { Int($0) }, fallback: fallback, { "\($0)" })
        }
        peers.maximumSessions = count(
            "maximum-sessions", maximumSessions, peers.maximumSessions)
        peers.maximumSessionsPerKey = count(
            "maximum-sessions-per-key", maximumSessionsPerKey, peers.maximumSessionsPerKey)
        peers.maximumPending = count("maximum-pending", maximumPending, peers.maximumPending)
        peers.maximumUnfinishedBytes = size(
            "maximum-unfinished", maximumUnfinished, peers.maximumUnfinishedBytes)
        peers.memoryStepBytes = size("memory-step", memoryStep, peers.memoryStepBytes)
        problems += core.problems + peers.problems
        guard problems.isEmpty else { throw ValidationError(problems.joined(separator: "\n")) }
        return explained
    }
}

/// A number of bytes: `67108864`, `64MiB`, `1.5 GiB`, `100 MB`.
struct ByteSize: ExpressibleByArgument, Equatable {
    var bytes: Int

    init?(argument: String) {
        let text = argument.trimmingCharacters(in: .whitespaces)
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces)
        let units: [String: Double] = [
            "": 1, "B": 1, "KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40,
            "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        ]
        guard let number = Double(digits), let factor = units[unit],
            let bytes = Int(exactly: (number * factor).rounded())
        else { return nil }
        self.bytes = bytes
    }
}
