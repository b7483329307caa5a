internal import BaridEngine
internal import BaridLog
internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

/// Serves `barid.admin.v1.Admin`: how the broker stands, and what an operator may change.
struct AdminService: Barid_Admin_V1_Admin.SimpleServiceProtocol {
    let core: CoreHandle
    let sessions: @Sendable () -> [SessionDescription]
    let facts: BrokerFacts

    func getStatus(
        request: Barid_Admin_V1_GetStatusRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_GetStatusResponse {
        let sessions = sessions()
        let facts = facts
        return try await core.ask { core, answer in
            answer(.success(Self.status(core, sessions, facts)))
        }
    }

    func createGroup(
        request: Barid_Admin_V1_CreateGroupRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_CreateGroupResponse {
        let start = try GroupStart.of(request.subscription.start)
        let asked = SubscriptionRequest(request.subscription, session: nil)
        return try await core.ask { core, answer in
            var wanted = asked
            do {
                wanted.start = try core.resolve(start, ofTopic: wanted.topic)
            } catch {
                answer(.failure(RPCError(unreadable: error)))
                return
            }
            core.createGroup(wanted) { result in
                answer(
                    result.map { created in
                        Barid_Admin_V1_CreateGroupResponse.with {
                            $0.created = created.created
                            $0.behind = created.behind
                        }
                    }.mapError { $0.rpcError })
            }
        }
    }

    func listServices(
        request: Barid_Admin_V1_ListServicesRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ListServicesResponse {
        var workers: [String: [String]] = [:]
        for session in sessions() {
            for service in session.registration.services {
                workers[service, default: []].append(session.registration.name)
            }
        }
        return .with { response in
            response.services = facts.localServices.sorted().map { service in
                .with {
                    $0.service = service
                    $0.local = true
                }
            }
            response.services += workers.sorted { $0.key < $1.key }.map { service, names in
                .with {
                    $0.service = service
                    $0.workers = names.sorted()
                }
            }
        }
    }

    func reportWorkerExit(
        request: Barid_Admin_V1_ReportWorkerExitRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ReportWorkerExitResponse {
        var exit = request.exit
        // A supervisor's word is kept, within limits.
        exit.lastLines = Self.limited(exit.lastLines)
        let bytes: [UInt8] = try exit.serializedBytes()
        let report = WorkerExit(session: String(exit.session.prefix(128)), report: bytes[...])
        return try await core.ask { core, answer in
            core.step(.workerExit(report))
            core.afterCommit { answer(.success(Barid_Admin_V1_ReportWorkerExitResponse())) }
        }
    }

    /// The last lines that fit into 8 KiB.
    private static func limited(_ lines: [String]) -> [String] {
        var room = 8_192
        var kept: [String] = []
        for line in lines.reversed() {
            room -= line.utf8.count + 1
            guard room >= 0 else { break }
            kept.append(line)
        }
        return kept.reversed()
    }

    private static func status(
        _ core: Core, _ sessions: [SessionDescription], _ facts: BrokerFacts
    ) -> Barid_Admin_V1_GetStatusResponse {
        let durable = core.engine.durable
        let space = core.log.space
        let subscriptions = core.subscriptions
        return .with { status in
            status.version = facts.version
            status.epoch = durable.epoch
            status.processID = UInt32(ProcessInfo.processInfo.processIdentifier)
            status.started = Google_Protobuf_Timestamp(date: facts.started)
            status.uptime = Google_Protobuf_Duration(
                rounding: max(0, Date().timeIntervalSince(facts.started)))
            switch core.durability {
            case .fsync: status.durability = .fsync
            case .memory: status.durability = .memory
            case .interval(let interval):
                status.durability = .interval
                status.syncIntervalMs = UInt32(clamping: interval.milliseconds)
            }
            core.describeLog(&status)
            status.dataFolder = facts.dataFolder
            status.endpoints = facts.endpoints()
            let refusal = core.acceptance.refusal
            status.accepting = core.engine.isAccepting
            status.notAccepting = refusal?.rawValue ?? ""
            status.notAcceptingReason = refusal.map { core.words(for: $0, space) } ?? ""
            status.softFreeBytes = UInt64(clamping: core.configuration.softFreeBytes)
            status.hardFreeBytes = UInt64(clamping: core.configuration.hardFreeBytes)
            if core.configuration.maximumLogBytes < .max {
                status.maximumLogBytes = UInt64(clamping: core.configuration.maximumLogBytes)
            }
            status.logBytes = UInt64(clamping: space.used)
            status.residentBytes = ResidentMemory.bytes
            status.freeDiskBytes = UInt64(clamping: space.free)
            status.security = facts.security()
            status.metricsURL = facts.metricsURL() ?? ""
            status.topics = durable.topics.enumerated().map { index, topic in
                .with {
                    $0.noSubscriber = core.engine.noSubscriber(of: TopicID(UInt32(index)))
                    $0.topic = topic.name
                    $0.firstSequence = topic.first
                    $0.lastSequence = topic.next - 1
                }
            }
            status.groups = core.groupStatuses
            status.sessions = sessions.map { session in
                .with {
                    $0.session = String(session.id)
                    $0.name = session.registration.name
                    $0.identity = "\(session.identity)"
                    $0.since = Google_Protobuf_Timestamp(
                        roundingTimeIntervalSince1970: session.since / .seconds(1))
                    $0.services = session.registration.services
                    let own = subscriptions.filter { $0.session == session.id }
                    $0.groups = own.map(\.group).sorted()
                    $0.leased = UInt32(clamping: own.reduce(0) { $0 + $1.leased })
                    $0.calls = UInt32(clamping: session.calls)
                    $0.processID = session.registration.extra["pid"].flatMap { UInt32($0) } ?? 0
                }
            }
        }
    }
}
