import TestSupport
import Testing

@testable import BaridEngine

/// Protocols/2-bus §4: filters on attributes beside the type.
struct AttributeTests {
    private static func event(_ id: String, _ extensions: (String, [UInt8])...) -> ArraySlice<UInt8>
    {
        var bytes = Array(EventBytes.make(id: id, subject: "sub", key: "key"))
        for (name, value) in extensions {
            var entry: [UInt8] = []
            EventBytes.field(1, Array(name.utf8), into: &entry)
            EventBytes.field(2, value, into: &entry)
            EventBytes.field(14, entry, into: &bytes)
        }
        return bytes[...]
    }

    private static func text(_ value: String, field: Int = 3) -> [UInt8] {
        var bytes: [UInt8] = []
        EventBytes.field(field, Array(value.utf8), into: &bytes)
        return bytes
    }

    private static func matches(
        _ event: ArraySlice<UInt8>, _ name: String, _ values: [String]
    ) throws -> Bool {
        let scan = try RoutingScan(event)
        let matcher = AttributeMatcher(AttributeFilter(name: name, values: values))
        return event.withUnsafeBytes { matcher.matches($0, scan) }
    }

    @Test func attributesOfEveryPlaceAreMatchedToTheByte() throws {
        let event = Self.event("a", ("language", Self.text("ar")), ("desk", Self.text("sport")))
        #expect(try Self.matches(event, "source", ["urn:other", "urn:test"]))
        #expect(try !Self.matches(event, "source", ["urn:tes", "urn:test2"]))
        #expect(try Self.matches(event, "subject", ["sub"]))
        #expect(try Self.matches(event, "partitionkey", ["key"]))
        #expect(try Self.matches(event, "language", ["fa", "ar"]))
        #expect(try !Self.matches(event, "language", ["AR"]))
        #expect(try Self.matches(event, "desk", ["sport"]))
        #expect(try !Self.matches(event, "absent", ["sport"]))
        #expect(try !Self.matches(event, "dataschema", ["sport"]))
        var typed = Array(event)
        EventBytes.field(8, Array("text/html".utf8), into: &typed)
        #expect(try Self.matches(typed[...], "datacontenttype", ["text/html"]))
    }

    @Test func valuesOfEveryKindAreComparedAsCloudEventsWriteThem() throws {
        let minusOne: [UInt8] = [0x10] + Array(repeating: 0xff, count: 9) + [1]
        let event = Self.event(
            "a", ("yes", [0x08, 1]), ("no", [0x08, 0]), ("number", [0x10, 42]),
            ("negative", minusOne), ("link", Self.text("https://a", field: 5)),
            ("bytes", Self.text("ar", field: 4)), ("empty", []))
        #expect(try Self.matches(event, "yes", ["true"]))
        #expect(try Self.matches(event, "no", ["false"]))
        #expect(try Self.matches(event, "number", ["42"]))
        #expect(try Self.matches(event, "negative", ["-1"]))
        #expect(try Self.matches(event, "link", ["https://a"]))
        #expect(try !Self.matches(event, "bytes", ["ar"]))
        #expect(try !Self.matches(event, "empty", ["false"]))
        let twice = Self.event("a", ("x", Self.text("1")), ("x", Self.text("2")))
        #expect(try !Self.matches(twice, "x", ["1"]))
        #expect(try Self.matches(twice, "x", ["2"]))
    }

