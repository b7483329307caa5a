internal import Barid
internal import BaridTransport
internal import Foundation
internal import GRPCCore

extension Check {
    /// How it answers calls.
    static let callChecks: [Check] = [
        Check(
            name: "unknown-method", title: "A call of a method it does not have is UNIMPLEMENTED",
            clause: "1-transport §10",
            fix: "Answer opens of unknown methods with status UNIMPLEMENTED.",
            skip: { needsService($0) },
            run: { subject in
                _ = try await serving(subject)
                let service = subject.manifest.serves.first ?? ""
                let error = await subject.call("\(service)/NoSuchMethod")
                try expect(
                    error?.code == .unimplemented,
                    "the call ended \(error.map { "\($0.code): \($0.message)" } ?? "OK")")
            }),
        Check(
            name: "call-cancelled", title: "A call that is cancelled is over for the worker",
            clause: "1-transport §7",
            fix: "On cancel end the method, and forget the call: nobody waits for it.",
            skip: { needsService($0) },
            run: { subject in
                let worker = try await serving(subject)
                let method = try await subject.servedMethod()
                try await subject.hold(method, timeout: .seconds(30)) {
                    try await subject.waitForCalls(1)
                }
                try await subject.waitForCalls(0)
                try await stopsAtOnce(worker, "a call that was cancelled")
            }),
        Check(
            name: "call-deadline", title: "A call whose time is over is over for the worker",
            clause: "1-transport §7",
            fix: "End the method when the time of its open is over, and forget the call.",
            skip: { needsService($0) },
            run: { subject in
                let worker = try await serving(subject)
                let method = try await subject.servedMethod()
                // Its time runs on the way to the worker too, and should last until it is there.
                try await subject.hold(method, timeout: .seconds(3)) {
                    try await subject.waitForCalls(1)
                    try await subject.waitForCalls(0)
                }
                try await stopsAtOnce(worker, "a call whose deadline was over")
            }),
        Check(
            name: "drain-calls",
            title: "On SIGTERM it says that it drains, and finishes the calls under way",
            clause: "1-transport §8, 4-plugin §2.6",
            fix: """
                Send goaway draining at once, so that health and routing know; end only when no call \
                is under way.
                """,
            skip: { needsService($0) },
            run: { subject in
                let worker = try await serving(subject)
                let method = try await subject.servedMethod()
                let sends = AsyncStream.makeStream(of: Void.self)
                async let held = subject.call(method) {
                    for await _ in sends.stream { return }
                }
                defer { sends.continuation.finish() }
                try await subject.waitForCalls(1)
                worker.signal(SIGTERM)
                try await subject.wait(for: "goaway draining", within: .seconds(5)) {
                    subject.broker.hasDrainingPeer ? () : nil
                }
                let late = await subject.call(method)
                try expect(
                    late?.code == .unavailable,
                    "a new call ended \(late.map { "\($0.code)" } ?? "OK") while it drained")
                try expect(worker.isRunning, "it ended with a call under way")
                sends.continuation.finish()
                let end = await held
                try expect(
                    ![.unavailable, .cancelled, .deadlineExceeded].contains(end?.code),
                    "the call under way ended \(end.map { "\($0.code): \($0.message)" } ?? "OK")")
                let code = try await worker.ended(within: .seconds(12))
                try expect(code == 0, "it ended with code \(code)")
            }),
    ]

    private static func needsService(_ subject: Subject) -> String? {
        subject.manifest.serves.isEmpty ? "it serves nothing" : nil
    }

    /// Starts a worker and waits until it can be called and, if it consumes, has subscribed.
    private static func serving(_ subject: Subject) async throws -> WorkerProcess {
        guard subject.manifest.consumes == nil else { return try await subject.subscribed().0 }
        try await subject.broker.start()
        let worker = try subject.start(["serve"])
        _ = try await subject.wait(for: "a session", within: .seconds(20)) {
            subject.broker.sessions.first
        }
        return worker
    }

    /// What still runs for a call would keep the worker from its end for some seconds.
    private static func stopsAtOnce(_ worker: WorkerProcess, _ what: String) async throws {
        worker.signal(SIGTERM)
        do {
            let code = try await worker.ended(within: .seconds(4))
            try expect(code == 0, "it ended with code \(code)")
        } catch let failure as CheckFailure where worker.isRunning {
            throw CheckFailure("\(what) keeps the worker from stopping: \(failure.message)")
        }
    }
}
