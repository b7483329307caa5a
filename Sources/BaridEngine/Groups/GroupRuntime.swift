/// What is volatile of a group: cursor, window of entries, subscriptions.
///
/// It dies with the process and is built again from the durable state.
struct GroupRuntime {
    let topic: Int
    /// Nothing is delivered.
    var isPaused: Bool
    /// The group is no more.
    let isDeleted: Bool
    let patterns: [TypePattern]
    let attributes: [AttributeMatcher]
    /// The next sequence to look at.
    var cursor: UInt64
    /// From where to read so as to meet the cursor.
    var cursorPosition: UInt64
    /// A scan has been asked for and not answered.
    var scanning = false
    /// The scan asked for was one of the group before its reset; its answer is dropped.
    var dropsScan = false
    /// The next sequence due again to look at; `UInt64.max` when all are in the window.
    ///
    /// As long as there is one, nothing new is taken in: events of a key keep their order.
    var againCursor: UInt64
    /// The sequences of the scan for what is due again, when that is the scan asked for.
    var scanningAgain: ClosedRange<UInt64>?
    /// What the filter skipped and no record says yet.
    var skipped = SequenceSet()
    /// What went out for the first time and no record says yet.
    var delivered = SequenceSet()
    var subscriptions: [SubscriptionRuntime] = []
    /// The subscription that is asked first for room.
    var nextSubscription = 0
    /// What the topic held when this began: its first delivery here may not be its first of all.
    let fresh: UInt64
    /// The turn of the deliveries of that: the latest record when this began.
    let began: UInt64
    /// No lease and no wait ends before this instant of the engine's clock.
    var nextCheck = Int64.max
    /// What it has done, for operators.
    let meter: GroupMeter

    private(set) var entries: [Entry] = []
    private var freeSlots: [Int32] = []
    private var slots: [UInt64: Int32] = [:]
    /// The last slot of each key's queue.
    private var lastOfKey: [UInt64: Int32] = [:]
    private var ready: [Int32] = []
    private var readyStart = 0
    /// Suspects that are ready.
    private var readySuspects: [Int32] = []
    /// Bytes of events held.
    private(set) var heldBytes = 0
    private(set) var leasedCount = 0
    private(set) var waitingCount = 0

    /// What a group has when it begins: it is made or reset, or the broker starts.
    ///
    /// - Parameters:
    ///   - definition: The group.
    ///   - durable: What the log says of it.
    ///   - position: Where to read on.
    ///   - next: The sequence that its topic gives next.
    ///   - record: The position of the latest record, which is durable before anything goes out.
    ///   - meter: What it has done so far, for operators.
    init(
        definition: GroupDefinition, durable: DurableGroup, position: UInt64, next: UInt64,
        record: UInt64, meter: GroupMeter
    ) {
        fresh = next
        began = record
        self.meter = meter
        topic = Int(definition.topic.number)
        isPaused = durable.isPaused
        isDeleted = durable.isDeleted
        patterns = definition.types.compactMap { TypePattern($0) }
        attributes = definition.attributes.map { AttributeMatcher($0) }
        cursor = durable.settled.firstGap(from: durable.floor + 1)
        cursorPosition = position
        againCursor = durable.again.next(from: 0) ?? .max
    }

    /// Whether anything may go out.
    var isHalted: Bool { isPaused || isDeleted }

    var count: Int { slots.count }

    /// Events that can go out now, suspects left out.
    var readyCount: Int { ready.count - readyStart }

    /// Whether a suspect waits for an idle worker.
    var hasReadySuspects: Bool { !readySuspects.isEmpty }

    /// Suspects in the window.
    var suspectCount: Int { entries.count(where: { $0.state != .free && $0.isSuspect }) }

    func slot(of sequence: UInt64) -> Int? { slots[sequence].map(Int.init) }

    /// Whether the group's filter matches an event.
    func matches(_ event: UnsafeRawBufferPointer, _ scan: RoutingScan) -> Bool {
        guard takes(type: UnsafeRawBufferPointer(rebasing: event[scan.type])) else { return false }
        return attributes.isEmpty || attributes.allSatisfy { $0.matches(event, scan) }
    }

    /// Whether the group takes events of a type, whatever their other attributes.
    func takes(type: UnsafeRawBufferPointer) -> Bool {
        patterns.isEmpty || patterns.contains { $0.matches(type) }
    }

    func subscription(_ stream: StreamID) -> Int? {
        subscriptions.firstIndex { $0.stream == stream }
    }

