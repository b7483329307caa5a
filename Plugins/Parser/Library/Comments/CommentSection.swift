import BaridText

/// Cuts the lines after a comment count into comments.
///
/// Numbered comments begin at a line whose number follows the one before (up, or down from the
/// declared count); other numbers are part of a comment. Without any number, each block of lines
/// is a comment.
enum CommentSection {
    /// Cuts lines into comments.
    ///
    /// - Parameters:
    ///   - lines: The lines after the count, without furniture.
    ///   - declared: How many comments the page declares.
    ///   - source: The text.
    /// - Returns: The comments in the order of the page.
    static func read(
        _ lines: [Line], declared: UInt32?, in source: SourceText
    ) -> [ReaderComment] {
        var items: [Item] = []
        let isNumbered = lines.first.map { number(of: $0, in: source) != nil } ?? false
        var isDescending = false
        for line in lines {
            if isNumbered, let start = number(of: line, in: source) {
                let last = items.last?.number ?? 0
                if items.count == 1, last > 1, last == declared, start.value == last - 1 {
                    isDescending = true
                }
                if items.isEmpty || (isDescending ? start.value + 1 == last : start.value > last) {
                    items.append(
                        Item(number: start.value, first: start.rest, firstLine: line, more: []))
                    continue
                }
            } else if !isNumbered, line.startsBlock || items.isEmpty {
                let number = UInt32(clamping: items.count + 1)
                items.append(Item(number: number, first: line.range, firstLine: line, more: []))
                continue
            }
            if !items.isEmpty { items[items.count - 1].more.append(line) }
        }
        let colons = items.map { nameBeforeColon($0, in: source) }
        // One line may say "Sorry: ..."; when all do, they are names.
        let areNames = items.count >= 2 && colons.allSatisfy { $0 != nil }
        let haveNameLines = items.count >= 2 && items.allSatisfy { hasNameLine($0, in: source) }
        return zip(items, colons).compactMap { item, colon in
            comment(
                of: item, name: areNames ? colon : nil, hasNameLine: haveNameLines, in: source)
        }
    }

    /// The number a line begins with, and the place of the rest.
    static func number(
        of line: Line, in source: SourceText
    ) -> (value: UInt32, rest: Range<Int>)? {
        let scalars = source.text.scalars
        var index = line.range.lowerBound
        let end = line.range.upperBound
        if index < end, scalars[index] == "#" || scalars[index] == "(" { index += 1 }
        var value: UInt32 = 0
        let first = index
        while index < end, index - first < 5, let digit = digit(scalars[index]) {
            value = value * 10 + digit
            index += 1
        }
        guard index > first, index < end, value > 0 else { return nil }
        switch scalars[index] {
        case ".", ")", "-", "–", ":", "/", "٫": break
        default: return nil
        }
        index += 1
        // "1.5 million" and "10:30" begin no comment.
        guard index < end, digit(scalars[index]) == nil else { return nil }
        if scalars[index] == "-" || scalars[index] == "." { index += 1 }
        let rest = source.trimmed(index..<end)
        return rest.isEmpty ? nil : (value, rest)
    }

    private struct Item {
        let number: UInt32
        /// The first line without the number.
        let first: Range<Int>
        let firstLine: Line
        var more: [Line]

        var whole: Range<Int> {
            first.lowerBound..<(more.last?.range.upperBound ?? first.upperBound)
        }
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar.value {
        case 0x30...0x39: scalar.value - 0x30
        case 0x660...0x669: scalar.value - 0x660
        case 0x6F0...0x6F9: scalar.value - 0x6F0
        default: nil
        }
    }

