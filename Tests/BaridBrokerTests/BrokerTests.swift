import BaridEngine
import BaridLog
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import GRPCProtobuf
import Synchronization
import TestSupport
import Testing

@testable import BaridBroker

/// A broker over a real socket and a real log: Protocols/2-bus from a client's side.
@Suite(.timeLimit(.minutes(5))) struct BrokerTests {
    @Test func publishesAndAnswersRepeats() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        let first = try await running.publish([.test("a"), .test("b")])
        #expect(first.map(\.firstSequence) == [1])
        #expect(first.map(\.count) == [2])
        let second = try await running.publish([.test("b"), .test("b", data: "other"), .test("c")])
        #expect(second.map(\.firstSequence) == [2, 0, 3])
        #expect(second.map(\.duplicate) == [true, false, false])
        #expect(second[1].error.code == 6)
        #expect(second[1].error.reason == "IDENTITY_CONFLICT")
        try await running.broker.stop()
    }

    @Test func deliversAcksAndEmits() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("a", subject: "s")])
        let output: [UInt8] = try Barid_Bus_V1_Event.test("out").serializedBytes()
        let seen = Mutex<[UInt64]>([])
        try await running.subscribe { response, send in
            seen.withLock { $0 += response.sequences }
            #expect(response.errors.isEmpty)
            for sequence in response.sequences {
                send(
                    .with {
                        $0.settleNumber = sequence
                        $0.settlements = [
                            .with {
                                $0.sequence = sequence
                                $0.attempt = 1
                                $0.ack = .with { $0.outputs = sequence == 1 ? [Data(output)] : [] }
                            }
                        ]
                    })
            }
            return response.settled < 2
        }
        #expect(seen.withLock { $0 } == [1, 2])
        let status = try await status(of: running)
        #expect(status.groups.map(\.acked) == [2])
        #expect(status.groups.map(\.lag) == [0])
        #expect(status.topics.map(\.lastSequence) == [2])
        try await running.broker.stop()
    }

    @Test func aRestartOnTheSameFolderResumes() async throws {
        let folder = try TemporaryFolder()
        var running = try RunningBroker(in: folder)
        _ = try await running.publish([.test("a"), .test("b")])
        try await running.subscribe(credit: 1) { response, send in
            guard response.settled == 0 else { return false }
            if !response.sequences.isEmpty {
                send(
                    .with {
                        $0.settleNumber = 1
                        $0.acks = [
                            .with {
                                $0.firstSequence = 1
                                $0.count = 1
                                $0.attempt = 1
                            }
                        ]
                    })
            }
            return true
        }
        try await running.broker.stop()
        running = try RunningBroker(in: folder)
        let status = try await status(of: running)
        #expect(status.epoch == 2)
        #expect(status.groups.map(\.settledThrough) == [1])
        let again = try await running.publish([.test("a")])
        #expect(again.map(\.duplicate) == [true])
        let seen = Mutex<[UInt64]>([])
        try await running.subscribe { response, _ in
            seen.withLock { $0 += response.sequences }
            return response.sequences.isEmpty
        }
        #expect(seen.withLock { $0 } == [2])
        try await running.broker.stop()
    }

    @Test func aStaleSettlementIsRefused() async throws {
        let running = try RunningBroker(in: TemporaryFolder(), durability: .memory)
        _ = try await running.publish([.test("a")])
        let reasons = Mutex<[String]>([])
        try await running.subscribe { response, send in
            if !response.sequences.isEmpty {
                send(
                    .with {
                        $0.settleNumber = 1
                        $0.acks = [
                            .with {
                                $0.firstSequence = 1
                                $0.count = 1
                                $0.attempt = 2
                            }
                        ]
                    })
            }
            reasons.withLock { $0 += response.errors.map(\.error.reason) }
            return response.settled == 0
        }
        #expect(reasons.withLock { $0 } == ["STALE_LEASE"])
        try await running.broker.stop()
    }

    @Test func aDeadLetterKeepsEveryAttemptAndTheWorkersExit() async throws {
        var core = CoreConfiguration()
        core.engine.maximumDeliveries = 2
        core.engine.backoff = [.milliseconds(10)]
        let running = try RunningBroker(
            in: TemporaryFolder(), durability: .memory, core: core)
        _ = try await running.publish([.test("a", subject: "poison")])
        try await running.subscribe(worker: "crasher") { response, send in
            for (index, sequence) in response.sequences.enumerated() {
                send(
                    .with {
                        $0.settleNumber = 1
                        $0.settlements = [
                            .with {
                                $0.sequence = sequence
                                $0.attempt =
                                    response.attempts.isEmpty ? 1 : response.attempts[index]
                                $0.nack = .with {
                                    $0.error = .with {
                                        $0.code = 13
                                        $0.reason = "BROKEN"
                                        $0.message = "cannot"
                                    }
                                }
                            }
                        ]
                    })
            }
            return response.attempts != [2]
        }
        try await running.withClient { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let letters = try await eventually("a dead letter") {
                let answer = try await admin.listDeadLetters(
                    .with { $0.selection.subject = "poison" })
                return answer.deadLetters.isEmpty ? nil : answer.deadLetters
            }
            #expect(letters.map(\.eventID) == ["a"])
            #expect(letters[0].group == "work")
            #expect(letters[0].error.reason == "BROKEN")
            #expect(letters[0].attempts.map(\.attempt) == [1, 2])
            #expect(letters[0].attempts.map(\.worker) == ["crasher", "crasher"])
            #expect(try Barid_Bus_V1_Event(serializedBytes: letters[0].event).id == "a")
            let other = try await admin.listDeadLetters(
                .with { $0.selection.subject = "other" })
            #expect(other.deadLetters.isEmpty && other.total == 1)
        }
        try await running.broker.stop()
    }

    @Test func aLostSessionsLeasesComeBack() async throws {
        var core = CoreConfiguration()
        core.engine.backoff = [.milliseconds(10)]
        let running = try RunningBroker(
            in: TemporaryFolder(), durability: .memory, core: core)
        _ = try await running.publish([.test("a")])
        struct Gone: Error {}
        // The connection closes with the delivery unsettled.
        _ = try? await running.subscribe(worker: "first") { response, _ in
            guard response.sequences.isEmpty else { throw Gone() }
            return true
        }
        let attempts = Mutex<[UInt32]>([])
        try await running.subscribe(worker: "second") { response, _ in
            attempts.withLock { $0 += response.attempts }
            return response.sequences.isEmpty
        }
        #expect(attempts.withLock { $0 } == [2])
        try await running.broker.stop()
    }

    @Test func readsAndFollows() async throws {
        let running = try RunningBroker(in: TemporaryFolder(), durability: .memory)
        _ = try await running.publish([.test("a"), .test("b")])
        try await running.withClient { client in
            let bus = Barid_Bus_V1_EventBus.Client(wrapping: client)
            let all = try await bus.read(Barid_Bus_V1_ReadRequest()) { response in
                var sequences: [UInt64] = []
                for try await message in response.messages { sequences += message.sequences }
                return sequences
            }
            #expect(all == [1, 2])
            let request = Barid_Bus_V1_ReadRequest.with {
                $0.follow = true
                $0.start = .with { $0.at = .new }
                $0.maximumEvents = 1
            }
            let followed = try await bus.read(request) { response in
                var sequences: [UInt64] = []
                for try await message in response.messages {
                    sequences += message.sequences
                    if message.caughtUp, sequences.isEmpty {
                        _ = try await running.publish([.test("c")])
                    }
                }
                return sequences
            }
            #expect(followed == [3])
        }
        try await running.broker.stop()
    }

    @Test func tellsHowItStandsAndWhatItServes() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        try await running.withClient(name: "operator") { client in
            let admin = Barid_Admin_V1_Admin.Client(wrapping: client)
            let created = try await admin.createGroup(
                .with {
                    $0.subscription = .with {
                        $0.group = "parser"; $0.types = ["a.>"]
                    }
                })
            #expect(created.created)
            await #expect(throws: RPCError.self) {
                try await admin.createGroup(
                    .with {
                        $0.subscription = .with {
                            $0.group = "parser"; $0.types = ["b"]
                        }
                    })
            }
            let status = try await admin.getStatus(.init())
            #expect(status.accepting)
            #expect(status.durability == .fsync)
            #expect(status.endpoints == ["\(running.endpoint)"])
            #expect(status.processID == UInt32(ProcessInfo.processInfo.processIdentifier))
            #expect(status.groups.map(\.group) == ["parser"])
            #expect(status.groups[0].types == ["a.>"])
            #expect(status.sessions.map(\.name) == ["operator"])
            let services = try await admin.listServices(.init())
            #expect(Set(services.services.map(\.service)) == Broker.localServices)
            let health = Grpc_Health_V1_Health.Client(wrapping: client)
            #expect(try await health.check(.init()).status == .serving)
            await #expect(throws: RPCError.self) {
                try await health.check(.with { $0.service = "no.such.Service" })
            }
        }
        try await running.broker.stop()
    }

    /// After a failed sync nothing is promised any more: no receipt, and the broker ends.
    @Test func aFailedSyncEndsTheBrokerWithoutAReceipt() async throws {
        let log = WatchedLog()
        // The epoch and the first event are committed, the second event is not.
        log.commitsLeft = 2
        let running = try RunningBroker(in: TemporaryFolder(), log: log)
        let broker = running.broker
        let ended = Task { try await broker.runStarted() }
        #expect(try await running.publish([.test("a")]).map(\.firstSequence) == [1])
        await #expect(throws: RPCError.self) { try await running.publish([.test("b")]) }
        await #expect(throws: LogError.self) { try await ended.value }
    }

    @Test func aSecondBrokerOnTheFolderIsRefusedByName() async throws {
        let folder = try TemporaryFolder()
        let running = try RunningBroker(in: folder)
        #expect {
            _ = try RunningBroker(in: folder)
        } throws: { error in
            "\(error)".contains("\(ProcessInfo.processInfo.processIdentifier)")
        }
        try await running.broker.stop()
    }

    private func status(
        of running: RunningBroker
    ) async throws -> Barid_Admin_V1_GetStatusResponse {
        try await running.withClient { client in
            try await Barid_Admin_V1_Admin.Client(wrapping: client).getStatus(.init())
        }
    }
}
