internal import Barid
internal import BaridSchema
internal import Foundation

extension Check {
    /// How it takes, handles and settles events.
    static let deliveryChecks: [Check] = [
        Check(
            name: "subscription", title: "It subscribes to what the manifest says",
            clause: "2-bus §5, 4-plugin §1",
            fix: "The first request carries topic, group, types, start, lease and worker.",
            skip: { needsSubscription($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                guard let told = stream.subscription, let consumes = subject.manifest.consumes
                else {
                    return
                }
                let topic = told.topic.isEmpty ? PluginManifest.defaultTopic : told.topic
                try expect(topic == consumes.topic, "the topic is \(told.topic)")
                try expect(told.group == consumes.group, "the group is \(told.group)")
                try expect(
                    Set(told.types) == Set(consumes.types), "the types are \(told.types)")
                try expect(
                    told.start == .init(consumes.start),
                    "it starts \(told.start.at), the manifest says \(consumes.start)")
                let lease = Duration.milliseconds(told.leaseMs)
                try expect(
                    lease == subject.manifest.limits.lease, "the lease is \(lease)")
                try expect(!told.worker.isEmpty, "the worker has no name")
            }),
        Check(
            name: "credit",
            title: "It grants concurrency times prefetch, and never more than came back",
            clause: "4-plugin §2.4, 2-bus §5.2",
            fix: """
                Grant concurrency x prefetch at first, then one for each delivery that was \
                settled.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                _ = try await subject.wait(for: "a first grant of credit") { stream.firstGrant }
                try await Task.sleep(for: .milliseconds(300))
                try expect(
                    stream.granted == subject.room,
                    "it granted \(stream.granted) messages, not \(subject.room)")
                for number in 1...subject.room {
                    stream.deliver(subject.samples.bytes(number), sequence: UInt64(number))
                }
                try await subject.wait(for: "every settlement", within: .seconds(60)) {
                    try expect(
                        stream.granted - subject.room <= stream.ends.count + subject.room,
                        "it granted more than it settled")
                    return stream.ends.count >= subject.room ? () : nil
                }
                try await subject.wait(for: "credit for what was settled") {
                    stream.granted >= 2 * subject.room ? () : nil
                }
                try expect(
                    stream.granted == 2 * subject.room,
                    "it granted \(stream.granted - subject.room) for \(subject.room) settled")
            }),
        Check(
            name: "acks-once", title: "Each delivery is settled once, under its token",
            clause: "2-bus §5.4 and §6.2",
            fix: "One settlement for each delivery; number settling requests from 1 without gaps.",
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                let count = min(subject.room, 20)
                for number in 1...count {
                    stream.deliver(subject.samples.bytes(number), sequence: UInt64(number))
                }
                try await subject.wait(for: "every settlement", within: .seconds(60)) {
                    stream.ends.count >= count ? () : nil
                }
                try await Task.sleep(for: .milliseconds(300))
                for number in 1...count {
                    let ends = stream.ends.filter { $0.sequence == UInt64(number) }
                    try expect(
                        ends.count == 1, "sequence \(number) was settled \(ends.count) times")
                    guard case .ack = ends.first?.outcome else {
                        throw CheckFailure(
                            "a sample was not acknowledged: \(ends.first?.word ?? "")"
                        )
                    }
                }
                try expect(
                    stream.problems.isEmpty, stream.problems.joined(separator: "; "))
            }),
        Check(
            name: "turns", title: "It sends back the turn of what it was given",
            clause: "2-bus §6.2",
            fix: """
                Say `turns` in the subscription, and settle and extend each delivery under its \
                attempt and its turn; acks of different turns are different ranges.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                try expect(
                    stream.subscription?.turns == true, "the subscription does not say `turns`")
                let count = min(subject.room, 12)
                let given = (1...count).map { UInt64($0) }
                for sequence in given {
                    // The broker's are of 64 bits, and not all of a request are the same.
                    stream.deliver(
                        subject.samples.bytes(Int(sequence)), sequence: sequence,
                        turn: sequence % 3 == 0 ? 0 : UInt64(1) << 40 + sequence % 3)
                }
                try await subject.wait(for: "every settlement", within: .seconds(60)) {
                    stream.ends.count + stream.problems.count >= count ? () : nil
                }
                try expect(stream.problems.isEmpty, stream.problems.joined(separator: "; "))
            }),
        Check(
            name: "outputs", title: "Outputs are declared, and inherit what they must",
            clause: "3-events §3 and §4",
            fix: "Derive ids and attributes as 3-events says; emit only what plugin.yaml declares.",
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                let outputs = try await outputs(of: 1, sequence: 7, on: stream, subject)
                for (index, output) in outputs.enumerated() {
                    let output = try EventEnvelope(serialized: Array(output))
                    try output.validate()
                    try checkOutput(output, of: subject.samples.event(1), index, subject.manifest)
                    try expect(
                        output.originSequence == 7, "originsequence of output \(index) is not 7")
                    try expect(output.time == nil, "output \(index) has a time")
                }
            }),
        Check(
            name: "duplicate", title: "The same event again gives the same outputs, to the byte",
            clause: "3-events §3 and §4",
            fix: """
                Make ids and bodies follow from the event alone: no clock, no chance, no \
                order of a map.
                """,
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                let first = try await outputs(of: 1, sequence: 7, on: stream, subject)
                let second = try await outputs(of: 1, sequence: 7, attempt: 2, on: stream, subject)
                try expect(
                    first.count == second.count, "\(first.count) outputs, then \(second.count)")
                for (one, other) in zip(first, second) {
                    let one = try EventEnvelope(serialized: Array(one))
                    let other = try EventEnvelope(serialized: Array(other))
                    try expect(one.id == other.id, "the ids are \(one.id) and \(other.id)")
                    try expect(
                        try one.serialized() == other.serialized(), "the same id, but other bytes")
                }
            }),
        Check(
            name: "replay", title: "A replay's outputs have ids of their own",
            clause: "3-events §3", fix: "Take the delivery's replay number into the derived id.",
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                let outputs = try await outputs(of: 1, sequence: 7, replay: 3, on: stream, subject)
                for (index, output) in outputs.enumerated() {
                    try checkOutput(
                        try EventEnvelope(serialized: Array(output)), of: subject.samples.event(1),
                        index, subject.manifest, replay: 3)
                }
            }),
        Check(
            name: "full-broker",
            title: "An ack the broker has no room for is sent again, its lease kept",
            clause: "2-bus §6.3, 4-plugin §2.4",
            fix: """
                On a retryable error to an ack send it again after retry_after_ms, and \
                extend meanwhile.
                """,
            skip: { subject in
                needsSample(subject) ?? (subject.manifest.emits.isEmpty ? "it emits nothing" : nil)
            },
            run: { subject in
                try await subject.broker.start()
                _ = try subject.start(["serve"])
                let stream = try await subject.wait(for: "a subscription", within: .seconds(20)) {
                    subject.broker.streams.last { $0.subscription != nil }
                }
                stream.start(lease: .milliseconds(1_500))
                stream.refuseAck(
                    of: 1,
                    .with {
                        $0.code = 8
                        $0.reason = "STORAGE_FULL"
                        $0.message = "full, for the check"
                        $0.retryAfterMs = 2_500
                    })
                stream.deliver(subject.samples.bytes(1), sequence: 1)
                let acks = try await subject.wait(for: "the ack again") {
                    let acks = stream.ends.filter { $0.sequence == 1 }
                    return acks.count >= 2 ? acks : nil
                }
                guard let first = acks.first, let second = acks.last else { return }
                try expect(
                    first.at.duration(to: second.at) > .seconds(2),
                    "it came back before retry_after_ms was over")
                try expect(
                    !stream.extensions(of: 1).isEmpty,
                    "the lease of 1.5 s was not extended in the 2.5 s between")
            }),
    ]

    /// Delivers a sample and takes the outputs of its ack.
    static func outputs(
        of number: Int, sequence: UInt64, attempt: UInt32 = 1, replay: UInt32 = 0,
        on stream: SubscribeStream, _ subject: Subject
    ) async throws -> [Data] {
        let before = stream.ends.count
        stream.deliver(
            subject.samples.bytes(number), sequence: sequence, attempt: attempt, replay: replay)
        let end = try await subject.wait(for: "a settlement", within: .seconds(60)) {
            stream.ends.count > before ? stream.ends.last : nil
        }
        guard case .ack(let ack) = end.outcome else {
            throw CheckFailure("a sample was not acknowledged: \(end.word)")
        }
        return ack.outputs
    }
}
