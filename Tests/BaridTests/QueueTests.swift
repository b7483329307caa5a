import Testing

@testable import Barid

/// The two queues that publisher and worker keep their events in.
struct QueueTests {
    @Test func firstInFirstOutOverManyTurns() {
        var queue = FIFO<Int>()
        var next = 0
        var expected = 0
        for turn in 0..<3_000 {
            for _ in 0...(turn % 3) {
                queue.append(next)
                next += 1
            }
            #expect(queue.first == expected)
            #expect(queue.popFirst() == expected)
            expected += 1
        }
        #expect(queue.count == next - expected)
        #expect(Array(queue) == Array(expected..<next))
        queue.forEach { $0 = -$0 }
        #expect(queue.popFirst() == -expected)
        while queue.popFirst() != nil {}
        #expect(queue.isEmpty)
        #expect(queue.first == nil)
    }

    @Test func valuesAreFoundByTheirNumbersInAnyOrder() {
        var window = NumberedWindow<Int>()
        #expect(window.remove(1) == nil)
        for number in 1...4_000 { window.insert(number * 2, at: UInt64(number)) }
        for number in (1...2_000).shuffled() {
            #expect(window.remove(UInt64(number)) == number * 2)
        }
        for number in 2_001...4_000 { #expect(window.remove(UInt64(number)) == number * 2) }
        #expect(window.remove(4_000) == nil)
        #expect(window.remove(9_000) == nil)
    }

    @Test func aValueThatWasOvertakenFindsItsPlace() {
        var window = NumberedWindow<String>()
        window.insert("seven", at: 7)
        window.insert("nine", at: 9)
        #expect(window.remove(8) == nil)
        window.insert("five", at: 5)
        #expect(window.remove(5) == "five")
        #expect(window.remove(7) == "seven")
        #expect(window.remove(9) == "nine")
    }
}
