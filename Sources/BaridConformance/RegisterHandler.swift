internal import BaridSchema
internal import BaridTransport
internal import Foundation
internal import GRPCCore
internal import SwiftProtobuf

/// Takes the descriptors of a worker's services, as `barid.reflection.v1.Registry/Register` does.
struct RegisterHandler: RawHandler {
    let take: @Sendable ([UInt8]) -> Void

    func opened(_ stream: RawStream) -> any RawReceiver {
        RegisterReceiver(stream: stream, take: take)
    }
}

private final class RegisterReceiver: RawReceiver {
    private let stream: RawStream
    private let take: @Sendable ([UInt8]) -> Void

    init(stream: RawStream, take: @escaping @Sendable ([UInt8]) -> Void) {
        self.stream = stream
        self.take = take
    }

    func received(_ message: [UInt8]) {
        let request = try? Barid_Reflection_V1_RegisterRequest(serializedBytes: message)
        take(Array(request?.fileDescriptorSet ?? Data()))
    }

    func halfClosed() {
        // An empty message is a RegisterResponse without services.
        try? stream.send([])
        stream.finish(Status(code: .ok, message: ""))
    }

    func closed(_ reason: RawCloseReason) {}
}
