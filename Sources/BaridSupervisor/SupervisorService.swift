public import BaridSchema
import Foundation
public import GRPCCore
import SwiftProtobuf

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `barid.supervisor.v1.Supervisor` over a ``Supervisor``.
public struct SupervisorService: Barid_Supervisor_V1_Supervisor.SimpleServiceProtocol {
    private let supervisor: Supervisor

    /// Serves this supervisor.
    public init(_ supervisor: Supervisor) {
        self.supervisor = supervisor
    }

    /// Every plugin found, and how its process stands.
    public func listPlugins(
        request: Barid_Supervisor_V1_ListPluginsRequest, context: ServerContext
    ) async throws -> Barid_Supervisor_V1_ListPluginsResponse {
        await supervisor.response()
    }

    /// Stops one plugin's process and starts it anew.
    public func restartPlugin(
        request: Barid_Supervisor_V1_RestartPluginRequest, context: ServerContext
    ) async throws -> Barid_Supervisor_V1_RestartPluginResponse {
        guard let process = await supervisor.restart(request.name) else {
            throw RPCError(
                code: .notFound, message: "there is no plugin \(request.name) that can run here")
        }
        var response = Barid_Supervisor_V1_RestartPluginResponse()
        response.plugin = Barid_Supervisor_V1_Plugin(process)
        return response
    }

    /// Lets a newer version of a plugin take over.
    public func upgradePlugin(
        request: Barid_Supervisor_V1_UpgradePluginRequest, context: ServerContext
    ) async throws -> Barid_Supervisor_V1_UpgradePluginResponse {
        guard request.folder.hasPrefix("/") else {
            throw RPCError(
                code: .invalidArgument, message: "'\(request.folder)' is no absolute path")
        }
        do {
            var response = Barid_Supervisor_V1_UpgradePluginResponse()
            response.plugin = Barid_Supervisor_V1_Plugin(
                try await supervisor.upgrade(request.name, to: request.folder))
            return response
        } catch let error as Supervisor.UpgradeFailed {
            throw RPCError(code: .failedPrecondition, message: error.description)
        }
    }

    /// Drains and stops everything.
    public func stop(
        request: Barid_Supervisor_V1_StopRequest, context: ServerContext
    ) async throws -> Barid_Supervisor_V1_StopResponse {
        var response = Barid_Supervisor_V1_StopResponse()
        response.plugins = await supervisor.response().plugins
        await supervisor.stop()
        return response
    }
}

extension Supervisor {
    /// Every process as the service tells of it.
    ///
    /// - Returns: The broker first, then the plugins.
    public func response() async -> Barid_Supervisor_V1_ListPluginsResponse {
        var response = Barid_Supervisor_V1_ListPluginsResponse()
        response.plugins = await list().map(Barid_Supervisor_V1_Plugin.init)
        response.since = Google_Protobuf_Timestamp(date: since)
        response.processID = UInt32(clamping: getpid())
        response.metricsURL = metricsAddress?.url ?? ""
        return response
    }
}

extension Barid_Supervisor_V1_Plugin {
    /// Tells of a process.
    ///
    /// - Parameter process: How it stands.
    public init(_ process: SupervisedProcess) {
        self.init()
        name = process.name
        version = process.version
        summary = process.summary
        folder = process.folder
        processID = UInt32(clamping: process.processIdentifier)
        restarts = UInt32(clamping: process.restarts)
        since = Google_Protobuf_Timestamp(date: process.since)
        message = process.message
        buildCommand = process.buildCommand
        logFile = process.logFile
        group = process.group
        residentBytes = UInt64(clamping: process.residentBytes)
        state =
            switch process.state {
            case .notBuilt: .notBuilt
            case .starting: .starting
            case .ready: .ready
            case .backoff: .backoff
            case .crashLoop: .crashLoop
            case .stopping: .stopping
            case .stopped: .stopped
            case .invalid: .invalid
            case .notSupervisedHere: .notSupervisedHere
            }
    }
}
