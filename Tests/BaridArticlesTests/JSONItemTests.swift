import BaridArticles
import Foundation
import Testing

struct JSONItemTests {
    @Test func mapsCommonNames() throws {
        let json = """
            {"GUID": 7, "link": "https://x.example/7", "publisher": {"name": "Harbour Post"},
             "headline": "T", "datePublished": "2026-01-02T03:04:05Z", "summary": "S",
             "content": ["one", "two"], "author": ["A", {"name": "B"}, 3], "section": "city",
             "commentCount": 4, "comments": ["plain", {"user": "C", "body": "said", "date": "d"},
             {"user": "empty"}, " "]}
            """
        let item = try JSONItem(Data(json.utf8))
        #expect(item.id == "7")
        #expect(item.url == "https://x.example/7")
        #expect(item.source == "Harbour Post")
        #expect(item.title == "T")
        #expect(item.published == "2026-01-02T03:04:05Z")
        #expect(item.abstract == "S")
        #expect(item.text == "one\n\ntwo")
        #expect(item.authors == ["A", "B", "3"])
        #expect(item.category == "city")
        #expect(item.commentCount == 4)
        #expect(item.comments.map(\.text) == ["plain", "said"])
        #expect(item.comments.map(\.author) == [nil, "C"])
    }

    @Test(arguments: ["", "{", "[1]", "\"a\"", "12", "{\"a\":1} {\"b\":2}", "\u{0}"])
    func refusesWhatIsNoObject(json: String) {
        #expect(throws: JSONItem.Failure.self) { try JSONItem(Data(json.utf8)) }
    }

    @Test(arguments: [
        (#"{"title": 1,, }"#, "invalid value around byte 12"),
        (#"{"عنوان": }"#, "invalid value around byte 15"),
        (#"{"text": "half"#, "unexpected end of file during JSON parse"),
    ])
    func saysWhatIsWrongAndWhere(json: String, reason: String) throws {
        let failure = #expect(throws: JSONItem.Failure.self) { try JSONItem(Data(json.utf8)) }
        #expect("\(try #require(failure))" == "not a JSON value: \(reason)")
    }

    @Test func survivesDepth() throws {
        let deep = String(repeating: "[", count: 100_000)
        let failure = #expect(throws: JSONItem.Failure.self) { try JSONItem(Data(deep.utf8)) }
        #expect("\(try #require(failure))".hasPrefix("not a JSON value: too many nested arrays"))
    }
}
