"""The events of an article's way through the pipeline (Protocols/3-events §2)."""

from barid.article.v1.article_pb2 import (
    Article,
    ArticleIndexed,
    ArticleModerated,
    ArticleRetracted,
    ArticleReviewed,
    ArticleSubmitted,
    ArticleSummarized,
    ArticleTagged,
    Paragraph,
)
from barid.events import register_event_type

__all__ = [
    "Article",
    "ArticleIndexed",
    "ArticleModerated",
    "ArticleRetracted",
    "ArticleReviewed",
    "ArticleSubmitted",
    "ArticleSummarized",
    "ArticleTagged",
    "Paragraph",
]

register_event_type(ArticleSubmitted, "news.barid.article.submitted.v1")
register_event_type(Article, "news.barid.article.parsed.v1")
register_event_type(ArticleTagged, "news.barid.article.tagged.v1")
register_event_type(ArticleModerated, "news.barid.article.moderated.v1")
register_event_type(ArticleSummarized, "news.barid.article.summarized.v1")
register_event_type(ArticleReviewed, "news.barid.article.reviewed.v1")
register_event_type(ArticleRetracted, "news.barid.article.retracted.v1")
register_event_type(ArticleIndexed, "news.barid.article.indexed.v1")
