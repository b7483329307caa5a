import Foundation

/// Figures in Prometheus' text format, read as strictly as the format is written down.
public struct Exposition {
    /// One number.
    public struct Sample: Equatable {
        /// The name, with what a histogram appends.
        public var name: String
        /// The labels, unescaped.
        public var labels: [String: String]
        /// The number.
        public var value: Double

        /// A sample, to compare others with.
        public init(name: String, labels: [String: String], value: Double) {
            self.name = name
            self.labels = labels
            self.value = value
        }
    }

    /// The samples of one name.
    public struct Family {
        /// `counter`, `gauge` or `histogram`.
        public var kind: String
        /// What it means, as it was written.
        public var help: String
        /// In the order of the page.
        public var samples: [Sample] = []
    }

    /// A line that breaks the format.
    public struct Malformed: Error, CustomStringConvertible {
        /// What is wrong, and the line.
        public let description: String
    }

    /// By name.
    public private(set) var families: [String: Family] = [:]

    /// Reads a page.
    ///
    /// - Throws: ``Malformed`` for the first line that breaks the format.
    public init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Malformed(description: "no line feed at the end") }
        var current = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            func malformed(_ why: String) -> Malformed { Malformed(description: "\(why): \(line)") }
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard words.count == 4 else { throw malformed("a comment without a meaning") }
                switch words[1] {
                case "HELP":
                    guard families[words[2]] == nil else { throw malformed("a family twice") }
                    current = words[2]
                    families[current] = Family(kind: "", help: words[3])
                case "TYPE":
                    guard words[2] == current, families[current]?.kind.isEmpty == true,
                        ["counter", "gauge", "histogram"].contains(words[3])
                    else { throw malformed("a type in the wrong place") }
                    families[current]?.kind = words[3]
                default: throw malformed("a comment without a meaning")
                }
            } else {
                let sample = try Self.sample(line)
                guard let family = families[current], Self.belongs(sample, to: current, family.kind)
                else { throw malformed("a sample outside of its family") }
                let isThere = family.samples.contains {
                    $0.name == sample.name && $0.labels == sample.labels
                }
                guard !isThere else { throw malformed("a sample twice") }
                families[current]?.samples.append(sample)
            }
        }
        for (name, family) in families where family.kind == "histogram" {
            try Self.check(name, family)
        }
    }

    /// The value of the only sample of a name with at least these labels; `nil` when there is none.
    public subscript(name: String, labels: KeyValuePairs<String, String>) -> Double? {
        let family = families.first { name == $0.key || name.hasPrefix($0.key + "_") }?.value
        let wanted = Dictionary(uniqueKeysWithValues: labels.map { ($0, $1) })
        let all = (families[name] ?? family)?.samples ?? []
        let found = all.filter { sample in
            sample.name == name && wanted.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        return found.count == 1 ? found[0].value : nil
    }

    /// Every name of a label that a family uses, but for the bounds of buckets.
    public func labels(of name: String) -> Set<String> {
        Set((families[name]?.samples ?? []).flatMap(\.labels.keys)).subtracting(["le"])
    }

    /// The families of a table of Protocols/8-observability, by its heading: kind and labels by name.
    ///
    /// - Throws: When there is no such document.
    public static func documented(
        under heading: String
    ) throws -> [String: (kind: String, labels: Set<String>)] {
        let text = try Repository.text(of: "Protocols/8-observability.md")
        guard let start = text.range(of: "\n### \(heading)\n") else { return [:] }
        var families: [String: (kind: String, labels: Set<String>)] = [:]
        for line in text[start.upperBound...].split(separator: "\n") {
            if line.hasPrefix("#") { break }
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, cells[0].hasPrefix("`") else { continue }
            let labels = cells[2].split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            families[cells[0].replacing("`", with: "")] = (cells[1], Set(labels))
        }
        return families
    }

    /// What the table and these figures say differently, a line each.
    ///
    /// Families without a sample have no labels to compare.
    ///
    /// - Throws: When there is no such document.
    public func differences(fromTable heading: String) throws -> [String] {
        let documented = try Self.documented(under: heading)
        var differences = Set(documented.keys).symmetricDifference(families.keys).map {
            "\($0) is \(documented[$0] == nil ? "not in the table" : "not served")"
        }
        for (name, family) in families {
            guard let row = documented[name] else { continue }
            if row.kind != family.kind { differences.append("\(name) is a \(family.kind)") }
            if !family.samples.isEmpty, row.labels != labels(of: name) {
                differences.append("\(name) has the labels \(labels(of: name).sorted())")
            }
        }
        return differences.sorted()
    }

    private static func belongs(_ sample: Sample, to family: String, _ kind: String) -> Bool {
        guard kind == "histogram" else { return !kind.isEmpty && sample.name == family }
        return ["_bucket", "_sum", "_count"].contains { sample.name == family + $0 }
            && (sample.labels["le"] != nil) == sample.name.hasSuffix("_bucket")
    }

    /// Buckets grow, the last takes everything, and there are as many values as are counted.
    private static func check(_ name: String, _ family: Family) throws {
        var series: [[String: String]: [Sample]] = [:]
        for sample in family.samples {
            series[sample.labels.filter { $0.key != "le" }, default: []].append(sample)
        }
        for (labels, samples) in series {
            let buckets = samples.filter { $0.labels["le"] != nil }
            let bounds = buckets.map { number($0.labels["le"] ?? "") ?? .nan }
            let isGrowing =
                zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }
                && zip(buckets, buckets.dropFirst()).allSatisfy { $0.value <= $1.value }
            guard isGrowing, bounds.last == .infinity,
                samples.first(where: { $0.name == name + "_count" })?.value == buckets.last?.value,
                samples.contains(where: { $0.name == name + "_sum" })
            else { throw Malformed(description: "no histogram: \(name) \(labels)") }
        }
    }

    private static func sample(_ line: Substring) throws -> Sample {
        func malformed(_ why: String) -> Malformed { Malformed(description: "\(why): \(line)") }
        var rest = line
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = name.first, !first.isNumber else { throw malformed("no name") }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while true {
                let key = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(key.count)
                guard !key.isEmpty, rest.hasPrefix("=\"") else { throw malformed("no label") }
                rest = rest.dropFirst(2)
                var value = ""
                while let character = rest.first, character != "\"" {
                    rest = rest.dropFirst()
                    guard character == "\\" else {
                        value.append(character)
                        continue
                    }
                    switch rest.first {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw malformed("an escape that is none")
                    }
                    rest = rest.dropFirst()
                }
                guard rest.first == "\"", labels.updateValue(value, forKey: String(key)) == nil
                else { throw malformed("a label without end, or twice") }
                rest = rest.dropFirst()
                if rest.first == "}" { break }
                guard rest.first == "," else { throw malformed("labels without end") }
                rest = rest.dropFirst()
            }
            rest = rest.dropFirst()
        }
        guard rest.first == " ", let value = number(String(rest.dropFirst())) else {
            throw malformed("no number")
        }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.allSatisfy { "0123456789.e+-".contains($0) } ? Double(text) : nil
        }
    }
}
