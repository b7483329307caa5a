import TestSupport
import Testing

@testable import BaridEngine

/// Protocols/2-bus, "What the broker reads of an event".
struct ScanTests {
    @Test func findsTheRoutingAttributes() throws {
        let event = EventBytes.make(
            id: "ال-1", source: "urn:s", type: "a.b", subject: "s", key: "k", expirySeconds: 3,
            data: "d")
        let scan = try RoutingScan(event)
        let text = { (range: Range<Int>) in String(decoding: Array(event)[range], as: UTF8.self) }
        #expect(text(scan.id) == "ال-1")
        #expect(text(scan.source) == "urn:s")
        #expect(text(scan.type) == "a.b")
        #expect(text(scan.subject) == "s")
        #expect(text(scan.key) == "k")
        #expect(text(scan.data) == "d")
        #expect(scan.dataField == 15)
        #expect(scan.expiry == 3_000_000_000)
    }

    @Test func countsRangesFromTheStartOfTheSlice() throws {
        let event = EventBytes.make(id: "id")
        let shifted = ([1, 2, 3] + Array(event))[3...]
        #expect(try RoutingScan(shifted).id == RoutingScan(event).id)
    }

    @Test func usesTheSubjectAsKeyWithoutOne() throws {
        let scan = try RoutingScan(EventBytes.make(id: "a", subject: "s"))
        #expect(scan.key == scan.subject)
    }

    @Test func readsFieldsInAnyOrder() throws {
        var bytes: [UInt8] = []
        EventBytes.field(15, Array("data".utf8), into: &bytes)
        EventBytes.field(3, Array("t".utf8), into: &bytes)
        EventBytes.field(2, Array("s".utf8), into: &bytes)
        EventBytes.field(1, Array("i".utf8), into: &bytes)
        #expect(try RoutingScan(bytes[...]).id.count == 1)
    }

    /// Below, at and above the limit of the type.
    @Test(arguments: [(254, true), (255, true), (256, false)])
    func limitsAttributes(length: Int, accepted: Bool) {
        let event = EventBytes.make(id: "a", type: String(repeating: "t", count: length))
        #expect(((try? RoutingScan(event)) != nil) == accepted)
    }

    @Test(
        arguments: [
            ([0xc0, 0x80], false), ([0xed, 0xa0, 0x80], false), ([0xf4, 0x90, 0x80, 0x80], false),
            ([0xd8], false), ([0x80], false), ([0xd8, 0xa7], true),
            ([0xf0, 0x9f, 0x98, 0x80], true),
        ] as [([UInt8], Bool)])
    func checksUTF8(bytes: [UInt8], valid: Bool) {
        #expect(bytes.withUnsafeBytes { UTF8Check.isValid($0) } == valid)
    }

    @Test func agreesWithTheStandardLibraryOnUTF8() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<6, using: &random)).map { _ in
                [0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xff]
                    .randomElement(using: &random) ?? UInt8(0)
            }
            #expect(
                bytes.withUnsafeBytes { UTF8Check.isValid($0) }
                    == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }

    @Test func everyCutOfAnEventIsRefusedOrShorter() {
        let event = EventBytes.make(id: "id", subject: "s", expirySeconds: 9)
        for end in event.indices {
            guard let scan = try? RoutingScan(event[..<end]) else { continue }
            #expect(scan.data.isEmpty)
        }
    }

    @Test func randomBytesNeverTrap() {
        var random = SeededGenerator(seed: 42)
        var accepted = 0
        for round in 0..<60_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 2) {
                bytes = Array(
                    EventBytes.make(id: "id", subject: "s", key: "k", expirySeconds: 1))
                for _ in 0..<3 {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[index] = .random(in: .min ... .max, using: &random)
                }
            } else {
                bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                    .random(in: .min ... .max, using: &random)
                }
            }
            if let scan = try? RoutingScan(bytes[...]) {
                accepted += 1
                #expect(scan.data.upperBound <= bytes.count && scan.type.upperBound <= bytes.count)
            }
        }
        #expect(accepted > 100)
    }

    @Test(arguments: [
        ("a.b.c", "a.b.c", true), ("a.b.c", "a.b", false), ("a.b", "a.b.c", false),
        ("a.*.c", "a.x.c", true), ("a.*.c", "a..c", false), ("a.*", "a.b.c", false),
        ("a.>", "a.b.c", true), ("a.>", "a.b", true), ("a.>", "a", false), (">", "a", true),
        ("*", "a", true), ("*", "a.b", false), ("ab", "abc", false), ("abc", "ab", false),
    ])
    func matchesPatterns(pattern: String, type: String, matches: Bool) throws {
        let compiled = try #require(TypePattern(pattern))
        #expect(compiled.matches(type) == matches)
    }

    @Test(arguments: ["", ".", "a..b", "a.>.b", "a*", "a.b>", String(repeating: "a", count: 256)])
    func refusesPatterns(pattern: String) {
        #expect(TypePattern(pattern) == nil)
    }

    /// The reference vectors of SipHash-2-4 with 128 bits: no input, and one byte 0.
    @Test func hashesAsSipHashDoes() {
        let key = HashKey(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
        let empty = [UInt8]().withUnsafeBytes { SipHash.hash($0, key: key) }
        #expect(empty.low == 0xe6a8_25ba_047f_81a3)
        #expect(empty.high == 0x9302_55c7_1472_f66d)
        let one = [UInt8(0)].withUnsafeBytes { SipHash.hash($0, key: key) }
        #expect(one.low == 0x44af_996b_d8c1_87da)
        #expect(one.high == 0x45fc_229b_1159_7634)
    }
}
