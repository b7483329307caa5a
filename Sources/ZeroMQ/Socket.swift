internal import CZeroMQ
internal import Glibc

/// A libzmq socket.
///
/// Everything on it must be called by one thread, the one that owns it.
///
/// Sending and receiving never block; waiting is ``Poll``.
public final class Socket {
    /// The socket types used here.
    public enum Kind: Sendable {
        /// Talks to one peer.
        case dealer
        /// Talks to many peers, each under a routing id.
        case router
        /// Receives the connection events of another socket.
        case pair
        /// Answers one request after another, each before the next.
        case reply
    }

    /// What became of a send.
    public enum SendResult: Sendable {
        /// libzmq took the message.
        case sent
        /// There is no peer, or its queue is full.
        case full
        /// The peer of that routing id is gone.
        case unreachable
    }

    /// The options Barid sets; milliseconds and bytes as libzmq takes them.
    public enum Option: Sendable {
        /// Reports unroutable messages instead of dropping them silently.
        case routerMandatory
        /// Messages queued to a peer before a send says `full`.
        case sendHighWater(Int32)
        /// Messages queued from a peer before its connection is read no further.
        case receiveHighWater(Int32)
        /// The largest part accepted, in bytes.
        case maximumMessageSize(Int64)
        /// ZMTP heartbeats: the interval, and the silence that ends a connection, in milliseconds.
        case heartbeat(interval: Int32, timeout: Int32)
        /// How long a connection's handshake may take, in milliseconds.
        case handshake(Int32)
        /// How long closing waits for unsent messages, in milliseconds.
        case linger(Int32)
        /// Queues only to connections that are complete.
        case immediate
        /// The first and the longest pause between attempts to connect, in milliseconds.
        case reconnect(first: Int32, longest: Int32)
        /// How long an attempt to connect may take, in milliseconds.
        case connect(Int32)
        /// Takes IPv6 addresses as well.
        case ipv6
        /// The id a ROUTER is to know this socket by; Barid's clients leave the choice to it.
        case routingID([UInt8])
        /// Connections the system may hold before they are accepted.
        case backlog(Int32)
        /// The domain under which the next bind asks the ZAP handler; empty asks only for CURVE.
        case zapDomain(String)
        /// The next bind takes encrypted connections, under this secret key.
        case curveServer(secret: CurveKey)
        /// The next bind takes connections without any mechanism.
        case curveOff
        /// The next connection is encrypted, and only to the server with that public key.
        case curveClient(public: CurveKey, secret: CurveKey, server: CurveKey)
    }

    let raw: UnsafeMutableRawPointer
    let context: Context

    /// Creates a socket.
    ///
    /// - Parameters:
    ///   - kind: Its type.
    ///   - context: The context, which the socket keeps alive.
    /// - Throws: ``ZeroMQError`` if the context has no room for it.
    public init(_ kind: Kind, in context: Context) throws(ZeroMQError) {
        let type =
            switch kind {
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .pair: ZMQ_PAIR
            case .reply: ZMQ_REP
            }
        guard let raw = zmq_socket(context.raw, type) else { throw .last("zmq_socket") }
        self.raw = raw
        self.context = context
    }

    deinit {
        zmq_close(raw)
    }

    /// Sets an option; most count for connections made afterwards.
    ///
    /// - Parameter option: The option and its value.
    /// - Throws: ``ZeroMQError`` if libzmq refuses the value.
    public func set(_ option: Option) throws(ZeroMQError) {
        switch option {
        case .routerMandatory: try set(ZMQ_ROUTER_MANDATORY, Int32(1))
        case .sendHighWater(let count): try set(ZMQ_SNDHWM, count)
        case .receiveHighWater(let count): try set(ZMQ_RCVHWM, count)
        case .maximumMessageSize(let bytes): try set(ZMQ_MAXMSGSIZE, bytes)
        case .heartbeat(let interval, let timeout):
            try set(ZMQ_HEARTBEAT_IVL, interval)
            try set(ZMQ_HEARTBEAT_TIMEOUT, timeout)
            try set(ZMQ_HEARTBEAT_TTL, timeout)
        case .handshake(let milliseconds): try set(ZMQ_HANDSHAKE_IVL, milliseconds)
        case .linger(let milliseconds): try set(ZMQ_LINGER, milliseconds)
        case .immediate: try set(ZMQ_IMMEDIATE, Int32(1))
        case .reconnect(let first, let longest):
            try set(ZMQ_RECONNECT_IVL, first)
            try set(ZMQ_RECONNECT_IVL_MAX, longest)
        case .connect(let milliseconds): try set(ZMQ_CONNECT_TIMEOUT, milliseconds)
        case .ipv6: try set(ZMQ_IPV6, Int32(1))
        case .routingID(let bytes): try set(ZMQ_ROUTING_ID, bytes: bytes)
        case .backlog(let count): try set(ZMQ_BACKLOG, count)
        case .zapDomain(let domain): try set(ZMQ_ZAP_DOMAIN, bytes: Array(domain.utf8))
        case .curveServer(let secret):
            try set(ZMQ_CURVE_SERVER, Int32(1))
            try set(ZMQ_CURVE_SECRETKEY, bytes: secret.bytes)
        case .curveOff: try set(ZMQ_CURVE_SERVER, Int32(0))
        case .curveClient(let publicKey, let secret, let server):
            try set(ZMQ_CURVE_SERVERKEY, bytes: server.bytes)
            try set(ZMQ_CURVE_PUBLICKEY, bytes: publicKey.bytes)
            try set(ZMQ_CURVE_SECRETKEY, bytes: secret.bytes)
        }
    }

