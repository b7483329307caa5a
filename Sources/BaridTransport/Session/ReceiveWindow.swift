/// The receiving half of credit, for one stream or a whole session.
///
/// The peer may have `size` bytes under way beyond what the application holds unread. Pieces of a
/// message that is not complete yet are not held against it, or a message larger than the window
/// could never arrive; their sum is bounded elsewhere, by the message limit.
struct ReceiveWindow: Hashable {
    /// Bytes of credit the peer has left, as far as this side knows.
    private(set) var outstanding: Int

    /// Bytes that arrived whole and that the application has not read yet.
    private(set) var held = 0

    private let size: Int

    init(size: Int, initial: Int) {
        self.size = size
        outstanding = initial
    }

    /// Notes a frame; false means that the peer had no credit for it.
    mutating func receive(_ charge: Int) -> Bool {
        outstanding -= charge
        return outstanding >= 0
    }

    /// Notes that a message of that cost waits for the application.
    mutating func hold(_ charge: Int) {
        held += charge
    }

    /// Notes that the application read, or never will read, that much.
    mutating func release(_ charge: Int) {
        held = max(0, held - charge)
    }

    /// The credit to give the peer now, if enough came together to be worth a frame.
    mutating func grant() -> UInt32? {
        let due = size - held - outstanding
        guard due >= size / 2 else { return nil }
        outstanding += due
        return UInt32(clamping: due)
    }
}
