internal import GRPCCore
internal import Synchronization

/// Takes what arrives on a call of ours.
final class ClientSink: StreamSink {
    private let inbox: Inbox<RPCResponsePart<[UInt8]>>

    init(inbox: Inbox<RPCResponsePart<[UInt8]>>) {
        self.inbox = inbox
    }

    func headers(_ metadata: Metadata) {
        _ = inbox.deliver(.metadata(metadata))
    }

    func message(_ bytes: [UInt8], charge: Int, exempt: Bool) -> MessageRelease {
        let isTaken = inbox.deliver(
            .message(bytes), charge: charge, exempt: exempt ? bytes.count : 0)
        return isTaken ? .later : .now
    }

    func halfClosed() {}

    func ended(_ end: StreamEnd) {
        switch end {
        case .status(let body):
            _ = inbox.deliver(.status(body.status, body.metadata))
            inbox.finish(.success(()))
        case .cancelled, .finished, .deadlineExceeded, .failed, .sessionEnded:
            inbox.finish(.failure(end.error))
        }
    }
}

/// Writes the request of a call of ours.
final class ClientWriter: ClosableRPCWriterProtocol {
    private let handle: StreamHandle
    private let method: String
    private let maximumMessageBytes: Int
    private let isExempt: Bool
    private let isOpen = Mutex(false)

    init(handle: StreamHandle, method: String, maximumMessageBytes: Int, isExempt: Bool) {
        self.handle = handle
        self.method = method
        self.maximumMessageBytes = maximumMessageBytes
        self.isExempt = isExempt
    }

    func write(_ element: RPCRequestPart<[UInt8]>) async throws {
        switch element {
        case .metadata(let metadata):
            let wasOpen = isOpen.withLock { isOpen in
                defer { isOpen = true }
                return isOpen
            }
            guard !wasOpen else {
                throw RPCError(code: .internalError, message: "request metadata given twice")
            }
            let remaining = GRPCTimeout.duration(in: metadata)
            let open = OpenBody(method: method, remaining: remaining, metadata: metadata)
            let order = StreamHandle.Order.open(
                method: method, rest: try open.encodeRest(),
                deadline: remaining.map { .now.advanced(by: $0) })
            guard handle.post(order) else {
                throw RPCError(code: .unavailable, message: "the connection is closed")
            }
        case .message(let bytes):
            try bytes.check(maximum: maximumMessageBytes)
            if try handle.send(bytes, exempt: isExempt) { try await handle.waitForRoom() }
        }
    }

    func write(contentsOf elements: some Sequence<RPCRequestPart<[UInt8]>>) async throws {
        for element in elements { try await write(element) }
    }

    func finish() async {
        handle.post(.halfClose)
    }

    func finish(throwing error: any Error) async {
        let error = error as? RPCError
        let code = error.map { Status.Code($0.code) } ?? .cancelled
        handle.post(
            .cancel(CancelBody(code: code, text: error?.message ?? "the request failed")))
    }
}

/// `grpc-timeout`, which GRPCCore keeps in the metadata and this protocol in a field of its own.
enum GRPCTimeout {
    static let key = "grpc-timeout"

    /// The time limit in the metadata, if there is a valid one.
    static func duration(in metadata: Metadata) -> Duration? {
        guard let text = metadata[stringValues: key].first(where: { _ in true }),
            (2...9).contains(text.utf8.count), let amount = Int64(text.dropLast()), amount >= 0
        else { return nil }
        switch text.last {
        case "H": return .seconds(amount * 3_600)
        case "M": return .seconds(amount * 60)
        case "S": return .seconds(amount)
        case "m": return .milliseconds(amount)
        case "u": return .microseconds(amount)
        case "n": return .nanoseconds(amount)
        default: return nil
        }
    }

    /// The limit as GRPCCore reads it: at most seven digits and a unit.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        return milliseconds < 10_000_000
            ? "\(max(milliseconds, 1))m" : "\(min(seconds, 9_999_999))S"
    }
}
