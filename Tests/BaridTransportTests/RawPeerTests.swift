import Foundation
import GRPCCore
import TestSupport
import Testing
import ZeroMQ

@testable import BaridTransport

/// Protocols/7-security §7: what comes over a socket without libzmq at the other end is cut, told and
/// counted, and nobody else notices.
@Suite(.timeLimit(.minutes(3)))
struct RawPeerTests {
    /// A message of endless parts, small ones and large ones.
    @Test(arguments: [true, false], [1, 60_000])
    func aMessageWithoutAnEndIsCut(isTCP: Bool, size: Int) async throws {
        let broker = try OpenBroker { $0.peers.memoryStepBytes = 8 << 20 }
        try await broker.serving {
            let peer = try RawZMTP(broker.address(isTCP: isTCP))
            try peer.handshake()
            _ = try peer.greet()
            let part = RawZMTP.frame([UInt8](repeating: 7, count: size), more: true)
            let flood = Flood(of: Array(repeating: part, count: 1 + 100_000 / size), by: peer)
            try await eventually("end of the flood") { flood.isOver ? () : nil }
            #expect(broker.audit.counts.byKind[.connection, default: 0] >= 1)
            try await eventually("end of its session") {
                broker.listener.sessions.count == 1 ? () : nil
            }
        }
    }

    /// The same before a hello, when there is no session to end.
    @Test func aMessageWithoutAnEndIsCutBeforeAHello() async throws {
        let broker = try OpenBroker { $0.peers.memoryStepBytes = 8 << 20 }
        try await broker.serving {
            let peer = try RawZMTP(broker.address(isTCP: false))
            try peer.handshake()
            let part = RawZMTP.frame([UInt8](repeating: 7, count: 60_000), more: true)
            let flood = Flood(of: [part, part], by: peer)
            try await eventually("end of the flood") { flood.isOver ? () : nil }
            #expect(broker.audit.counts.byKind[.connection, default: 0] >= 1)
        }
    }

    /// Below, at and above the largest part.
    @Test(arguments: [
        (UInt64(131_072), false), (131_073, true), (8 << 30, true), (.max, true),
    ])
    func aPartHasAMaximum(claimed: UInt64, isCut: Bool) async throws {
        let broker = try OpenBroker()
        try await broker.serving {
            let peer = try RawZMTP(broker.address(isTCP: true))
            try peer.handshake()
            try peer.send(RawZMTP.frame([1, 2, 3], claimed: claimed))
            if isCut {
                #expect(peer.isCut(within: .seconds(20)))
            } else {
                // With the rest it is a whole message, and is answered: there is no session.
                try peer.send([UInt8](repeating: 4, count: Int(claimed) - 3))
                #expect(try peer.receiveMessage().first == FrameKind.goaway.rawValue)
            }
        }
    }

    @Test func aHandshakeHasATime() async throws {
        let broker = try OpenBroker()
        try await broker.serving {
            let began = ContinuousClock.now
            let slow = try RawZMTP(broker.address(isTCP: true))
            // Others that begin and never go on; with them there are many at once.
            let silent = try (0..<200).map { _ in try RawZMTP(broker.address(isTCP: false)) }
            for peer in silent { try peer.send([0xff, 0, 0]) }
            for byte in RawZMTP.greeting() {
                guard (try? slow.send([byte])) != nil, !slow.isCut(within: .seconds(1)) else {
                    break
                }
            }
            let took = ContinuousClock.now - began
            #expect(took > .seconds(4) && took < .seconds(30), "\(took)")
            for peer in silent { #expect(peer.isCut(within: .seconds(20))) }
            try await eventually("a word about each") {
                broker.audit.counts.byKind[.connection, default: 0] >= 201 ? () : nil
            }
            #expect(broker.listener.sessions.count == 1)
        }
    }

    @Test func connectionsWithoutASessionHaveAMaximum() async throws {
        let broker = try OpenBroker { $0.peers.maximumPending = 8 }
        try await broker.serving {
            let peers = try (0..<8).map { _ in try RawZMTP(broker.address(isTCP: false)) }
            // At the limit nobody is cut: each is answered to the end of its handshake.
            for peer in peers { try peer.handshake() }
            let more = try (0..<8).map { _ in try RawZMTP(broker.address(isTCP: false)) }
            for peer in peers { #expect(peer.isCut(within: .seconds(4))) }
            #expect(broker.audit.counts.byKind[.connection] == 8)
            withExtendedLifetime(more) {}
        }
    }

    @Test func aConnectionWithoutAHelloIsCutInTime() async throws {
        let broker = try OpenBroker { $0.peers.maximumPendingTime = .milliseconds(500) }
        try await broker.serving {
            let polite = try RawZMTP(broker.address(isTCP: false))
            try polite.handshake()
            _ = try polite.greet()
            let peer = try RawZMTP(broker.address(isTCP: false))
            try peer.handshake()
            #expect(peer.isCut(within: .seconds(20)))
            // Who came earlier and said hello has his session still.
            try polite.send(
                RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [UInt8](repeating: 5, count: 8))))
            #expect(try polite.receiveMessage(of: 0x0b).suffix(8) == [5, 5, 5, 5, 5, 5, 5, 5])
        }
    }

