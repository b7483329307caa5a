/// A rule of retention that cannot be read.
public struct RetentionSyntaxError: Error, CustomStringConvertible, Equatable {
    /// What is wrong, and what is expected.
    public let description: String
}

extension RetentionRules {
    /// Reads rules as people write them: `[TOPIC:]RULE,...`, such as `age=7d,bytes=10GiB` and
    /// `articles:acknowledged`.
    ///
    /// - Parameter texts: The rules of the broker and of topics, in any order.
    /// - Throws: ``RetentionSyntaxError`` for the first that cannot be read.
    public init(_ texts: [String]) throws(RetentionSyntaxError) {
        self.init()
        for text in texts {
            guard let colon = text.firstIndex(of: ":") else {
                standard = try Retention(text)
                continue
            }
            let rules = try Retention(String(text[text.index(after: colon)...]))
            guard rules.bytes == nil else {
                throw RetentionSyntaxError(
                    description: "'\(text)': bytes are of the whole log, not of a topic")
            }
            topics[String(text[..<colon])] = rules
        }
    }
}

extension Retention {
    /// Reads rules: `all`, or `age=`, `bytes=`, `events=`, `acknowledged`, separated by commas.
    ///
    /// - Parameter text: The rules.
    /// - Throws: ``RetentionSyntaxError``.
    public init(_ text: String) throws(RetentionSyntaxError) {
        self.init()
        guard text != "all" else { return }
        for rule in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = rule.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts.first, parts.count) {
            case ("acknowledged", 1): acknowledged = true
            case ("age", 2):
                let seconds = try Self.number(
                    parts[1], units: Self.times, limit: Self.longest, of: String(rule))
                age = .seconds(Int64(seconds))
            case ("bytes", 2):
                bytes = try Self.number(parts[1], units: Self.sizes, of: String(rule))
            case ("events", 2): events = try Self.number(parts[1], units: ["": 1], of: String(rule))
            default:
                throw RetentionSyntaxError(
                    description: "'\(rule)' is no rule of retention; there are all, "
                        + "age=7d, bytes=10GiB, events=100000 and acknowledged")
            }
        }
    }

    /// A hundred years, in seconds.
    private static let longest: UInt64 = 3_155_760_000
    private static let times: [String: UInt64] = [
        "s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800,
    ]
    private static let sizes: [String: UInt64] = [
        "": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]

    private static func number(
        _ text: String, units: [String: UInt64], limit: UInt64 = UInt64(Int64.max),
        of rule: String
    ) throws(RetentionSyntaxError) -> UInt64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = UInt64(digits), number > 0,
            let unit = units[String(text.dropFirst(digits.count))],
            case let (product, overflow) = number.multipliedReportingOverflow(by: unit),
            !overflow, product <= limit
        else {
            let known = units.keys.sorted().filter { !$0.isEmpty }.joined(separator: ", ")
            throw RetentionSyntaxError(
                description: "'\(rule)': a number above 0 is expected"
                    + (known.isEmpty ? "" : ", followed by \(known)"))
        }
        return product
    }
}
