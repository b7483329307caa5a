internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging
internal import SwiftProtobuf

extension Subject {
    /// A method that the worker serves, from Barid's own descriptors or those it handed in.
    ///
    /// - Throws: ``CheckSkipped`` when it handed in none.
    func servedMethod() async throws -> String {
        let own = Data(base64Encoded: ProtocolDescriptors.base64) ?? Data()
        if let method = servedMethod(in: own) { return method }
        let handedIn: [UInt8]
        do {
            handedIn = try await wait(for: "its descriptors", within: .seconds(3)) {
                broker.descriptors
            }
        } catch {
            throw CheckSkipped("it hands in no descriptors, so no method is known")
        }
        guard let method = servedMethod(in: Data(handedIn)) else {
            throw CheckSkipped("its descriptors hold none of the services it serves")
        }
        return method
    }

    private func servedMethod(in descriptors: Data) -> String? {
        let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: descriptors)
        for file in set?.file ?? [] {
            for service in file.service {
                let name = file.package.isEmpty ? service.name : "\(file.package).\(service.name)"
                guard manifest.serves.contains(name), let method = service.method.first else {
                    continue
                }
                return "\(name)/\(method.name)"
            }
        }
        return nil
    }

    /// Opens a call and sends nothing; it is cancelled after `body`, unless its time is over by then.
    ///
    /// - Parameters:
    ///   - method: What to call.
    ///   - timeout: The call's deadline.
    ///   - body: What to wait for meanwhile.
    /// - Throws: What `body` throws.
    func hold(
        _ method: String, timeout: Duration, while body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = await self.call(method, timeout: timeout) {
                    try await Task.sleep(for: .seconds(60))
                }
            }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Waits until the worker has so many calls under way, as it has taken them in itself.
    func waitForCalls(_ count: Int) async throws {
        let end = ContinuousClock.now + .seconds(15)
        while let calls = await broker.callsUnderWay(), calls != count {
            guard ContinuousClock.now < end else {
                throw CheckFailure("\(calls) calls were under way after 15 s, and not \(count)")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Calls a method with an empty message, as a client of the scripted broker.
    ///
    /// - Parameters:
    ///   - method: What to call.
    ///   - timeout: The call's deadline.
    ///   - before: Done before the message is sent.
    /// - Returns: The error it ended with; nil is OK.
    func call(
        _ method: String, timeout: Duration = .seconds(10),
        before: @escaping @Sendable () async throws -> Void = {}
    ) async -> RPCError? {
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
                options.timeout = timeout
                let request = StreamingClientRequest<[UInt8]> { writer in
                    try await before()
                    try await writer.write([])
                }
                do {
                    try await client.bidirectionalStreaming(
                        request: request, descriptor: descriptor,
                        serializer: Bytes(), deserializer: Bytes(), options: options
                    ) { response in
                        for try await _ in response.messages {}
                    }
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