    /// Free credit of those that take deliveries now.
    func openCredit(at clock: Int64) -> Int {
        subscriptions.reduce(0) { $0 + ($1.takes(at: clock) ? Int($1.credit) : 0) }
    }

    // MARK: Entries

    /// Puts an event into the window: ready, behind its key, or waiting until `due`.
    mutating func admit(_ entry: consuming Entry, waitingUntil due: Int64? = nil) {
        var entry = entry
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
        } else {
            slot = Int32(entries.count)
            entries.append(Entry())
        }
        var blocked = false
        if entry.key != 0 {
            if let last = lastOfKey.updateValue(slot, forKey: entry.key) {
                entries[Int(last)].nextOfKey = slot
                blocked = true
            }
        }
        if blocked {
            entry.state = .blocked
            // It may stay for long: do not pin the message or chunk it came in.
            entry.bytes = ArraySlice(Array(entry.bytes))
            entry.deadline = due ?? .max
            heldBytes += entry.bytes.count
        } else if due == nil {
            entry.state = .ready
            heldBytes += entry.bytes.count
            line(up: slot, isSuspect: entry.isSuspect)
        }
        slots[entry.sequence] = slot
        entries[Int(slot)] = entry
        if !blocked, let due { wait(Int(slot), until: due) }
    }

    private mutating func line(up slot: Int32, isSuspect: Bool) {
        if isSuspect { readySuspects.append(slot) } else { ready.append(slot) }
    }

    /// Takes the oldest ready suspect and the subscription for it: an idle one.
    ///
    /// If none is idle, the one that holds least gets nothing more until it is, so that suspects
    /// do not wait for ever.
    mutating func popSuspect(at clock: Int64) -> (slot: Int, subscription: Int)? {
        endReservation()
        guard !readySuspects.isEmpty else { return nil }
        let able = subscriptions.indices.filter { subscriptions[$0].mayTakeSuspect(at: clock) }
        guard let least = able.min(by: { subscriptions[$0].leased < subscriptions[$1].leased })
        else { return nil }
        guard subscriptions[least].leased == 0 else {
            subscriptions[least].isReserved = true
            return nil
        }
        return (Int(readySuspects.removeFirst()), least)
    }

    private mutating func endReservation() {
        for index in subscriptions.indices { subscriptions[index].isReserved = false }
    }

    /// Takes the oldest ready slot.
    mutating func popReady() -> Int? {
        guard readyStart < ready.count else { return nil }
        let slot = Int(ready[readyStart])
        readyStart += 1
        if readyStart == ready.count {
            ready.removeAll(keepingCapacity: true)
            readyStart = 0
        } else if readyStart >= 1_024 {
            ready.removeFirst(readyStart)
            readyStart = 0
        }
        return slot
    }

    /// Gives a ready event out: its bytes are no longer held.
    mutating func lease(
        _ slot: Int, to index: Int, until deadline: Int64, clock: Int64, wall: Int64
    ) -> ArraySlice<UInt8> {
        let bytes = entries[slot].bytes
        entries[slot].bytes = []
        heldBytes -= bytes.count
        entries[slot].state = .leased
        entries[slot].subscription = subscriptions[index].stream
        entries[slot].deadline = deadline
        entries[slot].isOut = false
        entries[slot].leasedAt = wall
        entries[slot].leasedClock = clock
        leasedCount += 1
        if entries[slot].isSuspect { subscriptions[index].holdsSuspect = true }
        subscriptions[index].leased += 1
        subscriptions[index].credit -= 1
        subscriptions[index].creditBytes -= Int64(bytes.count)
        return bytes
    }

    /// Begins a lease: its delivery left.
    mutating func begin(_ slot: Int, until deadline: Int64, clock: Int64) {
        entries[slot].isOut = true
        entries[slot].deadline = deadline
        entries[slot].leasedClock = clock
        nextCheck = min(nextCheck, deadline)
    }

    /// Prolongs a lease.
    mutating func extend(_ slot: Int, until deadline: Int64) {
        entries[slot].deadline = deadline
        nextCheck = min(nextCheck, deadline)
    }

    /// Takes a lease back; the caller says next what becomes of the entry.
    private mutating func unlease(_ slot: Int) {
        leasedCount -= 1
        if let index = subscription(entries[slot].subscription) {
            subscriptions[index].leased -= 1
            if entries[slot].isSuspect { subscriptions[index].holdsSuspect = false }
        }
    }

    /// After a failed attempt: the event waits for its next one.
    mutating func wait(_ slot: Int, attempt: UInt32, until due: Int64) {
        unlease(slot)
        entries[slot].attempt = attempt
        wait(slot, until: due)
    }

    private mutating func wait(_ slot: Int, until due: Int64) {
        entries[slot].bytes = []
        entries[slot].state = .waiting
        entries[slot].deadline = due
        nextCheck = min(nextCheck, due)
        waitingCount += 1
    }

    /// After a lease was given back: the event is loaded again at once.
    mutating func reload(_ slot: Int, attempt: UInt32) {
        unlease(slot)
        entries[slot].attempt = attempt
        entries[slot].state = .loading
        entries[slot].deadline = .max
    }

    /// Lets an event go out again under the attempt it had, in another turn.
    mutating func takeTurn(_ slot: Int, _ turn: UInt64) {
        entries[slot].turn = turn
    }

    /// Suspects an event of killing workers, or not any more.
    ///
    /// Call it after its lease was taken back and before it is ready again.
    mutating func suspect(_ slot: Int, _ isSuspect: Bool = true) {
        entries[slot].isSuspect = isSuspect
    }

    /// A wait is over: the event is loaded.
    mutating func load(_ slot: Int) {
        waitingCount -= 1
        entries[slot].state = .loading
        entries[slot].deadline = .max
    }

    /// Loading failed: it is tried again at `due`.
    mutating func retryLoading(_ slot: Int, at due: Int64) {
        wait(slot, until: due)
    }

    /// A loading event's bytes came.
    mutating func loaded(_ slot: Int, bytes: ArraySlice<UInt8>) {
        entries[slot].bytes = bytes
        entries[slot].state = .ready
        heldBytes += bytes.count
        line(up: Int32(slot), isSuspect: entries[slot].isSuspect)
    }

    /// Removes an event that is done, whether it is leased or was just taken from the ready
    /// ones; the next event of its key may go out.
    mutating func remove(_ slot: Int) {
        let entry = entries[slot]
        if entry.state == .leased { unlease(slot) }
        heldBytes -= entry.bytes.count
        slots[entry.sequence] = nil
        entries[slot] = Entry()
        freeSlots.append(Int32(slot))
        guard entry.key != 0 else { return }
        guard entry.nextOfKey >= 0 else {
            lastOfKey[entry.key] = nil
            return
        }
        unblock(entry.nextOfKey)
    }

    /// The first event of its key may go out, at once or after its wait.
    private mutating func unblock(_ slot: Int32) {
        let next = Int(slot)
        if entries[next].deadline != .max {
            let due = entries[next].deadline
            heldBytes -= entries[next].bytes.count
            wait(next, until: due)
        } else {
            entries[next].state = .ready
            line(up: slot, isSuspect: entries[next].isSuspect)
        }
    }

    /// Removes every event before a sequence, whatever its state: it is kept no longer.
    mutating func drop(before first: UInt64) {
        let dropped = slots.filter { $0.key < first }.sorted { $0.key < $1.key }
        guard !dropped.isEmpty else { return }
        let chains = keyChains()
        for (sequence, slot) in dropped {
            let index = Int(slot)
            switch entries[index].state {
            case .leased: unlease(index)
            case .waiting: waitingCount -= 1
            case .free, .ready, .blocked, .loading: break
            }
            heldBytes -= entries[index].bytes.count
            slots[sequence] = nil
            entries[index] = Entry()
            freeSlots.append(slot)
        }
        ready = ready[readyStart...].filter { entries[Int($0)].state == .ready }
        readyStart = 0
        readySuspects.removeAll { entries[Int($0)].state != .ready }
        if readySuspects.isEmpty { endReservation() }
        lastOfKey.removeAll(keepingCapacity: true)
        for chain in chains {
            let rest = chain.filter { entries[Int($0)].state != .free }
            guard let head = rest.first, let last = rest.last else { continue }
            lastOfKey[entries[Int(head)].key] = last
            for (slot, next) in zip(rest, rest.dropFirst()) { entries[Int(slot)].nextOfKey = next }
            entries[Int(last)].nextOfKey = -1
            if entries[Int(head)].state == .blocked { unblock(head) }
        }
    }

    /// The slots of each key, in their order.
    private func keyChains() -> [[Int32]] {
        let keyed = slots.values.filter { entries[Int($0)].key != 0 }.sorted()
        let followers = Set(keyed.map { entries[Int($0)].nextOfKey })
        return keyed.filter { !followers.contains($0) }.map { head in
            var chain = [head]
            while let last = chain.last, entries[Int(last)].nextOfKey >= 0 {
                chain.append(entries[Int(last)].nextOfKey)
            }
            return chain
        }
    }
}
