import BaridEngine
import BaridLog
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing

@testable import BaridBroker

/// What an operator does to groups: Protocols/2-bus §4, over a real socket.
@Suite(.timeLimit(.minutes(5))) struct GroupTests {
    @Test func replaysAnArticleUnderANumber() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        let subjects = ["a", "b", "a", "c"]
        _ = try await running.publish(
            subjects.enumerated().map { .test("\($0.offset)", subject: $0.element) })
        #expect(try await running.handle(4).map(\.sequence).sorted() == [1, 2, 3, 4])
        let replay = try await running.withAdmin { admin in
            try await admin.replayGroup(
                .with {
                    $0.group = "work"
                    $0.subjects = ["a"]
                })
        }
        #expect(replay.replay == 1)
        #expect(replay.events == 2)
        let status = try await running.withAdmin { try await $0.getStatus(.init()) }
        #expect(status.groups.map(\.replaying) == [2])
        #expect(status.groups.map(\.lag) == [2])
        #expect(try await running.handle(2) == [.init(1, replay: 1), .init(3, replay: 1)])
        try await running.broker.stop()
    }

    @Test func replaysFromATimeAndASequence() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("a"), .test("b")])
        let stored = try await running.stored()
        let middle = try #require(stored.last) + 1
        _ = try await running.publish([.test("c")])
        #expect(try await running.handle(3).count == 3)
        let from: [(Barid_Bus_V1_Start, UInt64)] = [
            (
                .with {
                    $0.at = .sequence; $0.sequence = 2
                }, 2
            ),
            (
                .with {
                    $0.at = .time
                    $0.time = .init(nanoseconds: Int64(middle))
                }, 1
            ),
            (.init(), 3), (.with { $0.at = .new }, 0),
        ]
        for (start, expected) in from {
            let replay = try await running.withAdmin { admin in
                try await admin.replayGroup(
                    .with {
                        $0.group = "work"
                        $0.start = start
                    })
            }
            #expect(replay.events == expected, "\(start)")
            let handled = try await running.handle(Int(expected))
            #expect(handled.allSatisfy { $0.replay == replay.replay })
        }
        try await running.broker.stop()
    }

    @Test func pausesResumesAndTellsHowAGroupStands() async throws {
        let folder = try TemporaryFolder()
        var running = try RunningBroker(in: folder)
        _ = try await running.publish([.test("a"), .test("b")])
        #expect(try await running.handle(1).count == 1)
        _ = try await running.withAdmin { try await $0.pauseGroup(.with { $0.group = "work" }) }
        try await running.broker.stop()
        running = try RunningBroker(in: folder)
        let paused = try await running.withAdmin {
            try await $0.listGroups(.with { $0.group = "work" }).groups
        }
        #expect(paused.map(\.paused) == [true])
        #expect(paused.map(\.maximumDeliveries) == [5])
        let stored = try await running.stored()
        #expect(paused.map { UInt64($0.oldestUnsettled.nanoseconds) } == [stored[1]])
        _ = try await running.withAdmin { try await $0.resumeGroup(.with { $0.group = "work" }) }
        #expect(try await running.handle(1).map(\.sequence) == [2])
        let group = try await running.withAdmin { try await $0.listGroups(.init()).groups[0] }
        #expect(!group.paused && !group.hasOldestUnsettled && group.lag == 0)
        await #expect {
            _ = try await running.withAdmin { try await $0.listGroups(.with { $0.group = "x" }) }
        } throws: { error in
            (error as? RPCError)?.code == .notFound
        }
        try await running.broker.stop()
    }

    @Test func resetsAndDeletesAGroup() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("a"), .test("b"), .test("c")])
        #expect(try await running.handle(3).count == 3)
        let reset = try await running.withAdmin { admin in
            try await admin.resetGroup(
                .with {
                    $0.group = "work"
                    $0.start = .with { $0.at = .last }
                })
        }
        #expect(reset.behind == 1)
        #expect(try await running.handle(1) == [.init(3)])
        await #expect {
            _ = try await running.withAdmin { try await $0.resetGroup(.with { $0.group = "work" }) }
        } throws: { error in
            (error as? RPCError)?.code == .invalidArgument
        }
        async let ended: Void = running.subscribe { _, _ in true }
        _ = try await eventually("a worker is subscribed") {
            try await running.withAdmin {
                try await $0.listGroups(.init()).groups[0].workers == 1 ? true : nil
            }
        }
        _ = try await running.withAdmin { try await $0.deleteGroup(.with { $0.group = "work" }) }
        do {
            try await ended
            Issue.record("the subscription goes on")
        } catch let error as RPCError {
            #expect(error.code == .notFound)
            let reasons = Array(error.metadata[stringValues: "barid-reason"])
            #expect(reasons == ["GROUP_DELETED"])
        }
        let status = try await running.withAdmin { try await $0.getStatus(.init()) }
        #expect(status.groups.isEmpty)
        try await running.broker.stop()
    }

    /// Protocols/2-bus §4.2: what the filter takes of what is stored, and the group is not done with.
    @Test func countsWhatAGroupHasToDo() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        let events: [Barid_Bus_V1_Event] = (1...3_000).map { number in
            .with {
                $0 = .test("\(number)", type: number % 3 == 0 ? "news.a.v1" : "news.b.v1")
                if number % 10 == 0 { $0.extensions["language"] = .with { $0.string = "ar" } }
            }
        }
        for start in stride(from: 0, to: events.count, by: 500) {
            _ = try await running.publish(Array(events[start..<start + 500]))
        }
        _ = try await running.publish([.test("elsewhere", type: "news.a.v1")], topic: "other")
        let groups: [(name: String, types: [String], language: String, start: UInt64, UInt64)] = [
            ("all", [], "", 0, 3_000), ("some", ["news.a.*"], "", 0, 1_000),
            ("none", ["sport.>"], "", 0, 0), ("late", ["news.a.*"], "", 2_001, 334),
            ("arabic", [], "ar", 0, 300), ("both", ["*.a.v1"], "ar", 0, 100),
        ]
        for (name, types, language, start, expected) in groups {
            let counted = try await running.withAdmin { admin in
                _ = try await admin.createGroup(
                    .with {
                        $0.subscription.group = name
                        $0.subscription.types = types
                        if start > 0 {
                            $0.subscription.start = .with {
                                $0.at = .sequence
                                $0.sequence = start
                            }
                        }
                        if !language.isEmpty {
                            $0.subscription.attributes = [
                                .with {
                                    $0.name = "language"
                                    $0.values = [language]
                                }
                            ]
                        }
                    })
                return try await admin.countGroup(.with { $0.group = name })
            }
            #expect(counted.atLeast == expected && counted.atMost == expected, "\(name)")
        }
        #expect(try await running.handle(40, group: "both").count == 40)
        let (rest, hurried) = try await running.withAdmin { admin in
            (
                try await admin.countGroup(.with { $0.group = "both" }),
                try await admin.countGroup(
                    .with {
                        $0.group = "arabic"
                        $0.within = .init()
                    })
            )
        }
        #expect(rest.atLeast == 60 && rest.atMost == 60)
        // In no time nothing is looked at, and that is said.
        #expect(hurried.atLeast == 0 && hurried.atMost == 3_000)
        await #expect {
            _ = try await running.withAdmin { try await $0.countGroup(.with { $0.group = "x" }) }
        } throws: { error in
            (error as? RPCError)?.code == .notFound
        }
        try await running.broker.stop()
    }

    /// Protocols/2-bus §4.1: where a new group starts.
    @Test func aGroupStartsAtATimeOrTheLastEvent() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        for id in ["a", "b", "c"] { _ = try await running.publish([.test(id)]) }
        let stored = try await running.stored()
        for (offset, expected) in [(0, 2), (1, 1)] as [(UInt64, UInt64)] {
            let created = try await running.withAdmin { admin in
                try await admin.createGroup(
                    .with {
                        $0.subscription = .with {
                            $0.group = "at-\(offset)"
                            $0.start = .with {
                                $0.at = .time
                                $0.time = .init(nanoseconds: Int64(stored[1] + offset))
                            }
                        }
                    })
            }
            #expect(created.behind == expected)
        }
        let last = try await running.withAdmin { admin in
            try await admin.createGroup(
                .with {
                    $0.subscription = .with {
                        $0.group = "last"
                        $0.start = .with { $0.at = .last }
                    }
                })
        }
        #expect(last.behind == 1)
        try await running.broker.stop()
    }

    /// Protocols/2-bus §6.1: dead letters carry how a worker ended, or say that nobody looked after
    /// it.
    @Test func aKillersDeadLetterTellsHowItsWorkersEnded() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("killer")])
        for death in 1...2 {
            let session = try await running.die()
            guard death == 2 else { continue }
            _ = try await running.withAdmin { admin in
                try await admin.reportWorkerExit(
                    .with {
                        $0.exit = .with {
                            $0.session = session
                            $0.signal = 11
                            $0.lastLines = ["bad access"]
                        }
                    })
            }
        }
        let letters = try await eventually("the event is a dead letter") {
            let letters = try await running.withAdmin { try await $0.listDeadLetters(.init()) }
            return letters.total == 1 ? letters.deadLetters : nil
        }
        let attempts = try #require(letters.first).attempts
        #expect(attempts.map(\.error.reason) == ["WORKER_LOST", "WORKER_LOST"])
        #expect(attempts.map(\.unsupervised) == [true, false])
        #expect(attempts.map(\.workerExit.signal) == [0, 11])
        #expect(attempts.last?.workerExit.lastLines == ["bad access"])
        try await running.broker.stop()
    }

    @Test func aGroupTellsItsFilterOnAttributes() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        let filter = Barid_Bus_V1_AttributeFilter.with {
            $0.name = "language"
            $0.values = ["ar", "fa"]
        }
        let groups = try await running.withAdmin { admin in
            _ = try await admin.createGroup(
                .with {
                    $0.subscription = .with {
                        $0.group = "work"
                        $0.attributes = [filter]
                    }
                })
            return try await admin.listGroups(.init()).groups
        }
        #expect(groups.map(\.attributes) == [[filter]])
        try await running.broker.stop()
    }

    @Test func refusesAReplayOfNoGroupAndTooManySubjects() async throws {
        let running = try RunningBroker(in: TemporaryFolder())
        _ = try await running.publish([.test("a")])
        try await running.withAdmin { admin in
            await #expect {
                _ = try await admin.replayGroup(.with { $0.group = "none" })
            } throws: { error in
                (error as? RPCError)?.code == .notFound
            }
            // Too many subjects are refused before the group is looked for.
            for (count, code) in [(99, .notFound), (100, .notFound), (101, .invalidArgument)]
                as [(Int, RPCError.Code)]
            {
                await #expect {
                    _ = try await admin.replayGroup(
                        .with {
                            $0.group = "none"
                            $0.subjects = (0..<count).map { "\($0)" }
                        })
                } throws: { error in
                    (error as? RPCError)?.code == code
                }
            }
        }
        try await running.broker.stop()
    }
}

