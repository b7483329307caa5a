import Barid

/// CloudEvents as JSON, a line each: what is read is written, and reads the same.
enum EventJSONTarget: FuzzTarget {
    static let name = "event-json"

    static func take(_ bytes: [UInt8]) {
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: true) {
            // Between the tokens of a body it becomes a blank, which is told.
            let line = line.map { $0 == 0x0D ? 0x20 : $0 }
            guard let event = try? EventEnvelope(json: line) else { continue }
            guard let written = try? event.json() else {
                expect(false, "what was read cannot be written")
                continue
            }
            expect(!written.contains(0x0A), "an event on two lines")
            guard let again = try? EventEnvelope(json: written) else {
                expect(false, "what was written cannot be read")
                continue
            }
            expect(again == event, "what was written reads otherwise")
        }
    }
}
