import Logging
import Synchronization
import Testing

@testable import BaridTransport

/// Protocols/7-security §6: every refusal counts, and a flood does not fill the log.
struct AuditTests {
    @Test func aFloodLeavesFewLinesAndAFullCount() {
        let lines = Mutex<[Logger.Metadata]>([])
        let logger = Logger(label: "audit") { _ in
            Recorder { metadata in lines.withLock { $0.append(metadata) } }
        }
        // Too slow to grant a second line while the test runs.
        let audit = AuditTrail(logger: logger, linesPerSecond: 0.000_1, burst: 3)
        for number in 0..<100 {
            audit.refused(.call, who: "wire", what: "call \(number)", right: "call=x")
        }
        audit.repeated(.publish, times: 5)
        let seen = lines.withLock { $0 }
        #expect(seen.count == 3)
        #expect(seen.first?["audit"] == "call")
        #expect(seen.first?["who"] == "wire")
        #expect(seen.first?["right"] == "call=x")
        #expect(audit.counts.byKind == [.call: 100, .publish: 5])
        #expect(audit.counts.unlogged == 102)
        #expect(audit.counts.total == 105)
    }

    private struct Recorder: LogHandler {
        let record: @Sendable (Logger.Metadata) -> Void
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(_ record: @escaping @Sendable (Logger.Metadata) -> Void) {
            self.record = record
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record(event.metadata ?? [:])
        }
    }
}
