import BaridSchema
import Foundation
import GRPCCore
import SwiftProtobuf
import Testing

@testable import Barid

/// Protocols/3-events: the bytes of an event are those of protobuf, whoever writes them.
struct EventFieldsTests {
    private static func attributes(
        _ change: (inout Barid_Bus_V1_Event) -> Void
    )
        -> Barid_Bus_V1_Event
    {
        .with {
            $0.id = "a"
            $0.source = "/b"
            $0.type = "c.v1"
            change(&$0)
        }
    }

    private static let full = attributes {
        $0.subject = "خبر"
        $0.partitionKey = String(repeating: "k", count: 300)
        $0.expiryTime = .with { $0.seconds = -1 }
        $0.time = .with {
            $0.seconds = 1_795_000_000
            $0.nanos = 999_999_999
        }
        $0.dataContentType = "application/protobuf"
        $0.dataSchema = "type.googleapis.com/x.Y"
        $0.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        $0.tracestate = "s=1"
        $0.causationID = "d"
        $0.correlationID = "e"
        $0.protoData = .with {
            $0.typeURL = "type.googleapis.com/x.Y"
            $0.value = Data(repeating: 7, count: 20_000)
        }
    }

    static let events: [Barid_Bus_V1_Event] = [
        .init(), attributes { _ in }, full,
        attributes { $0.binaryData = Data() }, attributes { $0.binaryData = Data([1, 2, 3]) },
        attributes { $0.textData = "" }, attributes { $0.textData = "نص" },
        attributes { $0.protoData = .init() },
        attributes { $0.time = .init() }, attributes { $0.time = .with { $0.nanos = -5 } },
        attributes {
            $0.extensions = ["x": .with { $0.integer = 3 }, "a": .with { $0.string = "s" }]
        },
    ]

    @Test(arguments: events)
    func theBytesAreThoseOfTheGeneratedCode(message: Barid_Bus_V1_Event) throws {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        let expected: [UInt8] = try message.serializedBytes(options: options)
        #expect(try EventEnvelope(message).serialized() == expected)
        guard !message.id.isEmpty, Timestamps.isValid(message.time) else { return }
        #expect(try EventEnvelope(message).checkedData() == Data(expected))
    }

    @Test(arguments: events)
    func theMessageIsThatOfTheGeneratedCode(message: Barid_Bus_V1_Event) throws {
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        let bytes: [UInt8] = try message.serializedBytes(options: options)
        let plain = bytes.withUnsafeBytes { PlainEventReader.read($0) }
        #expect((plain == nil) == !message.extensions.isEmpty)
        if let plain { #expect(plain == message) }
        #expect(try EventEnvelope(serialized: bytes).message == message)
    }

    /// Whatever the bytes are: what is read the short way is what the generated decoder reads.
    @Test func damagedBytesAreReadAsTheGeneratedCodeReadsThem() throws {
        var small = Self.full
        small.protoData.value = Data([1, 2, 3])
        small.partitionKey = "k"
        var generator = SystemRandomNumberGenerator()
        var read = 0
        for _ in 0..<20_000 {
            var bytes: [UInt8] = try small.serializedBytes()
            for _ in 0..<Int.random(in: 1...3, using: &generator) where bytes.count > 1 {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
                case 2: bytes.remove(at: at)
                default: bytes.removeLast(min(bytes.count - 1, at))
                }
            }
            guard let plain = bytes.withUnsafeBytes({ PlainEventReader.read($0) }) else { continue }
            read += 1
            let expected = try? Barid_Bus_V1_Event(serializedBytes: bytes)
            #expect(plain == expected, "\(bytes)")
        }
        #expect(read > 1_000)
    }

    @Test func whatThisVersionDoesNotKnowIsKept() throws {
        // Field 100, a varint: of a later version of the schema.
        let bytes = try Self.full.serializedBytes() as [UInt8] + [0xa0, 0x06, 0x01]
        #expect(try EventEnvelope(serialized: bytes).serialized() == bytes)
    }

    @Test(arguments: [("", "subject", "id"), ("a", "with\u{7}bell", "subject")])
    func aWrongAttributeIsNamed(id: String, subject: String, named: String) throws {
        var event = EventEnvelope(id: id, source: "/b", type: "c.v1")
        event.subject = subject
        let error = try #require(throws: RPCError.self) { try event.checkedData() }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains(named))
    }
}
