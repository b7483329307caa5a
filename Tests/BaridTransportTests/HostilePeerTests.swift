import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/1-transport §8: what a peer does wrong ends its own session and no other.
@Suite(.timeLimit(.minutes(1)))
struct HostilePeerTests {
    @Test
    func aFrameWithoutASessionIsAnsweredUnknownSession() async throws {
        let broker = try Broker()
        let peer = try FramePeer(broker.endpoint)
        try peer.send(.ping, [UInt8](repeating: 0, count: 8))
        let goaway = try await peer.next(.goaway)
        #expect(goaway.body.first == SessionCode.unknownSession.rawValue)
        // A hello on the same connection heals it.
        try await peer.greet()
        await broker.listener.stop()
    }

    @Test
    func aVersionThatIsNotSpokenIsRefusedNamingBothRanges() async throws {
        let broker = try Broker()
        let peer = try FramePeer(broker.endpoint)
        let hello = HelloBody(versions: 7...9, nonce: 1, maximumMessageBytes: 1, metadata: [:])
        try peer.send(.hello, hello.encode())
        let body = try await peer.next(.goaway).body
        let goaway = try body.withUnsafeBytes { try GoawayBody($0) }
        #expect(goaway.code == .unsupportedVersion)
        #expect(goaway.text.contains("7 to 9"))
        #expect(goaway.text.contains("speaks 1"))
        await broker.listener.stop()
    }

    @Test
    func garbageLeavesOthersAlone() async throws {
        let broker = try Broker { $0.rawHandlers = RawEcho.handlers(Probe()) }
        try await broker.withClient { client, _ in
            var random = SystemRandomNumberGenerator()
            let peer = try FramePeer(broker.endpoint)
            for round in 0..<200 {
                if round % 20 == 0 { try await peer.greet() }
                let size = Int.random(in: 0...300, using: &random)
                try peer.send((0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
                if round % 50 == 0 { try peer.send([1], more: true) }
            }
            let replies1 = try await client.messages("Unary", [[9]])
            #expect(replies1 == [[9]])
        }
        await broker.listener.stop()
    }

    @Test
    func aStreamThatWasNeverOpenedEndsTheSession() async throws {
        let broker = try Broker()
        let peer = try FramePeer(broker.endpoint)
        try await peer.greet()
        try peer.send(.message, stream: 5, [1])
        let goaway = try await peer.next(.goaway)
        #expect(goaway.body.first == SessionCode.unknownStream.rawValue)
        #expect(broker.listener.sessions.isEmpty)
        await broker.listener.stop()
    }

    @Test
    func aPeerThatIgnoresCreditLosesTheStreamOnly() async throws {
        let broker = try Broker {
            $0.rawHandlers = ["\(EchoService.name)/Stuck": StuckHandler()]
        }
        let peer = try FramePeer(broker.endpoint)
        try await peer.greet()
        let open = OpenBody(method: "\(EchoService.name)/Stuck", remaining: nil, metadata: [:])
        try peer.send(.open, stream: 1, OpenBody.frame(try open.encodeRest(), remaining: nil))
        for _ in 0..<6 { try peer.send(.message, stream: 1, [UInt8](repeating: 0, count: 60_000)) }
        let status = try await peer.next(.status)
        #expect(status.body.first.map(Int.init) == Status.Code.resourceExhausted.rawValue)
        #expect(broker.listener.sessions.count == 1)
        await broker.listener.stop()
    }

    @Test
    func creditThatAHandlerKeepsComesBackWhenItsStreamEnds() async throws {
        let broker = try Broker {
            $0.rawHandlers = ["\(EchoService.name)/Keep": StuckHandler(ends: true)]
            $0.limits.sessionWindowBytes = 1 << 20
        }
        try await broker.withClient { client, _ in
            // Four times the session's credit, none of it returned by the handler.
            for _ in 0..<20 {
                let error = await #expect(throws: RPCError.self) {
                    try await client.messages("Keep", [[UInt8](repeating: 0, count: 200_000)])
                }
                #expect(error?.code == .aborted)
            }
        }
        await broker.listener.stop()
    }

    /// Takes messages and never returns their credit.
    struct StuckHandler: RawHandler {
        var ends = false

        func opened(_ stream: RawStream) -> any RawReceiver {
            stream.returnsCreditByHand()
            return Receiver(stream: ends ? stream : nil)
        }

        final class Receiver: RawReceiver {
            private let stream: RawStream?

            init(stream: RawStream?) {
                self.stream = stream
            }

            func received(_ message: [UInt8]) {
                stream?.finish(Status(code: .aborted, message: "enough"))
            }

            func halfClosed() {}
            func closed(_ reason: RawCloseReason) {}
        }
    }
}
