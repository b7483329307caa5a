internal import Barid
internal import BaridArticles
internal import BaridSchema
internal import Foundation
internal import SwiftProtobuf

/// Events that the plugin under test can be expected to handle.
struct Samples: Sendable {
    private let events: [EventEnvelope]
    private let slowEvent: EventEnvelope?

    /// Takes what was given, and adds the article's own events that the manifest names.
    init(_ given: [EventEnvelope], manifest: PluginManifest) {
        let types = manifest.consumes?.types ?? []
        slowEvent = given.first { Self.isSlow($0) }
        let given = given.filter { !Self.isSlow($0) }
        let known = Self.articleEvents.filter { event in
            !given.contains { $0.type == event.type }
        }
        events = (given + known).filter { event in
            types.contains { PluginManifest.pattern($0, takes: event.type) }
        }
    }

    var isEmpty: Bool { events.isEmpty }

    /// An event that keeps its handler busy for some seconds, as the giver of the samples says by the
    /// attribute `conformance` with the value `slow`; nil when there is none.
    var slow: EventEnvelope? { slowEvent }

    private static func isSlow(_ event: EventEnvelope) -> Bool {
        event.message.extensions["conformance"]?.value == .string("slow")
    }

    /// A fresh event of the plugin's first type.
    ///
    /// - Parameter number: Makes its identity and subject.
    /// - Returns: The event.
    func event(_ number: Int) -> EventEnvelope {
        guard var event = events.first else {
            return EventEnvelope(id: "sample-\(number)", source: "/conformance", type: "none")
        }
        event.message.id = "sample-\(number)"
        event.message.source = "/conformance"
        event.message.subject = "subject-\(number)"
        event.message.partitionKey = "key-\(number)"
        event.message.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        return event
    }

    /// As ``event(_:)``, as bytes.
    func bytes(_ number: Int) -> [UInt8] { (try? event(number).serialized()) ?? [] }

    private static let text = """
        مرفأ الياسمين : البلدية تفتح الجسر القديم أمام المشاة
        قالت بلدية مرفأ الياسمين أمس إن الجسر القديم سيفتح أمام المشاة بعد إصلاحه. وقال رئيس البلدية سامر العكاوي “إن الجسر القديم ملك لأهل المدينة”.
        """

    private static var article: Article {
        let lines = text.split(separator: "\n").map(String.init)
        return .with { article in
            article.id = "conformance"
            article.revision = String(repeating: "0", count: 64)
            article.text = text
            article.language.code = "ar"
            article.language.confidence = 1
            article.direction = .rightToLeft
            var start = 0
            for (index, line) in lines.enumerated() {
                let length = line.unicodeScalars.count
                let piece = ArticleText.with {
                    $0.text = line
                    $0.span.start = UInt32(start)
                    $0.span.end = UInt32(start + length)
                }
                if index == 0 {
                    article.headline = piece
                } else {
                    article.paragraphs.append(
                        .with {
                            $0.text = piece
                            $0.kind = .body
                        })
                }
                start += length + 1
            }
        }
    }

    private static var articleEvents: [EventEnvelope] {
        let article = article
        let bodies: [any EventPayload] = [
            ArticleSubmitted.with {
                $0.content = Data(text.utf8)
                $0.mediaType = "text/plain"
            },
            article,
            ArticleTagged.with {
                $0.articleID = article.id
                $0.revision = article.revision
            },
            ArticleModerated.with {
                $0.articleID = article.id
                $0.revision = article.revision
            },
            ArticleSummarized.with {
                $0.articleID = article.id
                $0.revision = article.revision
            },
            ArticleIndexed.with {
                $0.articleID = article.id
                $0.revision = article.revision
            },
        ]
        return bodies.compactMap { body in
            var event = EventEnvelope(
                id: "sample", source: "/conformance", type: type(of: body).eventType)
            guard (try? event.setData(body)) != nil else { return nil }
            return event
        }
    }
}
