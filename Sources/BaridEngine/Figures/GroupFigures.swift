/// What a group has done since the process began, for operators; nothing depends on it.
public struct GroupFigures: Sendable, Equatable {
    /// Deliveries that went out.
    public internal(set) var deliveries: UInt64 = 0
    /// Of these, attempts after the first.
    public internal(set) var redeliveries: UInt64 = 0
    /// Deliveries that ended well.
    public internal(set) var acks: UInt64 = 0
    /// Deliveries to be tried again.
    public internal(set) var nacks: UInt64 = 0
    /// Deliveries refused for good.
    public internal(set) var rejects: UInt64 = 0
    /// Deliveries given back uncounted.
    public internal(set) var releases: UInt64 = 0
    /// Leases that ran out.
    public internal(set) var expiredLeases: UInt64 = 0
    /// Deliveries whose worker was lost.
    public internal(set) var losses: UInt64 = 0
    /// Leases that were prolonged.
    public internal(set) var extensions: UInt64 = 0
    /// Settlements that changed nothing, because the lease was held no longer.
    public internal(set) var stale: UInt64 = 0
    /// Dead letters that were made.
    public internal(set) var deadLetters: UInt64 = 0
    /// From the delivery to its ack, nack or reject.
    public internal(set) var handling = Histogram.times
    /// From the storing of an event to its ack.
    public internal(set) var endToEnd = Histogram.times

    /// How a delivery ended.
    enum End {
        case acked, nacked, rejected
    }

    /// Counts a delivery.
    mutating func delivered(attempt: UInt32) {
        deliveries &+= 1
        if attempt > 1 { redeliveries &+= 1 }
    }

    /// Counts the end of a delivery that its worker settled.
    mutating func settled(_ entry: Entry, _ end: End, clock: Int64, wall: Int64) {
        handling.add(clock &- entry.leasedClock)
        switch end {
        case .acked:
            acks &+= 1
            if entry.stored > 0 { endToEnd.add(wall &- entry.stored) }
        case .nacked: nacks &+= 1
        case .rejected: rejects &+= 1
        }
    }
}

/// What a topic has taken since the process began, for operators; nothing depends on it.
public struct TopicFigures: Sendable, Equatable {
    /// Events that publishers sent.
    public internal(set) var published: UInt64 = 0
    /// Events that workers emitted.
    public internal(set) var emitted: UInt64 = 0
    /// Bytes of both.
    public internal(set) var bytes: UInt64 = 0
    /// Events of publishers that had been stored before.
    public internal(set) var duplicates: UInt64 = 0

    /// Counts events that are stored.
    mutating func stored(_ block: EventBlock, emitted isEmitted: Bool) {
        if isEmitted {
            emitted &+= UInt64(block.events.count)
        } else {
            published &+= UInt64(block.events.count)
        }
        for event in block.events { bytes &+= UInt64(event.bytes.count) }
    }
}

/// Holds a group's figures, so that they are counted in place, and outlive its runtime.
final class GroupMeter {
    var figures = GroupFigures()
}
