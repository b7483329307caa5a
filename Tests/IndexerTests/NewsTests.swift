import BaridSchema
import Foundation
import TestSupport
import Testing

@testable import Indexer

/// Where the real news are, if they are anywhere.
private let newsFile: String? = Repository.testData.flatMap { folder in
    let file = folder + "/news/ar-ant.jsonl"
    return FileManager.default.isReadableFile(atPath: file) ? file : nil
}

/// The index on real news.
@Suite(.enabled(if: newsFile != nil, "BARID_TEST_DATA names no folder with news/ar-ant.jsonl"))
struct NewsTests {
    private struct Item: Decodable {
        let id: String
        let title: String
        let abstract: String
        let text: String
    }

    /// Every fourth article, so that all sources and subjects are among them.
    private func items(_ count: Int) throws -> [Item] {
        let file = try #require(newsFile)
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        return try stride(from: 0, to: lines.count, by: 4).prefix(count).map {
            try JSONDecoder().decode(Item.self, from: Data(lines[$0].utf8))
        }
    }

    private func article(of item: Item, withHeadline: Bool) -> Article {
        var result = IndexerTests.article(
            item.id, headline: withHeadline ? item.title : "",
            body: item.text.split(separator: "\n").map { String($0) })
        result.abstract.text = withHeadline ? item.abstract : ""
        return result
    }

    private func fill(_ test: TestIndex, _ items: [Item], withHeadline: Bool) throws {
        let updates = try items.map {
            try StageUpdate(article(of: $0, withHeadline: withHeadline), order: 1)
        }
        for start in stride(from: 0, to: updates.count, by: 64) {
            _ = try test.index.apply(Array(updates[start..<min(start + 64, updates.count)]))
        }
    }

    /// A few words of a title find its article among the first ten.
    @Test func findsAnArticleByWordsOfItsTitle() throws {
        let items = try items(2_000)
        var figures: [String] = []
        for (withHeadline, wordCount, floor) in [(true, 3, 0.97), (false, 2, 0.5)] {
            let test = try TestIndex()
            let start = ContinuousClock.now
            try fill(test, items, withHeadline: withHeadline)
            let indexing = ContinuousClock.now - start
            #expect(try test.index.counts().searchable == Set(items.map(\.id)).count)

            var generator = SeededGenerator(seed: 3)
            var found = 0
            var asked = 0
            var times: [Duration] = []
            for item in items where asked < 400 {
                let words = item.title.split(whereSeparator: { !$0.isLetter })
                    .filter { $0.count > 3 }.shuffled(using: &generator)
                    .prefix(wordCount).map { String($0) }
                guard words.count == wordCount else { continue }
                asked += 1
                let start = ContinuousClock.now
                var request = Barid_Index_V1_SearchRequest()
                request.query = words.joined(separator: " ")
                let response = try test.index.search(request)
                times.append(ContinuousClock.now - start)
                if response.hits.contains(where: { $0.articleID == item.id }) { found += 1 }
            }
            times.sort()
            let size = try FileManager.default.attributesOfItem(atPath: test.folder.file)[.size]
            let share = Double(found) / Double(asked)
            #expect(share >= floor)
            figures.append(
                "\(withHeadline ? "whole article" : "body alone"): \(items.count) indexed in \(indexing), "
                    + "\(size ?? 0) bytes; "
                    + "\(wordCount) title words, top 10: \(share) of \(asked); search p50 "
                    + "\(times[times.count / 2]), p95 \(times[times.count * 95 / 100])")
        }
        print(figures.joined(separator: "\n"))
    }

    /// Real words in every field, all stages, in many small transactions: the file stays whole.
    @Test func staysWholeUnderRealArticles() throws {
        let test = try TestIndex()
        let items = try items(200)
        for (number, item) in items.enumerated() {
            var stages = try [
                StageUpdate(article(of: item, withHeadline: true), order: 1),
                StageUpdate(
                    tagged(item.id, names: item.title.split(separator: " ").map { String($0) }),
                    order: 1),
                StageUpdate(moderated(item.id, number.isMultiple(of: 5) ? .hold : .pass), order: 1),
            ]
            stages.rotate(by: number)
            for stage in stages { _ = try test.index.apply(stage) }
        }
        #expect(try test.index.integrityCheck() == [])
        #expect(try test.index.counts().withheld == Set(items.map(\.id)).count / 5)
    }
}

extension Array {
    fileprivate mutating func rotate(by count: Int) {
        guard !isEmpty else { return }
        let split = count % self.count
        self = Array(self[split...] + self[..<split])
    }
}
