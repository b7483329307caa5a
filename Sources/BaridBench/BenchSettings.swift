internal import Foundation

/// What `barid bench` is asked to do.
package struct BenchSettings: Sendable {
    /// How the peers reach the broker.
    package enum Transport: String, Sendable, CaseIterable {
        /// A Unix socket in the scratch folder.
        case ipc
        /// Loopback TCP on a port that was free a moment ago.
        case tcp
    }

    /// The scenarios, in the order in which they run.
    package var scenarios: [Scenario]
    /// Bytes of an event's body.
    ///
    /// The default is 1,024; the other size that peers were measured with is 4,323, an article.
    package var payloadBytes = 1_024
    /// How often each scenario is run; the median counts.
    ///
    /// The default is 3.
    package var runs = 3
    /// How the peers reach the broker.
    ///
    /// The default is ipc.
    package var transport = Transport.ipc
    /// Events are this part of what a full run takes.
    ///
    /// The default is 1. CI runs less, to see that everything works; its figures mean nothing.
    package var scale = 1.0
    /// Where scratch folders go: the disk that is measured.
    ///
    /// The default is the system's temporary folder.
    package var folder = FileManager.default.temporaryDirectory.path
    /// The folder of barid, barid-broker and the workers.
    package var programs: String
    /// A file of JSON lines for the pipeline; `nil` for the samples.
    package var news: String?
    /// Articles that are published when there is no file of news.
    package var samples: [[UInt8]] = []

    /// Settings with every default.
    ///
    /// - Parameters:
    ///   - scenarios: What to run.
    ///   - programs: The folder of the executables.
    package init(scenarios: [Scenario], programs: String) {
        self.scenarios = scenarios
        self.programs = programs
    }

    /// A number of events at this scale, at least one.
    func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * scale)) }
}

/// What can be measured; the numbers are those of the README of this folder.
package enum Scenario: String, Sendable, CaseIterable {
    /// Raw libzmq and raw disk: what nothing above them can pass.
    case ceilings
    /// One producer, 2,048 events in flight.
    case s1
    /// One producer, one event in flight.
    case s1w1
    /// From publish to durable ack, one worker.
    case s2
    /// From publish to durable ack, four workers of one group.
    case s2w4
    /// Latency at 500 and at 5,000 events a second.
    case s3
    /// Four groups that each receive every event.
    case s4
    /// A backlog of a million, a restart with it, and its drain; cold start and idle memory (S6).
    case s5
    /// 256 producers and 64 workers.
    case s7
    /// Calls through the broker to a worker.
    case s8
    /// The four workers of articles.
    case pipeline
}
