import BaridEngine
import BaridSchema
import BaridTransport
import Foundation
import GRPCCore
import Testing

@testable import BaridBroker

/// Protocols/2-bus, "Subscribing": the dialog as the socket thread sees it.
struct ReceiverTests {
    private static let session = SessionDescription(
        id: 7, peer: "test", registration: Registration(name: "worker"), since: .zero)

    private static func subscriber() -> (SubscribeReceiver, FakeStream, Mailbox) {
        let stream = FakeStream()
        let mailbox = Mailbox()
        let receiver = SubscribeReceiver(
            id: StreamID(1), stream: stream, session: session, mailbox: mailbox,
            audit: AuditTrail(logger: RunningBroker.quiet))
        return (receiver, stream, mailbox)
    }

    private static func request(
        _ build: (inout Barid_Bus_V1_SubscribeRequest) -> Void
    ) throws -> [UInt8] {
        try Barid_Bus_V1_SubscribeRequest.with(build).serializedBytes()
    }

    @Test func theFirstRequestCarriesTheSubscription() throws {
        let (receiver, stream, _) = Self.subscriber()
        receiver.received(try Self.request { $0.credit = 5 })
        #expect(stream.status?.code == .failedPrecondition)
        #expect(
            stream.metadata[stringValues: "barid-reason"].first { _ in true }
                == "PROTOCOL_VIOLATION")
    }

    @Test func noLaterRequestCarriesOne() throws {
        let (receiver, stream, _) = Self.subscriber()
        let bytes = try Self.request { $0.subscription = .with { $0.group = "g" } }
        receiver.received(bytes)
        #expect(stream.status == nil)
        receiver.received(bytes)
        #expect(stream.status?.code == .failedPrecondition)
    }

    @Test func theWorkerIsNamedAfterItsSessionUnlessItSaysSo() throws {
        let (receiver, _, mailbox) = Self.subscriber()
        receiver.received(try Self.request { $0.subscription = .with { $0.group = "g" } })
        let mail = mailbox.close()
        guard case .subscribe(_, let request, .at(.first)) = mail.first else {
            Issue.record("no subscription")
            return
        }
        #expect(request.worker == "worker")
        #expect(request.session == "7")
        #expect(request.topic == "articles")
    }

    @Test func garbageIsRefused() throws {
        let (receiver, stream, _) = Self.subscriber()
        receiver.received([0xff, 0xff])
        #expect(stream.status?.code == .invalidArgument)
        let publisher = FakeStream()
        PublishReceiver(id: StreamID(2), stream: publisher, mailbox: Mailbox()).received([0x0a, 9])
        #expect(publisher.status?.code == .invalidArgument)
        let reader = FakeStream()
        ReadReceiver(
            id: StreamID(3), stream: reader, mailbox: Mailbox(), session: Self.session,
            audit: AuditTrail(logger: RunningBroker.quiet)
        ).received([0x0a, 9])
        #expect(reader.status?.code == .invalidArgument)
    }

    /// Settling is exempt from credit; what waits is bounded all the same.
    @Test func aFloodOfSettlementsIsCutOff() throws {
        let (receiver, stream, _) = Self.subscriber()
        receiver.received(try Self.request { $0.subscription = .with { $0.group = "g" } })
        let large = try Self.request {
            $0.settlements = [
                .with {
                    $0.sequence = 1
                    $0.ack = .with { $0.outputs = [Data(count: 15 << 20)] }
                }
            ]
        }
        receiver.received(large)
        receiver.received(large)
        #expect(stream.status == nil)
        receiver.received(large)
        #expect(stream.status?.code == .resourceExhausted)
    }

    @Test func theTopicIsKeptUntilAnotherIsNamed() throws {
        let stream = FakeStream()
        let mailbox = Mailbox()
        let receiver = PublishReceiver(id: StreamID(1), stream: stream, mailbox: mailbox)
        for topic in ["", "other", ""] {
            receiver.received(
                try Barid_Bus_V1_PublishRequest.with {
                    $0.topic = topic
                    $0.events = [Data([1])]
                }.serializedBytes())
        }
        let topics = mailbox.close().compactMap { mail -> String? in
            guard case .request(_, .publish(_, let topic, _), _, _) = mail else { return nil }
            return topic
        }
        #expect(topics == ["articles", "other", "other"])
    }
}