    /// Random bytes at once, and behind a good greeting.
    @Test(arguments: [0, 1, 2])
    func garbageIsCutOrIgnored(handshakes: Int) async throws {
        let broker = try OpenBroker { $0.peers.maximumPendingTime = .milliseconds(500) }
        try await broker.serving {
            var random = SystemRandomNumberGenerator()
            let peers = try (0..<50).map { _ in try RawZMTP(broker.address(isTCP: true)) }
            for peer in peers {
                let bytes = (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) }
                // Where the first bytes were enough to be cut, the rest meets nobody.
                if handshakes > 0 { try? peer.send(RawZMTP.greeting()) }
                if handshakes > 1 { try? peer.send(RawZMTP.ready()) }
                try? peer.send(bytes)
            }
            for peer in peers { #expect(peer.isCut(within: .seconds(20))) }
        }
    }

    /// §2.4: older ZMTP and other mechanisms get nowhere where keys are in use.
    @Test(arguments: [
        [UInt8]([0x01, 0x00]), [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0],
        [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 5, 0, 0],
        RawZMTP.greeting(mechanism: "PLAIN"), RawZMTP.greeting(mechanism: "GSSAPI"),
    ])
    func olderProtocolsAreRefusedWhereKeysAreInUse(greeting: [UInt8]) async throws {
        let broker = try SecureBroker { $0.peers.maximumPendingTime = .seconds(1) }
        for endpoint in broker.listener.endpoints {
            let peer = try RawZMTP(address(of: endpoint))
            try peer.send(greeting)
            try? peer.send(RawZMTP.frame(RawZMTP.barid(kind: 1, helloBody)))
            #expect(peer.isCut(within: .seconds(20)))
        }
        #expect(broker.listener.sessions.isEmpty)
        await broker.listener.stop()
    }

    /// §2.3: a peer that skips CURVE's handshake sends frames to nobody.
    @Test func framesBeforeTheHandshakeOfAKeyAreCut() async throws {
        let broker = try SecureBroker()
        for mechanism in ["CURVE", "NULL"] {
            let peer = try RawZMTP(address(of: broker.endpoint))
            try peer.send(RawZMTP.greeting(mechanism: mechanism))
            try? peer.send(RawZMTP.frame([1, 2, 3], more: true))
            let part = RawZMTP.frame([UInt8](repeating: 7, count: 60_000), more: true)
            let flood = Flood(of: [part], by: peer)
            try await eventually("end of the flood") { flood.isOver ? () : nil }
        }
        #expect(broker.audit.counts.byKind[.session] == nil)
        await broker.listener.stop()
    }

    /// §3.2: what an unknown key sends is never read, be it whole messages.
    @Test(arguments: [true, false])
    func anUnknownKeySendsNothing(isKnown: Bool) async throws {
        let broker = try SecureBroker()
        let known = try broker.makeKey("wire", "all")
        let pair = isKnown ? known.pair : try KeyPair()
        let socket = try Socket(.dealer, in: Context())
        try socket.set(.linger(0))
        try socket.set(
            .curveClient(
                public: pair.publicKey.key, secret: pair.secret, server: broker.serverKey.key))
        try socket.connect(broker.endpoint.reachable)
        for _ in 0..<50 { _ = try socket.send([UInt8](repeating: 0xee, count: 10_000)) }
        // What arrives without a session and cannot be read is told, and so is a refused key.
        let kind = isKnown ? AuditTrail.Kind.session : .connection
        _ = try await eventually("a refusal") { broker.audit.counts.byKind[kind] }
        #expect((broker.audit.counts.byKind[.session] != nil) == isKnown)
        await broker.listener.stop()
    }

