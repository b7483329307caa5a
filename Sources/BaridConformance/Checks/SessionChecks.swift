internal import Barid
internal import BaridTransport
internal import Foundation
internal import GRPCCore

extension Check {
    /// How it meets a broker.
    static let sessionChecks: [Check] = [
        Check(
            name: "no-broker", title: "It waits for a broker that is not there, and finds it",
            clause: "4-plugin §2.1",
            fix: "Keep connecting; a socket that is missing now may be there in a moment.",
            run: { subject in
                let worker = try subject.start(["serve"])
                // As long as a runtime may take to start, before the worker even looks for a broker.
                let patience = ContinuousClock.now + .seconds(3)
                while worker.isRunning, .now < patience {
                    try await Task.sleep(for: .milliseconds(20))
                }
                try expect(
                    worker.isRunning, "it ended with code \(worker.exitCode ?? -1) without a broker"
                )
                try await subject.broker.start()
                _ = try await subject.wait(for: "a session", within: .seconds(20)) {
                    subject.broker.sessions.first
                }
            }),
        Check(
            name: "registration", title: "Its hello says what the manifest says",
            clause: "1-transport §6",
            fix: """
                Send barid-name, barid-group, barid-concurrency, and barid-service for each \
                service.
                """,
            run: { subject in
                try await subject.broker.start()
                _ = try subject.start(["serve"])
                let session = try await subject.wait(for: "a session", within: .seconds(20)) {
                    subject.broker.sessions.first
                }
                let told = session.registration
                let manifest = subject.manifest
                try expect(told.name == manifest.name, "barid-name is \(told.name)")
                try expect(
                    Set(told.services) == Set(manifest.serves),
                    "it registers the services \(told.services), the manifest \(manifest.serves)")
                guard let consumes = manifest.consumes else { return }
                try expect(
                    told.concurrency == consumes.concurrency,
                    "barid-concurrency is \(told.concurrency), not \(consumes.concurrency)")
                try expect(told.group == consumes.group, "barid-group is \(told.group)")
            }),
        refused(
            "broker-too-new", "A broker that is too new ends it, with both ranges",
            text: """
                the peer speaks transport version 1, this broker speaks 7 to 9: upgrade the peer
                """, says: ["7 to 9", "upgrade the peer"]),
        refused(
            "broker-too-old", "A broker that is too old ends it, with both ranges",
            text: """
                the peer speaks transport version 1, this broker speaks 0: upgrade the broker
                """, says: ["speaks 0", "upgrade the broker"]),
        Check(
            name: "silence", title: "It keeps its session through silence by answering pings",
            clause: "1-transport §7",
            fix: "Answer each ping at once from the thread that owns the socket.",
            run: { subject in
                try await subject.broker.start()
                _ = try subject.start(["serve"])
                let first = try await subject.wait(for: "a session", within: .seconds(20)) {
                    subject.broker.sessions.first
                }
                try await Task.sleep(for: .seconds(7))
                try expect(
                    subject.broker.sessions.map(\.id) == [first.id],
                    "the session was lost after at most 7 s without traffic")
            }),
    ]

    /// A check that a broker without a version in common ends the worker, which says why.
    private static func refused(
        _ name: String, _ title: String, text: String, says: [String]
    ) -> Check {
        Check(
            name: name, title: title, clause: "1-transport §7, 4-plugin §2.1",
            fix: "On goaway unsupported-version print its text and exit with an error, at once.",
            run: { subject in
                let refuser = try VersionRefuser(endpoint: subject.broker.endpoint, text: text)
                defer { refuser.stop() }
                let worker = try subject.start(["serve"])
                let code = try await worker.ended(within: .seconds(10))
                try expect(code != 0, "it ended with code 0")
                for part in says {
                    try expect(
                        worker.error.contains(part), "its error does not say \"\(part)\"")
                }
                let range = refuser.range
                try expect(
                    range.map { $0.first <= 1 && $0.last >= 1 } ?? false,
                    "its hello has not version 1 in its range")
            })
    }
}
