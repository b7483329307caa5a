import TestSupport
import Testing

@testable import BaridEngine

/// The sets and tables of the durable state against simple models.
struct SetTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func rangesBehaveAsASet(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ranges = SequenceSet()
        var model: Set<UInt64> = []
        for _ in 0..<300 {
            let low = UInt64.random(in: 1...120, using: &random)
            let high = low + UInt64.random(in: 0...3, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                ranges.remove(through: low / 3)
                model = model.filter { $0 > low / 3 }
            case 1...2:
                ranges.remove(low...high + 2)
                model.subtract(low...high + 2)
            default:
                ranges.insert(low...high)
                model.formUnion(low...high)
            }
            #expect(Set(ranges.ranges.joined()) == model)
            #expect(ranges.count == UInt64(model.count))
            for (left, right) in zip(ranges.ranges, ranges.ranges.dropFirst()) {
                #expect(left.upperBound + 1 < right.lowerBound)
            }
            let probe = UInt64.random(in: 1...130, using: &random)
            #expect(ranges.contains(probe) == model.contains(probe))
            #expect(ranges.firstGap(from: probe) == (probe...).first { !model.contains($0) })
            #expect(ranges.first(from: probe) == model.filter { $0 >= probe }.min())
            let part = model.filter { (probe...probe + 9).contains($0) }
            #expect(Set(ranges.ranges(in: probe...probe + 9).joined()) == part)
        }
    }

    @Test func theWindowFindsWhatItHolds() {
        var window = IdentityWindow()
        var random = SeededGenerator(seed: 3)
        var held: [(EventIdentity, UInt64)] = []
        for sequence in 1...5_000 as ClosedRange<UInt64> {
            // Few distinct low bits: long probes.
            let identity = EventIdentity(
                hash: random.next() & 0xffff_ff00_0000_000f, check: UInt32(sequence), body: 1)
            window.insert(identity, sequence: sequence)
            held.append((identity, sequence))
        }
        for (identity, sequence) in held { #expect(window.find(identity)?.sequence == sequence) }
        window.rotate(at: 1)
        #expect(window.find(held[0].0) != nil)
        window.rotate(at: 1)
        #expect(window.find(held[0].0) == nil)
    }

    /// Of the identities many look first at the table's last places and go on at its beginning.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func theOrderTakenDownDoesNotDependOnTheOrderOfInsertion(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let slots = (1...700 as ClosedRange<UInt64>).map { sequence in
            let isLast = Bool.random(using: &random)
            let hash = random.next() % 4 | (isLast ? 0x3fc : random.next() << 4)
            return IdentityWindow.Slot(
                identity: EventIdentity(hash: hash, check: UInt32(sequence), body: 1),
                sequence: sequence)
        }
        func takenDown(_ slots: [IdentityWindow.Slot]) -> [IdentityWindow.Slot] {
            var generation = IdentityWindow.Generation()
            for slot in slots { generation.insert(slot) }
            var result: [IdentityWindow.Slot] = []
            generation.forEachSorted { result.append($0) }
            return result
        }
        func key(_ slot: IdentityWindow.Slot) -> (UInt64, UInt64, UInt32) {
            (slot.identity.hash & 1_023, slot.identity.hash, slot.identity.check)
        }
        let expected = slots.sorted { key($0) < key($1) }
        #expect(takenDown(slots) == expected)
        #expect(takenDown(slots.shuffled(using: &random)) == expected)
    }
}
