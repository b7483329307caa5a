import GRPCCore
import Logging
import Synchronization
import Testing
import ZeroMQ

@testable import BaridTransport

/// Protocols/7-security §2 and §3, over real sockets: who gets a session, and what others are told.
@Suite(.timeLimit(.minutes(2)))
struct AuthenticationTests {
    @Test func aKnownKeyGetsASessionUnderItsName() async throws {
        let broker = try SecureBroker()
        let key = try broker.makeKey("wire", "call=\(EchoService.name)")
        let connection = try broker.connect(key)
        try await connection.waitUntilReady(within: .seconds(20))
        let session = try #require(broker.listener.sessions.first)
        #expect(session.identity == .key(name: "wire", publicKey: key.pair.publicKey))
        #expect(session.rights == (try Rights("call=\(EchoService.name)")))
        await connection.close()
        await broker.listener.stop()
    }

    @Test func withoutAKeyNobodyGetsInAndIsToldSo() async throws {
        let broker = try SecureBroker()
        let unknown = ClientKey(pair: try KeyPair(), serverKey: broker.serverKey)
        let cases: [(ClientKey?, String)] = [
            (unknown, "does not let our key in"), (nil, "takes keys"),
            (ClientKey(pair: try KeyPair(), serverKey: try KeyPair().publicKey), "server-key"),
        ]
        for (key, part) in cases {
            let connection = try broker.connect(key)
            let error = await #expect(throws: RPCError.self) {
                try await connection.waitUntilReady(within: .seconds(3))
            }
            #expect(error?.code == .permissionDenied)
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
            await connection.close()
        }
        #expect(broker.listener.sessions.isEmpty)
        #expect(broker.audit.counts.byKind[.connection, default: 0] >= 1)
        await broker.listener.stop()
    }

    /// §2.3: the Unix socket stays open to its owner, and takes no part in the keys.
    @Test func theUnixSocketNeedsNoKeyBesideAnEndpointWithKeys() async throws {
        let broker = try SecureBroker()
        let connection = try Connection(
            Connection.Configuration(endpoint: broker.listener.endpoints[0]))
        try await connection.waitUntilReady(within: .seconds(20))
        #expect(broker.listener.sessions.map(\.identity) == [.local])
        #expect(broker.listener.sessions.map(\.rights) == [.all])
        await connection.close()
        await broker.listener.stop()
    }

    /// §4.5: a key works from its first connection on, and ends with its revocation.
    @Test func keysComeAndGoWithoutARestart() async throws {
        let broker = try SecureBroker()
        let key = try broker.makeKey("wire", "all")
        let connection = try broker.connect(key)
        try await connection.waitUntilReady(within: .seconds(20))
        try broker.keys.revoke("wire")
        for await state in connection.states {
            guard case .forbidden(let text) = state else { continue }
            #expect(text.contains("revoked"))
        }
        #expect(connection.state.isFinal)
        let again = try broker.connect(key)
        let error = await #expect(throws: RPCError.self) {
            try await again.waitUntilReady(within: .seconds(20))
        }
        #expect(error?.code == .permissionDenied)
        await connection.close()
        await again.close()
        await broker.listener.stop()
    }

    /// §3.3: libzmq takes every key when nothing answers for it; we then let in nobody.
    @Test func withoutAnAuthenticatorNobodyNewGetsIn() async throws {
        let broker = try SecureBroker()
        let key = try broker.makeKey("wire", "all")
        let before = try broker.connect(key)
        try await before.waitUntilReady(within: .seconds(20))
        await broker.listener.loseAuthenticator()
        #expect(!broker.listener.isAuthenticating)
        for key in [key, ClientKey(pair: try KeyPair(), serverKey: broker.serverKey)] {
            let connection = try broker.connect(key)
            let error = await #expect(throws: RPCError.self) {
                try await connection.waitUntilReady(within: .seconds(4))
            }
            #expect(error?.code == .permissionDenied)
            await connection.close()
        }
        // Who was in stays in.
        #expect(broker.listener.sessions.count == 1)
        guard case .ready = before.state else {
            Issue.record("the session of before is \(before.state)")
            return
        }
        await before.close()
        await broker.listener.stop()
    }

    /// §3.5: each way in which an endpoint would let in the wrong ones keeps the broker from starting.
    @Test func theSelfTestFindsAnEndpointThatTakesEverybody() throws {
        let server = try KeyPair()
        let known = try KeyPair()
        // CURVE, and nobody who answers: libzmq takes any key.
        let open = try Socket(.router, in: Context())
        try open.set(.linger(0))
        try open.set(.curveServer(secret: server.secret))
        try open.bind("tcp://127.0.0.1:0")
        let error = #expect(throws: RPCError.self) {
            try SecuritySelfTest.run(
                Endpoint(open.lastEndpoint()), serverKey: server.publicKey, known: known)
        }
        #expect(error?.message.contains("an unknown key was succeeded") == true)
        // No mechanism at all.
        let plain = try Socket(.router, in: Context())
        try plain.set(.linger(0))
        try plain.bind("tcp://127.0.0.1:0")
        #expect(throws: RPCError.self) {
            try SecuritySelfTest.run(
                Endpoint(plain.lastEndpoint()), serverKey: server.publicKey, known: known,
                limit: .seconds(2))
        }
    }

    /// §2.2: what every local user or another machine could reach takes keys.
    @Test(arguments: ["tcp://127.0.0.1:0", "tcp://0.0.0.0:0"])
    func withoutKeysATCPEndpointIsRefused(text: String) throws {
        let endpoint = try Endpoint(text)
        let error = #expect(throws: RPCError.self) {
            try Listener(Listener.Configuration(endpoints: [endpoint]))
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("keys") == true)
        var configuration = Listener.Configuration(endpoints: [endpoint])
        configuration.allowsLocalUsers = true
        if endpoint.isOnThisMachine {
            #expect(throws: Never.self) { try Listener(configuration) }
        } else {
            #expect(throws: RPCError.self) { try Listener(configuration) }
        }
    }

    @Test func anotherMachinesBrokerIsNotTriedWithoutAKey() throws {
        let error = #expect(throws: RPCError.self) {
            try Connection(Connection.Configuration(endpoint: Endpoint("tcp://192.0.2.1:1")))
        }
        #expect(error?.code == .unauthenticated)
    }

    /// §7: below, at and above the sessions of one key.
    @Test func aKeyHasAMaximumOfSessions() async throws {
        let broker = try SecureBroker { $0.peers.maximumSessionsPerKey = 2 }
        let key = try broker.makeKey("wire", "all")
        let other = try broker.makeKey("desk", "all")
        let connections = [try broker.connect(key), try broker.connect(key)]
        for connection in connections {
            try await connection.waitUntilReady(within: .seconds(20))
        }
        let third = try broker.connect(key)
        await #expect(throws: RPCError.self) {
            try await third.waitUntilReady(within: .seconds(1))
        }
        let desk = try broker.connect(other)
        try await desk.waitUntilReady(within: .seconds(20))
        #expect(broker.listener.sessions.count == 3)
        for connection in connections + [third, desk] { await connection.close() }
        await broker.listener.stop()
    }

    /// §5: registering a service takes a right, and so does calling it.
    @Test func servicesAreServedAndCalledByRight() async throws {
        let broker = try SecureBroker()
        let refused = try broker.connect(
            broker.makeKey("no-worker", "call=>"), services: [EchoService.name])
        let error = await #expect(throws: RPCError.self) {
            try await refused.waitUntilReady(within: .seconds(20))
        }
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.contains(EchoService.name) == true)
        await refused.close()

        let worker = try broker.connect(
            broker.makeKey("worker", "serve=\(EchoService.name)"), services: [EchoService.name])
        let caller = try broker.connect(broker.makeKey("caller", "call=\(EchoService.name)"))
        let stranger = try broker.connect(broker.makeKey("stranger", "publish=>"))
        let service = EchoService(probe: Probe(), label: "worker")
        try await withGRPCServer(transport: worker.serverTransport, services: [service]) { _ in
            try await worker.waitUntilReady(within: .seconds(20))
            try await withGRPCClient(transport: caller.clientTransport) { client in
                let replies = try await TestClient(client).messages("Unary", [[7]])
                #expect(replies == [[7]])
            }
            try await withGRPCClient(transport: stranger.clientTransport) { client in
                let error = await #expect(throws: RPCError.self) {
                    try await TestClient(client).messages("Unary", [[7]])
                }
                #expect(error?.code == .permissionDenied)
                #expect(error?.message.contains("call=\(EchoService.name)") == true)
                let reason = error?.metadata[stringValues: "barid-reason"].first { _ in true }
                #expect(reason == Refusal.reason)
            }
        }
        #expect(broker.audit.counts.byKind == [.session: 1, .call: 1])
        for connection in [worker, caller, stranger] { await connection.close() }
        await broker.listener.stop()
    }
}

