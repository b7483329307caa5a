import BaridLog
import SimulatedDisk

/// Recovery of a log's files after any damage to a valid one: nothing that was not written is read,
/// nothing behind a later commit is dropped without a word, and opening twice gives the same.
enum SegmentTarget: FuzzTarget {
    static let name = "segment"

    static func take(_ bytes: [UInt8]) {
        var input = Decisions(bytes)
        let disk = FaultyDisk()
        var settings = SegmentedLogSettings()
        settings.segmentBytes = 8_192
        settings.smallSegmentBytes = 8_192
        settings.spares = 0
        var written: [[UInt8]] = []
        do throws(LogError) {
            let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
            for number in 0..<1 + input.below(40) {
                let payload = [UInt8](repeating: UInt8(number), count: 20 + input.below(200))
                try log.append(
                    [NewLogEntry(kind: 1, wallTime: Int64(number), payload: [payload[...]])],
                    expecting: UInt64(number))
                written.append(payload)
                if input.below(3) == 0 { try log.commit() }
            }
            try log.commit()
            if input.below(2) == 0 { try log.close() }
        } catch {
            return expect(false, "a log on a good disk: \(error)")
        }
        var spoilt = disk
        let names = ((try? disk.list("log")) ?? []).filter { $0.hasSuffix(".log") }
        guard !names.isEmpty else { return expect(false, "there is no file") }
        for _ in 0..<1 + input.below(3) {
            let path = "log/\(names[input.below(names.count)])"
            let size = disk.contents(path)?.count ?? 0
            guard size > 0 else { continue }
            spoilt = spoilt.flipping(bit: input.below(8), ofByte: input.number() % size, in: path)
        }
        guard let first = read(spoilt, settings) else { return }
        for (index, payload) in first.enumerated() {
            expect(index < written.count, "a record was read that was not written")
            expect(payload == written[index], "record \(index + 1) is not what was written")
        }
        expect(read(spoilt, settings) == first, "opening it again gives another log")
    }

    /// The payloads, or `nil` when the log says that it is damaged.
    private static func read(_ disk: FaultyDisk, _ settings: SegmentedLogSettings) -> [[UInt8]]? {
        do throws(LogError) {
            let log = try SegmentedLog(folder: "log", settings: settings, files: disk)
            var payloads: [[UInt8]] = []
            while UInt64(payloads.count) < log.durablePosition {
                let entries = try log.read(
                    from: UInt64(payloads.count) + 1, maximumBytes: 1 << 20, maximumCount: 100)
                guard !entries.isEmpty else { break }
                payloads += entries.map { Array($0.payload) }
            }
            return payloads
        } catch {
            return nil
        }
    }
}
