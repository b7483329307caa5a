import BaridEngine
import BaridLog
import BaridSchema
import GRPCCore
import Synchronization
import TestSupport
import Testing

@testable import BaridBroker

/// Protocols/2-bus §14: what is taken, and what is said, when room is short.
struct BackPressureTests {
    private static let mebibyte = 1 << 20

    /// At, below and above the soft and the hard limit of the disk.
    @Test(
        arguments: [
            (64 << 20, .accepting, nil), ((64 << 20) + 1, .accepting, nil),
            ((64 << 20) - 1, .publishesRefused, .diskFloor),
            (24 << 20, .publishesRefused, .diskFloor),
            ((24 << 20) - 1, .outputsRefused, .diskFloor), (0, .outputsRefused, .diskFloor),
        ] as [(Int, Input.StorageLevel, NotAccepting?)])
    func theDiskHasAFloor(left: Int, level: Input.StorageLevel, reason: NotAccepting?) throws {
        let core = try Bench().core
        let (found, refusal) = core.level(left: left, written: 1 << 40)
        #expect(found == level && refusal == reason)
    }

    /// At, below and above the most the log may hold, and its reserve.
    @Test(
        arguments: [
            ((100 << 20) - 1, .accepting, nil), (100 << 20, .publishesRefused, .logMaximum),
            ((140 << 20) - 1, .publishesRefused, .logMaximum),
            (140 << 20, .outputsRefused, .logMaximum),
        ] as [(Int, Input.StorageLevel, NotAccepting?)])
    func theLogHasAMaximum(written: Int, level: Input.StorageLevel, reason: NotAccepting?) throws {
        var configuration = CoreConfiguration()
        configuration.maximumLogBytes = 100 << 20
        let core = try Bench(configuration: configuration).core
        let (found, refusal) = core.level(left: 1 << 40, written: written)
        #expect(found == level && refusal == reason)
    }

    @Test func everyWrongLimitIsToldAtOnce() {
        var configuration = CoreConfiguration()
        #expect(configuration.problems.isEmpty)
        configuration.hardFreeBytes = 1
        configuration.softFreeBytes = 0
        configuration.maximumLogBytes = 0
        configuration.engine.identities = 0
        configuration.engine.identityAge = .zero
        #expect(configuration.problems.count == 5)
    }

    /// A fast publisher cannot run through the reserve between two looks at the clock.
    @Test func theRoomIsLookedAtWhenMuchWasWritten() throws {
        let bench = try Bench()
        let (id, stream) = try bench.open(.publish)
        try bench.publish(id, [.test("first")])
        bench.log.space.ready = 30 * Self.mebibyte
        let large = String(repeating: "x", count: 900_000)
        for number in 0..<40 { try bench.publish(id, [.test("\(number)", data: large)]) }
        let stored = try stream.publishResponses().flatMap(\.receipts).filter { !$0.hasError }
        #expect(stored.count < 20, "the clock has not moved, and yet it was seen")
    }

    /// "A full broker never deadlocks the pipeline": filled to the soft limit while a worker that
    /// emits is attached, it drains to zero, and takes publishes again by itself.
    @Test func aFullBrokerDrainsToZeroAndTakesPublishesAgain() throws {
        var configuration = CoreConfiguration()
        configuration.maximumLogBytes = 2 * Self.mebibyte
        configuration.softFreeBytes = configuration.hardFreeBytes + 8 * Self.mebibyte
        let log = WatchedLog()
        log.measuresSpace = true
        let bench = try Bench(log: log, configuration: configuration)
        let (publisher, receipts) = try bench.open(.publish)
        let (parser, parsing) = try bench.open(.subscribe(session: 1))
        let (indexer, indexing) = try bench.open(.subscribe(session: 2))
        try bench.subscribe(parser, group: "parser", types: ["raw"], credit: 50)
        try bench.subscribe(indexer, group: "indexer", types: ["made"], credit: 50)

        // Fill it.
        let body = String(repeating: "x", count: 20_000)
        var stored = 0
        while stored < 10_000 {
            try bench.publish(publisher, [.test("e\(stored)", type: "raw", data: body)])
            let answers = try receipts.publishResponses().flatMap(\.receipts)
            guard !answers.contains(where: \.hasError) else {
                #expect(answers.map(\.error.reason) == ["STORAGE_FULL"])
                #expect(answers[0].error.retryAfterMs > 0)
                break
            }
            stored += 1
        }
        #expect(stored > 50 && stored < 250)
        #expect(bench.core.acceptance.refusal == .logMaximum)

        // Drain it: every event becomes another one, which becomes nothing.
        var made = 0
        var done = 0
        for _ in 0..<10_000 where done < stored {
            made += try bench.settleAll(parser, parsing) { sequence in
                [.test("out-\(sequence)", type: "made", data: body)]
            }
            done += try bench.settleAll(indexer, indexing) { _ in [] }
        }
        #expect(made == stored && done == stored)
        #expect(bench.core.engine.status(of: GroupID(0))?.lag == 0)
        #expect(bench.core.engine.status(of: GroupID(1))?.lag == 0)
        #expect(bench.core.engine.durable.groups.allSatisfy { $0.deadLetters.isEmpty })
        #expect(log.space.written > configuration.maximumLogBytes, "outputs drew on the reserve")

        // What is done may go, and publishers need no word of that.
        try log.trim(before: log.durablePosition)
        try bench.advance(by: .milliseconds(600))
        try bench.publish(publisher, [.test("after", type: "raw")])
        #expect(try receipts.publishResponses().flatMap(\.receipts).allSatisfy { !$0.hasError })
        #expect(bench.core.acceptance.refusal == nil)
    }

