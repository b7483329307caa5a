/// Who a peer is, as the broker found out itself.
///
/// It never comes from what the peer says: not from its routing id and not from its metadata.
public enum PeerIdentity: Sendable, Hashable, CustomStringConvertible {
    /// A process that could reach a local socket, and so has all rights.
    case local

    /// Whoever holds the secret half of a key that the broker lets in.
    case key(name: String, publicKey: PublicKey)

    /// The identity as audit lines tell it: `local`, or the key's name.
    public var description: String {
        switch self {
        case .local: "local"
        case .key(let name, _): name
        }
    }

    /// The ZAP user id that stands for it.
    var userID: String {
        switch self {
        case .local: "local"
        case .key(let name, let publicKey): "key \(name) \(publicKey)"
        }
    }

    /// Reads what the ZAP handler of this process said about a connection; nil if nobody vouched for it.
    ///
    /// - Parameter userID: The connection's `User-Id`, nil when it has none.
    init?(userID: String?) {
        guard let userID else { return nil }
        let parts = userID.split(separator: " ", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("local", 1): self = .local
        case ("key", 3):
            guard let publicKey = PublicKey(String(parts[2])) else { return nil }
            self = .key(name: String(parts[1]), publicKey: publicKey)
        default: return nil
        }
    }
}