    /// Listens on an endpoint.
    ///
    /// - Parameter endpoint: The endpoint as libzmq reads it.
    /// - Throws: ``ZeroMQError``, such as `EADDRINUSE`.
    public func bind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_bind(raw, endpoint) == 0 else { throw .last("zmq_bind") }
    }

    /// Listens on an endpoint no longer; connections made through it stay.
    ///
    /// - Parameter endpoint: The endpoint as ``lastEndpoint()`` wrote it after the bind.
    /// - Throws: ``ZeroMQError`` if the socket does not listen there.
    public func unbind(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_unbind(raw, endpoint) == 0 else { throw .last("zmq_unbind") }
    }

    /// Connects to an endpoint, now or as soon as somebody listens there.
    ///
    /// - Parameter endpoint: The endpoint as libzmq reads it.
    /// - Throws: ``ZeroMQError`` if the endpoint is malformed.
    public func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(raw, endpoint) == 0 else { throw .last("zmq_connect") }
    }

    /// The endpoint bound last, with the port the system chose.
    ///
    /// - Returns: The endpoint as libzmq writes it.
    /// - Throws: ``ZeroMQError`` if the socket is closed.
    public func lastEndpoint() throws(ZeroMQError) -> String {
        var buffer = [CChar](repeating: 0, count: 512)
        var size = buffer.count
        guard zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &size) == 0 else {
            throw .last("zmq_getsockopt")
        }
        return String(decoding: buffer.prefix(max(size - 1, 0)).map(UInt8.init), as: UTF8.self)
    }

    /// Sends one part without blocking.
    ///
    /// - Parameters:
    ///   - bytes: The part; it is copied.
    ///   - more: Whether another part of the same message follows.
    /// - Returns: What became of it.
    /// - Throws: ``ZeroMQError`` for anything but a full queue or a peer that is gone.
    public func send(
        _ bytes: UnsafeRawBufferPointer, more: Bool = false
    ) throws(ZeroMQError) -> SendResult {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        while true {
            if zmq_send(raw, bytes.baseAddress, bytes.count, flags) >= 0 { return .sent }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return .full
            case EHOSTUNREACH: return .unreachable
            default: throw .last("zmq_send")
            }
        }
    }

    /// Sends one part without blocking.
    ///
    /// - Parameters:
    ///   - bytes: The part; it is copied.
    ///   - more: Whether another part of the same message follows.
    /// - Returns: What became of it.
    /// - Throws: ``ZeroMQError`` for anything but a full queue or a peer that is gone.
    public func send(_ bytes: [UInt8], more: Bool = false) throws(ZeroMQError) -> SendResult {
        let result: Result<SendResult, ZeroMQError> = bytes.withUnsafeBytes { bytes in
            do throws(ZeroMQError) {
                return .success(try send(bytes, more: more))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Receives one part without blocking.
    ///
    /// - Parameter message: Takes the part; what it held before is released.
    /// - Returns: Whether there was one.
    /// - Throws: ``ZeroMQError`` for anything but an empty queue.
    public func receive(into message: inout Message) throws(ZeroMQError) -> Bool {
        while true {
            if zmq_msg_recv(&message.raw, raw, ZMQ_DONTWAIT) >= 0 { return true }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw .last("zmq_msg_recv")
            }
        }
    }

    /// Signals once when libzmq has work for the thread of this socket: `ZMQ_FD`.
    var descriptor: Int32 {
        get throws(ZeroMQError) { try number(ZMQ_FD) }
    }

    /// Whether there is something to receive.
    ///
    /// - Throws: ``ZeroMQError`` if the context was terminated.
    public var isReadable: Bool {
        get throws(ZeroMQError) { try events & ZMQ_POLLIN != 0 }
    }

    /// Whether a receive or a send would succeed now: `ZMQ_EVENTS`, which does libzmq's work first.
    var events: Int32 {
        get throws(ZeroMQError) { try number(ZMQ_EVENTS) }
    }

    private func number(_ option: Int32) throws(ZeroMQError) -> Int32 {
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        while zmq_getsockopt(raw, option, &value, &size) != 0 {
            guard zmq_errno() == EINTR else { throw .last("zmq_getsockopt") }
        }
        return value
    }

    private func set(_ option: Int32, bytes: [UInt8]) throws(ZeroMQError) {
        guard zmq_setsockopt(raw, option, bytes, bytes.count) == 0 else {
            throw .last("zmq_setsockopt")
        }
    }

    private func set<Value: FixedWidthInteger & BitwiseCopyable>(
        _ option: Int32, _ value: Value
    ) throws(ZeroMQError) {
        var value = value
        guard zmq_setsockopt(raw, option, &value, MemoryLayout<Value>.size) == 0 else {
            throw .last("zmq_setsockopt")
        }
    }
}
