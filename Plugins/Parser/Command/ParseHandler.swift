import ArticleParser
import Barid
import BaridArticles
import Foundation

/// Reads what was submitted; what holds no article is rejected, for another try would not help.
struct ParseHandler: EventHandler, ProcessInputReading {
    func handle(
        _ event: Event<ArticleSubmitted>, in context: HandlerContext
    ) throws -> [any EventPayload] {
        do {
            let article = try ArticleParser.parse(
                event.payload, id: event.envelope.subject ?? "")
            return [article]
        } catch {
            throw RejectEvent("\(error)")
        }
    }

    func input(_ source: ProcessInput) -> ArticleSubmitted? {
        switch source {
        case .line(let line):
            .with {
                $0.content = Data(line)
                $0.mediaType = "application/json"
            }
        case .text(let text):
            .with {
                $0.content = Data(text.utf8)
                $0.mediaType = "text/plain"
            }
        case .file(let bytes, let name):
            .with {
                $0.content = Data(bytes)
                $0.mediaType = name.hasSuffix(".json") ? "application/json" : "text/plain"
                $0.fileName = name.split(separator: "/").last.map(String.init) ?? ""
            }
        }
    }
}
