/// An event a group is busy with, in the slab of its runtime.
struct Entry {
    /// Where the event stands.
    ///
    ///     free ──▶ ready ──▶ leased ──▶ free (settled)
    ///       │        ▲         │
    ///       ├▶ blocked         ├▶ waiting ──▶ loading ──▶ ready
    ///       └▶ waiting         └▶ loading (given back)
    enum State {
        /// The slot is unused.
        case free
        /// It can go out; its bytes are here.
        case ready
        /// An earlier event of the same key is not done; its bytes are here.
        case blocked
        /// A worker has it; its bytes are not kept.
        case leased
        /// It waits for its next attempt; its bytes are not kept.
        case waiting
        /// Its bytes are being fetched.
        case loading
    }

    var sequence: UInt64 = 0
    /// Log position of the record that holds the event.
    var position: UInt64 = 0
    var bytes: ArraySlice<UInt8> = []
    /// Hash of the ordering key; 0 when there is none.
    var key: UInt64 = 0
    /// Slot of the next event of the same key, or -1.
    var nextOfKey: Int32 = -1
    var state = State.free
    /// The attempt that is out, or goes out next.
    var attempt: UInt32 = 1
    /// Tells its deliveries from earlier ones under the same attempt; Protocols/2-bus §6.2.
    var turn: UInt64 = 0
    /// Number of the replay it goes out for, 0 if it is none.
    var replay: UInt32 = 0
    /// When the lease ends, or the wait; by the engine's clock.
    var deadline: Int64 = .max
    /// Whether its delivery left; before that a lease does not end.
    var isOut = false
    /// Who has it.
    var subscription = StreamID(0)
    /// It is suspected of killing workers: it goes out alone, to one that holds nothing else.
    var isSuspect = false
    /// When it went out, recorded wall time.
    var leasedAt: Int64 = 0
    /// When it went out, by the engine's clock.
    var leasedClock: Int64 = 0
    /// When the event was stored, recorded wall time; 0 when that is not known.
    var stored: Int64 = 0
    /// When the event expires, wall time.
    var expiry: Int64 = .max
}
