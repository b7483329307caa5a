public import GRPCCore
internal import Glibc

/// The broker's folder of keys: its own, and those it lets in.
///
/// ```
/// keys/server.key      the broker's own pair
/// keys/allowed/NAME    a public key and its rights
/// keys/revoked/NAME    the same, let in no more
/// ```
/// No secret of a client needs to stay here. Safe to use from several processes at once: a file is
/// there whole or not at all. Specified in Protocols/7-security §4.
public struct KeyFolder: Sendable {
    /// A key that may connect, or might once.
    public struct Entry: Sendable, Hashable {
        /// What people and audit lines call it.
        public var name: String
        /// The key.
        public var publicKey: PublicKey
        /// What it may do.
        public var rights: Rights

        /// A key and its rights.
        ///
        /// - Parameters:
        ///   - name: What people and audit lines call it.
        ///   - publicKey: The key.
        ///   - rights: What it may do.
        public init(name: String, publicKey: PublicKey, rights: Rights) {
            self.name = name
            self.publicKey = publicKey
            self.rights = rights
        }
    }

    /// The folder, absolute.
    public let path: String

    /// Names the folder; nothing is read yet.
    ///
    /// - Parameter path: The folder, absolute.
    public init(path: String) {
        self.path = path
    }

    var allowedPath: String { "\(path)/allowed" }
    private var revokedPath: String { "\(path)/revoked" }
    private var serverPath: String { "\(path)/server.key" }

    /// The broker's own keys; they are made when there are none.
    ///
    /// - Returns: The keys, and whether they were made now.
    /// - Throws: `RPCError` with code `.permissionDenied` if others may read them, `.invalidArgument`
    ///   if the file is damaged.
    public func serverKey() throws -> (pair: KeyPair, isNew: Bool) {
        try prepare()
        do {
            return (try readServerKey(), false)
        } catch let error as RPCError where error.code == .notFound {
            let pair = try KeyPair()
            let text = """
                # The key of a Barid broker. Whoever has this file can take its place.
                public-key: \(pair.publicKey)
                secret-key: \(pair.secretText)

                """
            if try PrivateFile.create(serverPath, text) { return (pair, true) }
            // Somebody else was faster: both have to use the same.
            return (try readServerKey(), false)
        }
    }

    /// The keys that may connect, by name.
    ///
    /// - Returns: The keys, and what is wrong with files that hold none.
    /// - Throws: `RPCError` if the folder cannot be listed.
    public func allowed() throws -> (entries: [Entry], problems: [RPCError]) {
        try entries(in: allowedPath)
    }

    /// The keys that were revoked, by name.
    ///
    /// - Returns: As ``allowed()``.
    /// - Throws: `RPCError` if the folder cannot be listed.
    public func revoked() throws -> (entries: [Entry], problems: [RPCError]) {
        try entries(in: revokedPath)
    }

    /// Lets a key in; a running broker takes it at once.
    ///
    /// - Parameter entry: Name, key and rights.
    /// - Throws: `RPCError` with code `.invalidArgument` for a name that is none, `.alreadyExists` if
    ///   the name is taken or was revoked.
    public func allow(_ entry: Entry) throws {
        try Self.check(entry.name)
        try prepare()
        if let other = try allowed().entries.first(where: { $0.publicKey == entry.publicKey }) {
            throw RPCError(
                code: .alreadyExists, message: "the key is let in already, as \(other.name)")
        }
        guard access("\(revokedPath)/\(entry.name)", F_OK) != 0 else {
            throw RPCError(
                code: .alreadyExists,
                message: "a key named \(entry.name) was revoked; choose another name")
        }
        let isNew = try PrivateFile.create(
            "\(allowedPath)/\(entry.name)",
            "public-key: \(entry.publicKey)\nallow: \(entry.rights)\n")
        guard isNew else {
            throw RPCError(
                code: .alreadyExists,
                message: "there is a key named \(entry.name); `barid keys show \(entry.name)`")
        }
    }

