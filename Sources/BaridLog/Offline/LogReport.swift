/// What looking at every byte of a log found.
public struct LogReport: Sendable, Equatable {
    /// Events of a topic that damage took.
    public struct LostEvents: Sendable, Equatable {
        /// The topic's number, in the order of creation from 0.
        public var topic: UInt32
        /// The topic's name, when anything readable says it.
        public var name: String?
        /// The sequences.
        public var sequences: ClosedRange<UInt64>
    }

    /// One segment.
    public struct SegmentFacts: Sendable, Equatable {
        /// Its path.
        public var file: String
        /// The position of its first record.
        public var firstPosition: UInt64
        /// Records that can be read.
        public var records: Int
        /// Its size in bytes.
        public var bytes: Int
    }

    /// The segments, the oldest first.
    public var segments: [SegmentFacts] = []
    /// Records that can be read.
    public var records: Int = 0
    /// Of them, blanked ones.
    public var erased: Int = 0
    /// Events in them.
    public var events: UInt64 = 0
    /// Marks of records that an earlier repair gave up.
    public var lostBefore: Int = 0
    /// Position of the first record.
    public var firstPosition: UInt64 = 1
    /// Position of the last record; 0 when there is none.
    public var lastPosition: UInt64 = 0
    /// Wall times of the first and last record, in nanoseconds since 1970.
    public var wallTimes: ClosedRange<Int64>?
    /// Positions of the snapshots that are whole, the oldest first.
    public var snapshots: [UInt64] = []
    /// Snapshots that are not.
    public var damagedSnapshots: [String] = []
    /// Segments whose header is only readable in its copy.
    public var mendedHeaders: [String] = []
    /// Records of a last commit that a crash cut short; nobody was told that they were durable.
    public var tornRecords: Int = 0
    /// What was durable and cannot be read.
    public var damages: [LogDamage] = []
    /// Commit headers that cannot be read, all of whose records can.
    public var damagedCommits: [LogDamage] = []
    /// The events among it, as far as the records around it tell.
    public var lostEvents: [LostEvents] = []

    /// Whether everything that was durable can be read.
    public var isWhole: Bool {
        damages.isEmpty && damagedCommits.isEmpty && damagedSnapshots.isEmpty
    }

    /// Records that are lost.
    public var lostRecords: UInt64 {
        damages.reduce(0) { $0 &+ ($1.positions.upperBound - $1.positions.lowerBound) &+ 1 }
    }

    /// How many events are lost, as far as known.
    public var lostEventCount: UInt64 {
        lostEvents.reduce(0) { $0 &+ ($1.sequences.upperBound - $1.sequences.lowerBound) &+ 1 }
    }
}
