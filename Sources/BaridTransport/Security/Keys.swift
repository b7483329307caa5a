internal import GRPCCore
internal import ZeroMQ

/// A public CURVE key, which anybody may see: 40 characters of Z85.
public struct PublicKey: Sendable, Hashable, CustomStringConvertible {
    let key: CurveKey

    /// Reads a key; nil if the text is none.
    ///
    /// - Parameter text: 40 characters of Z85.
    public init?(_ text: String) {
        guard let key = CurveKey(text: text) else { return nil }
        self.key = key
    }

    init(_ key: CurveKey) {
        self.key = key
    }

    /// The key as 40 characters of Z85.
    public var description: String { key.text }
}

/// A secret CURVE key with its public half; it does not show the secret when printed.
public struct KeyPair: Sendable, Hashable, CustomStringConvertible {
    /// The half that others may know.
    public let publicKey: PublicKey

    let secret: CurveKey

    /// Makes a new pair.
    ///
    /// - Throws: `RPCError` with code `.unimplemented` if libzmq was built without CURVE.
    public init() throws {
        do {
            let pair = try CurveKey.newPair()
            publicKey = PublicKey(pair.public)
            secret = pair.secret
        } catch {
            throw RPCError(
                code: .unimplemented, message: "this libzmq has no CURVE, so no keys: \(error)")
        }
    }

    /// Reads both halves from text.
    init?(publicText: String?, secretText: String?) {
        guard let publicText, let publicKey = PublicKey(publicText), let secretText,
            let secret = CurveKey(text: secretText)
        else { return nil }
        self.publicKey = publicKey
        self.secret = secret
    }

    /// The public key.
    public var description: String { "(key \(publicKey))" }

    /// The secret as text, for the file it is kept in and nothing else.
    var secretText: String { secret.text }
}

/// What a client needs for a broker that asks for keys: its own pair, and the broker's public key.
public struct ClientKey: Sendable, Hashable {
    /// The client's own keys.
    public var pair: KeyPair

    /// The broker's public key: no other broker is talked to.
    public var serverKey: PublicKey

    /// A client's keys.
    ///
    /// - Parameters:
    ///   - pair: The client's own keys.
    ///   - serverKey: The broker's public key.
    public init(pair: KeyPair, serverKey: PublicKey) {
        self.pair = pair
        self.serverKey = serverKey
    }
}
