/// Figures in Prometheus' text exposition format, version 0.0.4, as they are put together.
///
/// Each family is begun once and gets all its samples before the next one.
public struct MetricsText: Sendable {
    /// What a family's numbers mean.
    public enum Kind: String, Sendable {
        /// A number that only grows while the process runs.
        case counter
        /// A number that goes up and down.
        case gauge
        /// Numbers of values up to a bound each.
        case histogram
    }

    /// A label's name and value; the value may be any text.
    public typealias Label = (name: String, value: String)

    /// The media type of the format.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was added so far.
    public private(set) var text = ""
    private var family = ""

    /// Nothing is in it yet.
    public init() {}

    /// Begins a family.
    ///
    /// - Parameters:
    ///   - name: Its name, unit at its end.
    ///   - kind: What its numbers mean.
    ///   - help: One sentence.
    public mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        family = name
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Adds a whole number to the family begun last.
    public mutating func add(_ value: some BinaryInteger, _ labels: [Label] = []) {
        add("\(value)", labels)
    }

    /// Adds a number to the family begun last.
    public mutating func add(_ value: Double, _ labels: [Label] = []) {
        add(Self.number(value), labels)
    }

    /// Adds a histogram to the family begun last.
    ///
    /// - Parameters:
    ///   - counts: Values of each bucket alone, one bucket more than there are bounds.
    ///   - bounds: The upper bound of each bucket but the last, in the family's unit.
    ///   - sum: All values together, in the family's unit.
    ///   - labels: Its labels.
    public mutating func add(
        histogram counts: [UInt64], bounds: [Double], sum: Double, _ labels: [Label] = []
    ) {
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total &+= count
            let bound = index < bounds.count ? Self.number(bounds[index]) : "+Inf"
            add("\(total)", labels + [("le", bound)], suffix: "_bucket")
        }
        add(Self.number(sum), labels, suffix: "_sum")
        add("\(total)", labels, suffix: "_count")
    }

    private mutating func add(_ value: String, _ labels: [Label], suffix: String = "") {
        text += family
        text += suffix
        if !labels.isEmpty {
            text += "{"
            for (index, label) in labels.enumerated() {
                if index > 0 { text += "," }
                text += "\(label.name)=\"\(Self.escaped(label.value, quotes: true))\""
            }
            text += "}"
        }
        text += " \(value)\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