/// One delivery that was handled.
struct Handled: Sendable, Equatable {
    var sequence: UInt64
    var attempt: UInt32
    var replay: UInt32

    init(_ sequence: UInt64, attempt: UInt32 = 1, replay: UInt32 = 0) {
        self.sequence = sequence
        self.attempt = attempt
        self.replay = replay
    }
}

extension RunningBroker {
    func withAdmin<Result: Sendable>(
        _ body: (Barid_Admin_V1_Admin.Client<Connection.Client>) async throws -> Result
    ) async throws -> Result {
        try await withClient(name: "operator") {
            try await body(Barid_Admin_V1_Admin.Client(wrapping: $0))
        }
    }

    /// Subscribes, acks `count` deliveries, and leaves once that is durable.
    func handle(_ count: Int, group: String = "work") async throws -> [Handled] {
        guard count > 0 else { return [] }
        let handled = Mutex<[Handled]>([])
        try await subscribe(group: group, credit: UInt32(count)) { response, send in
            for (index, sequence) in response.sequences.enumerated() {
                let one = Handled(
                    sequence, attempt: response.attempts.isEmpty ? 1 : response.attempts[index],
                    replay: response.replays.isEmpty ? 0 : response.replays[index])
                let number = handled.withLock { handled in
                    handled.append(one)
                    return handled.count
                }
                send(
                    .with {
                        $0.settleNumber = UInt64(number)
                        $0.acks = [
                            .with {
                                $0.firstSequence = one.sequence
                                $0.count = 1
                                $0.attempt = one.attempt
                            }
                        ]
                    })
            }
            return response.settled < UInt64(count)
        }
        return handled.withLock { $0 }
    }

