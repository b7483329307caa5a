internal import BaridReflection
internal import BaridSchema
internal import BaridTransport
internal import GRPCCore
internal import SwiftProtobuf

/// Serves `grpc.reflection.v1.ServerReflection` for the broker's services and its workers'.
struct ReflectionService: Grpc_Reflection_V1_ServerReflection.SimpleServiceProtocol {
    let registry: DescriptorRegistry
    let sessions: @Sendable () -> [SessionDescription]
    let localServices: Set<String>

    func serverReflectionInfo(
        request: RPCAsyncSequence<Grpc_Reflection_V1_ServerReflectionRequest, any Error>,
        response: RPCWriter<Grpc_Reflection_V1_ServerReflectionResponse>, context: ServerContext
    ) async throws {
        for try await question in request { try await response.write(answer(question)) }
    }

    private func answer(
        _ question: Grpc_Reflection_V1_ServerReflectionRequest
    ) throws -> Grpc_Reflection_V1_ServerReflectionResponse {
        var response = Grpc_Reflection_V1_ServerReflectionResponse()
        response.validHost = question.host
        response.originalRequest = question
        switch question.messageRequest {
        case .listServices:
            let names = localServices.union(sessions().flatMap(\.registration.services))
            response.listServicesResponse.service = names.sorted().map { name in
                .with { $0.name = name }
            }
        case .fileByFilename(let name):
            try describe(&response, "file \(name)") { $0.file(named: name) }
        case .fileContainingSymbol(let symbol):
            try describe(&response, "symbol \(symbol)") { $0.file(defining: symbol) }
        case .fileContainingExtension, .allExtensionNumbersOfType:
            response.errorResponse = .with {
                $0.errorCode = Int32(Status.Code.notFound.rawValue)
                $0.errorMessage = "messages here have no extensions"
            }
        case nil:
            response.errorResponse = .with {
                $0.errorCode = Int32(Status.Code.invalidArgument.rawValue)
                $0.errorMessage = "the request asks for nothing"
            }
        }
        return response
    }

    private func describe(
        _ response: inout Grpc_Reflection_V1_ServerReflectionResponse, _ what: String,
        _ file: (DescriptorPool) -> Google_Protobuf_FileDescriptorProto?
    ) throws {
        guard let pool = try registry.pool(where: { file($0) != nil }), let found = file(pool)
        else {
            response.errorResponse = .with {
                $0.errorCode = Int32(Status.Code.notFound.rawValue)
                $0.errorMessage = "no \(what) is known here"
            }
            return
        }
        // The imports come along, so that one question is enough.
        let files = pool.closure(of: found)
        response.fileDescriptorResponse.fileDescriptorProto = files.compactMap {
            try? $0.serializedBytes()
        }
    }
}
