/// Values under growing numbers that are taken out in about the order in which they came in.
struct NumberedWindow<Value> {
    private var slots: [Value?] = []
    private var head = 0
    /// The number of the slot at `head`.
    private var first: UInt64 = 0

    /// Keeps a value; the numbers in between are empty.
    mutating func insert(_ value: Value, at number: UInt64) {
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
            first = number
        }
        if number < first {
            // It was overtaken by younger ones, and its place given up.
            slots.insert(contentsOf: repeatElement(nil, count: Int(first - number)), at: head)
            first = number
        }
        let index = head + Int(number - first)
        while slots.count <= index { slots.append(nil) }
        slots[index] = value
    }

    /// Takes a value out; `nil` if there is none.
    mutating func remove(_ number: UInt64) -> Value? {
        guard number >= first, number - first < UInt64(slots.count - head) else { return nil }
        let value = slots[head + Int(number - first)].take()
        while head < slots.count, slots[head] == nil {
            head += 1
            first += 1
        }
        if head >= 1_024, head >= slots.count / 2 {
            slots.removeFirst(head)
            head = 0
        }
        return value
    }
}

extension NumberedWindow: Sendable where Value: Sendable {}