    /// A worker that takes a delivery and loses its session without a word.
    ///
    /// - Returns: The session it had.
    func die(group: String = "work") async throws -> String {
        var configuration = Connection.Configuration(
            endpoint: endpoint, registration: Registration(name: "mortal"))
        configuration.logger = Self.quiet
        let connection = try Connection(configuration)
        let session = Mutex("")
        let (requests, post) = AsyncStream.makeStream(of: Barid_Bus_V1_SubscribeRequest.self)
        post.yield(
            .with {
                $0.subscription = .with { $0.group = group }
                $0.credit = 1
                $0.creditBytes = 1 << 20
            })
        // The call ends with the connection, which is what this is for.
        try? await withGRPCClient(transport: connection.clientTransport) { client in
            try await Barid_Bus_V1_EventBus.Client(wrapping: client).subscribe { writer in
                for await request in requests { try await writer.write(request) }
            } onResponse: { response in
                defer { post.finish() }
                for try await message in response.messages where !message.events.isEmpty {
                    let name = try await withAdmin { admin in
                        try await admin.getStatus(.init()).sessions.first { $0.name == "mortal" }?
                            .session
                    }
                    session.withLock { $0 = name ?? "" }
                    await connection.close()
                }
            }
        }
        return session.withLock { $0 }
    }

    /// When each event was stored, in nanoseconds since 1970.
    func stored() async throws -> [UInt64] {
        try await withClient { client in
            try await Barid_Bus_V1_EventBus.Client(wrapping: client).read(.init()) { response in
                var stored: [UInt64] = []
                for try await message in response.messages { stored += message.storedNs }
                return stored
            }
        }
    }
}
