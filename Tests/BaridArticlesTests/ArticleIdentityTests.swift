import BaridArticles
import Foundation
import Testing

/// DESIGN 2: "Article id = --id, else the item's own id or URL, else SHA-256 of its bytes".
struct ArticleIdentityTests {
    private func submission(
        _ content: String, type: String = "text/plain", url: String = ""
    ) -> ArticleSubmitted {
        var submission = ArticleSubmitted()
        submission.content = Data(content.utf8)
        submission.mediaType = type
        submission.url = url
        return submission
    }

    @Test func revisionIsTheHashOfTheBytes() {
        let identity = ArticleIdentity(of: submission("abc"))
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(identity.revision == hash)
        #expect(identity.articleID == hash)
        #expect(identity.eventID == "\(hash)@\(hash)")
    }

    @Test(arguments: [
        (#"{"id": "a-1", "url": "https://x.example/1"}"#, "a-1"),
        (#"{"id": 17}"#, "17"),
        (#"{"url": "https://x.example/1"}"#, "https://x.example/1"),
        (#"{"ID": " ", "link": "https://x.example/2"}"#, "https://x.example/2"),
        (#"{"id": "a\nb", "guid": "g"}"#, "https://sent.example"),
        (#"{"title": "t"}"#, "https://sent.example"),
        ("not json", "https://sent.example"),
    ])
    func takesTheItemsOwnIDThenItsURL(json: String, expected: String) {
        let item = submission(json, type: "application/json", url: "https://sent.example")
        #expect(ArticleIdentity(of: item).articleID == expected)
    }

    @Test func senderDecides() {
        let item = submission(#"{"id": "a-1"}"#, type: "application/json")
        #expect(ArticleIdentity(of: item, explicit: "mine").articleID == "mine")
    }

    @Test func otherBytesAreTheNextRevision() {
        let first = ArticleIdentity(of: submission(#"{"id":"a"}"#, type: "application/json"))
        let second = ArticleIdentity(of: submission(#"{"id":"a" }"#, type: "application/json"))
        #expect(first.articleID == second.articleID)
        #expect(first.revision != second.revision)
        #expect(first.eventID != second.eventID)
    }

    @Test(arguments: [
        ("a", true), ("خبر 1", true), ("", false), ("a\u{7}", false), ("a\u{85}", false),
        ("\u{FFFE}", false), (String(repeating: "a", count: 513), false),
    ])
    func knowsUsableIDs(id: String, isUsable: Bool) {
        #expect(ArticleIdentity.isUsable(id) == isUsable)
    }
}
