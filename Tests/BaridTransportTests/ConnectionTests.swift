import GRPCCore
import Glibc
import Synchronization
import Testing
import ZeroMQ

@testable import BaridTransport

/// Protocols/1-transport §7 and §11: sessions come, go and come back.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test
    func aBrokerThatStopsEndsCallsAndAnotherOneIsFound() async throws {
        let folder = try TemporaryFolder()
        let probe = Probe()
        let first = try Broker(in: folder, epoch: 7) {
            $0.rawHandlers = RawEcho.handlers(probe)
        }
        try await first.withClient { client, connection in
            let info = try await connection.waitUntilReady(within: .seconds(20))
            #expect(info.brokerEpoch == 7)
            let call = Task { try await client.messages("Hang") }
            await probe.wait(for: "hanging")
            await first.listener.stop()
            let error = await #expect(throws: RPCError.self) { try await call.value }
            #expect(error?.code == .unavailable)
            let second = try Broker(in: folder, epoch: 8) {
                $0.rawHandlers = RawEcho.handlers(probe)
            }
            for await case .ready(let info) in connection.states where info.brokerEpoch == 8 {
                break
            }
            let replies1 = try await client.messages("Unary", [[5]])
            #expect(replies1 == [[5]])
            await second.listener.stop()
        }
    }

    @Test
    func aSessionTheBrokerDoesNotKnowIsMadeAnew() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        let broker = try FramePeer(listeningOn: endpoint)
        var configuration = Connection.Configuration(endpoint: endpoint)
        configuration.logger = .silent
        let connection = try Connection(configuration)
        try connection.start()
        for session in [UInt64(1), 2] {
            let body = try await broker.next(.hello).body
            let hello = try body.withUnsafeBytes { try HelloBody($0) }
            let welcome = WelcomeBody(
                version: 1, nonce: hello.nonce, session: session, brokerEpoch: 4, brokerTime: 0,
                maximumMessageBytes: 1 << 20)
            try broker.send(.welcome, welcome.encode())
            for await case .ready(let info) in connection.states where info.id == session { break }
            let goaway = GoawayBody(.unknownSession, "who are you?")
            try broker.send(.goaway, goaway.encode())
        }
        _ = try await broker.next(.hello)
        await connection.close()
    }

    /// §7: "Who gives a session up for silence SHALL end its connection at once." libzmq's own heartbeats
    /// are answered here all the time: it is the session that hears nothing.
    @Test
    func aConnectionIsGivenUpWithTheSessionThatHearsNothing() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        let broker = try FramePeer(listeningOn: endpoint)
        var configuration = Connection.Configuration(endpoint: endpoint)
        configuration.logger = .silent
        let connection = try Connection(configuration)
        try connection.start()
        let body = try await broker.next(.hello).body
        let first = broker.client
        let hello = try body.withUnsafeBytes { try HelloBody($0) }
        let welcome = WelcomeBody(
            version: 1, nonce: hello.nonce, session: 1, brokerEpoch: 4, brokerTime: 0,
            maximumMessageBytes: 1 << 20)
        try broker.send(.welcome, welcome.encode())
        _ = try await broker.next(.hello)
        #expect(first != nil && broker.client != first, "a hello on the connection it gave up")
        await connection.close()
    }

    /// §7: a session within 3 s, also where the end of a connection comes as a surprise, as when a broker
    /// is killed: libzmq still takes messages for it then.
    @Test
    func aHelloIsNotSentToAConnectionThatIsGone() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        let broker = try FramePeer(listeningOn: endpoint)
        broker.answersPings = true
        // Many at once, so that their threads are not always where the fast ones are.
        for _ in 0..<3 {
            var connections: [Connection] = []
            var descriptors: [Int32] = []
            for _ in 0..<24 {
                var configuration = Connection.Configuration(endpoint: endpoint)
                configuration.logger = .silent
                let connection = try Connection(configuration)
                try connection.start()
                let body = try await broker.next(.hello).body
                let hello = try body.withUnsafeBytes { try HelloBody($0) }
                let welcome = WelcomeBody(
                    version: 1, nonce: hello.nonce, session: 1, brokerEpoch: 4, brokerTime: 0,
                    maximumMessageBytes: 1 << 20)
                try broker.send(.welcome, welcome.encode())
                for await case .ready in connection.states { break }
                connections.append(connection)
                descriptors.append(try #require(broker.descriptor))
            }
            let cut = ContinuousClock.now
            for descriptor in descriptors { Socket.cut(descriptor: descriptor) }
            for _ in connections { _ = try await broker.next(.hello) }
            #expect(.now - cut < .seconds(3))
            for connection in connections { await connection.close() }
        }
    }

    @Test
    func aBrokerOfAnotherVersionIsNotTriedAgain() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        let broker = try FramePeer(listeningOn: endpoint)
        var configuration = Connection.Configuration(endpoint: endpoint)
        configuration.logger = .silent
        let connection = try Connection(configuration)
        try connection.start()
        _ = try await broker.next(.hello)
        try broker.send(.goaway, GoawayBody(.unsupportedVersion, "I speak 7 to 9").encode())
        for await state in connection.states where state.isFinal { break }
        #expect(connection.state == .refused("I speak 7 to 9"))
        let error = await #expect(throws: RPCError.self) {
            try await connection.waitUntilReady(within: .seconds(20))
        }
        #expect(error?.code == .failedPrecondition)
        await connection.close()
    }

    @Test
    func aCallWithoutABrokerIsUnavailableInTime() async throws {
        let folder = try TemporaryFolder()
        var configuration = Connection.Configuration(
            endpoint: .ipc(path: "\(folder.path)/broker.ipc"))
        configuration.maximumConnectWait = .milliseconds(50)
        configuration.logger = .silent
        let connection = try Connection(configuration)
        try await withGRPCClient(transport: connection.clientTransport) { client in
            let error = await #expect(throws: RPCError.self) {
                try await TestClient(client).messages("Unary")
            }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains(folder.path) == true)
        }
        await #expect(throws: RPCError.self) {
            try await connection.waitUntilReady(within: .milliseconds(10))
        }
        await connection.close()
        #expect(connection.state == .closed)
    }

    @Test
    func aCallMadeBeforeTheBrokerStartsIsCarriedOnceItHas() async throws {
        let folder = try TemporaryFolder()
        let connection = try Connection(
            Connection.Configuration(endpoint: .ipc(path: "\(folder.path)/broker.ipc")))
        try await withGRPCClient(transport: connection.clientTransport) { client in
            async let early = TestClient(client).messages("Collect", [[1], [2]])
            let broker = try Broker(in: folder) { $0.rawHandlers = RawEcho.handlers(Probe()) }
            let replies2 = try await early
            #expect(replies2 == [[1, 2]])
            await broker.listener.stop()
        }
        await connection.close()
    }

    @Test
    func aMessageOverTheLimitIsRefusedWithBothNumbers() async throws {
        let broker = try Broker { $0.rawHandlers = RawEcho.handlers(Probe()) }
        try await broker.withClient { client, _ in
            let large = [UInt8](repeating: 0, count: (1 << 20) + 1)
            let error = await #expect(throws: RPCError.self) {
                try await client.messages("Unary", [large])
            }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.message.contains("1048577") == true)
            #expect(error?.message.contains("1048576") == true)
        }
        // A client that would send it is told by the broker's limit, known from the welcome.
        var limits = TransportLimits()
        limits.maximumMessageBytes = 4 << 20
        try await broker.withClient(limits: limits) { client, _ in
            let large = [UInt8](repeating: 0, count: 3 << 20)
            let error = await #expect(throws: RPCError.self) {
                try await client.messages("Unary", [large])
            }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.message.contains("3145728") == true)
            #expect(error?.message.contains("1048576") == true)
            let replies3 = try await client.messages("Unary", [[1]])
            #expect(replies3 == [[1]])
        }
        await broker.listener.stop()
    }

    @Test
    func drainingWaitsForOpenCallsAndRefusesNewOnes() async throws {
        let broker = try Broker { $0.rawHandlers = RawEcho.handlers(Probe()) }
        try await broker.withClient { client, connection in
            let drained = try await client.holding {
                let drained = Task { await connection.drain(within: .seconds(20)) }
                var error: RPCError?
                while error == nil {
                    do {
                        _ = try await client.messages("Unary")
                    } catch let refusal as RPCError {
                        error = refusal
                    }
                }
                #expect(error?.code == .failedPrecondition)
                return drained
            }
            await drained.value
            #expect(connection.state == .closed)
        }
        await broker.listener.stop()
    }

    @Test
    func aBrokerThatDrainsLetsOpenCallsFinish() async throws {
        let broker = try Broker { $0.rawHandlers = RawEcho.handlers(Probe()) }
        try await broker.withClient { client, _ in
            let drained = try await client.holding {
                let drained = Task { await broker.listener.drain(within: .seconds(20)) }
                var error: RPCError?
                while error == nil {
                    do {
                        _ = try await client.messages("Unary")
                    } catch let refusal as RPCError {
                        error = refusal
                    }
                }
                #expect(error?.code == .unavailable)
                return drained
            }
            await drained.value
            #expect(broker.listener.sessions.isEmpty)
        }
    }

    @Test
    func theBrokerKnowsItsSessions() async throws {
        let events = Mutex<[String]>([])
        let probe = Probe()
        let broker = try Broker { configuration in
            configuration.onSession = { event in
                switch event {
                case .started(let session):
                    events.withLock { $0.append("started \(session.registration.name)") }
                    probe.note("started")
                case .ended(let session, _):
                    events.withLock { $0.append("ended \(session.registration.name)") }
                    probe.note("ended")
                }
            }
        }
        try await broker.withWorker("tagger", concurrency: 5) { worker in
            let info = try await worker.waitUntilReady(within: .seconds(20))
            await probe.wait(for: "started")
            let session = try #require(broker.listener.sessions.first)
            #expect(broker.listener.sessions.count == 1)
            #expect(session.id == info.id)
            #expect(session.registration.name == "tagger")
            #expect(session.registration.services == [EchoService.name])
            #expect(session.registration.concurrency == 5)
        }
        await probe.wait(for: "ended")
        #expect(broker.listener.sessions.isEmpty)
        #expect(events.withLock { $0 } == ["started tagger", "ended tagger"])
        await broker.listener.stop()
    }

    @Test
    func theSocketIsTheOwnersAlone() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/new/broker.ipc"
        var configuration = Listener.Configuration(endpoints: [.ipc(path: path)])
        configuration.logger = .silent
        let listener = try Listener(configuration)
        try listener.start()
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o077 == 0)
        #expect(stat("\(folder.path)/new", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        await listener.stop()
        #expect(stat(path, &status) != 0)
        // Where others may write, they could put a socket of their own.
        chmod("\(folder.path)/new", 0o777)
        let open = try Listener(configuration)
        let error = #expect(throws: RPCError.self) { try open.start() }
        #expect(error?.code == .permissionDenied)
        unlink("\(path).lock")
        rmdir("\(folder.path)/new")
    }

    @Test
    func aSecondListenerOnAPathIsRefusedAndNamesTheFirst() async throws {
        let broker = try Broker()
        let error = #expect(throws: RPCError.self) { _ = try Broker(in: broker.folder) }
        #expect(error?.code == .alreadyExists)
        #expect(error?.message.contains("\(getpid())") == true)
        await broker.listener.stop()
        // The path is free as soon as the first one has stopped.
        let next = try Broker(in: broker.folder)
        await next.listener.stop()
    }
}
