import BaridEngine
import BaridLog
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import Logging
import SwiftProtobuf
import Synchronization

@testable import BaridBroker

/// A stream that keeps what is sent on it.
final class FakeStream: BusStream {
    private struct State {
        var messages: [[UInt8]] = []
        var status: Status?
        var metadata: Metadata = [:]
        var credit = 0
        var unsent = 0
    }

    private let state = Mutex(State())

    var messages: [[UInt8]] { state.withLock { $0.messages } }
    var status: Status? { state.withLock { $0.status } }
    var metadata: Metadata { state.withLock { $0.metadata } }
    var credit: Int { state.withLock { $0.credit } }

    var unsentBytes: Int {
        get { state.withLock { $0.unsent } }
        set { state.withLock { $0.unsent = newValue } }
    }

    func send(_ message: [UInt8], exempt: Bool) throws(RPCError) {
        state.withLock { $0.messages.append(message) }
    }

    func finish(_ status: Status, metadata: Metadata) {
        state.withLock {
            $0.status = status
            $0.metadata = metadata
        }
    }

    func returnCredit(bytes: Int) { state.withLock { $0.credit += bytes } }

    func takeMessages() -> [[UInt8]] {
        state.withLock { state in
            defer { state.messages = [] }
            return state.messages
        }
    }
}

/// A log in memory that tells of each call and can fail.
final class WatchedLog: EventLog {
    private(set) var log = MemoryLog()
    /// Called before a commit is made.
    var beforeCommit: () -> Void = {}
    var failsCommits = false
    /// So many commits succeed.
    var commitsLeft = Int.max
    /// What it says of its space, unless it measures.
    private var stated = LogSpace(used: 0, ready: 1 << 40, free: 0)
    /// It says how much it holds, and that there is room without end.
    var measuresSpace = false

    var space: LogSpace {
        get {
            measuresSpace ? LogSpace(used: log.space.used, ready: 1 << 40, free: 0) : stated
        }
        set { stated = newValue }
    }

    private(set) var commits = 0
    /// Commits that are begun stay under way until ``endsCommits``, or until somebody waits.
    var leavesCommits = false
    var endsCommits = false
    private(set) var isUnderWay = false

    var firstPosition: UInt64 { log.firstPosition }
    var lastPosition: UInt64 { log.lastPosition }
    var durablePosition: UInt64 { log.durablePosition }
    var lastWallTime: Int64 { log.lastWallTime }
    var maximumPayloadBytes: Int { log.maximumPayloadBytes }
    var pendingBytes: Int { log.pendingBytes }

    func append(_ entries: [NewLogEntry], expecting expected: UInt64) throws(LogError) -> UInt64 {
        try log.append(entries, expecting: expected)
    }

    func commit() throws(LogError) {
        beforeCommit()
        commitsLeft -= 1
        guard !failsCommits, commitsLeft >= 0 else {
            throw .failed(FileError(operation: "sync", path: "test", code: 5))
        }
        commits += 1
        isUnderWay = false
        try log.commit()
    }

    func beginCommit(
        _ ended: @escaping @Sendable () -> Void
    ) throws(LogError) -> CommitProgress {
        guard leavesCommits else {
            try commit()
            return .durable
        }
        isUnderWay = true
        return .underWay
    }

    func endCommit(waiting: Bool) throws(LogError) -> Bool {
        guard isUnderWay else { return true }
        guard waiting || endsCommits else { return false }
        try commit()
        return true
    }

    func seal() throws(LogError) { try log.seal() }

    func read(
        from position: UInt64, maximumBytes: Int, maximumCount: Int
    ) throws(LogError) -> [LogEntry] {
        try log.read(from: position, maximumBytes: maximumBytes, maximumCount: maximumCount)
    }

    func part(at index: Int) -> LogPart? { log.part(at: index) }

    func trim(before position: UInt64) throws(LogError) { try log.trim(before: position) }

    func writeSnapshot(_ bytes: [UInt8], at position: UInt64) throws(LogError) {
        try log.writeSnapshot(bytes, at: position)
    }

    var snapshotPositions: [UInt64] { log.snapshotPositions }

    func latestSnapshot() throws(LogError) -> LogSnapshot? { try log.latestSnapshot() }

    /// Stays open, so that the next core finds it.
    func close() throws(LogError) { try log.seal() }
}

/// A core driven by hand, without thread and transport.
final class Bench {
    let log: WatchedLog
    let core: Core
    var now = Instant(monotonic: 0, wall: 1_700_000_000_000_000_000)
    private var last: UInt64 = 0

    init(
        log: WatchedLog = WatchedLog(), configuration: CoreConfiguration = CoreConfiguration()
    ) throws {
        self.log = log
        let clock = Clock()
        core = try Core(
            log: log, durability: .fsync, configuration: configuration,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            clock: { clock.now })
        self.clock = clock
    }

    private let clock: Clock

    private final class Clock {
        var now = Instant(monotonic: 0, wall: 1_700_000_000_000_000_000)
    }

    func advance(by duration: Duration) throws {
        let end = clock.now.monotonic + duration.nanoseconds
        while clock.now.monotonic < end {
            // In steps, as a thread that wakes in time would.
            let step = min(100_000_000, end - clock.now.monotonic)
            clock.now.monotonic += step
            clock.now.wall += step
            _ = try core.process([])
        }
    }

    func open(_ role: StreamRole) throws -> (StreamID, FakeStream) {
        last += 1
        let stream = FakeStream()
        _ = try core.process([.opened(StreamID(last), stream, role)])
        return (StreamID(last), stream)
    }

    func publish(
        _ id: StreamID, _ events: [Barid_Bus_V1_Event], topic: String = "articles"
    ) throws {
        let bytes = try events.map { event -> ArraySlice<UInt8> in
            let bytes: [UInt8] = try event.serializedBytes()
            return bytes[...]
        }
        _ = try core.process([
            .request(
                id, .publish(id, topic: topic, events: bytes),
                bytes: bytes.reduce(0) { $0 + $1.count })
        ])
    }

    func subscribe(
        _ id: StreamID, group: String = "work", types: [String] = [], credit: UInt32 = 100,
        worker: String = "worker"
    ) throws {
        _ = try core.process([
            .request(
                id,
                .subscribe(
                    id,
                    SubscriptionRequest(
                        topic: "articles", group: group, types: types, worker: worker,
                        session: "1")), bytes: 0),
            .request(id, .credit(id, messages: credit, bytes: 1 << 30), bytes: 0),
        ])
    }

    func settle(_ id: StreamID, _ request: SettleRequest) throws {
        _ = try core.process([.request(id, .settle(id, request), bytes: 0)])
    }
}

extension Barid_Bus_V1_Event {
    static func test(
        _ id: String, type: String = "news.test.happened.v1", subject: String = "",
        data: String = "data"
    ) -> Self {
        .with {
            $0.id = id
            $0.source = "urn:test"
            $0.type = type
            $0.subject = subject
            $0.textData = data
        }
    }
}

extension FakeStream {
    func publishResponses() throws -> [Barid_Bus_V1_PublishResponse] {
        try takeMessages().map { try .init(serializedBytes: $0) }
    }

    func subscribeResponses() throws -> [Barid_Bus_V1_SubscribeResponse] {
        try takeMessages().map { try .init(serializedBytes: $0) }
    }

    func readResponses() throws -> [Barid_Bus_V1_ReadResponse] {
        try takeMessages().map { try .init(serializedBytes: $0) }
    }
}
