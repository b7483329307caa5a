/// The streams with something to send, in the order of their turns.
struct StreamRound {
    private var ids: [UInt32] = []
    private var head = 0

    var isEmpty: Bool { head == ids.count }
    var hasOthers: Bool { ids.count - head > 1 }
    var first: UInt32? { head < ids.count ? ids[head] : nil }

    mutating func append(_ id: UInt32) {
        ids.append(id)
    }

    mutating func removeFirst() {
        head += 1
        if head == ids.count {
            ids.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256, head * 2 >= ids.count {
            ids.removeSubrange(..<head)
            head = 0
        }
    }

    mutating func moveFirstToEnd() {
        guard let id = first else { return }
        ids.append(id)
        removeFirst()
    }
}
