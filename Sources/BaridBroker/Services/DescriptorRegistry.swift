internal import BaridReflection
internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf
internal import Synchronization

/// The descriptors of the broker's own services and of those of its workers.
///
/// A worker's are kept while its session lives. Safe from any task.
final class DescriptorRegistry: Sendable {
    /// Most bytes of one worker's set.
    ///
    /// 1 MiB holds thousands of messages; Barid's own take 25 KiB.
    static let maximumBytes = 1 << 20

    /// The broker's own, once somebody has asked: a start does not wait for them.
    private let own = Mutex<DescriptorPool?>(nil)
    private let sessions: @Sendable () -> [SessionDescription]
    private let workers = Mutex<[UInt64: DescriptorPool]>([:])

    init(sessions: @escaping @Sendable () -> [SessionDescription]) {
        self.sessions = sessions
    }

    /// Keeps a worker's descriptors, in place of those it gave before.
    ///
    /// - Returns: The services of the set that the worker serves.
    func register(
        _ bytes: [UInt8], of session: SessionDescription
    ) throws(RPCError) -> [String] {
        guard bytes.count <= Self.maximumBytes else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(bytes.count) bytes of descriptors; at most \(Self.maximumBytes)")
        }
        let pool: DescriptorPool
        do {
            pool = try DescriptorPool(bytes)
        } catch {
            throw RPCError(code: .invalidArgument, message: error.description)
        }
        let live = Set(sessions().map(\.id)).union([session.id])
        workers.withLock { workers in
            workers = workers.filter { live.contains($0.key) }
            workers[session.id] = pool
        }
        let defined = Set(pool.methods.map(\.service))
        return session.registration.services.filter { defined.contains($0) }
    }

    /// - Throws: ``ReflectionError`` when the embedded descriptors cannot be read.
    private func ownPool() throws(ReflectionError) -> DescriptorPool {
        try own.withLock { own throws(ReflectionError) in
            if let own { return own }
            let pool = try DescriptorPool(
                Array(Data(base64Encoded: ProtocolDescriptors.base64) ?? Data()))
            own = pool
            return pool
        }
    }

    /// The pool that knows a file or symbol: the broker's own first.
    ///
    /// - Throws: ``ReflectionError`` when the embedded descriptors cannot be read.
    func pool(
        where knows: (DescriptorPool) -> Bool
    ) throws(ReflectionError) -> DescriptorPool? {
        let own = try ownPool()
        if knows(own) { return own }
        let live = Set(sessions().map(\.id))
        return workers.withLock { workers in
            workers.filter { live.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
                .first(where: knows)
        }
    }
}

/// Serves `barid.reflection.v1.Registry`.
struct RegistryService: Barid_Reflection_V1_Registry.SimpleServiceProtocol {
    let registry: DescriptorRegistry

    func register(
        request: Barid_Reflection_V1_RegisterRequest, context: ServerContext
    ) async throws -> Barid_Reflection_V1_RegisterResponse {
        guard let session = context.transportSpecific as? SessionDescription else {
            throw RPCError(code: .failedPrecondition, message: "the call belongs to no session")
        }
        let services = try registry.register(Array(request.fileDescriptorSet), of: session)
        return .with { $0.services = services }
    }
}
