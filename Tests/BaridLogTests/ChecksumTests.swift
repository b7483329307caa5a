import CStorage
import Testing

@testable import BaridLog

/// CRC32C against the vectors of RFC 3720, B.4, and the instruction against the table.
struct ChecksumTests {
    static let vectors: [(bytes: [UInt8], crc: UInt32)] = [
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        ([UInt8](0..<32), 0x46DD_794E),
        ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test func knownVectors() {
        for vector in Self.vectors {
            #expect(crc(vector.bytes) == vector.crc)
            #expect(crcByTable(vector.bytes) == vector.crc)
        }
    }

    @Test func instructionAndTableAgreeAtEveryLengthAndAlignment() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 3) }
        for start in 0..<9 {
            for length in 0..<(bytes.count - start) {
                let slice = Array(bytes[start..<start + length])
                #expect(crc(slice) == crcByTable(slice))
            }
        }
    }

    @Test func piecesGiveTheSameAsTheWhole() {
        let bytes = [UInt8](0..<200)
        for cut in 0...bytes.count {
            var checksum = Checksum()
            bytes[..<cut].withUnsafeBytes { checksum.add($0) }
            bytes[cut...].withUnsafeBytes { checksum.add($0) }
            #expect(checksum.value == crc(bytes))
        }
    }

    @Test func findsAWordOnlyAtItsAlignment() {
        var bytes = [UInt8](repeating: 0, count: 64)
        bytes.replaceSubrange(21..<25, with: [1, 2, 3, 4])
        bytes.replaceSubrange(44..<48, with: [1, 2, 3, 4])
        #expect(barid_find_word(bytes, 64, 0, 4, 0x0403_0201) == 44)
        #expect(barid_find_word(bytes, 64, 45, 4, 0x0403_0201) == 64)
        #expect(barid_find_word(bytes, 3, 0, 4, 0x0403_0201) == 3)
    }

    @Test func zeroIsZeroOnlyWhenAllOfItIs() {
        var bytes = [UInt8](repeating: 0, count: 100)
        #expect(barid_is_zero(bytes, 100) == 1)
        #expect(barid_is_zero(bytes, 0) == 1)
        for index in bytes.indices {
            bytes[index] = 1
            #expect(barid_is_zero(bytes, 100) == 0)
            bytes[index] = 0
        }
    }

    private func crc(_ bytes: [UInt8]) -> UInt32 { barid_crc32c(0, bytes, bytes.count) }
    private func crcByTable(_ bytes: [UInt8]) -> UInt32 {
        barid_crc32c_table(0, bytes, bytes.count)
    }
}
