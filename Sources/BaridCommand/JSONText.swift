import BaridTracing
import SwiftProtobuf

/// Builds what `--json` prints: one object a line, field names as in the `.proto` files.
struct JSONText: Sendable {
    private var fields: [String] = []

    /// How messages are written: original field names, 64-bit numbers as numbers.
    ///
    /// A field that has its default value is left out, as protobuf's JSON mapping does.
    static var options: JSONEncodingOptions {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.alwaysPrintInt64sAsNumbers = true
        return options
    }

    /// A message as one line.
    static func line(_ message: some SwiftProtobuf.Message) throws -> String {
        try message.jsonString(options: options)
    }

    /// A quoted string.
    static func string(_ text: String) -> String { text.quotedJSON }

    mutating func add(_ name: String, _ text: String) {
        add(name, json: Self.string(text))
    }

    mutating func add(_ name: String, _ number: some BinaryInteger) {
        add(name, json: "\(number)")
    }

    mutating func add(_ name: String, _ flag: Bool) {
        add(name, json: flag ? "true" : "false")
    }

    mutating func add(_ name: String, _ message: some SwiftProtobuf.Message) throws {
        add(name, json: try Self.line(message))
    }

    /// Adds a value that is JSON already.
    mutating func add(_ name: String, json: String) {
        fields.append("\(Self.string(name)):\(json)")
    }

    /// The object.
    var text: String { "{\(fields.joined(separator: ","))}" }
}
