import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import Indexer

@Suite struct LookupTests {
    private func index(_ ids: [String]) throws -> TestIndex {
        let test = try TestIndex()
        _ = try test.index.apply(
            try ids.map { try StageUpdate(article($0, body: ["نص"]), order: 1) })
        return test
    }

    @Test func findsByIdAndByUniquePrefix() throws {
        let test = try index(["abc", "abcd", "xyz", "خبر-1"])
        #expect(try test.index.article("abc").article.id == "abc")
        #expect(try test.index.article("abcd").article.id == "abcd")
        #expect(try test.index.article("x").article.id == "xyz")
        #expect(try test.index.article("خ").article.id == "خبر-1")
    }

    @Test func saysWhichArticlesAnAmbiguousPrefixMeans() throws {
        let test = try index(["abc", "abd", "xyz"])
        #expect(throws: IndexError.ambiguous(prefix: "ab", candidates: ["abc", "abd"])) {
            try test.index.article("ab")
        }
    }

    @Test(arguments: ["", "q", "abcde", "a%", "a_", "a\0", "*"])
    func saysWhenThereIsNone(id: String) throws {
        let test = try index(["abc", "abd"])
        #expect(throws: IndexError.notFound(id)) { try test.index.article(id) }
    }

    @Test func showsWhatIsKnownBeforeTheArticleIsParsed() throws {
        let test = try TestIndex()
        _ = try test.index.apply(try StageUpdate(tagged("a", names: ["سنبار"]), order: 1))
        let response = try test.index.article("a")
        #expect(!response.hasArticle)
        #expect(!response.hasIndexed)
        #expect(response.stages == [.tagged])
        #expect(response.tagged.entities.count == 1)
        #expect(try test.index.counts() == IndexCounts(articles: 1, searchable: 0, withheld: 0))
    }

    @Test func tellsWhenItWasIndexed() throws {
        let folder = try TemporaryFolder()
        let index = try ArticleIndex(path: folder.file) { Date(timeIntervalSince1970: 1_234.5) }
        _ = try index.apply(try StageUpdate(article("a", body: ["نص"]), order: 1))
        let indexed = try index.article("a").indexed
        #expect(indexed.seconds == 1_234)
        #expect(indexed.nanos == 500_000_000)
    }

    /// The stored message comes back as it came in, also what a text column cannot hold.
    @Test func givesBackWhatCameIn() throws {
        let test = try TestIndex()
        var original = article("a", headline: "عنوان\0ذو صفر", body: ["نص بعد\0الصفر"])
        original.text = "عنوان"
        _ = try test.index.apply(try StageUpdate(original, order: 1))
        #expect(try test.index.article("a").article == original)
        #expect(try test.find("الصفر") == ["a"])
        #expect(try test.index.integrityCheck() == [])
    }
}
