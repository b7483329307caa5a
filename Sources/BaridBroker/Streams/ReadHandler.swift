internal import BaridEngine
internal import BaridSchema
internal import BaridTransport
internal import GRPCCore
internal import SwiftProtobuf

/// Serves `barid.bus.v1.EventBus/Read` from the socket thread into the core.
struct ReadHandler: RawHandler {
    let mailbox: Mailbox
    let numbers: StreamNumbers
    let audit: AuditTrail

    func opened(_ stream: RawStream) -> any RawReceiver {
        let id = numbers.next()
        mailbox.post(.opened(id, stream, .read))
        return ReadReceiver(
            id: id, stream: stream, mailbox: mailbox, session: stream.session, audit: audit)
    }
}

/// Takes the one request of a reader.
final class ReadReceiver: RawReceiver {
    private let id: StreamID
    private let stream: any BusStream
    private let mailbox: Mailbox
    private let session: SessionDescription
    private let audit: AuditTrail
    private var asked = false

    init(
        id: StreamID, stream: any BusStream, mailbox: Mailbox, session: SessionDescription,
        audit: AuditTrail
    ) {
        self.id = id
        self.stream = stream
        self.mailbox = mailbox
        self.session = session
        self.audit = audit
    }

    func received(_ message: [UInt8]) {
        guard !asked else { return }
        asked = true
        do {
            let request = try Barid_Bus_V1_ReadRequest(serializedBytes: message)
            let plan = try ReadPlan(request)
            try session.checkSubscribe(
                patterns: request.types, topic: plan.topic, group: nil, audit)
            mailbox.post(.read(id, plan))
        } catch let fault as BusFault {
            stream.finish(fault.status, metadata: fault.trailers)
            mailbox.post(.closed(id, .left))
        } catch {
            stream.refuse(.malformed)
            mailbox.post(.closed(id, .left))
        }
    }

    func halfClosed() {
        guard !asked else { return }
        stream.refuse(.malformed)
        mailbox.post(.closed(id, .left))
    }

    func closed(_ reason: RawCloseReason) {
        mailbox.post(.closed(id, .left))
    }
}

extension ReadPlan {
    /// What a `barid.bus.v1.ReadRequest` asks for.
    ///
    /// - Throws: `BusFault` when a pattern is malformed or there are too many.
    init(_ request: Barid_Bus_V1_ReadRequest) throws(BusFault) {
        let start: Start
        switch request.start.at {
        case .unspecified, .first, .UNRECOGNIZED: start = .first
        case .new: start = .new
        case .sequence: start = .sequence(request.start.sequence)
        case .last: start = .last
        case .time: start = .time(request.start.time.nanoseconds)
        }
        guard request.types.count <= 32, request.subjects.count <= 1_024 else {
            throw BusFault(
                .invalidArgument, .invalidFilter,
                "\(request.types.count) patterns and \(request.subjects.count) subjects; "
                    + "the most are 32 and 1024")
        }
        var patterns: [TypePattern] = []
        for text in request.types {
            guard let pattern = TypePattern(text) else {
                throw BusFault(
                    .invalidArgument, .invalidFilter, "'\(text.prefix(80))' is no pattern on types")
            }
            patterns.append(pattern)
        }
        self.init(
            topic: request.topic.isEmpty ? "articles" : request.topic, start: start,
            patterns: patterns, subjects: Set(request.subjects.map { Array($0.utf8) }),
            follow: request.follow,
            maximum: request.maximumEvents == 0 ? nil : request.maximumEvents)
    }
}