    /// At the hard limit the delivery stays leased: nothing is lost, and no attempt counts.
    @Test func atTheHardLimitDeliveriesStayLeased() throws {
        let bench = try Bench()
        let (publisher, _) = try bench.open(.publish)
        try bench.publish(publisher, [.test("a")])
        let (worker, stream) = try bench.open(.subscribe(session: 1))
        try bench.subscribe(worker)
        _ = stream.takeMessages()
        bench.log.space.ready = 20 << 20
        try bench.advance(by: .seconds(1))
        let output: [UInt8] = try Barid_Bus_V1_Event.test("out").serializedBytes()
        let ack = SettleRequest(
            number: 1,
            settlements: [.init(sequence: 1, attempt: 1, outcome: .ack(outputs: [output[...]]))])
        try bench.settle(worker, ack)
        let refused = try stream.subscribeResponses().flatMap(\.errors)
        #expect(refused.map(\.error.reason) == ["STORAGE_FULL"])
        #expect(bench.core.engine.leased(by: worker) == 1)
        bench.log.space.ready = 1 << 40
        try bench.advance(by: .seconds(1))
        try bench.settle(worker, ack)
        #expect(try stream.subscribeResponses().flatMap(\.errors).isEmpty)
        #expect(bench.core.engine.durable.groups[0].acked == 1)
        #expect(bench.core.engine.durable.groups[0].redelivered == 0)
    }
}

/// The same over a real socket.
@Suite(.timeLimit(.minutes(5))) struct AcceptanceTests {
    private static func health(
        _ service: String, _ client: GRPCClient<some ClientTransport>
    ) async throws -> Grpc_Health_V1_HealthCheckResponse.ServingStatus {
        try await Grpc_Health_V1_Health.Client(wrapping: client)
            .check(.with { $0.service = service }).status
    }

    /// §14: a full broker says so under the name of publishing, and serves the others.
    @Test func healthAndStatusSayNotAccepting() async throws {
        let folder = try TemporaryFolder()
        var core = CoreConfiguration()
        core.maximumLogBytes = 1 << 20
        let running = try RunningBroker(in: folder, core: core)
        try await running.withClient { client in
            #expect(try await Self.health(HealthService.publishing, client) == .serving)
            let body = String(repeating: "x", count: 200_000)
            let refused = try await eventually("a refusal") {
                let id = "\(UInt64.random(in: 0...UInt64.max))"
                let receipts = try await running.publish([.test(id, data: body)])
                return receipts.first { $0.hasError }
            }
            #expect(refused.error.reason == "STORAGE_FULL" && refused.error.retryAfterMs > 0)
            #expect(try await Self.health(HealthService.publishing, client) == .notServing)
            #expect(try await Self.health("", client) == .serving)
            #expect(try await Self.health("barid.bus.v1.EventBus", client) == .serving)
            let list = try await Grpc_Health_V1_Health.Client(wrapping: client).list(.init())
            #expect(list.statuses[HealthService.publishing]?.status == .notServing)
            let status = try await Barid_Admin_V1_Admin.Client(wrapping: client).getStatus(.init())
            #expect(!status.accepting && status.notAccepting == "LOG_MAXIMUM")
            #expect(status.notAcceptingReason.contains("--maximum-log"))
            #expect(status.maximumLogBytes == 1 << 20)
        }
        try await running.broker.stop()
    }

    @Test func wrongLimitsAreRefusedAtStart() throws {
        var core = CoreConfiguration()
        core.softFreeBytes = 1
        #expect(throws: RPCError.self) {
            try RunningBroker(in: TemporaryFolder(), durability: .memory, core: core)
        }
    }
}

extension Bench {
    /// Acks everything that is out on a stream, with outputs, and gives the credit back.
    ///
    /// - Returns: How many deliveries there were.
    fileprivate func settleAll(
        _ id: StreamID, _ stream: FakeStream, _ outputs: (UInt64) -> [Barid_Bus_V1_Event]
    ) throws -> Int {
        let sequences = try stream.subscribeResponses().flatMap(\.sequences)
        for sequence in sequences {
            let bytes = try outputs(sequence).map { event -> ArraySlice<UInt8> in
                let bytes: [UInt8] = try event.serializedBytes()
                return bytes[...]
            }
            try settle(
                id,
                SettleRequest(
                    number: sequence,
                    settlements: [
                        .init(sequence: sequence, attempt: 1, outcome: .ack(outputs: bytes))
                    ]))
        }
        _ = try core.process([
            .request(
                id, .credit(id, messages: UInt32(sequences.count), bytes: 1 << 20), bytes: 0)
        ])
        return sequences.count
    }
}
