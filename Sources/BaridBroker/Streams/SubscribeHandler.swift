internal import BaridEngine
internal import BaridSchema
internal import BaridTransport
internal import GRPCCore
internal import SwiftProtobuf

/// Serves `barid.bus.v1.EventBus/Subscribe` from the socket thread into the core.
struct SubscribeHandler: RawHandler {
    let mailbox: Mailbox
    let numbers: StreamNumbers
    let audit: AuditTrail

    func opened(_ stream: RawStream) -> any RawReceiver {
        let id = numbers.next()
        let receiver = SubscribeReceiver(
            id: id, stream: stream, session: stream.session, mailbox: mailbox, audit: audit)
        mailbox.post(
            .opened(
                id, stream, .subscribe(session: stream.session.id, backlog: receiver.backlog)))
        return receiver
    }
}

/// Takes the requests of one subscriber.
final class SubscribeReceiver: RawReceiver {
    let backlog = Backlog()
    private let id: StreamID
    private let stream: any BusStream
    private let session: SessionDescription
    private let mailbox: Mailbox
    private var subscribed = false
    private var failed = false
    private let audit: AuditTrail
    /// For a worker that may not emit everything.
    private var gate: PublishGate?
    /// Types it said it emits; nil when it did not say.
    private let emits: [ArraySlice<UInt8>]?
    private var topic = ""

    init(
        id: StreamID, stream: any BusStream, session: SessionDescription, mailbox: Mailbox,
        audit: AuditTrail
    ) {
        self.id = id
        self.stream = stream
        self.session = session
        self.mailbox = mailbox
        self.audit = audit
        gate = PublishGate(session, audit)
        emits = session.registration.emits?.map { ArraySlice($0.utf8) }
    }

    func received(_ message: [UInt8]) {
        guard !failed else { return }
        do throws(MessageFailure) {
            var request = try SubscribeMessage(message)
            guard subscribed == (request.subscription == nil) else {
                let fault = BusFault(
                    .failedPrecondition, .protocolViolation,
                    subscribed
                        ? "the stream is subscribed already"
                        : "the first request has to carry a subscription")
                fail(fault)
                return
            }
            if let bytes = request.subscription { try subscribe(bytes) }
            guard !failed else { return }
            refuseOutputs(in: &request.settle)
            if request.settles || request.settle.number > 0 {
                guard backlog.add(message.count) else {
                    fail(
                        BusFault(
                            .resourceExhausted, .protocolViolation,
                            "more than \(Backlog.maximum) bytes of settlements are waiting"))
                    return
                }
                mailbox.post(
                    .request(id, .settle(id, request.settle), bytes: message.count))
            }
            if request.credit > 0 || request.creditBytes > 0 {
                mailbox.post(
                    .request(
                        id,
                        .credit(id, messages: request.credit, bytes: request.creditBytes),
                        bytes: 0))
            }
        } catch {
            failed = true
            stream.refuse(error)
            mailbox.post(.closed(id, .left))
        }
    }

    func halfClosed() {
        guard !failed else { return }
        mailbox.post(.halfClosed(id))
    }

    func closed(_ reason: RawCloseReason) {
        switch reason {
        case .finished, .cancelled, .deadlineExceeded:
            mailbox.post(.closed(id, .left))
        case .sessionEnded, .failed:
            mailbox.post(.closed(id, .lost))
        }
    }

    private func subscribe(_ bytes: ArraySlice<UInt8>) throws(MessageFailure) {
        let message: Barid_Bus_V1_Subscription
        do {
            message = try Barid_Bus_V1_Subscription(serializedBytes: Array(bytes))
        } catch {
            throw .malformed
        }
        do throws(BusFault) {
            let start = try GroupStart(message.start)
            let request = SubscriptionRequest(message, session: session)
            try session.checkSubscribe(
                patterns: request.types, topic: request.topic, group: request.group, audit)
            topic = request.topic
            subscribed = true
            mailbox.post(.subscribe(id, request, start))
        } catch {
            fail(error)
        }
    }

    /// Makes a reject of each ack with an output that the worker may not publish, or did not declare.
    private func refuseOutputs(in request: inout SettleRequest) {
        guard gate != nil || emits != nil else { return }
        for index in request.settlements.indices {
            guard case .ack(let outputs) = request.settlements[index].outcome else { continue }
            for output in outputs {
                guard
                    let fault = undeclared(output) ?? gate?.refusal(of: output, topic: topic)
                else { continue }
                request.settlements[index].outcome = .reject(fault)
                break
            }
        }
    }

    /// Why an output is none that the worker said it emits; what is no event is the engine's to refuse.
    private func undeclared(_ output: ArraySlice<UInt8>) -> BusFault? {
        guard let emits, let scan = try? RoutingScan(output) else { return nil }
        let type = output[
            (output.startIndex + scan.type.lowerBound)..<(output.startIndex + scan.type.upperBound)]
        guard !emits.contains(where: { $0.elementsEqual(type) }) else { return nil }
        let text = String(decoding: type, as: UTF8.self)
        return BusFault(
            .permissionDenied, .undeclaredType,
            "\(session.registration.name) emitted \(text), which is not among its emits")
    }

    private func fail(_ fault: BusFault) {
        failed = true
        stream.finish(fault.status, metadata: fault.trailers)
        mailbox.post(.closed(id, .left))
    }
}

extension SubscriptionRequest {
    /// What a `barid.bus.v1.Subscription` asks for, but for its start.
    init(_ message: Barid_Bus_V1_Subscription, session: SessionDescription?) {
        self.init(
            topic: message.topic.isEmpty ? "articles" : message.topic, group: message.group,
            types: message.types,
            attributes: message.attributes.map {
                AttributeFilter(name: $0.name, values: $0.values)
            },
            lease: .milliseconds(Int64(message.leaseMs)),
            maximumDeliveries: message.maximumDeliveries,
            worker: message.worker.isEmpty ? session?.registration.name ?? "" : message.worker,
            session: session.map { String($0.id) } ?? "", knowsTurns: message.turns)
    }
}
