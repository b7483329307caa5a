internal import BaridEngine
internal import BaridLog

/// Where in the log the events of a subject, with an id, or caused by another may lie.
///
/// For each piece of log it keeps 32-bit hashes of what is in it, so that a question reads only
/// the few pieces that may hold an answer. It is volatile, and built when first asked.
struct EventIndex {
    /// What is looked for; each kind has hashes of its own.
    enum Key: UInt8, CaseIterable {
        case id = 1
        case subject = 4
        case causation = 12
        /// The first four bytes of the subject.
        case beginning = 255
    }

    /// Bytes of events of one piece.
    static let pieceBytes = 256 << 10
    /// Bytes of a subject's beginning that are hashed.
    static let beginningBytes = 4

    /// Records from one position to another.
    struct Piece {
        var positions: ClosedRange<UInt64>
        /// Sorted.
        var hashes: [UInt32]
    }

    /// The first position that is not looked at yet.
    private(set) var next: UInt64 = 1
    private var pieces: [Piece] = []
    private var open: Set<UInt32> = []
    private var openFrom: UInt64 = 1
    private var openBytes = 0

    /// Adds what was read; entries come in order, without a gap.
    mutating func add(_ entries: [LogEntry]) throws {
        for entry in entries {
            if openBytes == 0 { openFrom = entry.position }
            next = entry.position + 1
            guard let block = try Record.events(kind: entry.kind, payload: entry.payload) else {
                continue
            }
            for event in block.events { add(event.bytes) }
            if openBytes >= Self.pieceBytes { close() }
        }
    }

    /// Lets go of what the log does not keep any more.
    mutating func trim(before first: UInt64) {
        guard let oldest = pieces.first, oldest.positions.upperBound < first else {
            next = max(next, first)
            return
        }
        pieces.removeAll { $0.positions.upperBound < first }
        next = max(next, first)
    }

    /// Pieces that may hold an event with one of the keys, oldest first; all of them when there
    /// is no key.
    func pieces(with keys: [(Key, ArraySlice<UInt8>)]) -> [ClosedRange<UInt64>] {
        let wanted = Set(keys.map { key, bytes in bytes.withUnsafeBytes { Self.hash(key, $0) } })
        var found = pieces.filter { piece in
            wanted.isEmpty || wanted.contains { Self.contains($0, piece.hashes) }
        }.map(\.positions)
        if openBytes > 0, wanted.isEmpty || !wanted.isDisjoint(with: open) {
            found.append(openFrom...max(openFrom, next - 1))
        }
        return found
    }

    private mutating func add(_ event: ArraySlice<UInt8>) {
        openBytes += max(1, event.count)
        event.withUnsafeBytes { bytes in
            var scan = WireScan(bytes)
            while let field = try? scan.next() {
                guard let key = Key(rawValue: UInt8(clamping: field.number)),
                    key != .beginning, let range = field.range
                else { continue }
                let value = UnsafeRawBufferPointer(rebasing: bytes[range])
                open.insert(Self.hash(key, value))
                if key == .subject, value.count >= Self.beginningBytes {
                    let start = UnsafeRawBufferPointer(rebasing: value[..<Self.beginningBytes])
                    open.insert(Self.hash(.beginning, start))
                }
            }
        }
    }

    private mutating func close() {
        pieces.append(Piece(positions: openFrom...max(openFrom, next - 1), hashes: open.sorted()))
        open.removeAll(keepingCapacity: true)
        openBytes = 0
    }

    /// FNV-1a, folded: whoever makes hashes meet makes a question read more, and no more.
    private static func hash(_ key: Key, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(key.rawValue)
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    private static func contains(_ hash: UInt32, _ sorted: [UInt32]) -> Bool {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < sorted.count && sorted[low] == hash
    }
}
