import Barid
import BaridArticles
import BaridSchema
import Moderator

/// Judges each parsed article and its comments.
///
/// A line of text is judged as a comment.
struct ModerateHandler: EventHandler, ProcessInputReading {
    let moderator: Moderator

    func handle(
        _ event: Event<Article>, in context: HandlerContext
    ) -> [any EventPayload] {
        [moderator.moderate(event.payload)]
    }

    func input(_ source: ProcessInput) -> Article? {
        guard case .text(let text) = source else { return nil }
        return Article.with { article in
            article.text = text
            let whole = Barid_Article_V1_Text.with {
                $0.text = text
                $0.span.end = UInt32(clamping: text.unicodeScalars.count)
            }
            article.comments = [
                .with {
                    $0.number = 1
                    $0.text = whole
                }
            ]
        }
    }
}
