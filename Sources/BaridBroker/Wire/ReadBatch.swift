/// What goes to one reader at once: a `barid.bus.v1.ReadResponse` in the making.
struct ReadBatch {
    private(set) var events: [ArraySlice<UInt8>] = []
    private(set) var sequences: [UInt64] = []
    private(set) var stored: [UInt64] = []
    private(set) var bytes = 0
    var nextSequence: UInt64 = 0
    var caughtUp = false

    mutating func add(_ event: ArraySlice<UInt8>, sequence: UInt64, storedAt wall: Int64) {
        events.append(event)
        sequences.append(sequence)
        stored.append(UInt64(bitPattern: wall))
        bytes += event.count
    }

    /// The message.
    func encode() -> [UInt8] {
        var writer = MessageWriter()
        writer.bytes.reserveCapacity(bytes + events.count * 18 + 32)
        for event in events { writer.element(1, event) }
        writer.packed(2, sequences)
        writer.packedFixed(3, stored)
        writer.field(4, nextSequence)
        writer.field(5, caughtUp)
        return writer.bytes
    }
}
