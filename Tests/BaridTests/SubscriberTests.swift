import BaridArticles
import BaridSchema
import Foundation
import GRPCCore
import Logging
import Testing

@testable import Barid

/// Protocols/2-bus.md, Subscribe: how a worker receives, handles and settles.
@Suite(.timeLimit(.minutes(1)))
struct SubscriberTests {
    /// A handler made of a closure; the input is an ArticleIndexed.
    struct Handler: EventHandler {
        typealias Input = Barid_Article_V1_ArticleIndexed
        var body: @Sendable (Event<Input>, HandlerContext) async throws -> [any EventPayload]

        func handle(
            _ event: Event<Input>, in context: HandlerContext
        ) async throws -> [any EventPayload] {
            try await body(event, context)
        }
    }

    private static func event(_ number: Int) throws -> EventEnvelope {
        try Event(
            id: "e\(number)", source: "/test", subject: "s\(number)",
            payload: Barid_Article_V1_ArticleIndexed.with { $0.articleID = "\(number)" }
        ).envelope
    }

    private static func manifest(
        concurrency: Int = 2, prefetch: Int = 2, deadline: String = "10s"
    ) throws -> PluginManifest {
        let yaml = """
            name: echo
            version: "1"
            summary: s
            command: [echo]
            consumes:
              types: [news.barid.article.indexed.v1]
              concurrency: \(concurrency)
              prefetch: \(prefetch)
            emits: [news.barid.article.submitted.v1]
            limits: {deadline: \(deadline)}
            """
        return try PluginManifest(yaml: Array(yaml.utf8))
    }

    /// Runs a subscriber on a group while `body` looks at it; drains it afterwards.
    private func withSubscriber(
        _ group: FakeGroup, manifest: PluginManifest? = nil, drainLimit: Duration = .seconds(5),
        _ handler: Handler, _ body: @escaping @Sendable (Subscriber) async throws -> Void
    ) async throws {
        try await withBus([group]) { connection in
            var configuration = Worker.Configuration(
                endpoint: .ipc(path: "/none"), stateFolder: "/none")
            configuration.drainLimit = drainLimit
            let worker = try Worker(
                manifest: try manifest ?? Self.manifest(), handlers: [handler],
                configuration: configuration,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let subscriber = try #require(worker.makeSubscriber(connection: connection))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await subscriber.run() }
                tasks.addTask {
                    try await body(subscriber)
                    subscriber.drain()
                }
                do {
                    while try await tasks.next() != nil {}
                } catch {
                    tasks.cancelAll()
                    throw error
                }
            }
        }
    }

    @Test func everyEventIsHandledAndAckedInRanges() async throws {
        let group = FakeGroup()
        group.add(try (1...300).map(Self.event))
        let handled = Counter()
        try await withSubscriber(
            group, manifest: Self.manifest(concurrency: 2, prefetch: 32),
            Handler { _, context in
                #expect(context.attempt == 1)
                handled.increment()
                return []
            }
        ) { _ in
            try await group.until { $0.told.count { $0.kind == .ack } == 300 }
        }
        #expect(handled.value == 300)
        group.state.withLock { state in
            #expect(Set(state.told.map(\.sequence)) == Set(1...300))
            #expect(state.ranges.count < 300, "acks are batched as ranges")
            #expect(state.largestLease <= 64)
            #expect(state.subscriptions.first?.group == "echo")
            #expect(state.subscriptions.first?.types == ["news.barid.article.indexed.v1"])
            #expect(state.halfClosed == 1)
        }
    }

