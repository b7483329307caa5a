/// A condition on one attribute of events: that it is there and has one of some values.
public struct AttributeFilter: Sendable, Hashable {
    /// Name of the attribute, as CloudEvents write it: `source`, `subject`, `partitionkey`,
    /// `language` and so on.
    public let name: String
    /// The values, each of which will do; sorted, each once.
    public let values: [String]

    /// Creates a condition; repeated values count once.
    public init(name: String, values: [String]) {
        self.name = name
        self.values = Set(values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// What is wrong with the condition, for a person; `nil` when nothing is.
    ///
    /// - Parameter maximumValues: The most values it may have.
    /// - Returns: The problem in one sentence.
    public func problem(maximumValues: Int) -> String? {
        let letters = name.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
        }
        guard letters, (1...20).contains(name.utf8.count) else {
            return "'\(name.prefix(80))' is no name of an attribute: a-z and 0-9, at most 20"
        }
        guard !Self.unfiltered.contains(name) else {
            return "there is no filter on the attribute '\(name)'"
        }
        guard (1...maximumValues).contains(values.count) else {
            return "\(values.count) values of the attribute '\(name)'; from 1 to \(maximumValues)"
        }
        let limit = Self.maximumValueBytes
        guard values.allSatisfy({ (1...limit).contains($0.utf8.count) }) else {
            return "a value of the attribute '\(name)' is empty or longer than \(limit) bytes"
        }
        return nil
    }

    /// Most bytes of a value, as of the attributes themselves.
    public static let maximumValueBytes = 2_048

    /// Attributes that differ from event to event, have a filter of their own, or are no text.
    private static let unfiltered: Set<String> = [
        "id", "type", "time", "expirytime", "traceparent", "tracestate", "specversion", "data",
    ]
}
