internal import GRPCCore
internal import ZeroMQ

/// Proves, at each start, that an endpoint lets in who may come and nobody else.
///
/// Without it a library that accepts every key (libzmq does when nothing answers for it) or a wrong
/// option would show only when it is too late. Specified in Protocols/7-security §3.
enum SecuritySelfTest {
    /// Connects to an endpoint with the known key, with one that nobody knows, and with none.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint, as bound.
    ///   - serverKey: The broker's public key.
    ///   - known: A pair that has to be let in now.
    ///   - limit: How long the handshakes may take together.
    /// - Throws: `RPCError` with code `.failedPrecondition` if one of them fares otherwise.
    static func run(
        _ endpoint: Endpoint, serverKey: PublicKey, known: KeyPair,
        limit: Duration = .seconds(10)
    ) throws {
        let address = endpoint.reachable
        let stranger = try KeyPair()
        let context = try Context()
        let probes = try [known, stranger, nil].enumerated().map { number, pair in
            try Probe(context, number, address, serverKey: serverKey, pair: pair)
        }
        let deadline = ContinuousClock.now.advanced(by: limit)
        while probes.contains(where: { $0.outcome == nil }), ContinuousClock.now < deadline {
            for probe in probes { try probe.wait() }
        }
        let outcomes = probes.map(\.outcome)
        guard outcomes == [.succeeded, .refused, .refused] else {
            let words = zip(["a known key", "an unknown key", "no key"], outcomes).map {
                "\($0) was \($1.map { "\($0)" } ?? "not answered")"
            }
            throw RPCError(
                code: .failedPrecondition,
                message: """
                    the self-test of \(endpoint) failed, so nothing is served: \
                    \(words.joined(separator: ", "))
                    """)
        }
    }

    private enum Outcome: Equatable {
        case succeeded
        case refused
    }

    /// One try.
    private final class Probe {
        private let socket: Socket
        private let monitor: Socket
        private let wakeUp: WakeUp
        private(set) var outcome: Outcome?

        init(
            _ context: Context, _ number: Int, _ address: String, serverKey: PublicKey,
            pair: KeyPair?
        ) throws {
            socket = try Socket(.dealer, in: context)
            try socket.set(.linger(0))
            try socket.set(.handshake(5_000))
            // One try is enough: a second one would only be an audit line more.
            try socket.set(.reconnect(first: 60_000, longest: 60_000))
            if address.contains("[") { try socket.set(.ipv6) }
            if let pair {
                try socket.set(
                    .curveClient(
                        public: pair.publicKey.key, secret: pair.secret, server: serverKey.key))
            }
            monitor = try socket.monitor(name: "probe-\(number)")
            wakeUp = try WakeUp()
            try socket.connect(address)
        }

        deinit {
            socket.stopMonitor()
        }

        /// Waits a little for the handshake's end.
        func wait() throws {
            guard outcome == nil else { return }
            var poll = try Poll(wakeUp: wakeUp, socket: socket, monitor: monitor)
            _ = try poll.wait(atMost: .milliseconds(20), writable: false)
            while let event = try monitor.nextEvent() {
                switch event {
                case .established: outcome = .succeeded
                case .handshakeFailed: outcome = outcome ?? .refused
                case .accepted, .acceptFailed, .connected, .disconnected: continue
                }
            }
        }
    }
}
