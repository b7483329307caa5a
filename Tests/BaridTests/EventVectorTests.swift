import BaridSchema
import Foundation
import GRPCCore
import SwiftProtobuf
import TestSupport
import Testing

@testable import Barid

/// Protocols/3-events.md §6-9, by the vectors in Protocols/vectors/events.
struct EventVectorTests {
    struct Valid: Decodable, CustomTestStringConvertible {
        var name: String
        var event: String
        var cloudevent: String
        var json: String
        var event_from_json: String?
        var testDescription: String { name }
    }

    struct Invalid: Decodable, CustomTestStringConvertible {
        var name: String
        var reason: String
        var event: String?
        var cloudevent: String?
        var json: String?
        var testDescription: String { name }
    }

    struct Derived: Decodable {
        var parent_source: String
        var parent_id: String
        var worker: String
        var output: Int
        var replay: UInt32
        var id: String
    }

    @Test(arguments: try Vectors.read("valid", as: [Valid].self))
    func everyFormSaysTheSame(vector: Valid) throws {
        let bytes = try Vectors.bytes(vector.event)
        let event = try EventEnvelope(serialized: bytes)
        #expect(try event.serialized() == bytes)
        let cloudEvent = try Io_Cloudevents_V1_CloudEvent(
            serializedBytes: Vectors.bytes(vector.cloudevent))
        #expect(try event.cloudEvent() == cloudEvent)
        #expect(try EventEnvelope(cloudEvent) == event)
        #expect(String(decoding: try event.json(), as: UTF8.self) == vector.json)
        let back = try EventEnvelope(
            serialized: Vectors.bytes(vector.event_from_json ?? vector.event))
        #expect(try EventEnvelope(json: Array(vector.json.utf8)) == back)
    }

    @Test(arguments: try Vectors.read("invalid", as: [Invalid].self))
    func whatIsNoEventIsRefusedWithItsReason(vector: Invalid) throws {
        if let json = vector.json {
            let error = #expect(throws: EventError.self) {
                _ = try EventEnvelope(scanning: Array(json.utf8))
            }
            #expect(error?.reason == vector.reason)
        }
        if let cloudevent = vector.cloudevent {
            let message = try Io_Cloudevents_V1_CloudEvent(
                serializedBytes: Vectors.bytes(cloudevent))
            let error = #expect(throws: EventError.self) { _ = try EventEnvelope(mapping: message) }
            #expect(error?.reason == vector.reason)
        }
        if let event = vector.event {
            let error = #expect(throws: RPCError.self) {
                try EventEnvelope(serialized: Vectors.bytes(event)).validate()
            }
            #expect(error?.code == .invalidArgument)
            #expect((error?.cause as? EventError)?.reason == vector.reason)
        }
    }

    @Test func derivedIdsAreThoseOfTheSpecification() throws {
        let vectors = try Vectors.read("derived-ids", as: [Derived].self)
        #expect(vectors.count >= 5)
        for vector in vectors {
            let derived = DerivedEventID(
                parentSource: vector.parent_source, parentID: vector.parent_id,
                worker: vector.worker, output: vector.output, replay: vector.replay)
            #expect(derived.text == vector.id)
        }
        #expect(Set(vectors.map(\.id)).count == vectors.count)
    }

    /// Bytes of any kind are read or refused; they never trap.
    @Test func garbledJSONNeverTraps() throws {
        var generator = SeededGenerator(seed: 7)
        for vector in try Vectors.read("valid", as: [Valid].self) {
            for _ in 0..<200 {
                var json = Array(vector.json.utf8)
                for _ in 0...Int.random(in: 0..<4, using: &generator) {
                    let index = Int.random(in: 0..<json.count, using: &generator)
                    json[index] = UInt8.random(in: 0...255, using: &generator)
                }
                json.removeLast(Int.random(in: 0..<3, using: &generator))
                guard let event = try? EventEnvelope(json: json) else { continue }
                #expect(try EventEnvelope(json: event.json()).id == event.id)
            }
        }
    }
}

/// Reads Protocols/vectors/events.
enum Vectors {
    static func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "Protocols/vectors/events/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }

    static func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = try hexadecimal.map { try #require($0.hexDigitValue) }
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
