internal import BaridEngine

/// The time of a run, and what is to happen in it; nothing happens by itself.
final class Timeline {
    private struct Item {
        var time: Int64
        /// Before others of the same time, by whom it concerns, then by when it was planned.
        var rank: UInt64
        var serial: UInt64
        var body: () -> Void

        static func < (left: Item, right: Item) -> Bool {
            (left.time, left.rank, left.serial) < (right.time, right.rank, right.serial)
        }
    }

    /// Monotonic time.
    private(set) var now: Int64 = .seconds(1_000)
    /// By how much the wall's clock is ahead.
    var wallOffset: Int64 = 1_700_000_000_000_000_000
    /// What has happened so far.
    private(set) var steps = 0
    private var heap: [Item] = []
    private var serial: UInt64 = 0

    /// Both clocks.
    var instant: Instant { Instant(monotonic: now, wall: now + wallOffset) }

    /// Plans something.
    func after(_ delay: Int64, _ body: @escaping () -> Void) {
        serial += 1
        push(Item(time: now + max(0, delay), rank: 0, serial: serial, body: body))
    }

    /// Plans what concerns a stream; the caller keeps the order within the stream.
    ///
    /// No number is shared with other streams, so that the order in which somebody tells several
    /// streams something does not matter.
    func at(_ time: Int64, stream: UInt64, serial: UInt64, _ body: @escaping () -> Void) {
        push(Item(time: max(now, time), rank: stream, serial: serial, body: body))
    }

    /// Lets things happen until a time, or until a condition holds.
    ///
    /// - Returns: Whether the condition came to hold.
    @discardableResult
    func run(until end: Int64, unless isDone: () -> Bool = { false }) -> Bool {
        while let first = heap.first, first.time <= end {
            if isDone() { return true }
            let item = pop()
            now = max(now, item.time)
            steps += 1
            item.body()
        }
        now = max(now, end)
        return isDone()
    }

    /// Forgets what is planned, and whoever it holds on to.
    func clear() { heap = [] }

    private func push(_ item: Item) {
        heap.append(item)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() -> Item {
        let first = heap[0]
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child] < heap[least] { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
