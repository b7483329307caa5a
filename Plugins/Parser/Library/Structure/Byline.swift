import BaridText

/// A line that says who wrote the article.
enum Byline {
    /// Where the name stands in a byline; nil when the line is none.
    static func range(in line: Line, of source: SourceText) -> Range<Int>? {
        guard line.words.count <= 9, !line.endsSentence, let first = line.words.first else {
            return nil
        }
        let tokens = Array(line.tokens)
        guard tokens.count >= 2 else { return nil }
        if labels.contains(first) {
            var next = 1
            let isMarked = [":", "-", "–", "/"].contains(source.text[tokens[1].range])
            if isMarked { next = 2 }
            // A verb without a mark would be a sentence; "بقلم" and "by" need none.
            guard isMarked || first == "بقلم" || first == "by", next < tokens.count else {
                return nil
            }
            if first == "by", !isMarked {
                let scalar = source.text.scalars[tokens[next].range.lowerBound]
                guard scalar.properties.isUppercase else { return nil }
            }
            return tokens[next].range.lowerBound..<line.range.upperBound
        }
        return nil
    }

    private static let labels: Set<String> = [
        "بقلم", "كتب", "كتبت", "اعداد", "تقرير", "ترجمه", "تحرير", "حوار", "حاوره",
        "by", "author", "written",
    ]
}
