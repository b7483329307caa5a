"""The plugin's handler."""

from __future__ import annotations

from barid import Event, EventHandler, HandlerContext, ProcessInput, RejectEvent
from barid.article.v1.article_pb2 import Article, ArticleSummarized, Paragraph, Text

from summarizer.document import Document, Part
from summarizer.phrases import find_phrases
from summarizer.summary import choose_sentences

VERSION = "summarizer 0.1.0"
MOST_SENTENCES, MOST_PHRASES = 10, 50


class SummaryHandler(EventHandler[Article]):
    """Summarises each parsed article."""

    input = Article

    def handle(self, event: Event[Article], context: HandlerContext) -> list[ArticleSummarized]:
        """Finds phrases and sentences; an article without a body has neither."""
        return [
            summarize(
                event.payload,
                sentences=_within(context.settings.get("sentences", 2), MOST_SENTENCES),
                phrases=_within(context.settings.get("phrases", 8), MOST_PHRASES),
                check=context.check,
            )
        ]

    def read(self, source: ProcessInput) -> Article | None:
        """Also reads plain text: the first line of a file is its headline."""
        if source.kind == "line":
            return super().read(source)
        try:
            text = source.data.decode()
        except UnicodeDecodeError as error:
            raise RejectEvent(f"this is not UTF-8: {error}") from None
        return plain_article(text, has_headline=source.kind == "file")


def _within(value: object, most: int) -> int:
    return min(max(int(value), 1), most) if isinstance(value, int) else 1


def summarize(
    article: Article, *, sentences: int = 2, phrases: int = 8, check: object = None
) -> ArticleSummarized:
    """Summarises an article.

    Args:
        article: The article; spans are indices of Unicode scalars, which are Python's own.
        sentences: Sentences of the summary, at most.
        phrases: Key phrases, at most.
        check: Called between the steps, to end work that nobody waits for.
    """
    document = Document(_parts(article))
    if callable(check):
        check()
    found = find_phrases(document, phrases)
    if callable(check):
        check()
    chosen = choose_sentences(document, found, sentences)
    summary = ArticleSummarized(
        article_id=article.id, revision=article.revision, summarizer=VERSION
    )
    for sentence in chosen:
        _set(summary.sentences.add(), article.text, sentence.start, sentence.end)
    for phrase in found:
        made = summary.phrases.add(text=phrase.text, weight=round(phrase.weight, 3))
        for start, end in phrase.mentions:
            _set(made.mentions.add().text, article.text, start, end)
    return summary


def _set(piece: Text, text: str, start: int, end: int) -> None:
    piece.text = text[start:end]
    piece.span.start, piece.span.end = start, end


def _parts(article: Article) -> list[Part]:
    """Headline, abstract and body, each as the place it has in the whole text."""
    parts: list[Part] = []
    if article.HasField("headline") and article.headline.HasField("span"):
        parts.append(_part(article.text, article.headline, "headline"))
    for paragraph in article.paragraphs:
        if paragraph.kind in (Paragraph.KIND_BODY, Paragraph.KIND_SUBHEADING):
            kind = "body" if paragraph.kind == Paragraph.KIND_BODY else "subheading"
            parts.append(_part(article.text, paragraph.text, kind))
    return parts


def _part(text: str, piece: Text, kind: str) -> Part:
    end = min(piece.span.end, len(text))
    return Part(text, min(piece.span.start, end), end, kind)


def plain_article(text: str, *, has_headline: bool) -> Article:
    """An article of plain text: a paragraph a line, the first one the headline if there is one."""
    article = Article(id="text", text=text)
    at = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            start = at + line.index(stripped)
            if has_headline and not article.HasField("headline"):
                piece = article.headline
            else:
                piece = article.paragraphs.add(kind=Paragraph.KIND_BODY).text
            _set(piece, text, start, start + len(stripped))
        at += len(line) + 1
    return article
