import Barid
import BaridArticles
import BaridSchema
import EntityTagger

/// Tags each parsed article.
struct TagHandler: EventHandler, ProcessInputReading {
    let tagger: EntityTagger

    func handle(
        _ event: Event<Article>, in context: HandlerContext
    ) -> [any EventPayload] {
        [tagger.tag(event.payload)]
    }

    func input(_ source: ProcessInput) -> Article? {
        guard case .text(let text) = source else { return nil }
        return Article.with { article in
            article.text = text
            let whole = Barid_Article_V1_Text.with {
                $0.text = text
                $0.span.end = UInt32(clamping: text.unicodeScalars.count)
            }
            article.paragraphs = [.with { $0.text = whole }]
        }
    }
}
