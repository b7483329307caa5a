import BaridChaos
import BaridTransport
import Foundation
import GRPCCore
import Logging
import TestSupport

/// Who has no key, or not the right one: row 29.
extension Attack {
    static let ofKeys: [Attack] = [
        Attack(name: "unknown key") { target, _ in
            let server = try target.arena.keys.serverKey().pair.publicKey
            return try await knock(target, ClientKey(pair: try KeyPair(), serverKey: server))
        },
        Attack(name: "no key", isCounted: true) { target, _ in
            try await knock(target, nil)
        },
        // It is the client here that ends the handshake: this is not its broker.
        Attack(name: "another broker's key", isCounted: false) { target, _ in
            let pair = try KeyPair()
            let other = try KeyPair().publicKey
            return try await knock(target, ClientKey(pair: pair, serverKey: other))
        },
        Attack(name: "revoked key", pause: .milliseconds(200)) { target, stop in
            let name = "gone-\(UInt32.random(in: 0...UInt32.max))"
            let pair = try KeyPair()
            let keys = target.arena.keys
            try keys.allow(
                KeyFolder.Entry(name: name, publicKey: pair.publicKey, rights: .all))
            let server = try keys.serverKey().pair.publicKey
            let key = ClientKey(pair: pair, serverKey: server)
            return try await withConnection(target, key) { connection in
                try await connection.waitUntilReady(within: .seconds(20))
                try keys.revoke(name)
                do {
                    try await eventually("an end of the session", within: .seconds(4)) {
                        if case .forbidden = connection.state { () } else { nil }
                    }
                } catch is TestSupport.NeverHappened {
                    return .succeeded("a session went on for 4 s after its key was revoked")
                }
                return try await knock(target, key)
            }
        },
        Attack(name: "parts before the handshake") { target, stop in
            try await onAttackersThread {
                let peer = try RawZMTP(target.tcp)
                try peer.send(RawZMTP.greeting(mechanism: "CURVE"))
                let part = RawZMTP.frame([UInt8](repeating: 7, count: 60_000), more: true)
                for _ in 0..<100 {
                    do { try peer.send(part) } catch { return .refused }
                }
                return .succeeded("6 MB were taken from a peer without a key")
            }
        },
    ]

    /// Tries to get a session with a key.
    private static func knock(_ target: Target, _ key: ClientKey?) async throws -> Result {
        try await withConnection(target, key) { connection in
            do {
                try await connection.waitUntilReady(within: .seconds(1))
                return .succeeded("a session without a key that is let in")
            } catch let error as RPCError where error.code == .permissionDenied {
                return .refused
            } catch let error as RPCError where error.code == .unavailable {
                return .ignored
            }
        }
    }

    private static func withConnection(
        _ target: Target, _ key: ClientKey?,
        _ body: (Connection) async throws -> Result
    ) async throws -> Result {
        var configuration = Connection.Configuration(
            endpoint: .tcp(host: "127.0.0.1", port: target.port),
            registration: Registration(name: "stranger"))
        configuration.key = key
        configuration.logger = Logger(label: "stranger") { _ in SwiftLogNoOpLogHandler() }
        let connection = try Connection(configuration)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}
