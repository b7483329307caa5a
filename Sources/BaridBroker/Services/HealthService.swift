internal import BaridSchema
internal import BaridTransport
internal import GRPCCore

/// Serves `grpc.health.v1.Health` for the broker, for every service its workers serve, and for every
/// worker by its name.
///
/// Publishing has a name of its own, for a full broker still serves everybody else; Protocols/2-bus
/// §14.
struct HealthService: Grpc_Health_V1_Health.SimpleServiceProtocol {
    let sessions: @Sendable () -> [SessionDescription]
    let localServices: Set<String>
    let acceptance: Acceptance

    /// The name under which publishing is asked for.
    static let publishing = "barid.bus.v1.EventBus/Publish"

    func check(
        request: Grpc_Health_V1_HealthCheckRequest, context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthCheckResponse {
        let status = status(of: request.service)
        guard status != .serviceUnknown else {
            throw RPCError(
                code: .notFound, message: "no service '\(request.service)' is served here now")
        }
        return .with { $0.status = status }
    }

    func list(
        request: Grpc_Health_V1_HealthListRequest, context: ServerContext
    ) async throws -> Grpc_Health_V1_HealthListResponse {
        .with { response in
            let names = localServices.union(
                sessions().flatMap { $0.registration.services + Self.worker($0) })
            for service in names.union(["", Self.publishing]) {
                response.statuses[service] = .with { $0.status = status(of: service) }
            }
        }
    }

    func watch(
        request: Grpc_Health_V1_HealthCheckRequest,
        response: RPCWriter<Grpc_Health_V1_HealthCheckResponse>, context: ServerContext
    ) async throws {
        var last: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
        while !Task.isCancelled, !context.cancellation.isCancelled {
            let status = status(of: request.service)
            if status != last {
                last = status
                try await response.write(.with { $0.status = status })
            }
            // Sessions come and go rarely; a second's delay is what the watcher pays.
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func status(
        of service: String
    ) -> Grpc_Health_V1_HealthCheckResponse.ServingStatus {
        if service == Self.publishing {
            return acceptance.refusal == nil ? .serving : .notServing
        }
        // A broker that stops takes nothing new from anybody.
        if service.isEmpty { return acceptance.refusal == .draining ? .notServing : .serving }
        if localServices.contains(service) { return .serving }
        let serving = sessions().filter {
            $0.registration.services.contains(service) || Self.worker($0).contains(service)
        }
        guard !serving.isEmpty else { return .serviceUnknown }
        return serving.allSatisfy(\.isDraining) ? .notServing : .serving
    }

    /// The name under which a worker is asked for: what its hello says, if it takes events or calls.
    ///
    /// No service has such a name, for a service's has a dot.
    private static func worker(_ session: SessionDescription) -> [String] {
        let told = session.registration
        let works = !told.group.isEmpty || !told.services.isEmpty
        return works && !told.name.isEmpty && !told.name.contains(".") ? [told.name] : []
    }
}
