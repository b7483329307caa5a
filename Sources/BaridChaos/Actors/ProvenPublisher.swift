internal import Barid
internal import BaridProof
public import BaridTransport
internal import Foundation
internal import GRPCCore
internal import Logging

/// The publisher of a proof: numbered events at a steady rate, and what became of each.
///
/// It is the library's ``Barid/Publisher`` and nothing else that publishes.
public struct ProvenPublisher: Sendable {
    /// Where the broker is.
    public var endpoint: Endpoint
    /// The key, where the broker asks for one.
    ///
    /// The default is none.
    public var key: ClientKey?
    /// Its name, part of the ids of its events.
    public var name: String
    /// Number of the first event: above every one that it tried before.
    public var first: UInt64
    /// Events a second, about.
    public var rate: Int
    /// What its events are like.
    public var traffic: Traffic
    /// File of its history; it does not exist yet.
    public var history: String
    /// History of the process before this one, whose events without outcome are sent again.
    ///
    /// The default is none.
    public var predecessor: String?
    /// How long an event is tried.
    ///
    /// The default is 30 s.
    public var deadline = Duration.seconds(30)

    /// A publisher.
    ///
    /// - Parameters:
    ///   - endpoint: Where the broker is.
    ///   - name: Part of the ids of its events.
    ///   - first: Number of the first event.
    ///   - rate: Events a second, about.
    ///   - traffic: What its events are like.
    ///   - history: File of its history.
    public init(
        endpoint: Endpoint, name: String, first: UInt64, rate: Int, traffic: Traffic,
        history: String
    ) {
        self.endpoint = endpoint
        self.name = name
        self.first = first
        self.rate = rate
        self.traffic = traffic
        self.history = history
    }

    /// Publishes until it is told to stop, and waits for what is open.
    ///
    /// - Parameter stop: Ends the publishing.
    /// - Throws: `RPCError` when the history cannot be written or the broker refuses the client.
    public func run(until stop: StopFlag) async throws {
        let writer = try HistoryWriter(path: history, actor: name)
        var configuration = Publisher.Configuration()
        configuration.topic = ProvenEvent.topic
        configuration.deadline = deadline
        configuration.maximumBackoff = .milliseconds(250)
        try await BaridClient.with(
            endpoint, name: name, key: key, wait: .seconds(3_600), logger: Logger(label: name)
        ) { [configuration] client in
            try await client.withPublisher(configuration) { publisher in
                try await publish(with: publisher, to: writer, until: stop)
            }
        }
    }

    private func publish(
        with publisher: Publisher, to writer: HistoryWriter, until stop: StopFlag
    ) async throws {
        let batch = UInt64(clamping: max(1, rate / 100))
        let clock = ContinuousClock()
        let began = clock.now
        var numbers = try predecessor.map(unanswered) ?? []
        var next = first
        try await withThrowingTaskGroup(of: Void.self) { group in
            while !stop.isSet {
                if numbers.isEmpty {
                    numbers = Array(next..<next + batch)
                    next += batch
                }
                let events = numbers.map {
                    ProvenEvent(number: $0, publisher: name, traffic: traffic)
                }
                numbers = []
                try writer.append(events.map { Self.tried($0, by: name) })
                var open: [(String, Submission)] = []
                for event in events {
                    open.append((event.id, try await publisher.submit(event.envelope)))
                }
                // One task a batch: outcomes come in the order of submission.
                group.addTask { [open] in
                    for (event, submission) in open {
                        let outcome = await submission.outcome()
                        try writer.append([Self.entry(event, outcome, by: name)])
                    }
                }
                let due = Duration.seconds(Double(next - first) / Double(max(1, rate)))
                try await clock.sleep(until: began + due)
            }
            // What is open gets its outcome from the broker or by its deadline.
            try await group.waitForAll()
        }
    }

    /// Numbers of the events that a history leaves without outcome: to be sent again, under the
    /// same ids.
    private func unanswered(in path: String) throws -> [UInt64] {
        var open: Set<String> = []
        for entry in try HistoryFiles.read(path).entries {
            switch entry.operation {
            case .publishTry: open.insert(entry.event)
            case .publishOK, .publishError: open.remove(entry.event)
            default: break
            }
        }
        return open.compactMap { $0.split(separator: "-").last.flatMap { UInt64($0) } }.sorted()
    }

    private static func tried(_ event: ProvenEvent, by actor: String) -> HistoryEntry {
        HistoryEntry(.publishTry, time: MonotonicTime.now, actor: actor) {
            $0.event = event.id
            $0.hash = String(PayloadHash.of(event.body), radix: 16)
            $0.key = event.key
            $0.type = ProvenEvent.type
            $0.topic = ProvenEvent.topic
        }
    }

    private static func entry(
        _ event: String, _ outcome: PublishOutcome, by actor: String
    ) -> HistoryEntry {
        var entry = HistoryEntry(.publishOK, time: MonotonicTime.now, actor: actor)
        entry.event = event
        entry.topic = ProvenEvent.topic
        switch outcome {
        case .stored(let receipt):
            entry.offset = receipt.sequence
            entry.duplicate = receipt.duplicate
        case .refused(let error):
            entry.operation = .publishError
            entry.result = "\(error.code): \(error.message)"
        case .unknown(let error):
            entry.operation = .publishUnknown
            entry.result = "\(error.code): \(error.message)"
        }
        return entry
    }
}
