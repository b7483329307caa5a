import Barid
import BaridBroker
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import Logging
import ServiceLifecycle
import SwiftProtobuf
import TestSupport
import Testing

/// Publisher and worker against a real broker on an ipc socket, its log on disk.
@Suite(.timeLimit(.minutes(2)))
struct RealBrokerTests {
    private final class Bench: Sendable {
        let folder: TestSupport.TemporaryFolder
        let endpoint: Endpoint

        init() throws {
            folder = try TestSupport.TemporaryFolder()
            endpoint = .ipc(path: folder.file("b.ipc"))
        }

        func broker(maximumLogBytes: Int = .max) throws -> Broker {
            var configuration = BrokerConfiguration(
                endpoints: [endpoint], dataFolder: folder.file("data"))
            configuration.core.maximumLogBytes = maximumLogBytes
            configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let broker = try Broker(configuration)
            try broker.start()
            return broker
        }

        func client<Result: Sendable>(
            _ body: @Sendable (BaridClient) async throws -> Result
        ) async throws -> Result {
            try await BaridClient.with(
                endpoint, name: "test",
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                body)
        }

        func echo(_ endpoint: Endpoint) throws -> RunningProcess {
            try RunningProcess(
                "EchoWorker",
                environment: [
                    "BARID_ENDPOINT": "\(endpoint)", "BARID_DATA": folder.file("worker"),
                    "HOME": folder.path,
                ])
        }
    }

    private static func order(_ number: Int, _ order: String) throws -> EventEnvelope {
        var event = EventEnvelope(
            id: "order-\(number)", source: "/test", type: "test.barid.order.given.v1")
        event.subject = "subject-\(number)"
        try event.setData(Google_Protobuf_StringValue.with { $0.value = order })
        return event
    }

    private static var configuration: Publisher.Configuration {
        var configuration = Publisher.Configuration()
        configuration.topic = "tests"
        return configuration
    }

    /// Everything of a type that is stored.
    private static func stored(
        _ type: String, _ client: BaridClient
    ) async throws -> [EventEnvelope] {
        var request = Barid_Bus_V1_ReadRequest()
        request.topic = "tests"
        request.start.at = .first
        request.types = [type]
        return try await client.eventBus.read(request) { response in
            var events: [EventEnvelope] = []
            for try await message in response.messages {
                events += try message.events.map { try EventEnvelope(serialized: Array($0)) }
            }
            return events
        }
    }

    private static func group(_ client: BaridClient) async throws -> Barid_Admin_V1_GroupStatus? {
        try await client.admin.getStatus(Barid_Admin_V1_GetStatusRequest()).groups.first {
            $0.group == "echo"
        }
    }

    private static func echoes(_ client: BaridClient) async throws -> [String: EventEnvelope] {
        var echoes: [String: EventEnvelope] = [:]
        for event in try await stored("test.barid.echo.heard.v1", client) {
            let text = try Google_Protobuf_BytesValue(
                serializedBytes: event.message.protoData.value)
            #expect(echoes[String(decoding: text.value, as: UTF8.self)] == nil, "emitted twice")
            echoes[String(decoding: text.value, as: UTF8.self)] = event
        }
        return echoes
    }

    /// Protocols/2-bus §14.2: a full broker is waited for within the deadline, and no longer.
    @Test func aPublisherWaitsForAFullBroker() async throws {
        let bench = try Bench()
        let full = try bench.broker(maximumLogBytes: 1 << 20)
        try await bench.client { client in
            var hasty = Self.configuration
            hasty.deadline = .milliseconds(900)
            let body = String(repeating: "x", count: 100_000)
            let refused = try await eventually("a full broker") { () -> RPCError? in
                do {
                    _ = try await client.withPublisher(hasty) { publisher in
                        try await publisher.publish(
                            Self.order(Int.random(in: 1_000...1_000_000_000), body))
                    }
                    return nil
                } catch let error as RPCError {
                    // A machine with much to do may say nothing at all in that time.
                    return error.code == .deadlineExceeded ? nil : error
                }
            }
            #expect(refused.code == .resourceExhausted, "\(refused)")
            #expect(refused.reason == "STORAGE_FULL" && refused.retryAfter != nil)

            var patient = Self.configuration
            patient.deadline = .seconds(60)
            let receipt = try await client.withPublisher(patient) { publisher in
                let submission = try await publisher.submit(Self.order(1, "patience"))
                // There is room again.
                try await full.stop()
                let roomy = try bench.broker()
                let receipt = try await submission.outcome().get()
                try await roomy.stop()
                return receipt
            }
            #expect(!receipt.duplicate && receipt.sendings >= 1)
        }
    }

