internal import BaridEngine
internal import BaridSchema
internal import GRPCCore

extension AdminService {
    func listDeadLetters(
        request: Barid_Admin_V1_ListDeadLettersRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ListDeadLettersResponse {
        let query = try Self.query(request.selection)
        let maximum = request.maximum == 0 ? 100 : min(Int(request.maximum), 1_000)
        return try await core.ask { core, answer in
            answer(
                Result {
                    let page = try core.deadLetters(
                        query, after: request.after, maximum: maximum, whole: true)
                    let (total, last) = core.deadLetterCount(query)
                    var response = Barid_Admin_V1_ListDeadLettersResponse()
                    response.deadLetters = try page.found.map {
                        try core.message(of: $0, withEvent: !request.withoutEvents)
                    }
                    response.total = UInt64(total)
                    response.next = page.next
                    response.last = last
                    return response
                }.mapError { RPCError(unreadable: $0) })
        }
    }

    func purgeDeadLetters(
        request: Barid_Admin_V1_PurgeDeadLettersRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_PurgeDeadLettersResponse {
        let query = try Self.query(request.selection)
        return try await core.ask { core, answer in
            core.purgeDeadLetters(query, after: request.after) { result in
                answer(
                    result.map { purged, next in
                        .with {
                            $0.removed = UInt64(purged.count)
                            $0.next = next
                        }
                    })
            }
        }
    }

    func retryDeadLetters(
        request: Barid_Admin_V1_RetryDeadLettersRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_RetryDeadLettersResponse {
        let query = try Self.query(request.selection)
        return try await core.ask { core, answer in
            core.retryDeadLetters(query, after: request.after) { result in
                answer(
                    result.map { retried, next in
                        .with {
                            $0.retried = retried
                            $0.next = next
                        }
                    })
            }
        }
    }

    private static func query(
        _ selection: Barid_Admin_V1_DeadLetterSelection
    ) throws -> DeadLetterQuery {
        do throws(BusFault) {
            return try DeadLetterQuery(selection)
        } catch {
            throw error.rpcError
        }
    }
}
