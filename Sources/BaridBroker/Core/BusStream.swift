internal import BaridTransport
package import GRPCCore

/// The answering side of a stream, as the core sees it; every method may be called from any
/// thread and does nothing once the stream is over.
package protocol BusStream: Sendable {
    /// Bytes that wait for the peer's credit or the socket.
    var unsentBytes: Int { get }

    /// Sends one message.
    func send(_ message: [UInt8], exempt: Bool) throws(RPCError)

    /// Ends the call.
    func finish(_ status: Status, metadata: Metadata)

    /// Returns credit for request messages that were dealt with.
    func returnCredit(bytes: Int)
}

extension RawStream: BusStream {}
