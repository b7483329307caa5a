import Barid
import BaridReflection
import Foundation
import GRPCCore

/// One call of any kind with JSON: requests go in as they come, responses come out a line each.
struct JSONCall: Sendable {
    let method: DescriptorPool.Method
    let pool: DescriptorPool
    let metadata: Metadata
    let options: CallOptions

    /// Calls it.
    ///
    /// - Parameters:
    ///   - client: The connection to the broker.
    ///   - requests: The requests, in JSON; more than one only where the method streams them.
    ///   - print: Takes each response.
    /// - Throws: ``CommandError`` when a request is not what the method takes, and the call's error.
    func run(
        _ client: BaridClient, requests: AsyncStream<String>,
        print: @escaping @Sendable (String) -> Void
    ) async throws {
        // On the wire every call is a stream of messages each way.
        try await client.grpc.bidirectionalStreaming(
            request: StreamingClientRequest(metadata: metadata) { writer in
                for await json in requests { try await writer.write(try encode(json)) }
            },
            descriptor: MethodDescriptor(
                fullyQualifiedService: method.service, method: method.name),
            serializer: BytesCoder(), deserializer: BytesCoder(), options: options
        ) { response in
            for try await message in response.messages {
                do throws(ReflectionError) {
                    print(try pool.json(of: message, as: method.output))
                } catch {
                    throw RPCError(
                        code: .internalError, message: "the response is not readable: \(error)")
                }
            }
        }
    }

    /// The bytes of a request.
    func encode(_ json: String) throws -> [UInt8] {
        do throws(ReflectionError) {
            return try pool.encode(json: json, as: method.input)
        } catch {
            throw CommandError(.badInput, "this is not a \(method.input) in JSON: \(error)")
        }
    }
}

/// Messages as the bytes they are.
struct BytesCoder: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> [UInt8] {
        bytes.withUnsafeBytes { Array($0) }
    }
}
