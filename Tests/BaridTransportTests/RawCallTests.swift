import GRPCCore
import Synchronization
import Testing

@testable import BaridTransport

/// Calls without tasks: what a ``RawCall`` hears is what a call over GRPCCore would.
@Suite(.timeLimit(.minutes(1)))
struct RawCallTests {
    /// Keeps what comes, for the test to wait for.
    private final class Receiver: RawCallReceiver {
        enum Event: Equatable {
            case message([UInt8])
            case sent
        }

        let events: AsyncStream<Event>
        private let continuation: AsyncStream<Event>.Continuation
        private let seen = Mutex<[Event]>([])
        private let refusal: RPCError?

        init(refusing refusal: RPCError? = nil) {
            (events, continuation) = AsyncStream.makeStream()
            self.refusal = refusal
        }

        var soFar: [Event] { seen.withLock { $0 } }

        func received(_ message: [UInt8]) throws(RPCError) {
            note(.message(message))
            if let refusal { throw refusal }
        }

        func sent() { note(.sent) }

        private func note(_ event: Event) {
            seen.withLock { $0.append(event) }
            continuation.yield(event)
        }
    }

    /// Runs `body` with a connection to a broker that echoes.
    private func withEcho(
        _ probe: Probe = Probe(), limits: TransportLimits = TransportLimits(),
        _ body: (Connection, Broker) async throws -> Void
    ) async throws {
        let broker = try Broker { $0.rawHandlers = RawEcho.handlers(probe) }
        let connection = try connect(to: broker.listener, limits: limits)
        do {
            try await body(connection, broker)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        await broker.listener.stop()
    }

    @Test func messagesGoBothWaysAndEachIsToldToHaveLeft() async throws {
        try await withEcho { connection, _ in
            let receiver = Receiver()
            let call = try connection.call(.echo("Both"), receiver: receiver)
            var events = receiver.events.makeAsyncIterator()
            // An empty one, and one larger than a socket's message and the stream's credit.
            for message in [[1, 2], [], [UInt8](repeating: 7, count: 600_000)] {
                call.send(message)
                #expect(await events.next() == .sent)
                #expect(await events.next() == .message(message))
            }
            call.halfClose()
            try await call.end()
            try await call.end()
            #expect(receiver.soFar.count == 6)
        }
    }

    @Test func manyThreadsSendWhileAnswersCome() async throws {
        try await withEcho { connection, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<UInt8(8) {
                    group.addTask {
                        let receiver = Receiver()
                        let call = try connection.call(.echo("Both"), receiver: receiver)
                        var expected: [[UInt8]] = []
                        for number in 0..<1_000 {
                            expected.append([task, UInt8(number & 255), UInt8(number >> 8)])
                            call.send(expected[number])
                            if number % 64 == Int(task) { await Task.yield() }
                        }
                        call.halfClose()
                        try await call.end()
                        let answers = receiver.soFar.compactMap { event -> [UInt8]? in
                            guard case .message(let bytes) = event else { return nil }
                            return bytes
                        }
                        #expect(answers == expected)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aStatusEndsTheCallWithItsTrailers() async throws {
        try await withEcho { connection, _ in
            let call = try connection.call(.echo("Fail"), receiver: Receiver())
            let error = await #expect(throws: RPCError.self) { try await call.end() }
            #expect(error?.code == EchoService.failure.code)
            #expect(error?.message == EchoService.failure.message)
            #expect(error?.metadata == EchoService.failure.metadata)
        }
    }

    @Test(arguments: [true, false])
    func aCallIsCancelledByItselfOrWithTheTaskThatWaits(isTask: Bool) async throws {
        let probe = Probe()
        try await withEcho(probe) { connection, _ in
            let call = try connection.call(.echo("Hang"), receiver: Receiver())
            let end = Task { try await call.end() }
            await probe.wait(for: "hanging")
            if isTask { end.cancel() } else { call.cancel() }
            let error = await #expect(throws: RPCError.self) { try await end.value }
            #expect(error?.code == .cancelled)
            await probe.wait(for: "cancelled")
        }
    }

    @Test func whatTheReceiverThrowsEndsTheCall() async throws {
        let probe = Probe()
        try await withEcho(probe) { connection, _ in
            let refusal = RPCError(code: .dataLoss, message: "no such message")
            let receiver = Receiver(refusing: refusal)
            let call = try connection.call(.echo("Both"), receiver: receiver)
            for number in 0..<UInt8(10) { call.send([number]) }
            let error = await #expect(throws: RPCError.self) { try await call.end() }
            #expect(error == refusal)
            #expect(receiver.soFar.filter { $0 != .sent } == [.message([0])])
            await probe.wait(for: "cancelled")
        }
    }

    @Test func aSessionThatIsLostEndsTheCall() async throws {
        let probe = Probe()
        try await withEcho(probe) { connection, broker in
            let receiver = Receiver()
            let call = try connection.call(.echo("Hang"), receiver: receiver)
            await probe.wait(for: "hanging")
            await broker.listener.stop()
            let error = await #expect(throws: RPCError.self) { try await call.end() }
            #expect(error?.code == .unavailable)
            call.send([1])
            call.halfClose()
            #expect(receiver.soFar.isEmpty)
        }
    }

    @Test func nothingHasLeftBeforeThereIsASession() async throws {
        let folder = try TemporaryFolder()
        var configuration = Connection.Configuration(
            endpoint: .ipc(path: "\(folder.path)/broker.ipc"))
        configuration.logger = .silent
        configuration.maximumConnectWait = .seconds(30)
        let connection = try Connection(configuration)
        let receiver = Receiver()
        let call = try connection.call(.echo("Both"), receiver: receiver)
        call.send([1])
        call.send([2])
        #expect(receiver.soFar.isEmpty)
        let broker = try Broker(in: folder) { $0.rawHandlers = RawEcho.handlers(Probe()) }
        call.halfClose()
        try await call.end()
        #expect(receiver.soFar.filter { $0 != .sent } == [.message([1]), .message([2])])
        #expect(receiver.soFar.contains(.sent))
        await connection.close()
        await broker.listener.stop()
    }

    @Test func aCallThatFindsNoBrokerIsUnavailableAndSendsNoMore() async throws {
        let folder = try TemporaryFolder()
        var configuration = Connection.Configuration(
            endpoint: .ipc(path: "\(folder.path)/broker.ipc"))
        configuration.logger = .silent
        configuration.maximumConnectWait = .milliseconds(50)
        let connection = try Connection(configuration)
        let receiver = Receiver()
        let call = try connection.call(.echo("Both"), receiver: receiver)
        call.send([1])
        let error = await #expect(throws: RPCError.self) { try await call.end() }
        #expect(error?.code == .unavailable)
        #expect(receiver.soFar.isEmpty, "what never left is not told to have left")
        await connection.close()
    }

    @Test func aMessageOverTheLimitEndsTheCall() async throws {
        // Ours, and one that is known from the broker's welcome.
        for limit in [1 << 20, 4 << 20] {
            var limits = TransportLimits()
            limits.maximumMessageBytes = limit
            try await withEcho(limits: limits) { connection, _ in
                let receiver = Receiver()
                let call = try connection.call(.echo("Both"), receiver: receiver)
                call.send([UInt8](repeating: 0, count: (1 << 20) + 1))
                let error = await #expect(throws: RPCError.self) { try await call.end() }
                #expect(error?.code == .resourceExhausted)
                #expect(error?.message.contains("1048577") == true)
                #expect(error?.message.contains("1048576") == true)
                #expect(receiver.soFar.isEmpty)
            }
        }
    }

    @Test func aConnectionThatIsRefusedOrClosedTakesNoCall() async throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: "\(folder.path)/broker.ipc")
        let broker = try FramePeer(listeningOn: endpoint)
        var configuration = Connection.Configuration(endpoint: endpoint)
        configuration.logger = .silent
        let refused = try Connection(configuration)
        let early = try refused.call(.echo("Both"), receiver: Receiver())
        _ = try await broker.next(.hello)
        try broker.send(.goaway, GoawayBody(.unsupportedVersion, "I speak 7 to 9").encode())
        await #expect(throws: RPCError.self) { try await early.end() }
        let error = #expect(throws: RPCError.self) {
            try refused.call(.echo("Both"), receiver: Receiver())
        }
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message == "I speak 7 to 9")
        await refused.close()
        let closed = try Connection(configuration)
        await closed.close()
        let second = #expect(throws: RPCError.self) {
            try closed.call(.echo("Both"), receiver: Receiver())
        }
        #expect(second?.code == .failedPrecondition)
    }
}
