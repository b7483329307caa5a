internal import BaridTransport
internal import GRPCCore
internal import SwiftProtobuf

extension RawCall {
    /// Sends a message; one that cannot be written or is too large ends the call.
    func send(_ message: some Message) {
        do {
            send(try message.serializedBytes() as [UInt8])
        } catch {
            cancel(
                RPCError(
                    code: .internalError, message: "a request cannot be written", cause: error))
        }
    }
}

extension Message {
    /// Reads a message of the broker's.
    ///
    /// - Throws: `.internalError` if it is none of that type.
    init(received bytes: [UInt8]) throws(RPCError) {
        do {
            try self.init(serializedBytes: bytes)
        } catch {
            throw RPCError(
                code: .internalError,
                message: "the broker sent what is no \(Self.protoMessageName)", cause: error)
        }
    }
}
