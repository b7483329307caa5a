import ArgumentParser
import Barid
import BaridSchema
import BaridSupervisor
import Foundation
import GRPCCore

/// `barid status`.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show broker, topics, groups with their lag, workers.",
        discussion: """
            Examples:
              barid status
              barid status --json | jq .broker.groups
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var broker: BrokerOptions

    @Flag(help: "Say where each setting came from, and stop.")
    var printConfiguration = false

    func run() async throws {
        if printConfiguration {
            for setting in try broker.settings().explanation {
                Console.output.line("\(setting.name) = \(setting.value)  (\(setting.origin))")
            }
            return
        }
        let snapshot = try await broker.connected(as: "barid status") { client in
            try await StatusSnapshot(from: client)
        }
        if output.json {
            Console.output.line(try snapshot.json())
        } else {
            for line in snapshot.lines(on: .output) { Console.output.line(line) }
        }
    }
}

/// What broker and supervisor say at one moment.
struct StatusSnapshot: Sendable {
    let broker: Barid_Admin_V1_GetStatusResponse
    /// Absent when no supervisor runs, as in containers.
    let plugins: Barid_Supervisor_V1_ListPluginsResponse?

    init(
        broker: Barid_Admin_V1_GetStatusResponse,
        plugins: Barid_Supervisor_V1_ListPluginsResponse?
    ) {
        self.broker = broker
        self.plugins = plugins
    }

    init(from client: BaridClient) async throws {
        broker = try await client.admin.getStatus(
            Barid_Admin_V1_GetStatusRequest(), options: .within(.seconds(10)))
        let isSupervised = broker.sessions.contains {
            $0.services.contains(Barid_Supervisor_V1_Supervisor.descriptor.fullyQualifiedService)
        }
        plugins =
            isSupervised
            ? try? await client.supervisor().listPlugins(
                Barid_Supervisor_V1_ListPluginsRequest(), options: .within(.seconds(10))) : nil
    }

    func json() throws -> String {
        var text = JSONText()
        try text.add("broker", broker)
        if let plugins { try text.add("supervisor", plugins) }
        return text.text
    }

    func lines(on console: Console) -> [String] {
        var lines = brokerLines(on: console)
        if !broker.topics.isEmpty {
            var table = Table([
                Table.Column("TOPIC"), Table.Column("EVENTS", isNumber: true),
                Table.Column("LAST", isNumber: true),
                Table.Column("NO SUBSCRIBER", isNumber: true),
            ])
            for topic in broker.topics {
                let count =
                    topic.lastSequence >= topic.firstSequence && topic.lastSequence > 0
                    ? topic.lastSequence - topic.firstSequence + 1 : 0
                table.add([
                    console.words(topic.topic), Formats.number(count),
                    Formats.number(topic.lastSequence),
                    Formats.number(topic.noSubscriber),
                ])
            }
            lines += [""] + table.lines(on: console)
        }
        if !broker.groups.isEmpty {
            var table = Table([
                Table.Column("GROUP"), Table.Column("STATE"), Table.Column("LAG", isNumber: true),
                Table.Column("LEASED", isNumber: true), Table.Column("WAITING", isNumber: true),
                Table.Column("DEAD", isNumber: true), Table.Column("DONE", isNumber: true),
                Table.Column("WORKERS", isNumber: true),
            ])
            for group in broker.groups {
                let dead = Formats.number(group.deadLetters)
                table.add([
                    console.words(group.group), GroupView.state(of: group, console),
                    Formats.number(group.lag),
                    Formats.number(group.leased), Formats.number(group.waiting),
                    group.deadLetters > 0 ? console.styled(dead, .red) : dead,
                    Formats.number(group.acked), Formats.number(group.workers),
                ])
            }
            lines += [""] + table.lines(on: console)
            lines += broker.groups.filter(\.paused).map { group in
                let name = console.words(group.group)
                var command = "barid group resume \(name)"
                if group.topic != PluginManifest.defaultTopic {
                    command += " --topic \(console.words(group.topic))"
                }
                return "\(name) is paused: nothing is delivered until `\(command)`"
            }
        }
        return lines + [""] + workerLines(on: console)
    }

    /// One row a process: name, state, lag of its group, process, restarts.
    func workerLines(on console: Console) -> [String] {
        var table = Table([
            Table.Column("WORKER"), Table.Column("STATE"), Table.Column("LAG", isNumber: true),
            Table.Column("PID", isNumber: true), Table.Column("RESTARTS", isNumber: true),
            Table.Column("SERVES"),
        ])
        var shown: Set<UInt32> = [broker.processID]
        var notes: [String] = []
        for plugin in plugins?.plugins ?? [] {
            if plugin.processID > 0 { shown.insert(plugin.processID) }
            let session = session(of: plugin)
            let isBroker = plugin.processID == broker.processID
            table.add([
                console.words(plugin.name), Self.state(plugin.state, on: console),
                lag(of: session), plugin.processID > 0 ? "\(plugin.processID)" : "",
                plugin.restarts > 0 ? "\(plugin.restarts)" : "",
                isBroker
                    ? broker.endpoints.map(console.words).joined(separator: " ")
                    : services(of: session, on: console),
            ])
            notes += Self.notes(on: plugin, console)
        }
        // Where there is a supervisor it has told of those that are not its own.
        let others = (plugins == nil ? broker.sessions : []).filter {
            !shown.contains($0.processID) && (!$0.groups.isEmpty || !$0.services.isEmpty)
                && !$0.services.contains(
                    Barid_Supervisor_V1_Supervisor.descriptor.fullyQualifiedService)
        }
        for session in others {
            table.add([
                console.words(session.name), "not supervised", lag(of: session),
                "\(session.processID)", "", services(of: session, on: console),
            ])
        }
        return table.lines(on: console) + (notes.isEmpty ? [] : [""] + notes)
    }

    /// What is wrong with a plugin, and what to do about it.
    static func notes(on plugin: Barid_Supervisor_V1_Plugin, _ console: Console) -> [String] {
        let name = console.words(plugin.name)
        var notes: [String] = []
        if !plugin.message.isEmpty {
            notes.append("\(name): \(console.isolated(VisibleText.joined(plugin.message)))")
        }
        if !plugin.buildCommand.isEmpty {
            notes.append("\(name): build it with \(console.words(plugin.buildCommand))")
        }
        if plugin.state == .crashLoop {
            notes.append(
                "\(name): see `barid plugin logs \(name)`; start it anew with `barid plugin restart \(name)`"
            )
        }
        return notes
    }

    private func brokerLines(on console: Console) -> [String] {
        let durability =
            switch broker.durability {
            case .fsync: "a receipt means fsynced"
            case .memory: console.styled("in memory only: nothing survives a restart", .yellow)
            case .interval:
                console.styled(
                    "not power-safe: fsynced up to \(broker.syncIntervalMs) ms after the receipt",
                    .yellow)
            case .unspecified, .UNRECOGNIZED: "durability not stated"
            }
        var lines = [
            "broker \(console.words(broker.version)), process \(broker.processID), up \(Formats.duration(broker.uptime.seconds)), epoch \(broker.epoch)",
            "  address  \(broker.endpoints.map(console.words).joined(separator: " "))",
            "  data     \(console.words(broker.dataFolder)), log \(Formats.bytes(broker.logBytes)), \(Formats.bytes(broker.freeDiskBytes)) free; \(durability)",
        ]
        lines.append("  kept     \(kept(on: console))")
        if broker.residentBytes > 0 {
            lines.append("  memory   \(Formats.bytes(broker.residentBytes))")
        }
        lines += securityLines(on: console)
        let metrics = [broker.metricsURL, plugins?.metricsURL ?? ""].filter { !$0.isEmpty }
        if !metrics.isEmpty {
            lines.append("  metrics  \(metrics.map(console.words).joined(separator: " "))")
        }
        if !broker.accepting {
            lines.append(
                "  \(console.styled("publishes are refused", .red)): \(console.words(broker.notAccepting)): \(console.words(broker.notAcceptingReason))"
            )
        }
        return lines
    }

    /// Who gets in where, and what was refused since the start.
    private func securityLines(on console: Console) -> [String] {
        let security = broker.security
        var lines: [String] = []
        for endpoint in security.endpoints where endpoint.needsKey || endpoint.anyLocalUser {
            let who =
                endpoint.needsKey
                ? "needs a key; \(Formats.number(UInt64(security.keys))) may connect"
                : console.styled("lets every user of this machine in, with all rights", .yellow)
            lines.append("  access   \(console.words(endpoint.address)) \(who)")
        }
        if security.keysInUse, !security.authenticating {
            lines.append(
                "  \(console.styled("no new peer gets in", .red)): the check of keys has failed; start the broker anew"
            )
        }
        let refused = security.refused.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !refused.isEmpty {
            let counts = refused.map { "\(Formats.number($0.value)) \(console.words($0.key))" }
            let unlogged =
                security.unlogged > 0
                ? ", \(Formats.number(security.unlogged)) of them without a line in the log" : ""
            lines.append(
                "  \(console.styled("refused", .yellow))  \(counts.joined(separator: ", "))\(unlogged)"
            )
        }
        return lines
    }

    /// What is kept, why the oldest segment stays, and how long the disk lasts.
    private func kept(on console: Console) -> String {
        var parts = [
            broker.retention == "all" || broker.retention.isEmpty
                ? "everything" : console.words(broker.retention)
        ]
        if broker.retention != "all", !broker.pinnedBy.isEmpty {
            parts.append("the oldest segment is pinned by: \(console.words(broker.pinnedBy))")
            if !broker.pinRemedy.isEmpty {
                parts.append("free it: \(console.words(broker.pinRemedy))")
            }
        }
        if broker.logBytesPerDay > 0 {
            parts.append("grows \(Formats.bytes(broker.logBytesPerDay)) a day")
        }
        if broker.hasDiskLasts {
            parts.append("the disk lasts \(Formats.duration(broker.diskLasts.seconds))")
        }
        return parts.joined(separator: "; ")
    }

    /// The session of a plugin's process, or of the worker that its process started.
    private func session(of plugin: Barid_Supervisor_V1_Plugin) -> Barid_Admin_V1_SessionStatus? {
        guard plugin.processID > 0 else { return nil }
        return broker.sessions.first { $0.processID == plugin.processID }
            ?? broker.sessions.first { plugin.state == .ready && $0.name == plugin.name }
    }

    private func lag(of session: Barid_Admin_V1_SessionStatus?) -> String {
        guard let session, !session.groups.isEmpty else { return "" }
        let lag = broker.groups.filter { session.groups.contains($0.group) }.reduce(0) {
            $0 + $1.lag
        }
        return Formats.number(lag)
    }

    private func services(
        of session: Barid_Admin_V1_SessionStatus?, on console: Console
    ) -> String {
        console.words((session?.services ?? []).joined(separator: " "))
    }

    static func state(_ state: Barid_Supervisor_V1_PluginState, on console: Console) -> String {
        switch state {
        case .ready: console.styled("ready", .green)
        case .starting: "starting"
        case .backoff: console.styled("restarting", .yellow)
        case .crashLoop: console.styled("crash-loop", .red)
        case .notBuilt: console.styled("not built", .yellow)
        case .invalid: console.styled("invalid", .red)
        case .stopping: "stopping"
        case .stopped: "stopped"
        case .notSupervisedHere: "not supervised"
        case .unspecified, .UNRECOGNIZED: "?"
        }
    }
}

extension BaridClient {
    /// Stub of the supervisor.
    func supervisor() -> some Barid_Supervisor_V1_Supervisor.ClientProtocol {
        Barid_Supervisor_V1_Supervisor.Client(wrapping: grpc)
    }
}
