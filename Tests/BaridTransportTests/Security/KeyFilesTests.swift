import GRPCCore
import Glibc
import Testing

@testable import BaridTransport

/// Protocols/7-security §4: keys are files that nobody else can read.
struct KeyFilesTests {
    private static func entry(_ name: String, _ rights: String = "all") throws -> KeyFolder.Entry {
        KeyFolder.Entry(
            name: name, publicKey: try KeyPair().publicKey, rights: try Rights(rights))
    }

    @Test func aClientsFileHoldsWhatItNeedsAndSaysSoAgain() throws {
        let folder = try TemporaryFolder()
        let file = KeyFile(
            name: "wire", endpoint: try Endpoint("tcp://192.0.2.7:7450"),
            key: ClientKey(pair: try KeyPair(), serverKey: try KeyPair().publicKey))
        let path = "\(folder.path)/wire.key"
        try file.write(to: path)
        #expect(try KeyFile(path: path) == file)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let error = #expect(throws: RPCError.self) { try file.write(to: path) }
        #expect(error?.code == .alreadyExists)
    }

    /// "A file that another user may read or write SHALL be refused".
    @Test(arguments: [0o644, 0o640, 0o620, 0o604, 0o777] as [mode_t])
    func aLooserModeIsRefusedNamingTheChmod(mode: mode_t) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/wire.key"
        try KeyFile(
            name: "wire", endpoint: nil,
            key: ClientKey(pair: try KeyPair(), serverKey: try KeyPair().publicKey)
        ).write(to: path)
        chmod(path, mode)
        let error = #expect(throws: RPCError.self) { try KeyFile(path: path) }
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.contains("chmod 600 \(path)") == true)
        chmod(path, 0o400)
        #expect(throws: Never.self) { try KeyFile(path: path) }
    }

    @Test(arguments: [
        "name: x\n", "public-key: short\n", "colour: red\n", "no colon\n",
        "name: a\nname: b\n", "\u{0}\u{1}",
    ])
    func aDamagedFileIsRefused(text: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/wire.key"
        #expect(try PrivateFile.create(path, text))
        let error = #expect(throws: RPCError.self) { try KeyFile(path: path) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(path) == true)
    }

    /// The limit of such a file: at, and above.
    @Test func aFileHas64KiBAtMost() throws {
        let folder = try TemporaryFolder()
        let longest = String(repeating: "#", count: PrivateFile.maximumBytes)
        #expect(try PrivateFile.create("\(folder.path)/a", longest))
        #expect(try PrivateFile.read("\(folder.path)/a") == longest)
        #expect(try PrivateFile.create("\(folder.path)/b", longest + "#"))
        #expect(throws: RPCError.self) { try PrivateFile.read("\(folder.path)/b") }
    }

    @Test func secretsDoNotShowWhenPrinted() throws {
        let pair = try KeyPair()
        let key = ClientKey(pair: pair, serverKey: try KeyPair().publicKey)
        for text in ["\(pair)", "\(key)", "\(KeyFile(name: "x", endpoint: nil, key: key))"] {
            #expect(!text.contains(pair.secretText))
        }
    }

    @Test func theServersKeyIsMadeOnceAndGuarded() throws {
        let folder = try TemporaryFolder()
        let keys = KeyFolder(path: "\(folder.path)/keys")
        let first = try keys.serverKey()
        #expect(first.isNew)
        let second = try keys.serverKey()
        #expect(!second.isNew)
        #expect(second.pair == first.pair)
        chmod("\(folder.path)/keys/server.key", 0o644)
        let error = #expect(throws: RPCError.self) { try keys.serverKey() }
        #expect(error?.code == .permissionDenied)
        chmod("\(folder.path)/keys/server.key", 0o600)
        chmod("\(folder.path)/keys", 0o755)
        #expect(throws: RPCError.self) { try keys.serverKey() }
    }

    @Test func keysAreLetInOnceAndRevokedForGood() throws {
        let folder = try TemporaryFolder()
        let keys = KeyFolder(path: "\(folder.path)/keys")
        let wire = try Self.entry("wire", "publish=a.>")
        try keys.allow(wire)
        #expect(try keys.allowed().entries == [wire])
        #expect(throws: RPCError.self) { try keys.allow(Self.entry("wire")) }
        #expect(throws: RPCError.self) {
            try keys.allow(
                KeyFolder.Entry(name: "again", publicKey: wire.publicKey, rights: .all))
        }
        try keys.revoke("wire")
        #expect(try keys.allowed().entries.isEmpty)
        #expect(try keys.revoked().entries == [wire])
        let again = #expect(throws: RPCError.self) { try keys.allow(Self.entry("wire")) }
        #expect(again?.message.contains("revoked") == true)
        let missing = #expect(throws: RPCError.self) { try keys.revoke("wire") }
        #expect(missing?.code == .notFound)
    }

    @Test(arguments: ["", "Wire", "-a", ".a", "a/b", "../a", "a b", "\u{645}"])
    func aNameIsPlain(name: String) throws {
        #expect(throws: RPCError.self) { try KeyFolder.check(name) }
        #expect(throws: Never.self) { try KeyFolder.check(String(repeating: "a", count: 64)) }
        #expect(throws: RPCError.self) { try KeyFolder.check(String(repeating: "a", count: 65)) }
    }

    /// §4.5: what cannot be read lets nobody in, and is no reason to let in whoever was revoked.
    @Test func aRingFollowsItsFolderAndFailsClosed() throws {
        let folder = try TemporaryFolder()
        let keys = KeyFolder(path: "\(folder.path)/keys")
        let ring = try KeyRing(folder: keys, logger: .silent)
        let wire = try Self.entry("wire")
        let desk = try Self.entry("desk")
        #expect(ring.identity(of: wire.publicKey) == nil)
        try keys.allow(wire)
        try keys.allow(desk)
        #expect(ring.refresh())
        let identity = try #require(ring.identity(of: wire.publicKey))
        #expect(ring.rights(of: identity) == .all)
        chmod("\(folder.path)/keys/allowed/desk", 0o644)
        try keys.revoke("wire")
        #expect(ring.refresh())
        #expect(ring.rights(of: identity) == nil)
        #expect(ring.identity(of: desk.publicKey) == nil)
        // Another key under the name of an old one does not inherit its sessions.
        #expect(
            ring.rights(of: .key(name: "desk", publicKey: wire.publicKey)) == nil)
        let error = #expect(throws: RPCError.self) { try KeyRing(folder: keys, logger: .silent) }
        #expect(error?.message.contains("chmod 600") == true)
    }
}