    @Test func brokenExtensionsMatchNothingAndNeverTrap() throws {
        var random = SeededGenerator(seed: 11)
        let whole = Array(Self.event("a", ("language", Self.text("ar"))))
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<2 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
                    in: .min ... .max, using: &random)
            }
            guard (try? RoutingScan(bytes[...])) != nil else { continue }
            _ = try Self.matches(bytes[...], "language", ["ar"])
        }
    }

    @Test func allAttributesHaveToMatch() {
        var broker = Broker()
        broker.subscribe(
            10, types: ["news.>"],
            attributes: [
                AttributeFilter(name: "language", values: ["ar", "fa"]),
                AttributeFilter(name: "source", values: ["urn:test"]),
            ])
        broker.publish(
            Self.event("a", ("language", Self.text("ar"))),
            Self.event("b", ("language", Self.text("en"))), Self.event("c"),
            Self.event("d", ("language", Self.text("fa"))))
        // They have one key, so one comes after the other.
        #expect(broker.takeDeliveries().map(\.sequence) == [1])
        broker.ack(10, 1)
        #expect(broker.takeDeliveries().map(\.sequence) == [4])
        broker.ack(10, 4)
        #expect(broker.group().floor == 4)
    }

    /// The backlog and a replay go by the same filter as what is published.
    @Test func theBacklogIsFilteredToo() throws {
        var broker = Broker()
        broker.publish(Self.event("a", ("language", Self.text("en"))))
        broker.publish(Self.event("b", ("language", Self.text("ar"))))
        let filter = [AttributeFilter(name: "language", values: ["ar"])]
        broker.subscribe(10, attributes: filter)
        #expect(broker.takeDeliveries().map(\.sequence) == [2])
        broker.ack(10, 2)
        broker.operate(.replay([1...2]))
        #expect(broker.takeDeliveries().map(\.sequence) == [2])
        broker.step(.commit)
        try broker.restart()
        #expect(broker.group().definition.attributes == filter)
        broker.publish(Self.event("c", ("language", Self.text("en"))))
        broker.subscribe(20)
        #expect(broker.takeDeliveries() == [Handed(20, 2, 2)])
    }

    @Test func theyNeverChange() {
        var broker = Broker()
        let one = AttributeFilter(name: "a", values: ["x", "y"])
        let two = AttributeFilter(name: "b", values: ["z"])
        broker.subscribe(10, attributes: [one, two])
        broker.subscribe(
            11, attributes: [two, AttributeFilter(name: "a", values: ["y", "x", "x"])])
        broker.subscribe(12)
        #expect(broker.takeRefusals().isEmpty)
        broker.subscribe(13, attributes: [one])
        broker.subscribe(14, types: ["t"])
        #expect(broker.takeRefusals().map(\.reason) == ["FILTER_MISMATCH", "FILTER_MISMATCH"])
    }

    @Test(arguments: [(7, true), (8, true), (9, false)])
    func limitsAttributes(count: Int, accepted: Bool) {
        var broker = Broker()
        broker.subscribe(
            10, attributes: (0..<count).map { AttributeFilter(name: "a\($0)", values: ["x"]) })
        #expect(broker.takeRefusals().map(\.reason) == (accepted ? [] : ["INVALID_FILTER"]))
    }

    @Test(arguments: [(0, false), (1, true), (31, true), (32, true), (33, false)])
    func limitsValues(count: Int, accepted: Bool) {
        let filter = AttributeFilter(name: "a", values: (0..<count).map { "\($0)" })
        #expect((filter.problem(maximumValues: 32) == nil) == accepted)
    }

    @Test(arguments: [(0, false), (1, true), (2_047, true), (2_048, true), (2_049, false)])
    func limitsAValue(length: Int, accepted: Bool) {
        let filter = AttributeFilter(name: "a", values: [String(repeating: "v", count: length)])
        #expect((filter.problem(maximumValues: 32) == nil) == accepted)
    }

    @Test(arguments: [
        ("language", true), ("a", true), (String(repeating: "a", count: 20), true),
        (String(repeating: "a", count: 21), false), ("", false), ("Language", false),
        ("a-b", false), ("id", false), ("type", false), ("time", false), ("data", false),
    ])
    func checksNames(name: String, accepted: Bool) {
        let filter = AttributeFilter(name: name, values: ["x"])
        #expect((filter.problem(maximumValues: 32) == nil) == accepted)
    }

    @Test func aNameCountsOnce() {
        var broker = Broker()
        broker.subscribe(
            10,
            attributes: [
                AttributeFilter(name: "a", values: ["x"]),
                AttributeFilter(name: "a", values: ["y"]),
            ])
        #expect(broker.takeRefusals().map(\.reason) == ["INVALID_FILTER"])
    }
}
