internal import BaridEngine

/// What goes to one subscriber at once: a `barid.bus.v1.SubscribeResponse` in the making.
struct DeliveryBatch {
    var started: SubscriptionStarted?
    private(set) var events: [ArraySlice<UInt8>] = []
    private(set) var sequences: [UInt64] = []
    private(set) var attempts: [UInt64] = []
    /// Replay numbers; left empty as long as all are 0.
    private(set) var replays: [UInt64] = []
    /// Turns; left empty as long as all are 0.
    private(set) var turns: [UInt64] = []
    private(set) var bytes = 0
    private(set) var errors: [(sequence: UInt64, attempt: UInt32, turn: UInt64, fault: BusFault)] =
        []
    var settled: UInt64 = 0
    var draining = false

    /// True when there is nothing to send.
    var isEmpty: Bool {
        started == nil && events.isEmpty && errors.isEmpty && settled == 0 && !draining
    }

    mutating func add(_ delivery: Delivery) {
        events.append(delivery.bytes)
        sequences.append(delivery.sequence)
        attempts.append(UInt64(delivery.attempt))
        Self.add(UInt64(delivery.replay), to: &replays, asLastOf: events.count)
        Self.add(delivery.turn, to: &turns, asLastOf: events.count)
        bytes += delivery.bytes.count
    }

    /// Zeros are left out until something else comes.
    private static func add(_ number: UInt64, to numbers: inout [UInt64], asLastOf count: Int) {
        guard number != 0 || !numbers.isEmpty else { return }
        numbers += Array(repeating: 0, count: count - 1 - numbers.count)
        numbers.append(number)
    }

    mutating func refuse(sequence: UInt64, attempt: UInt32, turn: UInt64, _ fault: BusFault) {
        errors.append((sequence, attempt, turn, fault))
    }

    /// The message.
    func encode() -> [UInt8] {
        var writer = MessageWriter()
        writer.bytes.reserveCapacity(bytes + events.count * 10 + 64)
        if let started {
            var nested = MessageWriter()
            nested.field(1, started.epoch)
            nested.field(2, started.group)
            nested.field(3, UInt64(started.lease.milliseconds))
            nested.field(4, UInt64(started.maximumDeliveries))
            for type in started.types { nested.element(5, Array(type.utf8)[...]) }
            for attribute in started.attributes {
                var filter = MessageWriter()
                filter.field(1, attribute.name)
                for value in attribute.values { filter.element(2, Array(value.utf8)[...]) }
                nested.message(6, filter)
            }
            writer.message(1, nested)
        }
        for event in events { writer.element(2, event) }
        writer.packed(3, sequences)
        if attempts.contains(where: { $0 != 1 }) { writer.packed(4, attempts) }
        writer.packed(5, replays)
        for error in errors {
            var nested = MessageWriter()
            nested.field(1, error.sequence)
            nested.field(2, UInt64(error.attempt))
            nested.message(3, MessageWriter(error.fault))
            nested.field(4, error.turn)
            writer.message(6, nested)
        }
        writer.field(7, settled)
        writer.field(8, draining)
        writer.packed(9, turns)
        return writer.bytes
    }
}