    /// A comment of an item: the name may stand before a verb, before a colon, or on a line of
    /// its own with the words right beneath.
    private static func comment(
        of item: Item, name: Range<Int>?, hasNameLine: Bool, in source: SourceText
    ) -> ReaderComment? {
        var comment = ReaderComment(number: item.number, text: item.whole)
        var more = item.more[...]
        if let says = nameBeforeVerb(item, in: source) {
            comment.author = says.name
            comment.text = source.trimmed(says.end..<item.whole.upperBound)
        } else if let name {
            comment.author = name
            comment.text = after(name, of: item, in: source)
        } else if let next = more.first, self.hasNameLine(item, in: source),
            hasNameLine || more.count > 1 && isTime(next, in: source)
        {
            comment.author = withoutColon(item.first, in: source)
            if more.count > 1, isTime(next, in: source) {
                comment.time = next.range
                more = more.dropFirst()
            }
            let start = more.first?.range.lowerBound ?? item.whole.upperBound
            comment.text = source.trimmed(start..<item.whole.upperBound)
        }
        return comment.text.isEmpty ? nil : comment
    }

    /// Whether the first line is short and more stands right beneath it.
    private static func hasNameLine(_ item: Item, in source: SourceText) -> Bool {
        guard let next = item.more.first else { return false }
        return !next.startsBlock && !item.firstLine.endsSentence && isName(item.first, in: source)
    }

    private static func after(
        _ name: Range<Int>, of item: Item, in source: SourceText
    ) -> Range<Int> {
        let colon = source.text.scalars[name.upperBound..<item.whole.upperBound].firstIndex(of: ":")
        return source.trimmed((colon.map { $0 + 1 } ?? name.upperBound)..<item.whole.upperBound)
    }

    /// A short name before a colon at the beginning of the first line.
    private static func nameBeforeColon(_ item: Item, in source: SourceText) -> Range<Int>? {
        let head = item.first.prefix(30)
        guard let colon = source.text.scalars[head].firstIndex(of: ":"), colon > head.lowerBound
        else { return nil }
        let name = source.trimmed(head.lowerBound..<colon)
        let rest = source.trimmed((colon + 1)..<item.whole.upperBound)
        guard !rest.isEmpty, isName(name, in: source) else { return nil }
        return name
    }

    /// "Sami says:", "سامي يقول:" before the words.
    private static func nameBeforeVerb(
        _ item: Item, in source: SourceText
    ) -> (name: Range<Int>, end: Int)? {
        let tokens = Array(source.tokens(in: item.first).prefix(7))
        for (index, token) in tokens.enumerated()
        where index > 0 && verbs.contains(source.folded(token)) {
            guard index + 1 < tokens.count, source.text[tokens[index + 1].range] == ":" else {
                continue
            }
            let name = tokens[0].range.lowerBound..<tokens[index - 1].range.upperBound
            guard isName(name, in: source) else { return nil }
            return (name, tokens[index + 1].range.upperBound)
        }
        return nil
    }

    private static let verbs: Set<String> = [
        "يقول", "تقول", "قال", "قالت", "كتب", "كتبت", "علق", "علقت", "says", "said", "wrote",
    ]

    /// Few words, no sentence marks.
    private static func isName(_ range: Range<Int>, in source: SourceText) -> Bool {
        guard (2...40).contains(range.count) else { return false }
        let tokens = source.tokens(in: range)
        guard tokens.contains(where: { $0.kind == .word }) else { return false }
        let words = tokens.filter { $0.kind == .word || $0.kind == .number }
        let marks = tokens.filter { $0.kind == .punctuation }
        return words.count <= 4
            && marks.allSatisfy { [":", "-", "_", "(", ")", "."].contains(source.text[$0.range]) }
            && marks.count <= 2
    }

    private static func withoutColon(_ range: Range<Int>, in source: SourceText) -> Range<Int> {
        guard let last = range.last, source.text.scalars[last] == ":" else { return range }
        return source.trimmed(range.lowerBound..<last)
    }

    private static func isTime(_ line: Line, in source: SourceText) -> Bool {
        guard line.count <= 40 else { return false }
        let digits = source.text.scalars[line.range].count { digit($0) != nil }
        return digits >= 4
    }
}
