/// First in, first out, without moving what stays: an array whose front is given up now and then.
struct FIFO<Element> {
    private var slots: [Element?] = []
    private var head = 0

    init() {}

    init(_ elements: some Sequence<Element>) { slots = elements.map { $0 } }

    var count: Int { slots.count - head }

    var isEmpty: Bool { head == slots.count }

    /// The oldest.
    var first: Element? { head < slots.count ? slots[head] : nil }

    /// A part of the oldest, which stays where it is.
    @inline(__always)
    func first<Part>(_ part: (Element) -> Part) -> Part? {
        guard head < slots.count, let element = slots[head] else { return nil }
        return part(element)
    }

    mutating func append(_ element: Element) { slots.append(element) }

    mutating func popFirst() -> Element? {
        guard head < slots.count else { return nil }
        let element = slots[head].take()
        head += 1
        if head == slots.count {
            slots.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1_024, head >= slots.count / 2 {
            slots.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Changes every element, the oldest first.
    mutating func forEach(_ change: (inout Element) -> Void) {
        for index in head..<slots.count {
            guard var element = slots[index].take() else { continue }
            change(&element)
            slots[index] = element
        }
    }
}

extension FIFO: Sendable where Element: Sendable {}

extension FIFO: Sequence {
    func makeIterator() -> AnyIterator<Element> {
        var index = head
        return AnyIterator {
            guard index < slots.count else { return nil }
            defer { index += 1 }
            return slots[index]
        }
    }
}
