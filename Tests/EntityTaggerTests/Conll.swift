import BaridSchema
import EntityTagger
import Foundation

/// Labelled text in columns: token, label; an empty line ends a sentence.
enum Conll {
    typealias Sentence = [(token: String, label: String)]

    static let trainingText = ProcessInfo.processInfo.environment["BARID_TRAINING_TEXT"]
    static let trainingFeatures = ProcessInfo.processInfo.environment["BARID_TRAINING_FEATURES"]

    static func sentences(in data: String) -> [Sentence] {
        var sentences: [Sentence] = []
        var current: Sentence = []
        for line in data.split(separator: "\n", omittingEmptySubsequences: false) {
            let columns = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if let token = columns.first, let label = columns.last, columns.count > 1 {
                current.append((String(token), String(label)))
            } else if !current.isEmpty {
                sentences.append(current)
                current = []
            }
        }
        return current.isEmpty ? sentences : sentences + [current]
    }

    /// Sentences as one text of a line each, with the places of their tokens.
    struct Document {
        private(set) var text = ""
        private(set) var starts: [Int] = []
        private(set) var ends: [Int] = []
        private(set) var labels: [String] = []
        private var lineEnds: Set<Int> = []

        init(_ sentences: [Sentence]) {
            var offset = 0
            for sentence in sentences {
                for (token, label) in sentence {
                    starts.append(offset)
                    offset += token.unicodeScalars.count
                    ends.append(offset)
                    offset += 1
                    labels.append(label)
                    text += token + " "
                }
                lineEnds.insert(labels.count)
                text += "\n"
                offset += 1
            }
        }

        /// The labelled names, as `PER 3 5`: kind and tokens.
        var spans: Set<String> {
            var spans: Set<String> = []
            var index = 0
            while index < labels.count {
                defer { index += 1 }
                guard labels[index].hasPrefix("B-") else { continue }
                let kind = String(labels[index].dropFirst(2))
                var end = index + 1
                while end < labels.count, labels[end] == "I-" + kind, !lineEnds.contains(end) {
                    end += 1
                }
                if ["PER", "LOC", "ORG"].contains(kind) { spans.insert("\(kind) \(index) \(end)") }
            }
            return spans
        }

        /// What was found, in the same form; a part of a token counts as the token.
        func spans(of tagged: Barid_Article_V1_ArticleTagged) -> Set<String> {
            var spans: Set<String> = []
            for entity in tagged.entities {
                let kind: String
                switch entity.kind {
                case .person: kind = "PER"
                case .place: kind = "LOC"
                case .organisation: kind = "ORG"
                default: continue
                }
                for mention in entity.mentions {
                    let span = mention.text.span
                    guard let first = ends.firstIndex(where: { $0 > Int(span.start) }),
                        let last = starts.lastIndex(where: { $0 < Int(span.end) })
                    else { continue }
                    spans.insert("\(kind) \(first) \(last + 1)")
                }
            }
            return spans
        }
    }

    static func writeFeatures(of input: String, to output: String) throws {
        let tagger = EntityTagger(usesModel: false)
        var lines = ""
        for sentence in sentences(in: try String(contentsOfFile: input, encoding: .utf8)) {
            let document = Document([sentence])
            for part in tagger.trainingSentences(of: document.text) {
                var previous = -1
                for (word, features) in zip(part.words, part.features) {
                    let token = document.starts.lastIndex { $0 <= word.lowerBound } ?? 0
                    var label = document.labels[token]
                    // Further words of one token go on with its name.
                    if token == previous, label.hasPrefix("B-") {
                        label = "I-" + label.dropFirst(2)
                    }
                    previous = token
                    lines += label + "\t" + features.map(String.init).joined(separator: " ") + "\n"
                }
                lines += "\n"
            }
        }
        try lines.write(toFile: output, atomically: true, encoding: .utf8)
    }
}

/// Counts of labelled, found and right names.
struct Score: CustomStringConvertible {
    private var counts: [String: (gold: Int, found: Int, right: Int)] = [:]

    mutating func add(gold: Set<String>, found: Set<String>) {
        for span in gold { counts[String(span.prefix(3)), default: (0, 0, 0)].gold += 1 }
        for span in found { counts[String(span.prefix(3)), default: (0, 0, 0)].found += 1 }
        for span in gold.intersection(found) {
            counts[String(span.prefix(3)), default: (0, 0, 0)].right += 1
        }
    }

    var f1: Double {
        Self.f1(
            counts.values.reduce((0, 0, 0)) { ($0.0 + $1.gold, $0.1 + $1.found, $0.2 + $1.right) })
    }

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0) \(Self.percent($1))" }
            .joined(separator: ", ") + ", all \(Self.rounded(f1))"
    }

    private static func percent(_ count: (gold: Int, found: Int, right: Int)) -> String {
        rounded(f1(count))
    }

    private static func rounded(_ share: Double) -> String {
        String((share * 1000).rounded() / 10)
    }

    private static func f1(_ count: (gold: Int, found: Int, right: Int)) -> Double {
        let both = count.gold + count.found
        return both == 0 ? 0 : 2 * Double(count.right) / Double(both)
    }
}
