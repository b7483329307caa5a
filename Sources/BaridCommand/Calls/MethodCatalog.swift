import Barid
import BaridReflection
import BaridSchema
import Foundation
import GRPCCore

/// The methods that can be called: those of Barid's own services are known here, those of others
/// from the broker's reflection.
struct MethodCatalog: Sendable {
    private var pools: [DescriptorPool]

    /// Barid's own.
    ///
    /// - Throws: ``CommandError`` when the embedded descriptors cannot be read, which is a bug.
    init() throws {
        guard let bytes = Data(base64Encoded: ProtocolDescriptors.base64) else {
            throw CommandError(.software, "the embedded descriptors are no base64")
        }
        do {
            pools = [try DescriptorPool(Array(bytes))]
        } catch {
            throw CommandError(.software, error.description)
        }
    }

    var methods: [DescriptorPool.Method] { pools.flatMap(\.methods) }

    /// Finds a method by "SERVICE/METHOD"; the service may go without its package when that is enough.
    func find(_ name: String) -> [DescriptorPool.Method] {
        methods.filter { method in
            method.path.caseInsensitiveCompare(name) == .orderedSame
                || method.path.lowercased().hasSuffix(".\(name.lowercased())")
        }
    }

    /// The pool that knows a method's messages.
    func pool(of method: DescriptorPool.Method) -> DescriptorPool {
        pools.first { $0.methods.contains(method) } ?? DescriptorPool()
    }

    /// Asks the broker for services that are not known yet.
    ///
    /// - Returns: The services that somebody serves and nobody describes.
    mutating func learn(from client: BaridClient) async throws -> [String] {
        let known = Set(methods.map(\.service))
        let stub = Grpc_Reflection_V1_ServerReflection.Client(wrapping: client.grpc)
        let served = try await client.admin.listServices(.init(), options: .within(.seconds(5)))
        let unknown = served.services.map(\.service).filter { !known.contains($0) }
        guard !unknown.isEmpty else { return [] }
        let (pools, missing) = try await stub.serverReflectionInfo(
            options: .within(.seconds(10))
        ) { writer in
            for service in unknown {
                try await writer.write(.with { $0.fileContainingSymbol = service })
            }
        } onResponse: { response in
            var pools: [DescriptorPool] = []
            var missing: [String] = []
            for try await answer in response.messages {
                guard case .fileDescriptorResponse(let found)? = answer.messageResponse else {
                    missing.append(answer.originalRequest.fileContainingSymbol)
                    continue
                }
                var pool = DescriptorPool()
                for bytes in found.fileDescriptorProto {
                    pool.add(try .init(serializedBytes: bytes))
                }
                pools.append(pool)
            }
            return (pools, missing)
        }
        self.pools += pools
        return missing
    }
}