/// A listener with a Unix socket and an endpoint with keys.
struct SecureBroker: Sendable {
    let folder: TemporaryFolder
    let keys: KeyFolder
    let ring: KeyRing
    let audit: AuditTrail
    let listener: Listener

    var serverKey: PublicKey { ring.serverKey.publicKey }

    /// The endpoint with keys.
    var endpoint: Endpoint { listener.endpoints[1] }

    init(_ change: (inout Listener.Configuration) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        keys = KeyFolder(path: "\(folder.path)/keys")
        ring = try KeyRing(folder: keys, logger: .silent)
        audit = AuditTrail(logger: .silent)
        var configuration = Listener.Configuration(
            endpoints: [
                .ipc(path: "\(folder.path)/broker.ipc"), .tcp(host: "127.0.0.1", port: 0),
            ])
        configuration.keys = ring
        configuration.audit = audit
        configuration.logger = .silent
        // Other tests of this process fill its memory.
        configuration.peers.memoryStepBytes = 1 << 34
        change(&configuration)
        listener = try Listener(configuration)
        try listener.start()
    }

    func makeKey(_ name: String, _ rights: String) throws -> ClientKey {
        let pair = try KeyPair()
        try keys.allow(
            KeyFolder.Entry(name: name, publicKey: pair.publicKey, rights: try Rights(rights)))
        return ClientKey(pair: pair, serverKey: serverKey)
    }

    func connect(_ key: ClientKey?, services: [String] = []) throws -> Connection {
        var configuration = Connection.Configuration(
            endpoint: endpoint, registration: Registration(name: "test", services: services))
        configuration.key = key
        configuration.logger = .silent
        return try Connection(configuration)
    }
}
