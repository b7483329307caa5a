import Barid
import BaridLog
import BaridSchema
import BaridSupervisor
import BaridTransport
import Foundation
import GRPCCore

// What is Barid's own: broker, folders, plugins.
extension Check {
    static func broker(
        _ status: Barid_Admin_V1_GetStatusResponse?, at endpoint: Endpoint
    ) -> Check {
        guard let status else {
            return Check(
                "broker", .fail, "none answers at \(endpoint)",
                remedy: "barid up, or name its address with --endpoint")
        }
        let own = BaridTool.configuration.version
        let finding =
            "version \(status.version), process \(status.processID), up "
            + Formats.duration(status.uptime.seconds)
        guard status.version == own else {
            return Check(
                "broker", .warn, "\(finding); this is \(own)",
                remedy: "restart it, so that both are of one version")
        }
        return Check("broker", .ok, finding)
    }

    static func durability(_ status: Barid_Admin_V1_GetStatusResponse) -> Check {
        switch status.durability {
        case .fsync:
            return Check("durability", .ok, "fsync: a receipt means on the disk")
        case .interval:
            return Check(
                "durability", .warn,
                "not power-safe: fsynced up to \(status.syncIntervalMs) ms after the receipt",
                remedy: "start the broker with --durability fsync, unless you meant it")
        case .memory:
            return Check(
                "durability", .warn, "in memory only: all is lost when the broker ends",
                remedy: "start the broker with --durability fsync, unless this is a test")
        case .unspecified, .UNRECOGNIZED:
            return Check("durability", .warn, "not stated by this broker")
        }
    }

    static func accepting(_ status: Barid_Admin_V1_GetStatusResponse) -> Check {
        status.accepting
            ? Check("accepting", .ok, "publishes are taken")
            : Check(
                "accepting", .fail, "publishes are refused: \(status.notAcceptingReason)",
                remedy: "free some space, or see barid status")
    }

    /// Permissions, format, and who holds it.
    static func dataFolder(_ path: String) -> [Check] {
        guard FileManager.default.fileExists(atPath: path) else {
            return [Check("data folder", .ok, "\(path) does not exist yet; the broker makes it")]
        }
        var checks: [Check] = []
        do {
            try PrivateFolder.check(path)
            checks.append(Check("data folder", .ok, "\(path) is yours alone"))
        } catch {
            checks.append(
                Check(
                    "data folder", .fail, (error as? RPCError)?.message ?? "\(error)",
                    remedy: "chmod 700 \(path), and let it belong to the broker's user"))
        }
        let text = (try? String(contentsOfFile: "\(path)/FORMAT", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        switch text.map({ ($0, Int($0)) }) {
        case nil:
            checks.append(Check("format", .ok, "none yet; the broker writes it"))
        case (_, let number?)? where number == DataFolder.format:
            checks.append(Check("format", .ok, "\(number)"))
        case (_, let number?)? where (1..<DataFolder.format).contains(number):
            checks.append(
                Check(
                    "format", .warn, "\(number); the next start upgrades it to \(DataFolder.format)"
                ))
        case (let text, _)?:
            checks.append(
                Check(
                    "format", .fail,
                    "\(text), and this version knows up to \(DataFolder.format)",
                    remedy: "use the version of Barid that wrote it, or a later one"))
        }
        return checks
    }

    static func plugins(_ settings: Settings) -> Check {
        let finder = settings.pluginFolders
        let path = finder.folders
        let there = path.filter { FileManager.default.fileExists(atPath: $0) }
        let plugins = finder.find().count
        let finding = "\(Formats.count(plugins, "plugin")) in \(there.joined(separator: ", "))"
        guard plugins > 0 else {
            return Check(
                "plugins", .warn, "none in \(path.joined(separator: ", "))",
                remedy: "set BARID_PLUGIN_PATH, or plugin-path in \(settings.configurationFile)")
        }
        return Check("plugins", .ok, finding)
    }

    /// Who can reach the socket.
    static func socket(_ endpoint: Endpoint) -> Check {
        guard case .ipc(let path) = endpoint else {
            return Check("socket", .ok, "\(endpoint) is no file")
        }
        let folder = (path as NSString).deletingLastPathComponent
        guard FileManager.default.fileExists(atPath: folder) else {
            return Check("socket", .ok, "\(folder) does not exist yet; the broker makes it")
        }
        do {
            try PrivateFolder.check(folder)
            return Check("socket", .ok, "\(folder) is yours alone")
        } catch {
            return Check(
                "socket", .fail, (error as? RPCError)?.message ?? "\(error)",
                remedy: "chmod 700 \(folder): whoever enters it reaches the broker")
        }
    }
}
