internal import Barid
internal import Foundation

extension Check {
    /// What the executable answers without a broker.
    static let commandChecks: [Check] = [
        Check(
            name: "describe", title: "describe prints the manifest it was built with",
            clause: "4-plugin §2",
            fix: "Print plugin.yaml as it is for `describe`, and exit 0.",
            run: { subject in
                let process = try subject.start(["describe"])
                let code = try await process.ended(within: .seconds(20))
                try expect(code == 0, "describe ended with code \(code)")
                let told: PluginManifest
                do {
                    told = try PluginManifest(yaml: Array(process.output.utf8))
                } catch {
                    throw CheckFailure("what describe prints is no valid manifest: \(error)")
                }
                try expect(
                    told == subject.manifest, "describe prints another manifest than the folder has"
                )
            }),
        Check(
            name: "describe-json", title: "describe --json prints one JSON object",
            clause: "4-plugin §2",
            fix: "Print the manifest as one JSON object with the keys of plugin.yaml.",
            run: { subject in
                let process = try subject.start(["describe", "--json"])
                let code = try await process.ended(within: .seconds(20))
                try expect(code == 0, "describe --json ended with code \(code)")
                let object = try? JSONSerialization.jsonObject(with: Data(process.output.utf8))
                let name = (object as? [String: Any])?["name"] as? String
                try expect(
                    name == subject.manifest.name,
                    "the object's name is \(name ?? "missing"), not \(subject.manifest.name)")
            }),
        Check(
            name: "usage", title: "A wrong command line ends with 64 and says why",
            clause: "4-plugin §2.8",
            fix: "Refuse unknown options: a line on standard error, exit code 64.",
            run: { subject in
                let process = try subject.start(["serve", "--no-such-option"])
                let code = try await process.ended(within: .seconds(20))
                try expect(code == 64, "it ended with code \(code)")
                try expect(!process.error.isEmpty, "it said nothing on standard error")
            }),
        Check(
            name: "wrong-address",
            title: "An address it must not use is refused, with the address",
            clause: "4-plugin §2.1, 1-transport §2",
            fix: "Check the address before connecting: ipc:// with an absolute path, or loopback.",
            run: { subject in
                let process = try subject.start(["serve"], endpoint: "tcp://192.0.2.1:7450")
                let code = try await process.ended(within: .seconds(20))
                try expect(
                    [64, 65, 77].contains(code), "it ended with code \(code), not 64, 65 or 77")
                try expect(
                    process.error.contains("192.0.2.1"), "the error does not name the address")
            }),
        Check(
            name: "process", title: "process handles events without a broker, with derived ids",
            clause: "4-plugin §2.9, 3-events §3",
            fix: """
                Read CloudEvents JSON a line, write outputs so, their ids derived as \
                3-events says.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let event = subject.samples.event(1)
                let line = String(decoding: try event.json(), as: UTF8.self)
                let process = try subject.start(
                    ["process", "--as", "event"], input: "\(line)\n{\n\(line)\n")
                let code = try await process.ended(within: .seconds(60))
                try expect(code == 65, "a bad line between good ones ends with \(code), not 65")
                try expect(
                    process.error.contains("-:2"), "the error does not say -:2, where it is")
                let outputs = try process.output.split(separator: "\n").map {
                    try EventEnvelope(json: Array($0.utf8))
                }
                try expect(
                    outputs.count.isMultiple(of: 2), "the lines around the bad one differ")
                for (index, output) in outputs.prefix(outputs.count / 2).enumerated() {
                    try checkOutput(output, of: event, index, subject.manifest)
                }
            }),
    ]

    /// Why a check that needs an event cannot be done.
    static func needsSample(_ subject: Subject) -> String? {
        guard subject.manifest.consumes != nil else { return "it consumes nothing" }
        return subject.samples.isEmpty
            ? "there is no sample of an event it takes: give one with --samples" : nil
    }

    /// Why a check that needs a subscription cannot be done.
    static func needsSubscription(_ subject: Subject) -> String? {
        subject.manifest.consumes == nil ? "it consumes nothing" : nil
    }

    /// Protocols/3-events.md §3 and §4, for one output.
    static func checkOutput(
        _ output: EventEnvelope, of event: EventEnvelope, _ index: Int, _ manifest: PluginManifest,
        replay: UInt32 = 0
    ) throws {
        try expect(
            manifest.emits.contains(output.type), "\(output.type) is not among the emits")
        let derived = DerivedEventID(
            parentSource: event.source, parentID: event.id, worker: manifest.name, output: index,
            replay: replay)
        try expect(
            output.id == derived.text,
            "output \(index) has the id \(output.id), not \(derived.text)")
        try expect(
            output.source == "/barid/workers/\(manifest.name)",
            "output \(index) has the source \(output.source)")
        try expect(output.subject == event.subject, "output \(index) has another subject")
        try expect(
            output.partitionKey == event.partitionKey, "output \(index) has another key")
        try expect(
            output.causationID == event.id, "causationid of output \(index) is not the event's id")
        try expect(
            output.hops == event.hops + 1, "hops of output \(index) is not \(event.hops + 1)")
        let trace = event.traceParent?.split(separator: "-").dropFirst().first
        let own = output.traceParent?.split(separator: "-").dropFirst().first
        try expect(trace == own, "output \(index) is not of the event's trace")
    }
}
