import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import Indexer

typealias Article = Barid_Article_V1_Article
typealias Tagged = Barid_Article_V1_ArticleTagged
typealias Summarized = Barid_Article_V1_ArticleSummarized
typealias Moderated = Barid_Article_V1_ArticleModerated

extension TemporaryFolder {
    /// Where the index of a test lies: in a folder that is not there yet.
    var file: String { path + "/index/articles.sqlite" }
}

/// An index in a folder of its own.
struct TestIndex {
    let folder: TemporaryFolder
    let index: ArticleIndex

    init() throws {
        folder = try TemporaryFolder()
        index = try ArticleIndex(path: folder.file)
    }

    func search(_ query: String, withheld: Bool = false) throws -> Barid_Index_V1_SearchResponse {
        var request = Barid_Index_V1_SearchRequest()
        request.query = query
        request.includeWithheld = withheld
        request.limit = 100
        return try index.search(request)
    }

    /// The ids of what a query finds, best first.
    func find(_ query: String, withheld: Bool = false) throws -> [String] {
        try search(query, withheld: withheld).hits.map(\.articleID)
    }
}

/// Builds an article; every text is invented.
func article(
    _ id: String, revision: String = "r1", headline: String = "", body: [String] = [],
    comments: [String] = []
) -> Article {
    var article = Article()
    article.id = id
    article.revision = revision
    article.headline.text = headline
    article.paragraphs = body.map { text in
        var paragraph = Barid_Article_V1_Paragraph()
        paragraph.text.text = text
        paragraph.kind = .body
        return paragraph
    }
    article.comments = comments.enumerated().map { index, text in
        var comment = Barid_Article_V1_Comment()
        comment.number = UInt32(index + 1)
        comment.text.text = text
        return comment
    }
    return article
}

/// Builds the entities of an article.
func tagged(_ id: String, revision: String = "r1", names: [String]) -> Tagged {
    var tagged = Tagged()
    tagged.articleID = id
    tagged.revision = revision
    tagged.entities = names.map { name in
        var entity = Barid_Article_V1_Entity()
        entity.name = name
        entity.kind = .person
        return entity
    }
    return tagged
}

/// Builds the key phrases of an article.
func summarized(_ id: String, revision: String = "r1", phrases: [String]) -> Summarized {
    var summarized = Summarized()
    summarized.articleID = id
    summarized.revision = revision
    summarized.phrases = phrases.map { text in
        var phrase = Barid_Article_V1_KeyPhrase()
        phrase.text = text
        return phrase
    }
    return summarized
}

/// Builds the verdicts of an article and its comments.
func moderated(
    _ id: String, revision: String = "r1", _ decision: Barid_Article_V1_Decision = .pass,
    comments: [Barid_Article_V1_Decision] = []
) -> Moderated {
    var moderated = Moderated()
    moderated.articleID = id
    moderated.revision = revision
    moderated.article.decision = decision
    moderated.comments = comments.enumerated().map { index, decision in
        var comment = Barid_Article_V1_CommentVerdict()
        comment.commentNumber = UInt32(index + 1)
        comment.verdict.decision = decision
        return comment
    }
    return moderated
}

extension Barid_Index_V1_Snippet {
    /// The marked letters.
    var marked: [String] {
        let scalars = Array(text.unicodeScalars)
        return marks.map { mark in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[Int(mark.start)..<Int(mark.end)])
            return String(view)
        }
    }
}

/// All orders of some things.
func permutations<Element>(_ elements: [Element]) -> [[Element]] {
    guard elements.count > 1 else { return [elements] }
    return elements.indices.flatMap { index in
        var rest = elements
        let first = rest.remove(at: index)
        return permutations(rest).map { [first] + $0 }
    }
}
