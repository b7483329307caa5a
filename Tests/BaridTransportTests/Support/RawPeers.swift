import Foundation
import GRPCCore
import Synchronization
import TestSupport
import Testing
import ZeroMQ

@testable import BaridTransport

/// A listener on a Unix socket and a loopback port, without keys.
struct OpenBroker: Sendable {
    let folder: TemporaryFolder
    let listener: Listener
    let audit = AuditTrail(logger: .silent)

    init(_ change: (inout Listener.Configuration) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        var configuration = Listener.Configuration(
            endpoints: [
                .ipc(path: "\(folder.path)/broker.ipc"), .tcp(host: "127.0.0.1", port: 0),
            ])
        configuration.allowsLocalUsers = true
        configuration.logger = .silent
        configuration.audit = audit
        configuration.rawHandlers = RawEcho.handlers(Probe())
        // Other tests of this process fill its memory.
        configuration.peers.memoryStepBytes = 1 << 34
        change(&configuration)
        listener = try Listener(configuration)
        try listener.start()
    }

    func address(isTCP: Bool) throws -> RawZMTP.Address {
        guard isTCP else { return .ipc(path: "\(folder.path)/broker.ipc") }
        guard case .tcp(_, let port) = listener.endpoints[1] else {
            throw RPCError(code: .internalError, message: "no port")
        }
        return .tcp(port: port)
    }

    /// Runs `body` beside a client that calls all the time and is served every time.
    func serving(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let connection = try connect(to: listener, name: "bystander")
        try await withGRPCClient(transport: connection.clientTransport) { client in
            let client = TestClient(client)
            let first = try await client.messages("Unary", [[1]])
            #expect(first == [[1]])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        let replies = try await client.messages("Unary", [[42]])
                        #expect(replies == [[42]])
                        try? await Task.sleep(for: .milliseconds(20))
                    }
                }
                try await body()
                // It is served to the end, on the session it began with.
                let last = try await client.messages("Unary", [[2]])
                #expect(last == [[2]])
                group.cancelAll()
                while true {
                    do { guard try await group.next() != nil else { break } } catch {
                        if (error as? RPCError)?.code != .cancelled,
                            !(error is CancellationError)
                        {
                            throw error
                        }
                    }
                }
            }
        }
        await connection.close()
        await listener.stop()
        withExtendedLifetime(folder) {}
    }
}

/// Sends the same for ever on a thread of its own, until it is cut.
final class Flood: Sendable {
    private let over = Mutex(false)

    init(of parts: [[UInt8]], by peer: sending RawZMTP) {
        let bytes = parts.flatMap { $0 }
        let box = Box(peer)
        Thread.detachNewThread { [self] in
            while (try? box.peer.send(bytes)) != nil {}
            over.withLock { $0 = true }
        }
    }

    var isOver: Bool { over.withLock { $0 } }

    /// Unchecked: handed to one thread and used nowhere else.
    private struct Box: @unchecked Sendable {
        let peer: RawZMTP
        init(_ peer: RawZMTP) { self.peer = peer }
    }
}

/// A peer with a key and a routing id of its choice, which no well-behaved client has.
final class KeyPeer {
    let began = ContinuousClock.now
    private var socket: Socket?

    init(_ key: ClientKey, _ id: [UInt8], _ broker: SecureBroker) throws {
        let socket = try Socket(.dealer, in: Context())
        try socket.set(.linger(0))
        try socket.set(.routingID(id))
        try socket.set(
            .curveClient(
                public: key.pair.publicKey.key, secret: key.pair.secret,
                server: key.serverKey.key))
        try socket.connect(broker.endpoint.reachable)
        self.socket = socket
    }

    func send(_ kind: FrameKind, _ body: [UInt8]) throws {
        var bytes: [UInt8] = []
        FrameCodec.append(kind, flags: [], stream: 0, body: body, to: &bytes)
        _ = try socket?.send(bytes)
    }

    func received() throws -> [UInt8]? {
        var part = Message()
        guard let socket, try socket.receive(into: &part) else { return nil }
        return part.withUnsafeBytes { [UInt8]($0) }
    }

    func close() { socket = nil }
}
