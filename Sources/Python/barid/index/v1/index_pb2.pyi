from barid.article.v1 import article_pb2 as _article_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetArticleRequest(_message.Message):
    __slots__ = ["article_id"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    def __init__(self, article_id: _Optional[str] = ...) -> None: ...

class GetArticleResponse(_message.Message):
    __slots__ = ["article", "indexed", "moderated", "retracted", "reviews", "stages", "summarized", "tagged"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    INDEXED_FIELD_NUMBER: _ClassVar[int]
    MODERATED_FIELD_NUMBER: _ClassVar[int]
    RETRACTED_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    SUMMARIZED_FIELD_NUMBER: _ClassVar[int]
    TAGGED_FIELD_NUMBER: _ClassVar[int]
    article: _article_pb2.Article
    indexed: _timestamp_pb2.Timestamp
    moderated: _article_pb2.ArticleModerated
    retracted: _article_pb2.ArticleRetracted
    reviews: _containers.RepeatedCompositeFieldContainer[_article_pb2.ArticleReviewed]
    stages: _containers.RepeatedScalarFieldContainer[_article_pb2.Stage]
    summarized: _article_pb2.ArticleSummarized
    tagged: _article_pb2.ArticleTagged
    def __init__(self, article: _Optional[_Union[_article_pb2.Article, _Mapping]] = ..., tagged: _Optional[_Union[_article_pb2.ArticleTagged, _Mapping]] = ..., moderated: _Optional[_Union[_article_pb2.ArticleModerated, _Mapping]] = ..., stages: _Optional[_Iterable[_Union[_article_pb2.Stage, str]]] = ..., indexed: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., summarized: _Optional[_Union[_article_pb2.ArticleSummarized, _Mapping]] = ..., reviews: _Optional[_Iterable[_Union[_article_pb2.ArticleReviewed, _Mapping]]] = ..., retracted: _Optional[_Union[_article_pb2.ArticleRetracted, _Mapping]] = ...) -> None: ...

class Held(_message.Message):
    __slots__ = ["article_id", "comment_number", "headline", "revision", "text", "verdict"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    comment_number: int
    headline: str
    revision: str
    text: str
    verdict: _article_pb2.Verdict
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., headline: _Optional[str] = ..., comment_number: _Optional[int] = ..., text: _Optional[str] = ..., verdict: _Optional[_Union[_article_pb2.Verdict, _Mapping]] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ["article_id", "decision", "headline", "language", "published", "publisher", "revision", "score", "snippets", "url"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    SNIPPETS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    decision: _article_pb2.Decision
    headline: Snippet
    language: str
    published: _timestamp_pb2.Timestamp
    publisher: str
    revision: str
    score: float
    snippets: _containers.RepeatedCompositeFieldContainer[Snippet]
    url: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., score: _Optional[float] = ..., headline: _Optional[_Union[Snippet, _Mapping]] = ..., snippets: _Optional[_Iterable[_Union[Snippet, _Mapping]]] = ..., publisher: _Optional[str] = ..., url: _Optional[str] = ..., published: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., language: _Optional[str] = ..., decision: _Optional[_Union[_article_pb2.Decision, str]] = ...) -> None: ...

class ListHeldRequest(_message.Message):
    __slots__ = ["limit", "offset"]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    limit: int
    offset: int
    def __init__(self, limit: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class ListHeldResponse(_message.Message):
    __slots__ = ["held", "total"]
    HELD_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    held: _containers.RepeatedCompositeFieldContainer[Held]
    total: int
    def __init__(self, held: _Optional[_Iterable[_Union[Held, _Mapping]]] = ..., total: _Optional[int] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ["include_withheld", "limit", "offset", "query"]
    INCLUDE_WITHHELD_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    include_withheld: bool
    limit: int
    offset: int
    query: str
    def __init__(self, query: _Optional[str] = ..., limit: _Optional[int] = ..., offset: _Optional[int] = ..., include_withheld: bool = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ["hits", "terms", "total"]
    HITS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[Hit]
    terms: _containers.RepeatedScalarFieldContainer[str]
    total: int
    def __init__(self, hits: _Optional[_Iterable[_Union[Hit, _Mapping]]] = ..., total: _Optional[int] = ..., terms: _Optional[_Iterable[str]] = ...) -> None: ...

class Snippet(_message.Message):
    __slots__ = ["field", "marks", "text"]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    field: str
    marks: _containers.RepeatedCompositeFieldContainer[_article_pb2.Span]
    text: str
    def __init__(self, text: _Optional[str] = ..., marks: _Optional[_Iterable[_Union[_article_pb2.Span, _Mapping]]] = ..., field: _Optional[str] = ...) -> None: ...
