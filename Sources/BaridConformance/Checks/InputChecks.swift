internal import Barid
internal import BaridSchema
internal import Foundation

extension Check {
    /// What it makes of unusual and hostile events: whatever it is, it settles them and lives on.
    static let inputChecks: [Check] = [
        Check(
            name: "unknown-fields",
            title: "An event with fields and attributes it does not know is handled",
            clause: "3-events §8",
            fix: "Skip unknown fields of the envelope, and leave extensions alone.",
            skip: { needsSample($0) },
            run: { subject in
                let (_, stream) = try await subject.subscribed()
                var event = subject.samples.event(1)
                event.message.extensions["laterattribute"] = .with { $0.string = "later" }
                // Field 1000, a text, as a later version might have it.
                let later: [UInt8] = [0xc2, 0x3e, 0x05] + Array("later".utf8)
                stream.deliver(try event.serialized() + later, sequence: 1)
                let end = try await settlement(of: 1, on: stream, subject)
                guard case .ack = end.outcome else {
                    throw CheckFailure("it was not acknowledged: \(end.word)")
                }
            }),
        survives(
            "garbage", "Bytes that are no event are rejected", clause: "2-bus §6, 4-plugin §2",
            fix: "Reject what cannot be decoded (INVALID_ARGUMENT); the next event is handled.",
            wants: "reject"
        ) { _ in [0xff, 0xff, 0xff, 0xff, 0x01] },
        survives(
            "unknown-type", "An event of a type it has no handler for is rejected",
            clause: "3-events §8", fix: "Reject types without a handler (UNIMPLEMENTED).",
            wants: "reject"
        ) { subject in
            var event = subject.samples.event(1)
            event.message.type = "org.example.nobody.v1"
            return try event.serialized()
        },
        survives(
            "no-body", "An event without a body is settled", clause: "3-events §1",
            fix: "A body that is missing is bad input: reject it."
        ) { subject in
            var event = subject.samples.event(1)
            event.message.data = nil
            return try event.serialized()
        },
        survives(
            "wrong-body", "An event whose body is something else is settled", clause: "3-events §1",
            fix: "A body that cannot be decoded is bad input: reject it."
        ) { subject in
            var event = subject.samples.event(1)
            event.message.dataContentType = "application/protobuf"
            event.message.binaryData = Data([0xff, 0x07, 0x80, 0x80])
            return try event.serialized()
        },
        survives(
            "bidi-text",
            "Direction marks and letters beyond the first plane in attributes do no harm",
            clause: "3-events §1", fix: "Treat texts as Unicode; escape control characters in logs."
        ) { subject in
            var event = subject.samples.event(1)
            event.message.subject = "\u{202e}مقال\u{2066}\u{1f4f0}\u{200f}"
            event.message.partitionKey = ""
            return try event.serialized()
        },
        survives(
            "one-mebibyte", "An event of 1 MiB is taken",
            clause: "1-transport §7 (Sizes), 2-bus §9",
            fix: "Put pieces of a message together, and give their credit back meanwhile."
        ) { subject in try padded(subject, to: 1 << 20) },
        survives(
            "sixteen-mebibytes", "An event of 16 MiB is taken", clause: "1-transport §7 (Sizes)",
            fix: "Say a message limit of 16 MiB + 64 KiB in the hello, and keep to it."
        ) { subject in try padded(subject, to: 16 << 20) },
    ]

    /// A check that an event is settled, and an ordinary one after it is acknowledged.
    private static func survives(
        _ name: String, _ title: String, clause: String, fix: String, wants: String = "",
        event: @escaping @Sendable (Subject) throws -> [UInt8]
    ) -> Check {
        Check(
            name: name, title: title, clause: clause, fix: fix, skip: { needsSample($0) },
            run: { subject in
                let (worker, stream) = try await subject.subscribed()
                stream.deliver(try event(subject), sequence: 1)
                let end = try await settlement(of: 1, on: stream, subject)
                let told = end.word
                try expect(
                    told.hasPrefix(wants), "it was settled by \(told)")
                try expect(worker.isRunning, "the worker ended")
                stream.deliver(subject.samples.bytes(2), sequence: 2)
                guard case .ack = try await settlement(of: 2, on: stream, subject).outcome else {
                    throw CheckFailure("the ordinary event after it was not acknowledged")
                }
            })
    }

    private static func settlement(
        of sequence: UInt64, on stream: SubscribeStream, _ subject: Subject
    ) async throws -> SubscribeStream.Settled {
        try await subject.wait(for: "a settlement of sequence \(sequence)", within: .seconds(60)) {
            stream.end(of: sequence)
        }
    }

    /// A sample grown by an extension until it has a size.
    private static func padded(_ subject: Subject, to size: Int) throws -> [UInt8] {
        var event = subject.samples.event(1)
        let now = try event.serialized().count
        event.message.extensions["padding"] = .with {
            $0.bytes = Data(repeating: 0x5a, count: max(0, size - now - 64))
        }
        return try event.serialized()
    }
}
