import Foundation
import GRPCCore
import Testing

@testable import BaridTransport

/// Protocols/1-transport §12: every vector is read as it says, or refused with the code it says.
struct FrameVectorTests {
    struct Vector: CustomTestStringConvertible, Sendable {
        var file: String
        var bytes: [UInt8]
        var expectations: [String]

        var testDescription: String { file }
        var refusal: String? {
            guard let first = expectations.first, first.hasPrefix("refused ") else { return nil }
            return String(first.dropFirst("refused ".count))
        }
    }

    static var protocols: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Protocols")
    }

    static func vectors() throws -> [Vector] {
        let folder = protocols.appending(path: "vectors/frames")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try files.filter { $0.hasSuffix(".txt") }.sorted().map { file in
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            var vector = Vector(file: file, bytes: [], expectations: [])
            for line in text.split(separator: "\n") {
                if line.hasPrefix("hex:") {
                    for digits in line.dropFirst(4).split(separator: " ") {
                        vector.bytes.append(try #require(UInt8(digits, radix: 16), "\(file)"))
                    }
                } else if line.hasPrefix("expect: ") {
                    vector.expectations.append(String(line.dropFirst("expect: ".count)))
                }
            }
            return vector
        }
    }

    @Test
    func thereAreVectorsOfEveryKind() throws {
        let expected = try Self.vectors().flatMap(\.expectations)
        for kind in FrameKind.allCases {
            #expect(expected.contains { $0.hasPrefix("\(kind.name) ") }, "\(kind.name)")
        }
        #expect(expected.count { $0.hasPrefix("refused") } > 20)
    }

    @Test(arguments: try vectors().filter { $0.refusal == nil })
    func aGoodBatchIsReadAndWrittenAgain(vector: Vector) throws {
        var read: [String] = []
        var written: [UInt8] = []
        try vector.bytes.withUnsafeBytes { bytes in
            try FrameCodec.forEachFrame(in: bytes) { header, body throws(FrameError) in
                var line = "\(header.kind.name) \(header.stream) \(header.length)"
                if header.flags.contains(.more) { line += " more" }
                if header.flags.contains(.exempt) { line += " exempt" }
                read.append(line)
                let copy = try Self.rewritten(header.kind, body)
                FrameCodec.append(
                    header.kind, flags: header.flags, stream: header.stream, body: copy,
                    to: &written)
            }
        }
        #expect(read == vector.expectations)
        #expect(written == vector.bytes)
    }

    @Test(arguments: try vectors().filter { $0.refusal != nil })
    func aBadBatchIsRefused(vector: Vector) throws {
        // A hello is read before there is a session; everything else in an open session.
        if vector.bytes.first == FrameKind.hello.rawValue {
            let error = #expect(throws: FrameError.self) {
                try vector.bytes.withUnsafeBytes { bytes in
                    try FrameCodec.forEachFrame(in: bytes) { _, body throws(FrameError) in
                        _ = try HelloBody(body).commonVersion()
                    }
                }
            }
            #expect(error?.code.name == vector.refusal)
            return
        }
        var session = try SessionPair.listening()
        let events = session.take(vector.bytes)
        guard case .closed(let code, let text) = events.last else {
            Issue.record("not refused: \(events)")
            return
        }
        #expect(code.name == vector.refusal)
        #expect(!text.isEmpty)
    }

    /// Takes a body apart and puts it together again.
    private static func rewritten(
        _ kind: FrameKind, _ body: UnsafeRawBufferPointer
    ) throws(FrameError) -> [UInt8] {
        do {
            switch kind {
            case .hello: return try HelloBody(body).encode()
            case .welcome: return try WelcomeBody(body).encode()
            case .open:
                let open = try OpenBody(body)
                return OpenBody.frame(try open.encodeRest(), remaining: open.remaining)
            case .headers:
                var reader = ByteReader(body)
                var bytes: [UInt8] = []
                try MetadataCodec.encode(MetadataCodec.decode(from: &reader), into: &bytes)
                return bytes
            case .status: return try StatusBody(body).encode()
            case .cancel: return try CancelBody(body).encode()
            case .goaway: return try GoawayBody(body).encode()
            case .message, .halfClose, .windowUpdate, .ping, .pong: return [UInt8](body)
            }
        } catch {
            throw .malformed("\(error)")
        }
    }

    /// Protocols/1-transport §5 and §8 name the kinds and codes of the code, and no others.
    @Test
    func theTablesOfTheSpecificationAreThoseOfTheCode() throws {
        let text = try String(
            contentsOf: Self.protocols.appending(path: "1-transport.md"), encoding: .utf8)
        var kinds: [String: UInt8] = [:]
        var codes: [String: UInt8] = [:]
        var section = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line) }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count > 2, cells[1].hasPrefix("0x"),
                let value = UInt8(cells[1].dropFirst(2), radix: 16)
            else { continue }
            if section.hasPrefix("## 5.") { kinds[cells[0]] = value }
            if section.hasPrefix("## 8.") { codes[cells[0]] = value }
        }
        #expect(
            kinds
                == Dictionary(
                    uniqueKeysWithValues: FrameKind.allCases.map { ($0.name, $0.rawValue) }))
        #expect(
            codes
                == Dictionary(
                    uniqueKeysWithValues: SessionCode.allCases.map { ($0.name, $0.rawValue) }))
    }
}
