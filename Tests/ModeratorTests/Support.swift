import BaridSchema
import Foundation

extension Barid_Article_V1_Verdict {
    /// Whether every finding is what the text has at its span.
    func standsWhereItSays(in text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        return findings.allSatisfy { finding in
            let span = finding.text.span
            guard span.start < span.end, Int(span.end) <= scalars.count else { return false }
            return Array(finding.text.text.unicodeScalars)
                == Array(scalars[Int(span.start)..<Int(span.end)])
        }
    }
}

/// The data that tests use where it is present.
enum TestData {
    static let folder = ProcessInfo.processInfo.environment["BARID_TEST_DATA"]

    static var isPresent: Bool { folder != nil }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: (folder ?? "") + "/" + path, encoding: .utf8)
    }

    /// The JSON objects of a file, one a line.
    static func objects(_ path: String) throws -> [[String: Any]] {
        try text(path).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}

extension Barid_Article_V1_Article {
    /// An article of one paragraph, with comments numbered from 1.
    init(body: String, comments: [String] = []) {
        self.init()
        func piece(_ part: String) -> Barid_Article_V1_Text {
            var piece = Barid_Article_V1_Text()
            piece.text = part
            piece.span.start = UInt32(text.unicodeScalars.count)
            text += part + "\n"
            piece.span.end = piece.span.start + UInt32(part.unicodeScalars.count)
            return piece
        }
        var paragraph = Barid_Article_V1_Paragraph()
        paragraph.text = piece(body)
        paragraphs = [paragraph]
        self.comments = comments.enumerated().map { number, part in
            var comment = Barid_Article_V1_Comment()
            comment.number = UInt32(number + 1)
            comment.text = piece(part)
            return comment
        }
    }
}
