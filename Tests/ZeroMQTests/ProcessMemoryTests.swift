import Testing
import ZeroMQ

struct ProcessMemoryTests {
    /// Pieces in whose size the C library would by itself leave holes, as one of their size was
    /// freed before, each with a small piece behind it that stays.
    @Test func largePiecesAreGivenBack() throws {
        ProcessMemory.returnLargePieces()
        let memory = ProcessMemory()
        let bytes = 24 << 20
        _ = [UInt8](repeating: 1, count: bytes + 1)
        var small: [[UInt8]] = []
        var large: [[UInt8]] = []
        for number in 1...4 as ClosedRange<UInt8> {
            large.append([UInt8](repeating: number, count: bytes))
            small.append([UInt8](repeating: number, count: 5_000))
        }
        let atMost = memory.residentBytes()
        let full = try #require(atMost)
        #expect(full > 4 * bytes)
        large = []
        let after = memory.residentBytes()
        let rest = try #require(after)
        #expect(rest < full - 3 * bytes, "\(full) bytes, then \(rest)")
        #expect(small.map(\.first) == [1, 2, 3, 4])
    }
}
