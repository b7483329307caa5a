import GRPCCore

@testable import BaridTransport

/// The methods of ``EchoService`` as raw handlers.
struct RawEcho: RawHandler {
    let probe: Probe

    static func handlers(_ probe: Probe) -> [String: any RawHandler] {
        let handler = RawEcho(probe: probe)
        let methods = ["Unary", "Collect", "Expand", "Both", "Fail", "Hang", "Hold", "Flood"]
        return Dictionary(
            uniqueKeysWithValues: methods.map { ("\(EchoService.name)/\($0)", handler) })
    }

    func opened(_ stream: RawStream) -> any RawReceiver {
        Receiver(stream: stream, probe: probe)
    }

    final class Receiver: RawReceiver {
        private let stream: RawStream
        private let probe: Probe
        private var bytes: [UInt8] = []

        init(stream: RawStream, probe: Probe) {
            self.stream = stream
            self.probe = probe
            switch stream.method.method {
            case "Fail":
                let error = EchoService.failure
                stream.finish(
                    Status(code: .failedPrecondition, message: error.message),
                    metadata: error.metadata)
            case "Hang": probe.note("hanging")
            case "Hold":
                probe.note("held")
                send([])
            case "Flood":
                // All of it is queued at once; what the peer has no credit for waits here.
                for _ in 0..<1_000 { send([UInt8](repeating: 1, count: 16 << 10)) }
            default: break
            }
        }

        func received(_ message: [UInt8]) {
            switch stream.method.method {
            case "Both": send(message)
            case "Unary", "Expand": bytes = message
            case "Collect": bytes += message
            default: break
            }
        }

        func halfClosed() {
            switch stream.method.method {
            case "Unary":
                try? stream.sendHeaders(stream.metadata)
                send(bytes)
                stream.finish(.init(code: .ok, message: ""), metadata: stream.metadata)
            case "Expand":
                let count = Int(bytes.first ?? 0)
                for index in 0..<count { send([UInt8(index)]) }
                stream.finish(.init(code: .ok, message: ""), metadata: ["count": "\(count)"])
            case "Collect":
                send(bytes)
                stream.finish(.init(code: .ok, message: ""))
            case "Both", "Hold":
                stream.finish(.init(code: .ok, message: ""))
            default: break
            }
        }

        func closed(_ reason: RawCloseReason) {
            guard reason != .finished else { return }
            probe.note("cancelled")
        }

        private func send(_ message: [UInt8]) {
            do {
                try stream.send(message)
            } catch {
                stream.finish(Status(code: .resourceExhausted, message: error.message))
            }
        }
    }
}
