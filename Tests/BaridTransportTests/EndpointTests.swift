import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/1-transport §2: where Barid listens and connects.
struct EndpointTests {
    @Test(arguments: [
        "ipc:///run/user/1000/barid/broker.ipc", "tcp://127.0.0.1:4260", "tcp://[::1]:0",
        "tcp://localhost:65535",
    ])
    func readsAndWritesItself(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(arguments: [
        "", "broker.ipc", "inproc://x", "udp://127.0.0.1:1", "ipc://relative", "ipc://@abstract",
        "tcp://127.0.0.1", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://0.0.0.0:1",
        "tcp://192.168.0.1:1", "tcp://127.0.0.1.example:1", "tcp://127.0.0:1", "tcp://*:1",
        "tcp://127.0.0.+1:1",
    ])
    func refusesWhatIsNotSafe(text: String) {
        let error = #expect(throws: RPCError.self) { try Endpoint(text) }
        #expect(error?.code == .invalidArgument)
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
