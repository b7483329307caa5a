import Barid
import BaridSchema
import BaridTransport
import GRPCCore
import Logging
import SwiftProtobuf
import TestSupport

/// A broker from before `Admin.CountGroup`: it makes groups and knows no other call.
struct OlderBroker: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Barid_Admin_V1_Admin.Method.CreateGroup.descriptor,
            deserializer: Messages<Barid_Admin_V1_CreateGroupRequest>(),
            serializer: Messages<Barid_Admin_V1_CreateGroupResponse>()
        ) { _, _ in
            StreamingServerResponse { writer in
                try await writer.write(.with { $0.created = true })
                return [:]
            }
        }
    }

    /// Serves at an address in the folder as long as `body` takes.
    static func with<Result: Sendable>(
        _ body: @Sendable (TemporaryFolder, Endpoint) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: folder.file("broker.ipc"))
        var configuration = Listener.Configuration(endpoints: [endpoint])
        configuration.logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let listener = try Listener(configuration)
        try listener.start()
        let result = try await withGRPCServer(
            transport: listener.serverTransport, services: [OlderBroker()]
        ) { _ in
            // An error must not cut the server off: it would wait for its calls for ever.
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(folder, endpoint))
            } catch {
                result = .failure(error)
            }
            await listener.stop()
            return result
        }
        return try result.get()
    }

    private struct Messages<Message: SwiftProtobuf.Message>: MessageSerializer, MessageDeserializer
    {
        func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
            Bytes(try message.serializedBytes() as [UInt8])
        }

        func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> Message {
            try Message(serializedBytes: bytes.withUnsafeBytes { Array($0) })
        }
    }
}
