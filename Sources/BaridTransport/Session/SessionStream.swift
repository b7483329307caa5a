internal import GRPCCore

/// One stream of a session: its queue, its credit and how far it has come.
///
/// A class, so that the session changes it in place; only the session that made it holds it.
final class SessionStream {
    /// Whether this side opened the stream.
    let isOurs: Bool

    /// Whether frames are passed on to another session, and neither assembled nor given credit.
    var isForwarded = false

    var queue = SendQueue()

    /// The peer knows of the stream: its open has left, or came from there.
    var hasLeft = false

    /// Whether the stream stands in the session's round of streams with something to send.
    var isScheduled = false

    /// What the peer allows on this stream; forwarded streams leave that to the ends.
    var sendCredit = TransportLimits.initialStreamCredit

    /// The last thing of this stream is queued: our half-close, or our status.
    var hasQueuedEnd = false

    /// Headers were queued by us or received from the peer.
    var hasHeaders = false

    /// The peer half-closed.
    var hasReceivedEnd = false

    /// The pieces of a message that is not complete.
    var assembly: [UInt8] = []
    var assemblyCharge = 0
    var isAssembling = false

    /// How large the latest message of several frames was, as far as memory is reserved for the next.
    var lastAssembly = 0

    /// Memory that is reserved before anything came to fill it, in a session as a whole.
    static let maximumReserve = 1 << 20

    var window: ReceiveWindow

    /// Bytes received outside of credit that the application has not read.
    var exemptHeld = 0

    /// Where the call is counted once it is over; only on the side that serves it.
    var tally: CallTally?

    /// The status code with which it ends as things stand: cancelled, until something is said.
    var endCode = Status.Code.cancelled.rawValue

    /// When the call's time is over; only on the side that serves it.
    var deadline: ContinuousClock.Instant?

    init(isOurs: Bool, windowBytes: Int) {
        self.isOurs = isOurs
        window = ReceiveWindow(size: windowBytes, initial: TransportLimits.initialStreamCredit)
    }
}
