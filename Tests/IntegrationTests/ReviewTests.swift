import BaridSchema
import Foundation
import TestSupport
import Testing

/// DESIGN 2: a person decides about what the moderator held, with the real executables.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ReviewTests {
    /// The command that `barid why` prints for a reason.
    private static func command(_ reason: String, _ pipeline: Pipeline) async throws -> [String] {
        try await eventually(reason) {
            let lines = try await pipeline.barid(["why", "held-1"]).output
                .split(separator: "\n").map(String.init)
            guard let index = lines.firstIndex(where: { $0.hasPrefix("\(reason)  ") }),
                let start = lines[index + 1].range(of: " with: barid ")
            else { return nil as [String]? }
            let words = try Finished(
                "/bin/sh", ["-c", "printf '%s\\n' \(lines[index + 1][start.upperBound...])"])
            return words.output.split(separator: "\n").map(String.init)
        }
    }

    private static func hits(_ pipeline: Pipeline, _ more: [String] = []) async throws -> Int {
        let answer = try await pipeline.barid(["search", "السوق", "--json"] + more)
        guard answer.status == 0 else { return -1 }
        return answer.output.components(separatedBy: "held-1").count - 1
    }

    @Test func heldApprovedAndRetracted() async throws {
        let pipeline = try await Pipeline()
        let published = try await pipeline.barid(
            ["publish", "-", "--as", "text", "--id", "held-1"],
            input: """
                خبر من السوق

                صاح شاهد: ديوث، قواد، ويكذب كل يوم في السوق القديم وسط المدينة.

                """)
        #expect(published.status == 0, "\(published)")
        let command = try await Self.command("HELD_FOR_REVIEW", pipeline)
        #expect(command == ["review", "approve", "held-1"])
        try await eventually("it is listed") {
            let list = try await pipeline.barid(["review", "list", "--json"])
            return list.output.contains("\"article_id\":\"held-1\"") ? () : nil
        }
        #expect(try await Self.hits(pipeline) == 0)
        #expect(try await Self.hits(pipeline, ["--all"]) > 0)

        let approved = try await pipeline.barid(command + ["--by", "Layla", "--note", "a quote"])
        #expect(
            approved.status == 0 && approved.output.contains("approved, by Layla"), "\(approved)")
        try await eventually("it is found") { try await Self.hits(pipeline) > 0 ? () : nil }
        let shown = try await pipeline.barid(["article", "held-1"])
        #expect(
            shown.output.contains("pass by Layla") && shown.output.contains("a quote"), "\(shown)")
        #expect(shown.output.contains("the moderator: hold"), "\(shown)")
        let again = try await pipeline.barid(command)
        #expect(again.status == 0 && again.output.contains("already, by Layla"), "\(again)")
        #expect(try await pipeline.barid(["review", "list"]).output.contains("Nothing is held"))
        let why = try await pipeline.barid(["why", "held-1"])
        #expect(!why.output.contains("HELD_FOR_REVIEW"), "\(why)")

        let comment = try await pipeline.barid(["review", "block", "held-1", "--comment", "7"])
        #expect(comment.status == 66 && comment.error.contains("it has none"), "\(comment)")
        let retracted = try await pipeline.barid(["review", "retract", "held-1", "--by", "Omar"])
        #expect(retracted.status == 0 && retracted.output.contains("retracted, by Omar"))
        try await eventually("it is not found") {
            try await Self.hits(pipeline, ["--all"]) == 0 ? () : nil
        }
        #expect(
            try await pipeline.barid(["article", "held-1"]).output.contains("retracted by Omar"))
        #expect(try await pipeline.barid(["review", "approve", "held-1"]).status == 65)
        let codes = try await pipeline.stop()
        #expect(codes.values.allSatisfy { $0 == 0 }, "\(codes)")
    }
}
