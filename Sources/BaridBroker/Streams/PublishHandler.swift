internal import BaridEngine
internal import BaridTransport
internal import GRPCCore

/// Serves `barid.bus.v1.EventBus/Publish` from the socket thread into the core.
struct PublishHandler: RawHandler {
    let mailbox: Mailbox
    let numbers: StreamNumbers
    let audit: AuditTrail
    /// The core's own.
    let clock: SystemClock

    func opened(_ stream: RawStream) -> any RawReceiver {
        // Credit returns when the events are durable: a fast publisher waits, memory does not grow.
        stream.returnsCreditByHand()
        let id = numbers.next()
        mailbox.post(.opened(id, stream, .publish))
        return PublishReceiver(
            id: id, stream: stream, mailbox: mailbox, gate: PublishGate(stream.session, audit),
            clock: clock)
    }
}

/// Takes the requests of one publisher.
final class PublishReceiver: RawReceiver {
    private let id: StreamID
    private let stream: any BusStream
    private let mailbox: Mailbox
    private var topic = "articles"
    private var failed = false
    /// For a peer that may not publish everything.
    private var gate: PublishGate?
    private let clock: SystemClock?

    init(
        id: StreamID, stream: any BusStream, mailbox: Mailbox, gate: PublishGate? = nil,
        clock: SystemClock? = nil
    ) {
        self.clock = clock
        self.id = id
        self.stream = stream
        self.mailbox = mailbox
        self.gate = gate
    }

    func received(_ message: [UInt8]) {
        guard !failed else { return }
        do throws(MessageFailure) {
            let request = try PublishMessage(message)
            if let named = request.topic { topic = named }
            guard !request.events.isEmpty else {
                stream.returnCredit(bytes: message.count)
                return
            }
            post(request.events, bytes: message.count)
        } catch {
            failed = true
            stream.refuse(error)
        }
    }

    /// Hands the events over, those that are refused as refusals, all in their order.
    private func post(_ events: [ArraySlice<UInt8>], bytes: Int) {
        guard gate != nil else {
            hand(over: events, bytes: bytes)
            return
        }
        var allowed: [ArraySlice<UInt8>] = []
        var refused: [Receipt] = []
        func handOver(_ bytes: Int) {
            if !allowed.isEmpty {
                hand(over: allowed, bytes: bytes)
            } else {
                mailbox.post(.refused(id, refused, bytes: bytes))
            }
            allowed = []
            refused = []
        }
        for event in events {
            if let fault = gate?.refusal(of: event, topic: topic) {
                if !allowed.isEmpty { handOver(0) }
                if refused.last?.fault == fault {
                    refused[refused.count - 1].count += 1
                } else {
                    refused.append(Receipt(count: 1, firstSequence: 0, fault: fault))
                }
            } else {
                if !refused.isEmpty { handOver(0) }
                allowed.append(event)
            }
        }
        handOver(bytes)
    }

    private func hand(over events: [ArraySlice<UInt8>], bytes: Int) {
        mailbox.post(
            .request(
                id, .publish(id, topic: topic, events: events), bytes: bytes,
                arrived: clock?.monotonic))
    }

    func halfClosed() {
        guard !failed else { return }
        mailbox.post(.halfClosed(id))
    }

    func closed(_ reason: RawCloseReason) {
        mailbox.post(.closed(id, .left))
    }
}

extension BusStream {
    /// Ends a call whose request cannot be read.
    func refuse(_ failure: MessageFailure) {
        let fault = BusFault(
            .invalidArgument, .protocolViolation,
            failure == .notUTF8
                ? "a text of the request is not UTF-8" : "the request is no such message")
        finish(fault.status, metadata: fault.trailers)
    }
}