    @Test func fromPublishToOutputAndBack() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        let worker = try bench.echo(bench.endpoint)
        try await bench.client { client in
            let receipts = try await client.withPublisher(Self.configuration) { publisher in
                var receipts: [Receipt] = []
                for number in 1...20 {
                    receipts.append(
                        try await publisher.publish(Self.order(number, "echo \(number)")))
                }
                return receipts
            }
            #expect(receipts.map(\.sequence) == receipts.map(\.sequence).sorted())
            #expect(receipts.allSatisfy { $0.durability == .fsync && !$0.duplicate })
            let echoes = try await eventually("20 echoes") {
                let echoes = try await Self.echoes(client)
                return echoes.count == 20 ? echoes : nil
            }
            for number in 1...20 {
                let echo = try #require(echoes["echo \(number) #1"])
                #expect(echo.causationID == "order-\(number)")
                #expect(echo.subject == "subject-\(number)")
                #expect(echo.originSequence == receipts[number - 1].sequence)
            }
            let again = try await client.withPublisher(Self.configuration) {
                try await $0.publish(Self.order(1, "echo 1"))
            }
            #expect(again.duplicate)
            #expect(again.sequence == receipts[0].sequence)
            let conflict = await #expect(throws: RPCError.self) {
                try await client.withPublisher(Self.configuration) {
                    try await $0.publish(Self.order(1, "another body"))
                }
            }
            #expect(conflict?.code == .alreadyExists)
        }
        worker.signal(SIGTERM)
        #expect(try await worker.ended(within: .seconds(30)) == 0)
        try await broker.stop()
    }

    /// The same ids across a broker restart: everything is stored once, and every publish is told so.
    @Test func publishingGoesOnAcrossABrokerRestart() async throws {
        let bench = try Bench()
        let first = try bench.broker()
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) { publisher in
                var submissions: [Submission] = []
                for number in 1...300 {
                    submissions.append(try await publisher.submit(Self.order(number, "echo")))
                }
                try await first.stop()
                for number in 301...600 {
                    submissions.append(try await publisher.submit(Self.order(number, "echo")))
                }
                let second = try bench.broker()
                for submission in submissions {
                    let receipt = try await submission.outcome().get()
                    #expect(receipt.durability == .fsync)
                }
                let stored = try await Self.stored("test.barid.order.given.v1", client)
                #expect(stored.map(\.id) == (1...600).map { "order-\($0)" })
                try await second.stop()
            }
        }
    }

    /// A crash of the handler's process costs an attempt, not the event, and not the others.
    @Test func aCrashedWorkerLosesNothing() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        let doomed = try bench.echo(bench.endpoint)
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) { publisher in
                _ = try await publisher.publish(Self.order(1, "crash"))
                for number in 2...10 {
                    _ = try await publisher.publish(Self.order(number, "echo \(number)"))
                }
            }
            #expect(try await doomed.ended(within: .seconds(60)) == 128 + SIGABRT)
            // If it died with several, nobody is charged: the next one dies with the crash alone.
            var heirs = [try bench.echo(bench.endpoint)]
            let echoes = try await eventually("10 echoes") {
                if heirs.last?.isRunning == false { heirs.append(try bench.echo(bench.endpoint)) }
                let echoes = try await Self.echoes(client)
                return echoes.count == 10 ? echoes : nil
            }
            #expect(echoes["crash #2"] != nil)
            #expect(heirs.count <= 2)
            heirs.last?.signal(SIGTERM)
            #expect(try await heirs.last?.ended(within: .seconds(30)) == 0)
        }
        try await broker.stop()
    }

    /// The lease is three seconds; the work takes longer and is not given to anybody else.
    @Test func slowWorkKeepsItsLease() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        let worker = try bench.echo(bench.endpoint)
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) {
                _ = try await $0.publish(Self.order(1, "sleep 6500"))
            }
            let echoes = try await eventually("the echo") {
                let echoes = try await Self.echoes(client)
                return echoes.isEmpty ? nil : echoes
            }
            #expect(echoes.keys.first == "sleep 6500 #1")
            #expect(try await Self.group(client)?.redelivered == 0)
        }
        worker.signal(SIGTERM)
        #expect(try await worker.ended(within: .seconds(30)) == 0)
        try await broker.stop()
    }

    /// Refused for good and failed once: a dead letter with its reason, and a second attempt.
    @Test func fatesAreTheBrokersToo() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        let worker = try bench.echo(bench.endpoint)
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) { publisher in
                _ = try await publisher.publish(Self.order(1, "refuse"))
                _ = try await publisher.publish(Self.order(2, "fail"))
            }
            _ = try await eventually("the second attempt") {
                try await Self.echoes(client)["fail #2"]
            }
            var request = Barid_Admin_V1_ListDeadLettersRequest()
            request.selection.topic = "tests"
            let letters = try await client.admin.listDeadLetters(request).deadLetters
            #expect(letters.map(\.eventID) == ["order-1"])
            #expect(letters.first?.error.code == Int32(RPCError.Code.invalidArgument.rawValue))
            #expect(letters.first?.error.message.contains("as ordered") == true)
        }
        worker.signal(SIGTERM)
        #expect(try await worker.ended(within: .seconds(30)) == 0)
        try await broker.stop()
    }

    /// On SIGTERM a worker finishes what runs, gives back the rest uncounted, and exits 0.
    @Test func sigtermDrains() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        let worker = try bench.echo(bench.endpoint)
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) { publisher in
                for number in 1...8 {
                    _ = try await publisher.publish(
                        Self.order(number, "until \(bench.folder.file("go")) \(number)"))
                }
            }
            _ = try await eventually("8 leased") {
                try await Self.group(client)?.leased == 8 ? true : nil
            }
            worker.signal(SIGTERM)
            // Nothing begins any more, and what runs cannot have ended before.
            _ = try await eventually("it drains") {
                worker.error.contains("worker drains") ? true : nil
            }
            _ = try bench.folder.write("", to: "go")
            #expect(try await worker.ended(within: .seconds(30)) == 0)
            let group = try #require(try await Self.group(client))
            #expect(group.leased == 0)
            #expect(group.acked == 4, "those that ran are done")
            #expect(try await Self.echoes(client).count == 4)
            let heir = try bench.echo(bench.endpoint)
            let echoes = try await eventually("8 echoes") {
                let echoes = try await Self.echoes(client)
                return echoes.count == 8 ? echoes : nil
            }
            heir.signal(SIGTERM)
            #expect(try await heir.ended(within: .seconds(30)) == 0)
            #expect(echoes.keys.filter { $0.hasSuffix("#1") }.count >= 4)
        }
        try await broker.stop()
    }

    /// A worker waits for its broker, and stops at once when it is told to while there is none.
    @Test func aWorkerOutlivesItsBroker() async throws {
        let bench = try Bench()
        let worker = try bench.echo(bench.endpoint)
        let first = try bench.broker()
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) {
                _ = try await $0.publish(Self.order(1, "echo one"))
            }
            _ = try await eventually("the first echo") {
                try await Self.echoes(client)["echo one #1"]
            }
        }
        try await first.stop()
        let second = try bench.broker()
        try await bench.client { client in
            try await client.withPublisher(Self.configuration) {
                _ = try await $0.publish(Self.order(2, "echo two"))
            }
            _ = try await eventually("the second echo") {
                try await Self.echoes(client)["echo two #1"]
            }
        }
        try await second.stop()
        worker.signal(SIGTERM)
        #expect(try await worker.ended(within: .seconds(30)) == 0)
    }

    /// Trying again would not help, so the worker ends and says why.
    @Test func aRefusedFilterEndsTheWorkerWithAReason() async throws {
        let bench = try Bench()
        let broker = try bench.broker()
        try await bench.client { client in
            var request = Barid_Admin_V1_CreateGroupRequest()
            request.subscription.topic = "tests"
            request.subscription.group = "echo"
            request.subscription.types = ["test.barid.other.v1"]
            let response = try await client.admin.createGroup(request)
            #expect(response.created)
            let worker = try bench.echo(bench.endpoint)
            #expect(try await worker.ended(within: .seconds(30)) == 65)
            #expect(worker.error.contains("filter"), "\(worker.error)")
        }
        try await broker.stop()
    }

    /// Protocols/4-plugin §2.6: also when it is told so before anything of it runs.
    @Test(arguments: [[], [TagNothing()]])
    func aWorkerToldToStopBeforeItBeginsEndsWell(services: [TagNothing]) async throws {
        let bench = try Bench()
        var yaml = "{name: early, version: '1', summary: s, command: [early], "
        yaml += "consumes: {types: [test.barid.order.>]}"
        if !services.isEmpty { yaml += ", serves: [barid.tagger.v1.EntityTagger]" }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let worker = try Worker(
            manifest: PluginManifest(yaml: Array((yaml + "}").utf8)), handlers: [],
            services: services,
            configuration: .init(endpoint: bench.endpoint, stateFolder: bench.folder.file("s")),
            logger: logger)
        let group = ServiceGroup(services: [worker], logger: logger)
        await group.triggerGracefulShutdown()
        try await group.run()
    }

    /// Protocols/4-plugin §2.1: which side is older is said, with both ranges.
    @Test(arguments: [("{minimum: 5, maximum: 6}", "5 to 6"), ("7", "7 to 7")])
    func aProtocolThatTheLibraryDoesNotSpeakIsNamed(range: String, part: String) throws {
        let bench = try Bench()
        let yaml = """
            {name: late, version: '1', summary: s, command: [late], protocol: \(range), \
            consumes: {types: [test.barid.order.>]}}
            """
        let error = try #require(throws: RPCError.self) {
            try Worker(
                manifest: PluginManifest(yaml: Array(yaml.utf8)), handlers: [],
                configuration: .init(
                    endpoint: bench.endpoint, stateFolder: bench.folder.file("s")),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        #expect(error.code == .invalidArgument)
        #expect(
            error.message.hasSuffix(
                "speaks protocol \(part), this library 1: upgrade the library"), "\(error)")
    }

    struct TagNothing: Barid_Tagger_V1_EntityTagger.SimpleServiceProtocol {
        func tag(
            request: Barid_Tagger_V1_TagRequest, context: ServerContext
        ) async throws -> Barid_Tagger_V1_TagResponse { .init() }
    }

    @Test func aWorkerWithoutABrokerStopsWhenItIsTold() async throws {
        let bench = try Bench()
        let worker = try bench.echo(bench.endpoint)
        _ = try await eventually("the worker is up") {
            worker.error.contains("worker starts") ? true : nil
        }
        let clock = ContinuousClock()
        let start = clock.now
        worker.signal(SIGTERM)
        #expect(try await worker.ended(within: .seconds(30)) == 0)
        #expect(clock.now - start < .seconds(8), "within the drain limit, with nothing to drain")
    }

    @Test func withoutABrokerTheErrorSaysHowToStartOne() async throws {
        let bench = try Bench()
        let error = await #expect(throws: RPCError.self) {
            try await bench.client { _ in }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.reason == RPCError.noBrokerReason)
        #expect(error?.message.contains("barid up") == true)
        #expect(error?.message.contains("\(bench.endpoint)") == true)
    }
}
