import BaridSchema
import Foundation

extension Barid_Article_V1_Entity {
    /// The mentions as written.
    var written: [String] { mentions.map(\.text.text) }
}

extension Barid_Article_V1_ArticleTagged {
    /// The name of that spelling, hashtags aside.
    func entity(_ name: String) -> Barid_Article_V1_Entity? {
        entities.first { $0.name == name && $0.kind != .hashtag }
    }

    /// Whether every mention is what the text has at its span.
    func standsWhereItSays(in text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        return (entities + comments.flatMap(\.entities)).flatMap(\.mentions).allSatisfy { mention in
            let span = mention.text.span
            guard span.start < span.end, Int(span.end) <= scalars.count else { return false }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[Int(span.start)..<Int(span.end)])
            return Array(mention.text.text.unicodeScalars) == Array(view)
        }
    }
}

/// The data that tests and training use where it is present.
enum TestData {
    static let folder = ProcessInfo.processInfo.environment["BARID_TEST_DATA"]

    static var isPresent: Bool { folder != nil }

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: (folder ?? "") + "/" + path, encoding: .utf8)
    }
}
