import BaridArticles
import BaridSchema
import BaridText
import SwiftProtobuf

/// The parts of a text by its form: head, body, page furniture, comments.
///
///     headline            first line that is not furniture
///     byline, date        short labelled lines before the body
///     paragraphs          lines, or blocks of lines wrapped at a column
///     furniture           anywhere; kept aside
///     comment count       after the body: what follows are comments
struct Outline {
    struct Paragraph {
        var range: Range<Int>
        var kind: ArticleParagraph.Kind
    }

    var headline: Range<Int>?
    var bylines: [Range<Int>] = []
    var paragraphs: [Paragraph] = []
    var removed: [(range: Range<Int>, kind: ArticleRemoved.Kind)] = []
    var publisher: Range<Int>?
    var published: Google_Protobuf_Timestamp?
    var credit: AgencyCredit?
    var declaredCommentCount: UInt32?
    var comments: [ReaderComment] = []
    var warnings: [ArticleWarning] = []

    private let source: SourceText

    /// The longest line that is taken for a headline, in scalars.
    private static let longestHeadline = 300

    /// Reads the form of a part of a text.
    ///
    /// - Parameters:
    ///   - source: The text.
    ///   - part: The part to read.
    ///   - hasHeadline: Whether the headline is known already, so that the first line is body.
    init(of source: SourceText, in part: Range<Int>, hasHeadline: Bool) {
        self.source = source
        let lines = Line.lines(of: source, in: part)
        var index = 0
        var isHead = true
        // Lines that follow a heading as "Read also:" belong to it until the block ends.
        var heading: ArticleRemoved.Kind?
        // The end of a block that is known not to be wrapped, so that none is looked at twice.
        var unwrappedEnd = 0
        while index < lines.count {
            let line = lines[index]
            if let kind = heading, !line.startsBlock, line.count <= 150, !line.endsSentence {
                removed.append((line.range, kind))
                index += 1
                continue
            }
            heading = nil
            if let count = CommentCount(line), startsComments(count, at: index, lines) {
                declaredCommentCount = count.number ?? declaredCommentCount
                removed.append((line.range, .commentCount))
                index += 1
                guard count.opensComments(after: paragraphs.count) else { continue }
                readComments(lines[index...])
                return
            }
            if let kind = Furniture.kind(of: line) {
                removed.append((line.range, kind))
                if kind == .disclaimer, publisher == nil {
                    publisher = PublisherName.find(in: line, of: source)
                }
                if kind == .related, line.last == ":" || line.words.count <= 3 { heading = kind }
                index += 1
                continue
            }
            if !hasHeadline, headline == nil, paragraphs.isEmpty {
                if isHeadline(line, at: index, of: lines) {
                    headline = line.range
                    index += 1
                    continue
                }
            }
            if isHead, readHeadLine(line) {
                index += 1
                continue
            }
            if credit == nil, let found = AgencyCredit(line: line, in: source) {
                credit = found
                if isHead { bylines.append(line.range) }
                index += 1
                continue
            }
            isHead = false
            var end = index + 1
            if index >= unwrappedEnd {
                let block = Self.block(from: index, in: lines)
                if block.isWrapped { end = block.end } else { unwrappedEnd = block.end }
            }
            let range = line.range.lowerBound..<lines[end - 1].range.upperBound
            paragraphs.append(
                Paragraph(range: range, kind: end > index + 1 ? .body : kind(at: index, of: lines)))
            index = end
        }
    }

    private func isHeadline(_ line: Line, at index: Int, of lines: [Line]) -> Bool {
        guard line.count <= Self.longestHeadline else { return false }
        // A lone line that ends as a sentence is a note without a headline.
        if lines.count == 1 { return !line.endsSentence }
        let block = Self.block(from: index, in: lines)
        return !block.isWrapped || block.end <= index + 2
    }

    /// A byline or date line before the body.
    private mutating func readHeadLine(_ line: Line) -> Bool {
        guard line.count <= 80, paragraphs.isEmpty else { return false }
        if let byline = Byline.range(in: line, of: source) {
            bylines.append(byline)
            return true
        }
        guard line.begins(Self.dateLabels), line.tokens.contains(where: { $0.kind == .number })
        else { return false }
        removed.append((line.range, .navigation))
        let text = source.text[line.range]
        if let start = text.unicodeScalars.firstIndex(where: { $0.properties.numericType != nil }),
            let time = RFC3339.timestamp(String(text[start...]))
        {
            published = time
        } else {
            var warning = ArticleWarning()
            warning.code = "published-not-understood"
            warning.message = "the line states a time, but not as RFC 3339 with a zone"
            warning.span = Barid_Article_V1_Span(line.range)
            warnings.append(warning)
        }
        return true
    }

    private static let dateLabels = phrases(
        """
        نشر في
        نشر بتاريخ
        تاريخ النشر
        آخر تحديث
        published
        updated
        last updated
        posted on
        """)

    /// A short line between longer ones is a subheading, one with a bullet a list item.
    private func kind(at index: Int, of lines: [Line]) -> ArticleParagraph.Kind {
        let line = lines[index]
        switch source.text.scalars[line.range.lowerBound] {
        case "-", "•", "*", "▪", "◦", "–", "●": return line.count > 2 ? .list : .body
        default: break
        }
        guard !paragraphs.isEmpty, index + 1 < lines.count, line.count <= 60, line.words.count <= 8,
            line.words.count >= 1, !line.endsSentence, lines[index + 1].count > line.count * 2,
            Furniture.kind(of: lines[index + 1]) == nil
        else { return .body }
        switch line.last {
        case ",", "،", ";", "؛", ")", "“", "«": return .body
        default: return .subheading
        }
    }

    /// The block of lines that a line begins, and whether they are one paragraph that was
    /// wrapped at a column.
    private static func block(
        from index: Int, in lines: [Line]
    ) -> (end: Int, isWrapped: Bool) {
        var end = index + 1
        var longest = lines[index].count
        while end < lines.count, !lines[end].startsBlock {
            longest = max(longest, lines[end].count)
            end += 1
        }
        guard end > index + 1, (50...110).contains(longest) else { return (end, false) }
        let broken = lines[index..<(end - 1)]
        guard broken.allSatisfy({ $0.count * 10 >= longest * 6 }) else { return (end, false) }
        // Most lines break within a sentence.
        let open = broken.count { !$0.endsSentence }
        return (end, open * 2 > broken.count)
    }

    // MARK: Comments

    /// Whether a line that reads as a comment count stands where one stands.
    private func startsComments(_ count: CommentCount, at index: Int, _ lines: [Line]) -> Bool {
        if headline == nil, paragraphs.isEmpty, count.number == nil { return false }
        return true
    }

    private mutating func readComments(_ lines: ArraySlice<Line>) {
        var kept: [Line] = []
        for line in lines {
            if CommentSection.number(of: line, in: source) == nil,
                let kind = Furniture.kind(of: line)
            {
                removed.append((line.range, kind))
                if kind == .disclaimer, publisher == nil {
                    publisher = PublisherName.find(in: line, of: source)
                }
            } else {
                kept.append(line)
            }
        }
        comments = CommentSection.read(kept, declared: declaredCommentCount, in: source)
    }
}
