internal import ZeroMQ

/// One question of libzmq to its authenticator (ZeroMQ RFC 27), and what we answer.
///
/// A value without I/O: frames in, frames out. Whatever is not exactly right is refused.
struct ZAPExchange {
    /// Domain of sockets that only our own user, or on request every local user, can reach.
    static let localDomain = "local"
    /// Domain of sockets that ask for a key.
    static let keyDomain = "keys"

    /// What the authenticator found.
    enum Verdict: Equatable {
        /// The peer may connect, under this user id.
        case accepted(userID: String)
        /// The peer may not connect; the text is for the audit.
        case refused(String)
        /// The question makes no sense: that is a fault of ours, not of the peer.
        case malformed
    }

    private static let version = Array("1.0".utf8)

    private let requestID: [UInt8]
    private let domain: String
    private let mechanism: String
    private let key: [UInt8]?

    /// Where the peer connects from, as libzmq says it.
    let address: String

    /// Takes a question apart; nil if it is none.
    init?(_ frames: [[UInt8]]) {
        guard (6...7).contains(frames.count), frames[0] == Self.version else { return nil }
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        requestID = frames[1]
        domain = text(frames[2])
        address = text(frames[3])
        mechanism = text(frames[5])
        key = frames.count == 7 ? frames[6] : nil
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - identity: Who holds a key, nil if nobody may.
    ///   - probe: The key of the self-test, while that runs: it may connect, but gets no session.
    /// - Returns: What to answer.
    func verdict(
        identity: (PublicKey) -> PeerIdentity?, probe: PublicKey?
    ) -> Verdict {
        switch (domain, mechanism, key) {
        case (Self.localDomain, "NULL", nil):
            return .accepted(userID: PeerIdentity.local.userID)
        case (Self.keyDomain, "CURVE", let bytes?):
            guard let key = CurveKey(bytes: bytes).map({ PublicKey($0) }) else {
                return .malformed
            }
            if let probe, key == probe { return .accepted(userID: "probe") }
            guard let identity = identity(key) else { return .refused("key \(key)") }
            return .accepted(userID: identity.userID)
        default:
            return .refused("mechanism \(mechanism.prefix(20))")
        }
    }

    /// The frames of the answer.
    func answer(_ verdict: Verdict) -> [[UInt8]] {
        let (code, text, userID) =
            switch verdict {
            case .accepted(let userID): ("200", "OK", userID)
            case .refused: ("400", "not let in", "")
            case .malformed: ("500", "malformed request", "")
            }
        return [
            Self.version, requestID, Array(code.utf8), Array(text.utf8), Array(userID.utf8), [],
        ]
    }
}
