/// What is durable of a topic.
public struct DurableTopic: Sendable, Equatable {
    /// A place from which a reader of the log can start.
    public struct Point: Sendable, Equatable {
        /// The first sequence of the record there.
        public var sequence: UInt64
        /// The log position of the record.
        public var position: UInt64
        /// When it was stored, in nanoseconds since 1970.
        public var wall: Int64
    }

    /// The name.
    public let name: String
    /// The first sequence kept.
    public internal(set) var first: UInt64 = 1
    /// The sequence the next event gets.
    public internal(set) var next: UInt64 = 1
    /// Starting points, at least one in 64 records and about one in 256 KiB, times the spacing.
    ///
    /// There are at most ``maximumPoints``: beyond, every other one goes and the spacing doubles,
    /// so that neither memory nor snapshots grow with the log.
    public internal(set) var points: [Point] = []
    /// How much wider apart points are than in a small topic.
    var spacing: UInt64 = 1
    /// How many events of which type were stored.
    public internal(set) var types = TypeCounts()
    /// Bytes of events since the last point.
    var bytesSincePoint: UInt64 = 0

    /// The most starting points, 2 GiB of a topic at the closest spacing.
    static let maximumPoints = 8_192

    init(name: String) { self.name = name }

    /// The position from which to read so as to meet `sequence`.
    public func position(of sequence: UInt64) -> UInt64 {
        var low = 0
        var high = points.count
        while low < high {
            let middle = (low + high) / 2
            if points[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? points.first?.position ?? 1 : points[low - 1].position
    }

    /// The sequence and position from which to read so as to meet everything stored at or
    /// after `wall`.
    public func point(at wall: Int64) -> Point {
        // Recorded time never goes back, so that points are sorted by it too.
        let index = points.lastIndex { $0.wall < wall } ?? 0
        return index < points.count ? points[index] : Point(sequence: 1, position: 1, wall: 0)
    }

    /// Whether a place can still be had.
    ///
    /// - Parameter sequence: A sequence that somebody wants to begin at.
    /// - Throws: ``BusFault/trimmed(_:first:topic:)`` when events from there on are no longer kept.
    public func checkKept(_ sequence: UInt64) throws(BusFault) {
        guard sequence >= first || first == 1 else {
            throw .trimmed(sequence, first: first, topic: name)
        }
    }

    /// The sequence a start means now.
    public func sequence(of start: SubscriptionRequest.Start) -> UInt64 {
        switch start {
        case .first: first
        case .new: next
        case .last: max(first, next - 1)
        case .sequence(let sequence): min(max(sequence, first), next)
        }
    }

    mutating func append(
        count: UInt64, bytes: UInt64, position: UInt64, wall: Int64
    ) {
        let due =
            points.last.map {
                position &- $0.position >= 64 &* spacing
                    || bytesSincePoint >= (256 << 10) &* spacing
            } ?? true
        if due {
            if points.count >= Self.maximumPoints {
                points = stride(from: 0, to: points.count, by: 2).map { points[$0] }
                spacing &*= 2
            }
            points.append(Point(sequence: next, position: position, wall: wall))
            bytesSincePoint = 0
        }
        bytesSincePoint &+= bytes
        next += count
    }
}
