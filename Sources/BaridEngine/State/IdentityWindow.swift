/// The hashes that recognise an event: 96 keyed bits of its topic, source and id, 32 of its data.
public struct EventIdentity: Sendable, Equatable {
    /// Keyed hash of topic, source and id.
    public var hash: UInt64
    /// More bits of the same keyed hash, compared at a hit.
    public var check: UInt32
    /// Hash of type and data: the same identity with another one is a conflict.
    public var body: UInt32

    /// Creates an identity from its hashes.
    public init(hash: UInt64, check: UInt32, body: UInt32) {
        self.hash = hash
        self.check = check
        self.body = body
    }
}

/// The window in which a repeated event is recognised: two generations of open addressing.
///
/// A rotation forgets the older generation, so between one and two generations of events are
/// remembered. The engine rotates by a record: before a generation overflows, and when it is old.
struct IdentityWindow: Sendable, Equatable {
    /// What is remembered of one event, 24 bytes, and one of its tag.
    struct Slot: Sendable, Equatable {
        var identity: EventIdentity
        var sequence: UInt64
    }

    /// One generation: linear probing, at most three quarters full.
    struct Generation: Sendable {
        private(set) var count = 0
        private var slots: [Slot] = []
        /// Of each slot eight bits of its hash, never 0; 0 where it is free.
        ///
        /// Nearly every event is new and found nowhere: these few bytes say so without a look
        /// into the slots, which do not fit the processor's cache.
        private var tags: [UInt8] = []

        static let free = Slot(
            identity: EventIdentity(hash: 0, check: 0, body: 0), sequence: 0)

        /// Hands over everything in it, in an order that does not depend on the order of insertion:
        /// by the place where each looks first, then by hash.
        ///
        /// The size of the table follows from the count, and between an entry and its place nothing
        /// is free, so that only what stands together has to be sorted.
        func forEachSorted(_ body: (Slot) -> Void) {
            let mask = UInt64(max(slots.count, 1) - 1)
            func key(_ slot: Slot) -> (UInt64, UInt64, UInt32) {
                (slot.identity.hash & mask, slot.identity.hash, slot.identity.check)
            }
            var together: [Slot] = []
            var wrapped: [Slot] = []
            for (index, slot) in slots.enumerated() {
                if slot.sequence == 0 {
                    together.sort { key($0) < key($1) }
                    together.forEach(body)
                    together.removeAll(keepingCapacity: true)
                } else if slot.identity.hash & mask > UInt64(index) {
                    // What found no place before the table's end went on at its beginning.
                    wrapped.append(slot)
                } else {
                    together.append(slot)
                }
            }
            together += wrapped
            together.sort { key($0) < key($1) }
            together.forEach(body)
        }

        /// Makes room for what a snapshot holds, as if it had come one by one.
        mutating func reserve(_ expected: Int) {
            guard slots.isEmpty, expected > 0 else { return }
            var size = 1_024
            while expected > size / 4 * 3 { size *= 2 }
            makeTable(size)
        }

        private mutating func makeTable(_ size: Int) {
            slots = Array(repeating: Self.free, count: size)
            tags = Array(repeating: 0, count: size)
        }

        private static func tag(of identity: EventIdentity) -> UInt8 {
            UInt8(truncatingIfNeeded: identity.hash >> 56) | 1
        }

        func find(_ identity: EventIdentity) -> Slot? {
            guard count > 0 else { return nil }
            let mask = slots.count - 1
            let tag = Self.tag(of: identity)
            var index = Int(truncatingIfNeeded: identity.hash) & mask
            while tags[index] != 0 {
                if tags[index] == tag {
                    let found = slots[index]
                    if found.identity.hash == identity.hash,
                        found.identity.check == identity.check
                    {
                        return found
                    }
                }
                index = (index + 1) & mask
            }
            return nil
        }

        mutating func insert(_ slot: Slot) {
            if slots.isEmpty {
                makeTable(1_024)
            } else if count >= slots.count / 4 * 3 {
                let old = slots
                makeTable(old.count * 2)
                for moved in old where moved.sequence != 0 { place(moved) }
            }
            place(slot)
            count += 1
        }

        private mutating func place(_ slot: Slot) {
            let mask = slots.count - 1
            var index = Int(truncatingIfNeeded: slot.identity.hash) & mask
            while tags[index] != 0 { index = (index + 1) & mask }
            slots[index] = slot
            tags[index] = Self.tag(of: slot.identity)
        }
    }

    private(set) var current = Generation()
    private(set) var previous = Generation()
    /// Recorded wall time at which the current generation began; 0 before the first event.
    private(set) var began: Int64 = 0

    /// True when nothing is remembered.
    var isEmpty: Bool { current.count == 0 && previous.count == 0 }

    /// What is remembered under this identity.
    func find(_ identity: EventIdentity) -> Slot? {
        current.find(identity) ?? previous.find(identity)
    }

    /// Remembers an event stored as `sequence` (1-based).
    mutating func insert(_ identity: EventIdentity, sequence: UInt64) {
        current.insert(Slot(identity: identity, sequence: sequence))
    }

    /// Events are about to be stored: the first of all begin the first generation.
    mutating func begin(at wall: Int64) {
        if began == 0 { began = wall }
    }

    /// Forgets the older generation and starts a new one.
    mutating func rotate(at wall: Int64) {
        previous = current
        current = Generation()
        began = wall
    }

    /// Restores what a snapshot held.
    init(current: [Slot] = [], previous: [Slot] = [], began: Int64 = 0) {
        self.began = began
        self.current.reserve(current.count)
        self.previous.reserve(previous.count)
        for slot in current { self.current.insert(slot) }
        for slot in previous { self.previous.insert(slot) }
    }

    static func == (left: IdentityWindow, right: IdentityWindow) -> Bool {
        func sorted(_ generation: Generation) -> [Slot] {
            var slots: [Slot] = []
            generation.forEachSorted { slots.append($0) }
            return slots
        }
        return left.began == right.began && sorted(left.current) == sorted(right.current)
            && sorted(left.previous) == sorted(right.previous)
    }
}
