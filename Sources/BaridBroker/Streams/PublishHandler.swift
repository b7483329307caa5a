internal import BaridEngine
internal import BaridTransport
internal import GRPCCore

/// Serves `barid.bus.v1.EventBus/Publish` from the socket thread into the core.
struct PublishHandler: RawHandler {
    let mailbox: Mailbox
    let numbers: StreamNumbers

    func opened(_ stream: RawStream) -> any RawReceiver {
        // Credit returns when the events are durable: a fast publisher waits, memory does not grow.
        stream.returnsCreditByHand()
        let id = numbers.next()
        mailbox.post(.opened(id, stream, .publish))
        return PublishReceiver(id: id, stream: stream, mailbox: mailbox)
    }
}

/// Takes the requests of one publisher.
final class PublishReceiver: RawReceiver {
    private let id: StreamID
    private let stream: any BusStream
    private let mailbox: Mailbox
    private var topic = "articles"
    private var failed = false

    init(id: StreamID, stream: any BusStream, mailbox: Mailbox) {
        self.id = id
        self.stream = stream
        self.mailbox = mailbox
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
            mailbox.post(
                .request(
                    id, .publish(id, topic: topic, events: request.events), bytes: message.count))
        } catch {
            failed = true
            stream.refuse(error)
        }
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