    /// §3.3: a routing id that a live peer has is nobody else's.
    @Test func aLivePeersRoutingIDCannotBeTaken() async throws {
        let broker = try OpenBroker { $0.peers.maximumPendingTime = .seconds(1) }
        try await broker.serving {
            let victim = try RawZMTP(broker.address(isTCP: false))
            try victim.handshake(identity: Array("victim".utf8))
            let session = try victim.greet()
            let thief = try RawZMTP(broker.address(isTCP: false))
            try thief.handshake(identity: Array("victim".utf8))
            try thief.send(RawZMTP.frame(RawZMTP.barid(kind: 0x01, helloBody)))
            try thief.send(
                RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [UInt8](repeating: 9, count: 8))))
            #expect(thief.isCut(within: .seconds(20)))
            // The victim's session is what it was, and answers it.
            #expect(session.count == 8)
            try victim.send(
                RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [1, 2, 3, 4, 5, 6, 7, 8])))
            let pong = try victim.receiveMessage(of: 0x0b)
            #expect(Array(pong[12..<20]) == [1, 2, 3, 4, 5, 6, 7, 8])
        }
    }

    /// What one connection sent means nothing on another one.
    @Test func aSessionCannotBeReplayed() async throws {
        let broker = try OpenBroker()
        try await broker.serving {
            let first = try RawZMTP(broker.address(isTCP: true))
            try first.handshake()
            _ = try first.greet()
            let replay = try RawZMTP(broker.address(isTCP: true))
            try replay.handshake()
            try replay.send(
                RawZMTP.frame(RawZMTP.barid(kind: 0x0a, [UInt8](repeating: 1, count: 8))))
            let answer = try replay.receiveMessage()
            #expect(answer.first == 0x0c)
            #expect(answer.dropFirst(12).first == SessionCode.unknownSession.rawValue)
            #expect(broker.listener.sessions.count == 2)
        }
    }

    /// §3.4: a connection under another key does not get the session of a routing id.
    @Test func anotherKeyCannotGoOnWithASession() async throws {
        let broker = try SecureBroker()
        let first = try broker.makeKey("first", "all")
        let second = try broker.makeKey("second", "publish=>")
        for round in 0..<20 {
            let id = Array("peer-\(round)".utf8)
            let owner = try KeyPeer(first, id, broker)
            try owner.send(.hello, helloBody)
            let session = try await eventually("the session") {
                broker.listener.sessions.first {
                    $0.identity == .key(name: "first", publicKey: first.pair.publicKey)
                }
            }
            // It goes, and the other takes its routing id as soon as libzmq lets it.
            owner.close()
            var thief = try KeyPeer(second, id, broker)
            try thief.send(.ping, [UInt8](repeating: 0, count: 8))
            let answer = try await eventually("an answer to the thief") {
                if let answer = try thief.received() { return answer }
                // While the id is taken, who comes with it is deaf for good: it has to come again.
                guard thief.began.duration(to: .now) > .seconds(1) else { return [UInt8]?.none }
                thief.close()
                thief = try KeyPeer(second, id, broker)
                try thief.send(.ping, [UInt8](repeating: 0, count: 8))
                return nil
            }
            #expect(answer.first == FrameKind.goaway.rawValue, "\(answer)")
            #expect(
                answer.dropFirst(12).first == SessionCode.unknownSession.rawValue, "\(answer)")
            try await eventually("the end of the session") {
                broker.listener.sessions.contains { $0.id == session.id } ? nil : ()
            }
            thief.close()
        }
        await broker.listener.stop()
    }

    /// Below, at and above what all sessions may have begun together.
    @Test(arguments: [(3, false), (4, false), (5, true)])
    func unfinishedMessagesOfAllHaveAMaximum(pieces: Int, isEnded: Bool) async throws {
        let broker = try OpenBroker {
            $0.peers.maximumUnfinishedBytes = 4 * 60_000
            $0.rawHandlers = RawEcho.handlers(Probe())
        }
        try await broker.serving {
            let peers = try (0..<5).map { _ in try FramePeer(broker.listener.endpoints[0]) }
            let open = OpenBody(
                method: "\(EchoService.name)/Unary", remaining: nil, metadata: [:])
            for peer in peers.prefix(pieces) {
                try await peer.greet()
                try peer.send(
                    .open, stream: 1, OpenBody.frame(try open.encodeRest(), remaining: nil))
                try peer.send(
                    .message, flags: .more, stream: 1, [UInt8](repeating: 1, count: 60_000))
            }
            if isEnded {
                try await eventually("an end") {
                    broker.listener.sessions.count == pieces ? () : nil
                }
                #expect(broker.audit.counts.byKind[.session] == 1)
            } else {
                // All of them are answered still.
                for peer in peers.prefix(pieces) {
                    try peer.send(.ping, [UInt8](repeating: 0, count: 8))
                    _ = try await peer.next(.pong)
                }
                #expect(broker.listener.sessions.count == pieces + 1)
            }
        }
    }

    private func address(of endpoint: Endpoint) -> RawZMTP.Address {
        switch endpoint {
        case .ipc(let path): .ipc(path: path)
        case .tcp(_, let port): .tcp(port: port)
        }
    }
}

/// A hello of version 1 without metadata.
private let helloBody: [UInt8] =
    [0, 1, 0, 1] + [1, 2, 3, 4, 5, 6, 7, 8] + [0, 16, 0, 0] + [0, 0]
