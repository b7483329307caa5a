internal import BaridTransport
internal import Foundation
internal import Synchronization
internal import ZeroMQ

/// A broker of another time: it answers every hello with goaway `unsupported-version`.
///
/// It writes its frames by hand, as Protocols/1-transport.md draws them.
final class VersionRefuser: Sendable {
    private struct State {
        var isStopping = false
        var range: (first: UInt16, last: UInt16)?
    }

    private let state = Mutex(State())

    init(endpoint: Endpoint, text: String) throws {
        let context = try Context()
        let address = "\(endpoint)"
        let failure = Mutex<ZeroMQError?>(nil)
        let bound = DispatchSemaphore(value: 0)
        // A socket belongs to one thread.
        let thread = Thread { [self] in
            do {
                let socket = try Socket(.router, in: context)
                try socket.set(.linger(0))
                try socket.bind(address)
                bound.signal()
                try serve(socket, text)
            } catch {
                failure.withLock { $0 = error as? ZeroMQError }
                bound.signal()
            }
        }
        thread.start()
        bound.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// The versions of the last hello.
    var range: (first: UInt16, last: UInt16)? { state.withLock { $0.range } }

    func stop() { state.withLock { $0.isStopping = true } }

    private func serve(_ socket: Socket, _ text: String) throws {
        var part = Message()
        while !state.withLock({ $0.isStopping }) {
            guard try socket.receive(into: &part) else {
                Thread.sleep(forTimeInterval: 0.01)
                continue
            }
            let peer = part.withUnsafeBytes { Array($0) }
            guard part.hasMore, try socket.receive(into: &part) else { continue }
            let hello = part.withUnsafeBytes { Array($0) }
            guard hello.count >= 16, hello[0] == 0x01 else { continue }
            state.withLock {
                $0.range = (
                    UInt16(hello[12]) << 8 | UInt16(hello[13]),
                    UInt16(hello[14]) << 8 | UInt16(hello[15])
                )
            }
            let body =
                [0x07, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xff)]
                + Array(text.utf8)
            let header: [UInt8] = [
                0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(body.count >> 8), UInt8(body.count & 0xff),
            ]
            _ = try socket.send(peer, more: true)
            _ = try socket.send(header + body)
        }
    }
}
