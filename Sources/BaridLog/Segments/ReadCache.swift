/// Pieces of the log that were read and checked, the latest used last.
struct ReadCache {
    /// Entries that follow one another in a segment.
    struct Piece {
        var segment: UInt64
        var entries: [LogEntry]
        /// Position after the last entry, and where it is in the file.
        var nextPosition: UInt64
        var nextOffset: Int
        var bytes: Int

        func contains(_ position: UInt64) -> Bool {
            guard let first = entries.first else { return false }
            return position >= first.position && position < nextPosition
        }
    }

    private let maximumBytes: Int
    private var pieces: [Piece] = []

    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// The piece that holds a position.
    mutating func piece(containing position: UInt64) -> Piece? {
        guard let index = pieces.lastIndex(where: { $0.contains(position) }) else { return nil }
        let piece = pieces.remove(at: index)
        pieces.append(piece)
        return piece
    }

    /// Where a position is, when the piece before it was read lately.
    func offset(of position: UInt64, inSegment segment: UInt64) -> Int? {
        pieces.last { $0.segment == segment && $0.nextPosition == position }?.nextOffset
    }

    /// Keeps a piece, and lets go of the ones used longest ago.
    mutating func add(_ piece: Piece) {
        pieces.append(piece)
        var total = pieces.reduce(0) { $0 + $1.bytes }
        while pieces.count > 1, total > maximumBytes || pieces.count > 32 {
            total -= pieces.removeFirst().bytes
        }
    }

    mutating func removeAll() {
        pieces.removeAll()
    }
}
