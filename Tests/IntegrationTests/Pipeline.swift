import BaridSchema
import Foundation
import SwiftProtobuf
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

/// The real executables in a temporary folder: a broker and the four workers, each of which can be killed.
final class Pipeline {
    static let workers = [
        "barid-parser", "barid-entity-tagger", "barid-moderator", "barid-indexer",
    ]

    let folder: TemporaryFolder
    private(set) var broker: RunningProcess
    private(set) var workers: [String: RunningProcess] = [:]

    var environment: [String: String] {
        [
            "BARID_DATA": folder.file("data"),
            "BARID_ENDPOINT": "ipc://" + folder.file("run/broker.ipc"),
            "XDG_STATE_HOME": folder.file("state"), "XDG_CONFIG_HOME": folder.file("config"),
            "XDG_DATA_HOME": folder.file("share"), "XDG_RUNTIME_DIR": folder.file("run"),
        ]
    }

    /// Starts the broker, waits until it answers, and starts the named workers.
    init(workers names: [String] = Pipeline.workers) async throws {
        folder = try TemporaryFolder()
        broker = try RunningProcess("/bin/true")
        try await startBroker()
        for name in names { try start(name) }
    }

    func startBroker() async throws {
        broker = try RunningProcess("barid-broker", environment: environment)
        try await eventually("broker answers") {
            try await barid(["status", "--json"]).status == 0 ? () : nil
        }
    }

    func start(
        _ worker: String, _ arguments: [String] = [], environment more: [String: String] = [:]
    ) throws {
        workers[worker] = try RunningProcess(
            worker, arguments, environment: environment.merging(more) { $1 })
    }

    /// Runs the command line to its end.
    func barid(
        _ arguments: [String], input: String = "", within limit: Duration = .seconds(180)
    ) async throws -> (status: Int32, output: String, error: String) {
        let process = try RunningProcess(
            "barid", arguments, environment: environment, input: input)
        let status = try await process.ended(within: limit)
        return (status, process.output, process.error)
    }

    /// One JSON object a line.
    func objects(_ output: String) throws -> [[String: Any]] {
        try output.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    /// How many articles can be found with every stage in.
    func indexed(_ id: String) async throws -> Barid_Index_V1_GetArticleResponse? {
        let answer = try await barid(["article", id, "--json"])
        guard answer.status == 0 else { return nil }
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        return try Barid_Index_V1_GetArticleResponse(jsonString: answer.output, options: options)
    }

    /// Ends every process as an operator would, and returns the exit codes by name.
    func stop() async throws -> [String: Int32] {
        var codes: [String: Int32] = [:]
        for (name, worker) in workers { worker.signal(SIGTERM); codes[name] = 0 }
        for (name, worker) in workers { codes[name] = try await worker.ended(within: .seconds(30)) }
        broker.signal(SIGTERM)
        codes["barid-broker"] = try await broker.ended(within: .seconds(30))
        return codes
    }
}

/// Decodes one part of a printed JSON object into its message.
func message<Message: SwiftProtobuf.Message>(
    _ type: Message.Type, _ object: [String: Any], _ key: String
) throws -> Message {
    let data = try JSONSerialization.data(withJSONObject: object[key] ?? [:])
    return try Message(jsonUTF8Data: data)
}
