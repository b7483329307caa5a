internal import GRPCCore

/// The one file a client of another machine needs: its keys, the broker's public key, the address.
///
/// `barid keys new` writes it; clients read it by `--key` or `BARID_KEY_FILE`. It is refused when
/// others may read it. Specified in Protocols/7-security §4.
public struct KeyFile: Sendable, Hashable {
    /// The name the broker knows the key by.
    public var name: String

    /// Where the broker is; nil when the file does not say.
    public var endpoint: Endpoint?

    /// The keys.
    public var key: ClientKey

    /// Puts a file together.
    ///
    /// - Parameters:
    ///   - name: The name the broker knows the key by.
    ///   - endpoint: Where the broker is, if known.
    ///   - key: The keys.
    public init(name: String, endpoint: Endpoint?, key: ClientKey) {
        self.name = name
        self.endpoint = endpoint
        self.key = key
    }

    /// Reads a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: `RPCError` with code `.notFound`, `.permissionDenied` naming the mode and the
    ///   `chmod` that helps, or `.invalidArgument` saying what is wrong with it.
    public init(path: String) throws {
        let text = try KeyText(
            PrivateFile.read(path), path: path,
            allowed: ["name", "endpoint", "public-key", "secret-key", "server-key"])
        guard
            let pair = KeyPair(
                publicText: text.values["public-key"], secretText: text.values["secret-key"]),
            let server = text.values["server-key"].flatMap({ PublicKey($0) })
        else {
            throw RPCError(
                code: .invalidArgument,
                message: """
                    \(path): public-key, secret-key and server-key are needed, each 40 characters \
                    of Z85; `barid keys new` writes such a file
                    """)
        }
        name = text.values["name"] ?? ""
        endpoint = try text.values["endpoint"].map { try Endpoint($0) }
        key = ClientKey(pair: pair, serverKey: server)
    }

    /// Writes the file, mode 0600; one that exists is not replaced.
    ///
    /// - Parameter path: The file.
    /// - Throws: `RPCError` with code `.alreadyExists`, `.notFound` without the folder, or
    ///   `.unavailable`.
    public func write(to path: String) throws {
        var lines = ["# A key for a Barid broker. Whoever has this file has its rights."]
        lines.append("name: \(name)")
        if let endpoint { lines.append("endpoint: \(endpoint)") }
        lines.append("public-key: \(key.pair.publicKey)")
        lines.append("secret-key: \(key.pair.secretText)")
        lines.append("server-key: \(key.serverKey)")
        guard try PrivateFile.create(path, lines.joined(separator: "\n") + "\n") else {
            throw RPCError(code: .alreadyExists, message: "\(path) exists already")
        }
    }
}