    /// Lets a key in no more; a running broker ends its sessions.
    ///
    /// - Parameter name: The name of the key.
    /// - Throws: `RPCError` with code `.notFound` if there is no such key.
    public func revoke(_ name: String) throws {
        try Self.check(name)
        try prepare()
        guard rename("\(allowedPath)/\(name)", "\(revokedPath)/\(name)") == 0 else {
            guard errno != ENOENT else {
                throw RPCError(
                    code: .notFound,
                    message: "there is no key named \(name); `barid keys list` shows them")
            }
            throw PrivateFile.error("cannot revoke \(name)")
        }
        PrivateFile.syncFolder(of: "\(allowedPath)/\(name)")
        PrivateFile.syncFolder(of: "\(revokedPath)/\(name)")
    }

    /// Checks a key's name: what a file and an audit line can carry.
    ///
    /// - Parameter name: 1 to 64 of `a-z`, `0-9`, `.`, `-`, beginning with a letter or digit.
    /// - Throws: `RPCError` with code `.invalidArgument`.
    public static func check(_ name: String) throws {
        let first = name.utf8.first
        let isPlain = { (byte: UInt8) in
            (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
                || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
        }
        guard let first, isPlain(first), name.utf8.count <= 64,
            name.utf8.allSatisfy({
                isPlain($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
            })
        else {
            throw RPCError(
                code: .invalidArgument,
                message: """
                    '\(name.prefix(80))' is no name of a key: a-z, 0-9, '.' and '-', at most 64, \
                    the first a letter or digit
                    """)
        }
    }

    // MARK: Files

    private func prepare() throws {
        for folder in [path, allowedPath, revokedPath] {
            if mkdir(folder, 0o700) != 0, errno != EEXIST {
                throw PrivateFile.error("cannot make the folder \(folder)")
            }
            var status = stat()
            guard stat(folder, &status) == 0 else {
                throw PrivateFile.error("cannot look at \(folder)")
            }
            guard status.st_mode & 0o077 == 0 else {
                let mode = String(status.st_mode & 0o777, radix: 8)
                throw RPCError(
                    code: .permissionDenied,
                    message: "\(folder) is open to others (mode \(mode)); try: chmod 700 \(folder)")
            }
        }
    }

    private func readServerKey() throws -> KeyPair {
        let text = try KeyText(
            PrivateFile.read(serverPath), path: serverPath, allowed: ["public-key", "secret-key"])
        guard
            let pair = KeyPair(
                publicText: text.values["public-key"], secretText: text.values["secret-key"])
        else {
            throw RPCError(
                code: .invalidArgument,
                message: "\(serverPath): public-key and secret-key are needed, in Z85")
        }
        return pair
    }

    private func entries(in folder: String) throws -> ([Entry], [RPCError]) {
        guard let directory = opendir(folder) else {
            if errno == ENOENT { return ([], []) }
            throw PrivateFile.error("cannot list \(folder)")
        }
        defer { closedir(directory) }
        var entries: [Entry] = []
        var problems: [RPCError] = []
        while let item = readdir(directory) {
            let name = withUnsafePointer(to: item.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    String(cString: $0)
                }
            }
            // Other names are files being written, or somebody's own.
            guard (try? Self.check(name)) != nil else { continue }
            do {
                let entry = try entry(name, "\(folder)/\(name)")
                if let other = entries.first(where: { $0.publicKey == entry.publicKey }) {
                    throw RPCError(
                        code: .invalidArgument,
                        message: "\(folder)/\(name): the same key as \(other.name)")
                }
                entries.append(entry)
            } catch let error as RPCError where error.code == .notFound {
                continue  // Revoked while we looked.
            } catch let error as RPCError {
                problems.append(error)
            }
        }
        return (entries.sorted { $0.name < $1.name }, problems)
    }

    private func entry(_ name: String, _ path: String) throws -> Entry {
        let text = try KeyText(
            PrivateFile.read(path), path: path, allowed: ["public-key", "allow"])
        guard let key = text.values["public-key"].flatMap({ PublicKey($0) }) else {
            throw RPCError(
                code: .invalidArgument, message: "\(path): public-key is needed, in Z85")
        }
        do {
            return Entry(
                name: name, publicKey: key, rights: try Rights(text.values["allow"] ?? ""))
        } catch let error as RPCError {
            throw RPCError(code: error.code, message: "\(path): \(error.message)")
        }
    }
}
