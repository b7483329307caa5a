internal import BaridTransport
internal import GRPCCore
internal import Logging

extension Subject {
    /// Calls a method with an empty message, as a client of the scripted broker.
    ///
    /// - Returns: The error it ended with; nil is OK.
    func call(_ method: String) async -> RPCError? {
        do {
            var configuration = Connection.Configuration(
                endpoint: broker.endpoint, registration: Registration(name: "conformance"))
            configuration.logger = Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() }
            let connection = try Connection(configuration)
            let slash = method.firstIndex(of: "/") ?? method.endIndex
            let descriptor = MethodDescriptor(
                fullyQualifiedService: String(method[..<slash]),
                method: String(method[slash...].dropFirst()))
            let result: RPCError? = await withTaskGroup(of: Void.self) { group in
                let client = GRPCClient(transport: connection.clientTransport)
                group.addTask { try? await client.runConnections() }
                defer { client.beginGracefulShutdown() }
                var options = CallOptions.defaults
                options.timeout = .seconds(10)
                do {
                    _ = try await client.unary(
                        request: ClientRequest(message: [UInt8]()), descriptor: descriptor,
                        serializer: Bytes(), deserializer: Bytes(), options: options
                    ) { try $0.message }
                    return nil
                } catch {
                    return RPCError(handlerError: error)
                }
            }
            await connection.close()
            return result
        } catch {
            return RPCError(handlerError: error)
        }
    }
}

/// Messages as they are.
private struct Bytes: MessageSerializer, MessageDeserializer {
    func serialize<Result: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Result {
        Result(message)
    }

    func deserialize<Source: GRPCContiguousBytes>(_ bytes: Source) throws -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}
