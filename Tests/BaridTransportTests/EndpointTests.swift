import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/1-transport §2: where Barid listens and connects.
struct EndpointTests {
    @Test(arguments: [
        "ipc:///run/user/1000/barid/broker.ipc", "tcp://127.0.0.1:4260", "tcp://[::1]:0",
        "tcp://localhost:65535", "tcp://0.0.0.0:1", "tcp://*:1", "tcp://broker.example:7450",
        "tcp://[fe80::1%eth0]:1",
    ])
    func readsAndWritesItself(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(arguments: [
        "", "broker.ipc", "inproc://x", "udp://127.0.0.1:1", "ipc://relative", "ipc://@abstract",
        "tcp://127.0.0.1", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.+1:1",
        "tcp://:1", "tcp://10.0.0.1;192.0.2.1:1", "tcp://[]:1", "tcp://a b:1", "tcp://fe80::1:1",
    ])
    func refusesWhatIsNone(text: String) {
        let error = #expect(throws: RPCError.self) { try Endpoint(text) }
        #expect(error?.code == .invalidArgument)
    }

    /// Protocols/7-security §2: only a loopback address can do without keys.
    @Test(arguments: [
        ("tcp://127.0.0.1:1", true), ("tcp://127.9.9.9:1", true), ("tcp://localhost:1", true),
        ("tcp://[::1]:1", true), ("ipc:///x", true), ("tcp://0.0.0.0:1", false),
        ("tcp://*:1", false), ("tcp://127.0.0.1.example:1", false), ("tcp://127.0.0:1", false),
        ("tcp://192.0.2.1:1", false), ("tcp://[::]:1", false),
    ])
    func knowsWhatStaysOnThisMachine(text: String, isLocal: Bool) throws {
        #expect(try Endpoint(text).isOnThisMachine == isLocal)
    }

    @Test
    func aPathMayHave107Bytes() throws {
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(try Endpoint("ipc://\(longest)") == .ipc(path: longest))
        let error = #expect(throws: RPCError.self) { try Endpoint("ipc://\(longest)a") }
        #expect(error?.message.contains("107") == true)
        #expect(error?.message.contains("108") == true)
    }
}