    @Test func outputsGoOutWithTheAck() async throws {
        let group = FakeGroup()
        let input = try Self.event(1)
        group.add([input])
        try await withSubscriber(
            group,
            Handler { event, _ in
                [
                    Barid_Article_V1_ArticleSubmitted.with { $0.url = event.payload.articleID },
                    Barid_Article_V1_ArticleSubmitted.with { $0.url = "second" },
                ]
            }
        ) { _ in try await group.until { !$0.told.isEmpty } }
        let told = try #require(group.state.withLock { $0.told.first })
        #expect(told.kind == .ack)
        #expect(told.outputs.count == 2)
        let payload = Barid_Article_V1_ArticleSubmitted.with { $0.url = "1" }
        #expect(
            told.outputs[0]
                == (try input.output(payload, worker: "echo", index: 0, replay: 0, sequence: 1)))
        #expect(told.outputs[1].causationID == "e1")
        #expect(told.outputs[1].subject == "s1")
    }

    /// "Fate by status code", the whole table.
    @Test(arguments: [
        (RPCError.Code.unavailable, FakeGroup.Told.Kind.nack), (.aborted, .nack),
        (.deadlineExceeded, .nack), (.internalError, .nack), (.unknown, .nack),
        (.invalidArgument, .reject), (.dataLoss, .reject), (.unimplemented, .reject),
        (.failedPrecondition, .reject), (.outOfRange, .reject), (.notFound, .reject),
        (.alreadyExists, .reject), (.permissionDenied, .reject), (.unauthenticated, .reject),
        (.resourceExhausted, .release), (.cancelled, .release),
    ])
    func whatIsThrownDecidesTheFate(code: RPCError.Code, kind: FakeGroup.Told.Kind) async throws {
        let group = FakeGroup(redelivers: false)
        group.add([try Self.event(1)])
        try await withSubscriber(
            group, Handler { _, _ in throw RPCError(code: code, message: "because") }
        ) { _ in try await group.until { !$0.told.isEmpty } }
        let told = try #require(group.state.withLock { $0.told.first })
        #expect(told.kind == kind)
        #expect(told.error.code == Int32(code.rawValue))
        #expect(told.error.message == "because")
        if code == .resourceExhausted { #expect(told.delay == 1_000) }
    }

    @Test func otherErrorsMeanAnotherAttemptAndRejectEventNone() async throws {
        struct Odd: Error {}
        let group = FakeGroup()
        group.add([try Self.event(1), try Self.event(2)])
        try await withSubscriber(
            group,
            Handler { event, context in
                guard event.payload.articleID == "1" else { throw RejectEvent("no use") }
                guard context.attempt > 1 else { throw Odd() }
                return []
            }
        ) { _ in try await group.until { $0.told.count == 3 } }
        group.state.withLock { state in
            let first = state.told.filter { $0.sequence == 1 }
            #expect(first.map(\.kind) == [.nack, .ack])
            #expect(first.map(\.attempt) == [1, 2])
            let second = state.told.filter { $0.sequence == 2 }
            #expect(second.map(\.kind) == [.reject])
            #expect(second.first?.error.message == "no use")
        }
    }

    @Test func unreadableAndUnknownEventsAreDeadLetters() async throws {
        let group = FakeGroup(redelivers: false)
        var garbled = try Self.event(1)
        garbled.message.protoData.value = Data([0xff])
        var other = try Self.event(2)
        other.type = "news.barid.other.v1"
        group.add([garbled, other])
        try await withSubscriber(group, Handler { _, _ in [] }) { _ in
            try await group.until { $0.told.count == 2 }
        }
        group.state.withLock { state in
            #expect(state.told.allSatisfy { $0.kind == .reject })
            let codes = Set(state.told.map { $0.error.code })
            #expect(
                codes == [
                    Int32(RPCError.Code.invalidArgument.rawValue),
                    Int32(RPCError.Code.unimplemented.rawValue),
                ])
        }
    }

    @Test func anUndeclaredOutputIsRefused() async throws {
        let group = FakeGroup(redelivers: false)
        group.add([try Self.event(1)])
        try await withSubscriber(
            group, Handler { _, _ in [Barid_Article_V1_ArticleIndexed()] }
        ) { _ in try await group.until { !$0.told.isEmpty } }
        let told = try #require(group.state.withLock { $0.told.first })
        #expect(told.kind == .reject)
        #expect(told.error.message.contains("emits"))
    }

    @Test func noMoreHandlersRunThanDeclared() async throws {
        let group = FakeGroup()
        group.add(try (1...40).map(Self.event))
        let running = Counter()
        let tooMany = Flag()
        try await withSubscriber(
            group, manifest: Self.manifest(concurrency: 3, prefetch: 4),
            Handler { _, _ in
                if running.increment() > 3 { tooMany.set() }
                await Task.yield()
                running.decrement()
                return []
            }
        ) { _ in try await group.until { $0.told.count == 40 } }
        #expect(!tooMany.isSet)
        #expect(group.state.withLock { $0.largestLease } <= 12)
    }

    /// "Leases SHALL be extended at a third while a handler runs".
    @Test func leasesAreExtendedWhileAHandlerRuns() async throws {
        let group = FakeGroup(leaseMilliseconds: 90)
        group.add([try Self.event(1), try Self.event(2)])
        let finish = Flag()
        try await withSubscriber(
            group, manifest: Self.manifest(concurrency: 1, prefetch: 2),
            Handler { _, _ in
                await finish.wait()
                return []
            }
        ) { _ in
            // Also that of the delivery that only waits.
            try await group.until { state in
                state.told.count { $0.sequence == 1 && $0.kind == .extend } >= 3
                    && state.told.count { $0.sequence == 2 && $0.kind == .extend } >= 3
            }
            finish.set()
            try await group.until { $0.told.count { $0.kind == .ack } == 2 }
        }
    }

    @Test func aHandlerBeyondItsDeadlineIsCancelledAndTriedAgain() async throws {
        let group = FakeGroup()
        group.add([try Self.event(1)])
        try await withSubscriber(
            group, manifest: Self.manifest(deadline: "50ms"),
            Handler { _, context in
                if context.attempt == 1 { try await Task.sleep(for: .seconds(60)) }
                return []
            }
        ) { _ in try await group.until { $0.told.contains { $0.kind == .ack } } }
        group.state.withLock { state in
            let nack = state.told.first { $0.kind == .nack }
            #expect(nack?.error.code == Int32(RPCError.Code.deadlineExceeded.rawValue))
            #expect(state.told.last?.attempt == 2)
        }
    }

    /// Handlers may compute and block: they have threads of their own.
    @Test func handlersRunOnThreadsOfTheirOwn() async throws {
        let group = FakeGroup()
        group.add(try (1...4).map(Self.event))
        let elsewhere = Counter()
        try await withSubscriber(
            group,
            Handler { _, _ in
                if HandlerExecutor.isCurrentThread == false { elsewhere.increment() }
                await Task.yield()
                if HandlerExecutor.isCurrentThread == false { elsewhere.increment() }
                return []
            }
        ) { _ in try await group.until { $0.told.count == 4 } }
        #expect(elsewhere.value == 0)
        #expect(!HandlerExecutor.isCurrentThread)
        #expect(try await HandlerExecutor.run { HandlerExecutor.isCurrentThread })
    }

    /// "A client that sees a new epoch SHALL cancel its handlers before it subscribes again".
    @Test func aLostStreamCancelsHandlersBeforeTheNextSubscription() async throws {
        let group = FakeGroup()
        group.add([try Self.event(1)])
        let began = Flag()
        let running = Counter()
        let overlapped = Flag()
        try await withSubscriber(
            group,
            Handler { _, context in
                if running.increment() > 1 { overlapped.set() }
                defer { running.decrement() }
                guard context.attempt == 1 else { return [] }
                began.set()
                while !Task.isCancelled { await Task.yield() }
                return []
            }
        ) { _ in
            await began.wait()
            group.breakStream(RPCError(code: .unavailable, message: "broker restarts"))
            try await group.until { $0.told.contains { $0.kind == .ack && $0.attempt == 2 } }
        }
        #expect(!overlapped.isSet)
        group.state.withLock { state in
            #expect(state.subscriptions.count == 2)
            #expect(!state.told.contains { $0.attempt == 1 && $0.kind == .ack })
        }
    }

    @Test func aRefusedSubscriptionEndsTheWorker() async throws {
        let group = FakeGroup()
        group.breakStream(RPCError(code: .failedPrecondition, message: "another filter"))
        group.add([try Self.event(1)])
        let error = await #expect(throws: RPCError.self) {
            try await withSubscriber(group, Handler { _, _ in [] }) { _ in
                try await group.until { $0.told.count == 1 }
            }
        }
        #expect(error?.message == "another filter")
    }

    /// Drain: what runs finishes, what waits goes back, and the stream ends when that is durable.
    @Test func drainingFinishesGivesBackAndWaits() async throws {
        let group = FakeGroup(redelivers: false)
        group.add(try (1...4).map(Self.event))
        let began = Flag()
        let finish = Flag()
        try await withSubscriber(
            group, manifest: Self.manifest(concurrency: 1, prefetch: 4),
            Handler { _, _ in
                began.set()
                await finish.wait()
                return []
            }
        ) { subscriber in
            await began.wait()
            try await group.until { $0.leased.count == 4 }
            subscriber.drain()
            try await group.until { $0.told.count { $0.kind == .release } == 3 }
            #expect(group.state.withLock { $0.halfClosed } == 0)
            finish.set()
        }
        group.state.withLock { state in
            #expect(state.told.filter { $0.kind == .ack }.count == 1)
            #expect(state.leased.isEmpty)
            #expect(state.halfClosed == 1)
        }
    }

    @Test func aHandlerThatOutlivesTheDrainIsCancelledAndItsEventGivenBack() async throws {
        let group = FakeGroup(redelivers: false)
        group.add([try Self.event(1)])
        let began = Flag()
        try await withSubscriber(
            group, drainLimit: .milliseconds(50),
            Handler { _, _ in
                began.set()
                try await Task.sleep(for: .seconds(60))
                return []
            }
        ) { _ in await began.wait() }
        group.state.withLock { state in
            #expect(state.told.map(\.kind) == [.release])
            #expect(state.told.first?.error.code == Int32(RPCError.Code.cancelled.rawValue))
        }
    }

    @Test func anAckTheBrokerHasNoRoomForIsToldAgain() async throws {
        var full = RPCError(code: .resourceExhausted, message: "full")
        full.metadata.addString("20", forKey: RPCError.retryAfterKey)
        let error = full
        let group = FakeGroup { _, times in times <= 2 ? error : nil }
        group.add([try Self.event(1)])
        let handled = Counter()
        try await withSubscriber(
            group, manifest: Self.manifest(),
            Handler { _, _ in
                handled.increment()
                return [Barid_Article_V1_ArticleSubmitted()]
            }
        ) { _ in try await group.until { $0.leased.isEmpty && $0.told.count >= 3 } }
        #expect(handled.value == 1)
        #expect(group.state.withLock { $0.told.filter { $0.kind == .ack }.count } == 3)
    }

    @Test func outputsTheBrokerNeverTakesMakeADeadLetter() async throws {
        let group = FakeGroup { _, _ in RPCError(code: .invalidArgument, message: "too large") }
        group.add([try Self.event(1)])
        try await withSubscriber(
            group, Handler { _, _ in [Barid_Article_V1_ArticleSubmitted()] }
        ) { _ in try await group.until { $0.told.contains { $0.kind == .reject } } }
        #expect(group.state.withLock { $0.told.last?.error.message } == "too large")
    }
}
