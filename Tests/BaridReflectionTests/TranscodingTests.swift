import BaridSchema
import Foundation
import SwiftProtobuf
import Testing

@testable import BaridReflection

/// JSON by descriptors, held against the JSON of the generated messages.
struct TranscodingTests {
    private let pool: DescriptorPool

    init() throws {
        pool = try DescriptorPool(
            Array(try #require(Data(base64Encoded: ProtocolDescriptors.base64))))
    }

    private func same<Message: SwiftProtobuf.Message & Equatable>(_ message: Message) throws {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.alwaysPrintInt64sAsNumbers = true
        let bytes: [UInt8] = try message.serializedBytes()
        let ours = try pool.json(of: bytes, as: Message.protoMessageName)
        let theirs = try message.jsonString(options: options)
        #expect(try JSONValue(ours) == JSONValue(theirs))
        let back = try pool.encode(json: theirs, as: Message.protoMessageName)
        #expect(try Message(serializedBytes: back) == message)
        // Names as JSON has them are read too.
        let camel = try pool.encode(
            json: try message.jsonString(), as: Message.protoMessageName)
        #expect(camel == back)
    }

    @Test func generatedMessagesComeOutAlike() throws {
        try same(
            Barid_Admin_V1_ListDeadLettersResponse.with {
                $0.total = .max
                $0.deadLetters = [
                    .with {
                        $0.group = "مجموعة \"أولى\"\n"
                        $0.sequence = 1 << 60
                        $0.time = .init(seconds: 1_700_000_000, nanos: 5_000_000)
                        $0.event = Data([0, 255, 1])
                        $0.attempts = [
                            .with {
                                $0.attempt = 2
                                $0.workerExit.exitCode = 0
                                $0.workerExit.signal = -9
                                $0.workerExit.lastLines = ["", "\u{1}"]
                            }
                        ]
                    }
                ]
            })
        try same(
            Barid_Bus_V1_Event.with {
                $0.id = "1"
                $0.source = "/s"
                $0.type = "t.v1"
                $0.extensions = [
                    "language": .with { $0.string = "ar" }, "b": .with { $0.boolean = false },
                ]
                $0.binaryData = Data("x".utf8)
            })
        try same(
            Barid_Bus_V1_SubscribeRequest.with {
                $0.settlements = [.with { $0.ack = .init() }, .with { $0.nack.delayMs = 5 }]
            })
        try same(
            Barid_Admin_V1_GetStatusResponse.with {
                $0.uptime = .init(seconds: 3, nanos: 1)
                $0.durability = .fsync
                $0.accepting = true
            })
    }

    @Test(arguments: [
        (#"{"subscription": 1}"#, ".subscription: a number, where an object"),
        (#"{"acks": [{"count": -1}]}"#, ".acks[0].count: a number, where a whole number"),
        (#"{"acks": [{"count": 4294967296}]}"#, "that fits UInt32"),
        (#"{"credits": 1}"#, "has no field credits; it has: subscription, credit"),
        (#"{"settlements": [{"ack": {}, "nack": {}}]}"#, "exclude one another"),
        (#"{"settlements": {}}"#, "where a list is due"),
        (#"{"subscription": {"start": {"at": "AT_NOON"}}}"#, "AT_NOON is none of: AT_"),
        (#"{"subscription": {"start": {"time": "soon"}}}"#, "is no google.protobuf.Timestamp"),
        (#"{"settlements": [{"ack": {"outputs": ["%%"]}}]}"#, "bytes in base64"),
        ("{", "this is not JSON"), ("[]", "a list, where an object"), ("", "this is not JSON"),
    ])
    func whatDoesNotFitIsNamed(json: String, message: String) {
        #expect {
            _ = try pool.encode(json: json, as: "barid.bus.v1.SubscribeRequest")
        } throws: {
            "\($0)".contains(message)
        }
    }

    /// Every kind of field, as descriptors made here: what goes in comes out.
    @Test func everyKindGoesBothWays() throws {
        typealias Field = Google_Protobuf_FieldDescriptorProto
        let kinds: [(String, Field.TypeEnum, String)] = [
            ("a", .double, "1.5"), ("b", .float, "-0.25"), ("c", .int32, "-2147483648"),
            ("d", .int64, "-9223372036854775808"), ("e", .uint32, "4294967295"),
            ("f", .uint64, "18446744073709551615"), ("g", .sint32, "-2147483648"),
            ("h", .sint64, "-9223372036854775808"), ("i", .fixed32, "4294967295"),
            ("j", .fixed64, "18446744073709551615"), ("k", .sfixed32, "-2147483648"),
            ("l", .sfixed64, "-9223372036854775808"), ("m", .bool, "true"),
            ("n", .string, "\"نص\""), ("o", .bytes, "\"AP8=\""),
        ]
        var message = Google_Protobuf_DescriptorProto()
        message.name = "All"
        for (index, kind) in kinds.enumerated() {
            for isList in [false, true] {
                message.field.append(
                    .with {
                        $0.name = kind.0 + (isList ? "_list" : "")
                        $0.number = Int32(index * 2 + (isList ? 1 : 0) + 1)
                        $0.type = kind.1
                        $0.label = isList ? .repeated : .optional
                        if isList { $0.options.packed = index.isMultiple(of: 2) }
                    })
            }
        }
        let pool = self.pool(of: message)
        let members = kinds.flatMap { name, _, value in
            ["\"\(name)\":\(value)", "\"\(name)_list\":[\(value),\(value)]"]
        }
        let json = "{\(members.joined(separator: ","))}"
        let bytes = try pool.encode(json: json, as: "t.All")
        #expect(try pool.json(of: bytes, as: "t.All") == json)
        for length in 0..<bytes.count {
            // Cut short it is an error or a message with less in it, and nothing traps.
            _ = try? pool.json(of: bytes[..<length], as: "t.All")
        }
    }

    private func pool(of message: Google_Protobuf_DescriptorProto) -> DescriptorPool {
        var pool = DescriptorPool()
        pool.add(
            .with {
                $0.name = "t.proto"
                $0.package = "t"
                $0.messageType = [message]
            })
        return pool
    }

    @Test func nestingIsBounded() throws {
        let pool = pool(
            of: .with {
                $0.name = "Deep"
                $0.field = [
                    .with {
                        $0.name = "in"
                        $0.number = 1
                        $0.type = .message
                        $0.typeName = ".t.Deep"
                        $0.label = .optional
                    }
                ]
            })
        func json(_ depth: Int) -> String {
            String(repeating: #"{"in":"#, count: depth) + "{}"
                + String(repeating: "}", count: depth)
        }
        let most = DescriptorPool.maximumDepth - 1
        let bytes = try pool.encode(json: json(most), as: "t.Deep")
        #expect(try pool.json(of: bytes, as: "t.Deep") == json(most))
        #expect(throws: ReflectionError.self) {
            _ = try pool.encode(json: json(most + 1), as: "t.Deep")
        }
        var deeper = WireWriter()
        deeper.tag(1, .delimited)
        deeper.delimited(bytes)
        #expect(throws: ReflectionError.self) {
            _ = try pool.json(of: deeper.bytes, as: "t.Deep")
        }
    }

    /// Seeded noise, whole and as changes of a real message: an error or JSON, never a trap.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func anyBytesAreReadOrRefused(seed: UInt64) throws {
        var random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next() -> UInt64 {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return random
        }
        var bytes: [UInt8] = try Barid_Bus_V1_SubscribeRequest.with {
            $0.credit = 7
            $0.acks = [.with { $0.count = 3 }]
            $0.settlements = [.with { $0.ack.outputs = [Data([1, 2, 3])] }]
        }.serializedBytes()
        for _ in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: next())) }
        for _ in 0..<50 {
            var changed = bytes
            for _ in 0..<3 {
                changed[Int(next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: next())
            }
            guard
                let json = try? pool.json(of: changed, as: "barid.bus.v1.SubscribeRequest")
            else { continue }
            // What is shown can be read again.
            _ = try pool.encode(json: json, as: "barid.bus.v1.SubscribeRequest")
        }
    }

    @Test func filesAreFoundBySymbolWithTheirImports() throws {
        let file = try #require(pool.file(defining: "barid.admin.v1.Admin.GetStatus"))
        #expect(file.name == "barid/admin/v1/admin.proto")
        let names = pool.closure(of: file).map(\.name)
        #expect(names.last == file.name && names.contains("google/protobuf/timestamp.proto"))
        #expect(pool.file(defining: "barid.admin.v1.Nobody") == nil)
        #expect(throws: ReflectionError.self) { _ = try DescriptorPool([0xFF, 0xFF]) }
    }
}
