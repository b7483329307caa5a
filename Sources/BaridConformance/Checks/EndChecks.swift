internal import Barid
internal import BaridSchema
internal import Foundation

extension Check {
    /// How it ends, and what it leaves behind.
    static let endChecks: [Check] = [
        Check(
            name: "drain",
            title: "On SIGTERM it settles or gives back all it holds, half-closes, exits 0",
            clause: "4-plugin §2.6",
            fix: """
                Stop granting, release what is not begun, wait for `settled`, half-close, \
                goodbye, exit 0.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let (worker, stream) = try await subject.subscribed()
                // From here on it has seen that the subscription stands.
                stream.deliver(subject.samples.bytes(1), sequence: 1)
                try await subject.wait(for: "a settlement", within: .seconds(60)) {
                    stream.end(of: 1)
                }
                stream.confirms(false)
                let count = subject.room
                for number in 2...count + 1 {
                    stream.deliver(subject.samples.bytes(number), sequence: UInt64(number))
                }
                // It holds one of them for certain: nothing here is confirmed.
                try await subject.wait(for: "a settlement of those", within: .seconds(60)) {
                    stream.end(of: 2)
                }
                worker.signal(SIGTERM)
                try await subject.wait(for: "every settlement", within: .seconds(12)) {
                    stream.ends.count > count ? () : nil
                }
                try await Task.sleep(for: .milliseconds(300))
                try expect(
                    !stream.isHalfClosed, "it half-closed before its settlements were confirmed")
                try expect(
                    worker.isRunning, "it ended before its settlements were confirmed")
                stream.confirms(true)
                try await subject.wait(for: "the half-close", within: .seconds(5)) {
                    stream.isHalfClosed ? () : nil
                }
                let code = try await worker.ended(within: .seconds(12))
                try expect(code == 0, "it ended with code \(code)")
                try expect(
                    stream.problems.isEmpty, stream.problems.joined(separator: "; "))
            }),
        Check(
            name: "drain-releases",
            title: "What comes while it drains is given back without an attempt counted",
            clause: "4-plugin §2.6, 2-bus §6.5",
            fix: "Release deliveries that arrive after SIGTERM.",
            skip: { needsSample($0) },
            run: { subject in
                let (worker, stream) = try await subject.subscribed()
                stream.confirms(false)
                stream.deliver(subject.samples.bytes(1), sequence: 1)
                try await subject.wait(for: "a settlement", within: .seconds(60)) {
                    stream.end(of: 1)
                }
                worker.signal(SIGTERM)
                try await Task.sleep(for: .milliseconds(700))
                stream.deliver(subject.samples.bytes(2), sequence: 2)
                let end = try await subject.wait(for: "a settlement of the late delivery") {
                    stream.end(of: 2)
                }
                guard case .release = end.outcome else {
                    throw CheckFailure("the late delivery was settled by \(end.word)")
                }
                stream.confirms(true)
                let code = try await worker.ended(within: .seconds(12))
                try expect(code == 0, "it ended with code \(code)")
            }),
        Check(
            name: "stop-idle",
            title: "An idle worker stops within 3 s, and leaves no process behind",
            clause: "4-plugin §2.6 and §3.2",
            fix: "Exit as soon as nothing is held; replace a starting shell with exec.",
            run: { subject in
                try await subject.broker.start()
                let worker = try subject.start(["serve"])
                _ = try await subject.wait(for: "a session", within: .seconds(20)) {
                    subject.broker.sessions.first
                }
                try await Task.sleep(for: .milliseconds(300))
                subject.broker.streams.last?.start()
                worker.signal(SIGTERM)
                let code = try await worker.ended(within: .seconds(3))
                try expect(code == 0, "it ended with code \(code)")
                try await wait(for: "the end of the processes it started", within: .seconds(2)) {
                    subject.leftovers().isEmpty ? () : nil
                }
            }),
        Check(
            name: "stop-without-broker", title: "It stops without a broker too",
            clause: "4-plugin §2.6",
            fix: "Take SIGTERM from the first moment on; there is nothing to give back.",
            run: { subject in
                let worker = try subject.start(["serve"])
                try await Task.sleep(for: .seconds(1))
                worker.signal(SIGTERM)
                let code = try await worker.ended(within: .seconds(5))
                try expect(code == 0, "it ended with code \(code)")
            }),
        Check(
            name: "parent-death",
            title: "Nothing of it is left soon after its supervisor died",
            clause: "4-plugin §3.2",
            fix: """
                Leave what you start in your process group and with your environment, and do not \
                block SIGTERM: the whole group is ended.
                """,
            skip: { $0.hasParent ? nil : "there is no supervisor to start it" },
            run: { subject in
                try await subject.broker.start()
                let parent = try subject.startUnderParent(["serve"])
                _ = try await subject.wait(for: "a session", within: .seconds(20)) {
                    subject.broker.sessions.first
                }
                subject.broker.streams.last?.start()
                parent.signal(SIGKILL)
                try await wait(for: "the end of all its processes", within: .seconds(4)) {
                    subject.leftovers().isEmpty ? () : nil
                }
            }),
        Check(
            name: "quiet-output", title: "What it serves leaves standard output alone",
            clause: "4-plugin §2.7",
            fix: "Write log lines to standard error; send what libraries print there too.",
            skip: { needsSample($0) },
            run: { subject in
                let (worker, stream) = try await subject.subscribed()
                stream.deliver(subject.samples.bytes(1), sequence: 1)
                try await subject.wait(for: "a settlement", within: .seconds(60)) {
                    stream.end(of: 1)
                }
                worker.signal(SIGTERM)
                _ = try await worker.ended(within: .seconds(12))
                let noise = worker.output
                try expect(
                    noise.isEmpty,
                    "it wrote \(noise.utf8.count) bytes to standard output: \(noise.prefix(80))")
            }),
        Check(
            name: "logs",
            title: "Log lines are JSON on standard error, name the event, and hold no body",
            clause: "4-plugin §2.7",
            fix: """
                One JSON object a line with time, level, message; event, subject and trace \
                with an event.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let (worker, stream) = try await subject.subscribed()
                // What fails is logged by every worker.
                var event = subject.samples.event(1)
                let secret = "body-\(UInt64.random(in: 0...UInt64.max))"
                event.message.dataContentType = "text/x-secret"
                event.message.textData = secret
                stream.deliver(try event.serialized(), sequence: 1)
                try await subject.wait(for: "a settlement", within: .seconds(60)) {
                    stream.end(of: 1)
                }
                worker.signal(SIGTERM)
                _ = try await worker.ended(within: .seconds(12))
                try expect(!worker.error.contains(secret), "a log line holds the event's body")
                var named = false
                for line in worker.error.split(separator: "\n") {
                    let object =
                        (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
                    guard let object else {
                        throw CheckFailure("this line is no JSON object: \(line.prefix(200))")
                    }
                    for key in ["time", "level", "message"] {
                        try expect(
                            object[key] is String, "a line has no \(key): \(line.prefix(200))")
                    }
                    if object["event"] as? String == event.id, object["subject"] != nil {
                        named = true
                    }
                }
                try expect(
                    named, "no line about the failed event carries its `event` and `subject`")
            }),
    ]
}
