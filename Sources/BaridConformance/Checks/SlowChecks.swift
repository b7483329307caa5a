internal import Barid
internal import BaridSchema
internal import Foundation
internal import GRPCCore

extension Check {
    /// What it does while a handler takes its time; only with a sample that makes one do so.
    static let slowChecks: [Check] = [
        Check(
            name: "lease-extended", title: "The lease is extended while its handler works",
            clause: "4-plugin §2.4", fix: "Extend each lease when a third of it is over.",
            skip: { needsSlowSample($0) },
            run: { subject in
                let stream = try await slowDelivery(subject, lease: .milliseconds(1_200))
                try await subject.wait(for: "an extension of a lease of 1.2 s", within: .seconds(1))
                {
                    stream.extensions(of: 1).first
                }
            }),
        Check(
            name: "handler-cancelled",
            title: "What runs for a lost stream is cancelled, and then it subscribes again",
            clause: "4-plugin §2.5",
            fix: "Cancel the handlers of a lost stream; they are waited for before the next one.",
            skip: { needsSlowSample($0) },
            run: { subject in
                let first = try await slowDelivery(subject, lease: nil)
                first.finish(Status(code: .unavailable, message: "for the check"))
                try await subject.wait(
                    for: "a subscription once the handler was cancelled", within: .seconds(2)
                ) {
                    subject.broker.streams.contains { $0 !== first && $0.subscription != nil }
                        ? () : nil
                }
            }),
    ]

    private static func needsSlowSample(_ subject: Subject) -> String? {
        needsSample(subject)
            ?? (subject.samples.slow == nil
                ? "no sample has the attribute conformance=slow: an event that takes 5 s" : nil)
    }

    /// Hands out the slow event, and gives its handler time to begin.
    private static func slowDelivery(
        _ subject: Subject, lease: Duration?
    ) async throws -> SubscribeStream {
        try await subject.broker.start()
        _ = try subject.start(["serve"])
        let stream = try await subject.wait(for: "a subscription", within: .seconds(20)) {
            subject.broker.streams.last { $0.subscription != nil }
        }
        stream.start(lease: lease)
        guard let event = subject.samples.slow else { return stream }
        stream.deliver(try event.serialized(), sequence: 1)
        try await Task.sleep(for: .milliseconds(500))
        return stream
    }
}
