/// What topics no longer hold: everything before a sequence, and what was lost to damage.
public struct Trim: Sendable, Equatable {
    /// One topic's part.
    public struct Part: Sendable, Equatable {
        /// The topic.
        public var topic: TopicID
        /// The first sequence it keeps.
        public var first: UInt64
        /// Sequences from there on that were lost to damage.
        public var lost: [ClosedRange<UInt64>]

        /// Creates a part.
        public init(topic: TopicID, first: UInt64, lost: [ClosedRange<UInt64>] = []) {
            self.topic = topic
            self.first = first
            self.lost = lost
        }
    }

    /// The first log position that is still needed.
    public var position: UInt64
    /// The topics that hold less than before.
    public var topics: [Part]

    /// Creates a trim.
    public init(position: UInt64, topics: [Part]) {
        self.position = position
        self.topics = topics
    }
}

extension ByteWriter {
    mutating func trim(_ trim: Trim) {
        varint(trim.position)
        varint(trim.topics.count)
        for part in trim.topics {
            varint(UInt64(part.topic.number))
            varint(part.first)
            ranges(part.lost)
        }
    }
}

extension ByteReader {
    mutating func trim() throws(RecordFailure) -> Trim {
        var trim = Trim(position: try varint(), topics: [])
        for _ in 0..<(try count(minimumSize: 3)) {
            trim.topics.append(
                Trim.Part(
                    topic: TopicID(try varint32()), first: try varint(), lost: try ranges()))
        }
        return trim
    }
}
