internal import Foundation
internal import ZeroMQ

/// What nothing built on them can pass: libzmq with frames of 64 events, and the disk with 64 a sync.
struct Ceilings: Sendable {
    let settings: BenchSettings
    private static let batch = 64

    func run() async throws -> RunResult {
        let interval = Interval([])
        var result = RunResult()
        result.add("libzmq, 64 x \(settings.payloadBytes) B a frame", try await frames(), "/s")
        result.add("append + fdatasync, 64 a sync", try disk(overwriting: false), "/s")
        result.add("overwrite of zeros + fdatasync, 64 a sync", try disk(overwriting: true), "/s")
        result.otherLoad = interval.end().otherLoad
        return result
    }

    /// Events a second from a DEALER to a ROUTER on a thread of its own, one answer a frame.
    private func frames() async throws -> Double {
        let folder = try ScratchFolder(in: settings.folder)
        defer { folder.remove() }
        let address = "ipc://\(folder.path)/raw.ipc"
        let frame = [UInt8](repeating: 0x61, count: Self.batch * settings.payloadBytes)
        let count = settings.scaled(20_000)
        let context = try Context()
        // Bound before the thread begins, so that the DEALER finds it; used by the thread alone then.
        let router = RouterBox(try Socket(.router, in: context))
        try router.socket.set(.linger(0))
        try router.socket.bind(address)
        async let answered: Void = withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Result { try Self.answer(router.socket, count, in: context) })
            }
            thread.start()
        }
        let started = MonotonicTime.now
        async let sent: Void = withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Result { try Self.send(frame, count, to: address, in: context) })
            }
            thread.start()
        }
        _ = try await (answered, sent)
        return Double(count * Self.batch) / MonotonicTime.seconds(started, MonotonicTime.now)
    }

    /// Unchecked: the maker lets go of the socket before the one thread that uses it begins.
    private final class RouterBox: @unchecked Sendable {
        let socket: Socket

        init(_ socket: Socket) { self.socket = socket }
    }

    private static func answer(_ socket: Socket, _ count: Int, in context: Context) throws {
        var wait = try Wait(for: socket, in: context)
        var part = Message()
        var frames = 0
        while frames < count {
            try wait.forInput()
            while frames < count, try socket.receive(into: &part) {
                let peer = part.withUnsafeBytes { [UInt8]($0) }
                guard try socket.receive(into: &part) else { break }
                frames += 1
                _ = try socket.send(peer, more: true)
                _ = try socket.send([0x61])
            }
        }
    }

    private static func send(
        _ frame: [UInt8], _ count: Int, to address: String, in context: Context
    ) throws {
        let socket = try Socket(.dealer, in: context)
        try socket.set(.linger(0))
        try socket.connect(address)
        var wait = try Wait(for: socket, in: context)
        var part = Message()
        var sent = 0
        var answered = 0
        while answered < count {
            // As many in flight as the producer of S1 has: 2,048 events.
            while sent < count, sent - answered < 32 {
                guard case .sent = try socket.send(frame) else { break }
                sent += 1
            }
            try wait.forInput()
            while try socket.receive(into: &part) { answered += 1 }
        }
    }

    /// A wait for one socket, bounded, so that a benchmark never hangs.
    private struct Wait {
        private let wakeUp: WakeUp
        private let unused: Socket
        private var poll: Poll

        init(for socket: Socket, in context: Context) throws {
            wakeUp = try WakeUp()
            unused = try Socket(.pair, in: context)
            poll = try Poll(wakeUp: wakeUp, socket: socket, monitor: unused)
        }

        mutating func forInput() throws {
            guard try poll.wait(atMost: .seconds(10), writable: false).readable else {
                throw BenchFailure("raw frames: nothing came for 10 s")
            }
        }
    }

    /// Events a second written and synced, one commit of 64 after the other.
    private func disk(overwriting: Bool) throws -> Double {
        let folder = try ScratchFolder(in: settings.folder)
        defer { folder.remove() }
        let path = "\(folder.path)/raw.log"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BenchFailure("\(path) cannot be made") }
        defer { close(descriptor) }
        let size = Self.batch * settings.payloadBytes
        let commits = settings.scaled(4_000)
        let places = min(commits, (64 << 20) / size)
        var bytes = [UInt8](repeating: 0, count: size)
        if overwriting {
            for place in 0..<places { pwrite(descriptor, bytes, size, off_t(place * size)) }
            guard fsync(descriptor) == 0 else { throw BenchFailure("\(path) cannot be synced") }
        }
        bytes = [UInt8](repeating: 0x61, count: size)
        let started = MonotonicTime.now
        for commit in 0..<commits {
            let place = overwriting ? commit % places : commit
            guard pwrite(descriptor, bytes, size, off_t(place * size)) == size,
                fdatasync(descriptor) == 0
            else { throw BenchFailure("\(path) cannot be written") }
        }
        return Double(commits * Self.batch) / MonotonicTime.seconds(started, MonotonicTime.now)
    }
}
