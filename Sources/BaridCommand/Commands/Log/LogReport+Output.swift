import ArgumentParser
import BaridLog
import Foundation

extension LogReport {
    /// Looks at a whole log, with a progress bar.
    static func looked(at folder: DataFolder) throws -> LogReport {
        try looked(at: folder.logPath)
    }

    /// Looks at a whole log, with a progress bar.
    static func looked(at path: String) throws -> LogReport {
        var bar: ProgressBar?
        var shown = 0
        defer { bar?.clear() }
        do {
            return try LogVerifier(folder: path).verify { done, total in
                let mebibytes = done >> 20
                if bar == nil { bar = ProgressBar("verifying, MiB", total: total >> 20) }
                bar?.advance(by: mebibytes - shown)
                shown = mebibytes
            }
        } catch {
            throw CommandError(log: error)
        }
    }

    /// Says what was found.
    func say(json: Bool, on console: Console) {
        if json {
            console.line(self.json)
            return
        }
        for line in lines(on: console) { console.line(line) }
    }

    private func lines(on console: Console) -> [String] {
        var lines = [
            "records   \(Formats.number(records)), \(Formats.number(firstPosition)) to "
                + "\(Formats.number(lastPosition)); events \(Formats.number(events))",
            "segments  \(segments.count), "
                + Formats.bytes(UInt64(segments.reduce(0) { $0 + $1.bytes })),
        ]
        if let wallTimes {
            lines.append(
                "time      \(Formats.instant(nanoseconds: UInt64(max(0, wallTimes.lowerBound)))) to "
                    + Formats.instant(nanoseconds: UInt64(max(0, wallTimes.upperBound))))
        }
        lines.append(
            "snapshots \(snapshots.isEmpty ? "none" : snapshots.map { "\($0)" }.joined(separator: ", "))"
        )
        if erased > 0 { lines.append("erased    \(Formats.number(erased)) records are blanked") }
        if lostBefore > 0 {
            lines.append("given up  \(Formats.count(lostBefore, "record")), by an earlier repair")
        }
        if tornRecords > 0 {
            lines.append(
                "cut short \(Formats.number(tornRecords)) records of the last commit, by a crash; "
                    + "nobody was told that they were durable")
        }
        for file in mendedHeaders {
            lines.append("mended    \(file): its header is read from the copy")
        }
        for damage in damages {
            let count = damage.positions.upperBound - damage.positions.lowerBound + 1
            lines.append(
                console.styled("damage", .red) + "    \(damage.file) at byte \(damage.offset): "
                    + "\(damage.reason); records \(damage.positions.lowerBound) to "
                    + "\(damage.positions.upperBound) (\(Formats.number(count)))")
        }
        for damage in damagedCommits {
            lines.append(
                console.styled("damage", .red) + "    \(damage.file) at byte \(damage.offset): "
                    + "\(damage.reason); its records can be read, and a repair loses none")
        }
        for file in damagedSnapshots {
            lines.append(console.styled("damage", .red) + "    \(file): the snapshot is not whole")
        }
        for lost in lostEvents {
            let count = lost.sequences.upperBound - lost.sequences.lowerBound + 1
            lines.append(
                console.styled("lost", .red)
                    + "      topic \(lost.name.map(console.words) ?? "number \(lost.topic)"): events "
                    + "\(lost.sequences.lowerBound) to \(lost.sequences.upperBound) "
                    + "(\(Formats.number(count)))")
        }
        lines.append(isWhole ? "Everything that was durable can be read." : "")
        return lines.filter { !$0.isEmpty }
    }

    private var json: String {
        var text = JSONText()
        text.add("whole", isWhole)
        text.add("records", records)
        text.add("events", events)
        text.add("first_position", firstPosition)
        text.add("last_position", lastPosition)
        text.add("erased", erased)
        text.add("given_up", lostBefore)
        text.add("cut_short", tornRecords)
        text.add("snapshots", json: "[\(snapshots.map(String.init).joined(separator: ","))]")
        func list<Item>(_ items: [Item], _ body: (Item, inout JSONText) -> Void) -> String {
            let objects = items.map { item in
                var object = JSONText()
                body(item, &object)
                return object.text
            }
            return "[\(objects.joined(separator: ","))]"
        }
        text.add(
            "segments",
            json: list(segments) { segment, object in
                object.add("file", segment.file)
                object.add("first_position", segment.firstPosition)
                object.add("records", segment.records)
                object.add("bytes", segment.bytes)
            })
        text.add(
            "damages",
            json: list(damages + damagedCommits) { damage, object in
                object.add("file", damage.file)
                object.add("offset", damage.offset)
                object.add("first_position", damage.positions.lowerBound)
                object.add("last_position", damage.positions.upperBound)
                object.add("reason", damage.reason)
            })
        text.add(
            "damaged_snapshots",
            json: "[\(damagedSnapshots.map(JSONText.string).joined(separator: ","))]")
        text.add(
            "lost_events",
            json: list(lostEvents) { lost, object in
                object.add("topic", lost.name ?? "")
                object.add("topic_number", lost.topic)
                object.add("first_sequence", lost.sequences.lowerBound)
                object.add("last_sequence", lost.sequences.upperBound)
            })
        return text.text
    }
}
