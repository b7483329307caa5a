import Barid
import BaridSchema
import Foundation
import SwiftProtobuf
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Protocols/2-bus §15, row by row, with a real broker.
///
/// The reason is forced and read from `barid why`; the command printed is run word by word, or it
/// is waited for what needs none; and the event moves on. `NO_SUBSCRIBER`, `DEAD_LETTERED` and
/// `PAUSED` are in ``WhyTests``.
@Suite(.serialized, .timeLimit(.minutes(10))) struct WhyReasonTests {
    /// Waits until `barid why` names the reason.
    ///
    /// - Returns: The words of the command it prints after that, none if it goes on by itself.
    private static func command(
        _ reason: String, _ event: String, _ broker: OperatedBroker
    ) async throws -> [String] {
        let lines = try await eventually("\(reason) of \(event)") {
            let why = try await broker.barid("why", event)
            let lines = why.output.split(separator: "\n").map(String.init)
            guard let index = lines.firstIndex(where: { $0.hasPrefix("\(reason)  ") }) else {
                return nil as [String]?
            }
            return Array(lines[index...].prefix(2))
        }
        guard lines.count == 2, let start = lines[1].range(of: " with: barid ") else { return [] }
        let shell = try Finished(
            "/bin/sh", ["-c", "printf '%s\\n' \(lines[1][start.upperBound...])"])
        return shell.output.split(separator: "\n").map(String.init)
    }

    /// Reads the reason of an event that needs no command.
    private static func byItself(
        _ reason: String, _ event: String, _ broker: OperatedBroker
    ) async throws {
        #expect(try await command(reason, event, broker).isEmpty, "\(reason)")
    }

    private static func isDone(_ event: String, _ broker: OperatedBroker) async throws {
        try await eventually("\(event) is done") {
            let why = try await broker.barid("why", event)
            return why.output.contains("Nothing holds it up") ? () : nil
        }
    }

    @Test func leasedUntilItsWorkerSettles() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", subject: "s1")])
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 1)
            try await Self.byItself("LEASED", "e1", broker)
            held.settle(1)
            try await Self.isDone("e1", broker)
        }
    }

    @Test func backoffUntilTheTimeTold() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", subject: "s1")])
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 1)
            held.settle(1) { settlement in
                settlement.nack = .with {
                    $0.delayMs = 6_000
                    $0.error.code = 14
                    $0.error.reason = "BUSY"
                }
            }
            try await Self.byItself("BACKOFF", "e1", broker)
            try await held.wait(for: 1, attempt: 2)
            held.settle(1)
            try await Self.isDone("e1", broker)
        }
    }

    @Test func aHeldKeyUntilItsHolderIsFreed() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", subject: "s"), .test("e2", subject: "s")])
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 1)
            let look = try await Self.command("KEY_HELD", "e2", broker)
            #expect(look == ["why", "e1"])
            let holder = try await broker.run(look)
            #expect(holder.code == 0 && holder.output.contains("LEASED"), "\(holder)")
            held.settle(1)
            try await held.wait(for: 2)
            held.settle(2)
            try await Self.isDone("e2", broker)
        }
    }

    @Test func noCreditUntilAWorkerHasRoom() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", subject: "s1"), .test("e2", subject: "s2")])
        try await broker.holding(group: "g", credit: 1) { held in
            try await held.wait(for: 1)
            try await Self.byItself("NO_CREDIT", "e2", broker)
            held.settle(1)
            try await held.wait(for: 2)
            held.settle(2)
            try await Self.isDone("e2", broker)
        }
    }

    /// 4 MiB of events that wait for their key fill a window.
    @Test func aFullWindowUntilTheOldestIsFreed() async throws {
        let broker = try await OperatedBroker()
        let body = String(repeating: "x", count: 900_000)
        try await broker.publish(
            (1...7).map { .test("e\($0)", subject: "s", data: $0 < 7 ? body : "last") })
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 1)
            let look = try await Self.command("WINDOW_FULL", "e7", broker)
            #expect(look == ["why", "e1"])
            let oldest = try await broker.run(look)
            #expect(oldest.code == 0 && oldest.output.contains("LEASED"), "\(oldest)")
            held.ackAll()
            try await Self.isDone("e7", broker)
        }
    }

    /// A worker is killed while it has two events: one goes out alone, and then the other.
    @Test func suspectUntilItsTurnComes() async throws {
        let broker = try await OperatedBroker()
        try await broker.order(["sleep 600000", "sleep 600000"])
        let victim = try RunningProcess("EchoWorker", environment: broker.environment)
        for event in ["order-0", "order-1"] { try await Self.byItself("LEASED", event, broker) }
        victim.signal(SIGKILL)
        try await victim.ended()
        try await broker.holding(group: "echo", topic: "tests") { held in
            let first = try await held.waitForAny()
            try await Self.byItself("SUSPECT", "order-\(2 - first)", broker)
            held.settle(first)
            try await held.wait(for: 3 - first)
            held.settle(3 - first)
            for event in ["order-0", "order-1"] { try await Self.isDone(event, broker) }
        }
    }

    @Test func noWorkerUntilBaridIsUp() async throws {
        let broker = try await OperatedBroker()
        let plugin = broker.folder.file("plugins/echo")
        try FileManager.default.createDirectory(atPath: plugin, withIntermediateDirectories: true)
        try Repository.text(of: "Tests/EchoWorker/plugin.yaml")
            .write(toFile: "\(plugin)/plugin.yaml", atomically: true, encoding: .utf8)
        try await broker.order(["echo"])
        let made = try await broker.barid(
            "group", "create", "echo", "--topic", "tests", "--type", "test.barid.order.given.v1")
        #expect(made.code == 0, "\(made)")
        let command = try await Self.command("NO_WORKER", "order-0", broker)
        #expect(command == ["up"])
        let up = try RunningProcess("barid", command, environment: broker.environment)
        try await eventually("the worker did it") {
            let why = try await broker.barid("why", "order-0", "--json")
            return why.output.contains("\"state\":\"SETTLED\"") ? () : nil
        }
        try await eventually("all is up") { up.output.contains("Ctrl-C") ? () : nil }
        up.signal(SIGINT)
        #expect(try await up.ended() == 0, "\(up.error)")
    }

    @Test func aStoppingBrokerUntilTheNextOne() async throws {
        let broker = try await OperatedBroker()
        try await broker.publish([.test("e1", subject: "s1"), .test("e2", subject: "s2")])
        let command = try await broker.holding(group: "g", credit: 1) { held in
            try await held.wait(for: 1)
            broker.signal(SIGTERM)
            let command = try await Self.command("BROKER_DRAINING", "e2", broker)
            held.settle(1)
            return command
        }
        #expect(command == ["up"])
        #expect(try await broker.ended() == 0)
        let up = try RunningProcess("barid", command, environment: broker.environment)
        try await eventually("the next broker") {
            try await broker.barid("status").code == 0 ? () : nil
        }
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 2)
            held.settle(2)
            try await Self.isDone("e2", broker)
        }
        try await eventually("all is up") { up.output.contains("Ctrl-C") ? () : nil }
        up.signal(SIGINT)
        #expect(try await up.ended() == 0, "\(up.error)")
    }

    /// What expired is over; the same facts under another id go their way.
    @Test func expiredUntilPublishedAgain() async throws {
        let broker = try await OperatedBroker()
        var event = Barid_Bus_V1_Event.test("e1", subject: "s1")
        event.expiryTime = .init(date: Date(timeIntervalSinceNow: -60))
        try await broker.publish([event])
        event.id = "e2"
        event.expiryTime = .init(date: Date(timeIntervalSinceNow: 600))
        let again = event
        try await broker.holding(group: "g") { held in
            try await Self.byItself("EXPIRED", "e1", broker)
            let why = try await broker.barid("why", "e1")
            #expect(why.output.contains("publish it again, with another id"), "\(why)")
            #expect(!why.output.contains("by itself"))
            try await broker.publish([again])
            try await held.wait(for: 2)
            held.settle(2)
            try await eventually("e2 is done") {
                let why = try await broker.barid("why", "e2", "--json")
                return why.output.contains("\"state\":\"SETTLED\"") ? () : nil
            }
        }
    }

    /// A disk that is full and slow while files say so.
    private final class SpoiltDisk: Sendable {
        let folder: TemporaryFolder
        var environment: [String: String] {
            [
                "LD_PRELOAD": folder.file("disk.so"), "BARID_ROOM_FILE": folder.file("room"),
                "BARID_SLOW_READS_FILE": folder.file("slow"),
            ]
        }

        init() throws {
            folder = try TemporaryFolder()
            let built = try Finished(
                "/usr/bin/cc",
                [
                    "-shared", "-fPIC", "-O1", "-o", folder.file("disk.so"),
                    "\(Repository.root)/Tests/Shims/disk.c", "-ldl",
                ])
            try #require(built.status == 0, "\(built.output)")
        }

        func say(_ number: Int, in name: String) throws {
            _ = try folder.write("\(number)\n", to: name)
        }

        func forget(_ name: String) throws {
            try FileManager.default.removeItem(atPath: folder.file(name))
        }
    }

    @Test func theDiskFloorUntilThereIsRoom() async throws {
        let disk = try SpoiltDisk()
        // The segments that are ready count as room.
        let limits = ["BARID_SOFT_FREE": "300MiB", "BARID_HARD_FREE": "200MiB"]
        let broker = try await OperatedBroker(disk.environment.merging(limits) { $1 })
        try await broker.publish([.test("e1", subject: "s1")])
        try await broker.holding(group: "g") { held in
            try await held.wait(for: 1)
            try disk.say(1 << 20, in: "room")
            let look = try await Self.command("DISK_FLOOR", "e1", broker)
            #expect(look == ["status"])
            let status = try await broker.run(look)
            #expect(status.output.contains("DISK_FLOOR"), "\(status)")
            #expect(status.output.contains("make room"), "\(status)")
            try disk.forget("room")
            try await Self.byItself("LEASED", "e1", broker)
            held.settle(1)
            try await Self.isDone("e1", broker)
        }
    }

    /// 40 MiB to read, on a disk on which that takes its time.
    @Test func behindAndReplayingUntilTheGroupHasReadOn() async throws {
        let disk = try SpoiltDisk()
        let broker = try await OperatedBroker(disk.environment)
        try await broker.publishBulk(640, bytes: 64 << 10)
        try await broker.publish([.test("last", type: "news.last.v1", subject: "last")])
        // Where the events lie is found out before reading gets slow.
        #expect(try await broker.barid("why", "last").output.contains("NO_SUBSCRIBER"))
        try disk.say(50, in: "slow")
        try await broker.holding(group: "late", types: ["news.last.v1"]) { held in
            try await Self.byItself("BEHIND", "last", broker)
            try disk.forget("slow")
            try await held.wait(for: 641)
            held.settle(641)
            try await Self.isDone("last", broker)
        }
        // With credit for all of them: what is not read yet waits for nothing else.
        try await broker.holding(group: "all", credit: 1_000) { held in
            held.ackAll()
            try await Self.isDone("last", broker)
            try disk.say(50, in: "slow")
            let replay = try await broker.barid("group", "replay", "all", "--from", "first")
            #expect(replay.code == 0 && replay.output.contains("641 events"), "\(replay)")
            try await Self.byItself("REPLAYING", "last", broker)
            try disk.forget("slow")
            try await Self.isDone("last", broker)
        }
    }
}

extension OperatedBroker {
    /// Publishes orders for the echo worker.
    fileprivate func order(_ orders: [String]) async throws {
        try await withClient { client in
            var configuration = Publisher.Configuration()
            configuration.topic = "tests"
            try await client.withPublisher(configuration) { publisher in
                for (number, order) in orders.enumerated() {
                    var event = Barid_Bus_V1_Event.test(
                        "order-\(number)", type: "test.barid.order.given.v1", subject: "o\(number)")
                    event.dataContentType = "application/protobuf"
                    event.protoData = try .init(
                        message: Google_Protobuf_StringValue.with { $0.value = order })
                    _ = try await publisher.publish(EventEnvelope(event))
                }
            }
        }
    }

    /// Publishes many events, all at once.
    fileprivate func publishBulk(_ count: Int, bytes: Int) async throws {
        let body = String(repeating: "x", count: bytes)
        try await withClient { client in
            try await client.withPublisher { publisher in
                var submissions: [Submission] = []
                for number in 0..<count {
                    submissions.append(
                        try await publisher.submit(
                            EventEnvelope(
                                .test("bulk-\(number)", subject: "b\(number)", data: body))))
                }
                for submission in submissions { _ = try await submission.outcome().get() }
            }
        }
    }
}
