import Testing
import ZeroMQ

@testable import BaridTransport

/// Protocols/7-security §3.2: what is answered to libzmq; whatever is not exactly right is refused.
struct ZAPExchangeTests {
    private static func frames(
        version: String = "1.0", domain: String, mechanism: String, key: [UInt8]? = nil
    ) -> [[UInt8]] {
        [version, "7", domain, "192.0.2.1", "", mechanism].map { Array($0.utf8) }
            + (key.map { [$0] } ?? [])
    }

    @Test func answersInTheFormOfZAP() throws {
        let exchange = try #require(
            ZAPExchange(Self.frames(domain: "local", mechanism: "NULL")))
        let verdict = exchange.verdict(identity: { _ in nil }, probe: nil)
        #expect(verdict == .accepted(userID: "local"))
        #expect(
            exchange.answer(verdict)
                == ["1.0", "7", "200", "OK", "local", ""].map { Array($0.utf8) })
        #expect(exchange.answer(.refused("x"))[2] == Array("400".utf8))
        #expect(exchange.answer(.malformed)[2] == Array("500".utf8))
    }

    @Test func aKeyIsLetInUnderItsName() throws {
        let pair = try KeyPair()
        let identity = PeerIdentity.key(name: "wire", publicKey: pair.publicKey)
        let exchange = try #require(
            ZAPExchange(
                Self.frames(domain: "keys", mechanism: "CURVE", key: pair.publicKey.key.bytes)))
        let verdict = exchange.verdict(
            identity: { $0 == pair.publicKey ? identity : nil }, probe: nil)
        #expect(verdict == .accepted(userID: identity.userID))
        #expect(PeerIdentity(userID: identity.userID) == identity)
        let stranger = exchange.verdict(identity: { _ in nil }, probe: nil)
        guard case .refused = stranger else {
            Issue.record("a stranger was \(stranger)")
            return
        }
        // The key of the self-test connects, but nobody has a session by it.
        let probed = exchange.verdict(identity: { _ in nil }, probe: pair.publicKey)
        #expect(probed == .accepted(userID: "probe"))
        #expect(PeerIdentity(userID: "probe") == nil)
    }

    @Test(
        arguments: [
            ("keys", "NULL", nil), ("local", "CURVE", [UInt8](repeating: 1, count: 32)),
            ("", "NULL", nil), ("keys", "PLAIN", [1]), ("keys", "CURVE", nil),
            ("local", "NULL", [1]), ("keys", "CURVE", [1, 2, 3]),
        ] as [(String, String, [UInt8]?)])
    func otherCombinationsAreRefused(domain: String, mechanism: String, key: [UInt8]?) throws {
        let exchange = try #require(
            ZAPExchange(Self.frames(domain: domain, mechanism: mechanism, key: key)))
        let verdict = exchange.verdict(
            identity: { .key(name: "any", publicKey: $0) }, probe: nil)
        if case .accepted = verdict { Issue.record("accepted") }
    }

    @Test func whatIsNoQuestionIsNone() {
        #expect(ZAPExchange([]) == nil)
        #expect(ZAPExchange(Self.frames(version: "2.0", domain: "keys", mechanism: "NULL")) == nil)
        #expect(ZAPExchange([[UInt8]](repeating: [], count: 12)) == nil)
    }

    @Test(
        arguments: [nil, "", "local x", "key", "key a", "key a b", "key a b c", "LOCAL"]
            as [String?])
    func anotherUserIDIsNobody(userID: String?) {
        #expect(PeerIdentity(userID: userID) == nil)
    }
}
