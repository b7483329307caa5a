internal import BaridEngine
internal import GRPCCore

/// A stream as the core keeps it: what is to be sent to it after the next commit.
final class CoreStream {
    let id: StreamID
    let stream: any BusStream
    let role: StreamRole
    /// The group, once the subscription stands.
    var group: String?
    var receipts: [Receipt] = []
    var batch = DeliveryBatch()
    /// Bytes of requests dealt with, whose credit returns.
    var credit = 0
    /// Deliveries it held when that was last told.
    var leased = 0
    /// It waits to be flushed.
    var touched = false
    /// The peer sends nothing more: the status follows the next flush.
    var finishing = false
    /// The broker ends the call with this fault at the next flush.
    var ending: BusFault?

    init(id: StreamID, stream: any BusStream, role: StreamRole) {
        self.id = id
        self.stream = stream
        self.role = role
    }

    /// Sends what is waiting.
    ///
    /// - Returns: The error if the transport would not take it; the stream is unusable then.
    func flush(durability: Durability) -> RPCError? {
        do throws(RPCError) {
            if !receipts.isEmpty {
                try stream.send(
                    PublishMessage.response(receipts, durability: durability), exempt: true)
                receipts.removeAll(keepingCapacity: true)
            }
            if !batch.isEmpty {
                // Deliveries draw on the credit of the stream; all else frees memory at the peer.
                try stream.send(batch.encode(), exempt: batch.events.isEmpty)
                batch = DeliveryBatch()
            }
        } catch {
            return error
        }
        if credit > 0 {
            stream.returnCredit(bytes: credit)
            credit = 0
        }
        return nil
    }
}

extension BusFault {
    /// The status of a call that ends with this fault.
    var status: Status {
        Status(
            code: Status.Code(rawValue: Int(code.rawValue)) ?? .unknown, message: message)
    }

    /// The trailers of a call that ends with this fault.
    var trailers: Metadata {
        var metadata: Metadata = [:]
        metadata.addString(reason, forKey: "barid-reason")
        if retryAfter > .zero {
            metadata.addString(String(retryAfter.milliseconds), forKey: "barid-retry-after-ms")
        }
        return metadata
    }

    /// The fault as the error of a call served by GRPCCore.
    var rpcError: RPCError {
        RPCError(
            code: RPCError.Code(status.code) ?? .unknown, message: message, metadata: trailers)
    }
}
