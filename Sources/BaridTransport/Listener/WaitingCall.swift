/// A call to be forwarded, while every worker of its service is busy.
final class WaitingCall {
    let service: String
    let rest: [UInt8]
    let link: PeerLink
    let id: UInt32

    /// When the call's own time is over.
    let deadline: ContinuousClock.Instant?

    /// When it stops waiting for a worker.
    let giveUp: ContinuousClock.Instant

    /// What the caller sent meanwhile; its credit bounds it.
    var frames: [(FrameKind, FrameHeader.Flags, [UInt8])] = []

    var isOver = false

    init(
        service: String, rest: [UInt8], link: PeerLink, id: UInt32,
        deadline: ContinuousClock.Instant?, giveUp: ContinuousClock.Instant
    ) {
        self.service = service
        self.rest = rest
        self.link = link
        self.id = id
        self.deadline = deadline
        self.giveUp = giveUp
    }

    /// Session credit that the frames hold.
    var charge: Int {
        frames.reduce(0) { sum, frame in
            guard frame.0 == .message, !frame.1.contains(.exempt) else { return sum }
            return sum + frame.2.count + FrameHeader.size
        }
    }
}
