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

    func listDeadLetters(
        request: Barid_Admin_V1_ListDeadLettersRequest, context: ServerContext
    ) async throws -> Barid_Admin_V1_ListDeadLettersResponse {
        try await core.ask { core, answer in
            answer(
                Result { try core.deadLetters(request) }.mapError {
                    RPCError(unreadable: $0)
                })
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
            status.durability = core.durability == .fsync ? .fsync : .memory
            status.dataFolder = facts.dataFolder
            status.endpoints = facts.endpoints()
            status.accepting = core.engine.isAccepting
            if !status.accepting {
                status.notAcceptingReason = "the log is full, or the broker stops"
            }
            status.logBytes = UInt64(clamping: space.used)
            status.residentBytes = ResidentMemory.bytes
            status.freeDiskBytes = UInt64(clamping: space.free)
            status.topics = durable.topics.map { topic in
                .with {
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
                    $0.since = Google_Protobuf_Timestamp(
                        roundingTimeIntervalSince1970: session.since / .seconds(1))
                    $0.services = session.registration.services
                    let own = subscriptions.filter { $0.session == session.id }
                    $0.groups = own.map(\.group).sorted()
                    $0.leased = UInt32(clamping: own.reduce(0) { $0 + $1.leased })
                    $0.processID = session.registration.extra["pid"].flatMap { UInt32($0) } ?? 0
                }
            }
        }
    }
}

extension Core {
    /// Dead letters, oldest first; only those asked for are read.
    fileprivate func deadLetters(
        _ request: Barid_Admin_V1_ListDeadLettersRequest
    ) throws -> Barid_Admin_V1_ListDeadLettersResponse {
        let maximum = request.maximum == 0 ? 100 : min(Int(request.maximum), 10_000)
        var response = Barid_Admin_V1_ListDeadLettersResponse()
        var bytes = 0
        for group in engine.durable.groups {
            let topic = engine.durable.topics[Int(group.definition.topic.number)].name
            guard request.topic.isEmpty || request.topic == topic,
                request.group.isEmpty || request.group == group.definition.name
            else { continue }
            for mark in group.deadLetters {
                // Without a subject to look for, what is not returned need not be read.
                let full = response.deadLetters.count >= maximum || bytes > 8 << 20
                if request.subject.isEmpty { response.total += 1 }
                guard !full || !request.subject.isEmpty else { continue }
                var letter = try deadLetter(mark)
                guard request.subject.isEmpty || letter.subject == request.subject else {
                    continue
                }
                if !request.subject.isEmpty { response.total += 1 }
                guard !full else { continue }
                letter.topic = topic
                letter.group = group.definition.name
                bytes += letter.event.count
                response.deadLetters.append(letter)
            }
        }
        return response
    }

    private func deadLetter(
        _ mark: DurableGroup.DeadLetterMark
    ) throws -> Barid_Admin_V1_DeadLetter {
        guard
            let entry = try log.read(from: mark.position, maximumBytes: 1, maximumCount: 1).first,
            case .deadLetter(let letter) = try Record(kind: entry.kind, payload: entry.payload),
            let block = try events(from: mark.eventPosition, bytes: 1, count: 1).first?.block,
            mark.sequence >= block.firstSequence,
            mark.sequence - block.firstSequence < UInt64(block.events.count)
        else { throw RecordFailure.inconsistent("no dead letter at \(mark.position)") }
        let event = block.events[Int(mark.sequence - block.firstSequence)].bytes
        var message = Barid_Admin_V1_DeadLetter()
        message.sequence = mark.sequence
        message.time = Google_Protobuf_Timestamp(nanoseconds: letter.time)
        message.error = Barid_Bus_V1_BusError(letter.fault)
        message.event = Data(event)
        if let scan = try? RoutingScan(event) {
            let bytes = Array(event)
            message.eventID = String(decoding: bytes[scan.id], as: UTF8.self)
            message.type = String(decoding: bytes[scan.type], as: UTF8.self)
            message.subject = String(decoding: bytes[scan.subject], as: UTF8.self)
        }
        message.attempts = try letter.attempts.map { attempt in
            var result = Barid_Admin_V1_Attempt()
            result.attempt = attempt.attempt
            result.worker = attempt.worker
            result.started = Google_Protobuf_Timestamp(nanoseconds: attempt.started)
            result.ended = Google_Protobuf_Timestamp(nanoseconds: attempt.ended)
            result.error = Barid_Bus_V1_BusError(attempt.fault)
            if let exit = try workerExit(ofSession: attempt.session) { result.workerExit = exit }
            return result
        }
        return message
    }

    private func workerExit(ofSession session: String) throws -> Barid_Admin_V1_WorkerExit? {
        guard !session.isEmpty,
            let mark = engine.durable.exits.last(where: { $0.session == session }),
            let entry = try log.read(from: mark.position, maximumBytes: 1, maximumCount: 1).first,
            case .workerExit(let exit) = try Record(kind: entry.kind, payload: entry.payload)
        else { return nil }
        return try Barid_Admin_V1_WorkerExit(serializedBytes: Array(exit.report))
    }
}

extension Barid_Bus_V1_BusError {
    /// A fault as it goes over the wire.
    init(_ fault: BusFault) {
        self.init()
        code = Int32(fault.code.rawValue)
        reason = fault.reason
        message = fault.message
        retryAfterMs = fault.retryAfter.milliseconds
    }
}
