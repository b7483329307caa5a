from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DECISION_BLOCK: Decision
DECISION_HOLD: Decision
DECISION_PASS: Decision
DECISION_UNSPECIFIED: Decision
DESCRIPTOR: _descriptor.FileDescriptor
DIRECTION_LEFT_TO_RIGHT: Direction
DIRECTION_RIGHT_TO_LEFT: Direction
DIRECTION_UNSPECIFIED: Direction
ENTITY_KIND_DATE: EntityKind
ENTITY_KIND_HASHTAG: EntityKind
ENTITY_KIND_ORGANISATION: EntityKind
ENTITY_KIND_OTHER: EntityKind
ENTITY_KIND_PERSON: EntityKind
ENTITY_KIND_PLACE: EntityKind
ENTITY_KIND_UNSPECIFIED: EntityKind
SOURCE_FORM_JSON_ITEM: SourceForm
SOURCE_FORM_PLAIN_TEXT: SourceForm
SOURCE_FORM_UNSPECIFIED: SourceForm
STAGE_INDEXED: Stage
STAGE_MODERATED: Stage
STAGE_PARSED: Stage
STAGE_RETRACTED: Stage
STAGE_REVIEWED: Stage
STAGE_SUBMITTED: Stage
STAGE_SUMMARIZED: Stage
STAGE_TAGGED: Stage
STAGE_UNSPECIFIED: Stage

class Agency(_message.Message):
    __slots__ = ["code", "raw"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    code: str
    raw: Text
    def __init__(self, code: _Optional[str] = ..., raw: _Optional[_Union[Text, _Mapping]] = ...) -> None: ...

class Article(_message.Message):
    __slots__ = ["abstract", "agency", "bylines", "category", "charset", "comments", "declared_comment_count", "direction", "hashtags", "headline", "id", "language", "paragraphs", "published", "publisher", "quotes", "removed", "revision", "source_form", "text", "url", "warnings"]
    ABSTRACT_FIELD_NUMBER: _ClassVar[int]
    AGENCY_FIELD_NUMBER: _ClassVar[int]
    BYLINES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    CHARSET_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    DECLARED_COMMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    HASHTAGS_FIELD_NUMBER: _ClassVar[int]
    HEADLINE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PARAGRAPHS_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FORM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    abstract: Text
    agency: Agency
    bylines: _containers.RepeatedCompositeFieldContainer[Text]
    category: str
    charset: Charset
    comments: _containers.RepeatedCompositeFieldContainer[Comment]
    declared_comment_count: int
    direction: Direction
    hashtags: _containers.RepeatedCompositeFieldContainer[Hashtag]
    headline: Text
    id: str
    language: Language
    paragraphs: _containers.RepeatedCompositeFieldContainer[Paragraph]
    published: _timestamp_pb2.Timestamp
    publisher: Text
    quotes: _containers.RepeatedCompositeFieldContainer[Quote]
    removed: _containers.RepeatedCompositeFieldContainer[Removed]
    revision: str
    source_form: SourceForm
    text: str
    url: str
    warnings: _containers.RepeatedCompositeFieldContainer[Warning]
    def __init__(self, id: _Optional[str] = ..., revision: _Optional[str] = ..., source_form: _Optional[_Union[SourceForm, str]] = ..., url: _Optional[str] = ..., publisher: _Optional[_Union[Text, _Mapping]] = ..., headline: _Optional[_Union[Text, _Mapping]] = ..., abstract: _Optional[_Union[Text, _Mapping]] = ..., bylines: _Optional[_Iterable[_Union[Text, _Mapping]]] = ..., agency: _Optional[_Union[Agency, _Mapping]] = ..., published: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., paragraphs: _Optional[_Iterable[_Union[Paragraph, _Mapping]]] = ..., quotes: _Optional[_Iterable[_Union[Quote, _Mapping]]] = ..., hashtags: _Optional[_Iterable[_Union[Hashtag, _Mapping]]] = ..., language: _Optional[_Union[Language, _Mapping]] = ..., direction: _Optional[_Union[Direction, str]] = ..., comments: _Optional[_Iterable[_Union[Comment, _Mapping]]] = ..., declared_comment_count: _Optional[int] = ..., removed: _Optional[_Iterable[_Union[Removed, _Mapping]]] = ..., warnings: _Optional[_Iterable[_Union[Warning, _Mapping]]] = ..., charset: _Optional[_Union[Charset, _Mapping]] = ..., text: _Optional[str] = ..., category: _Optional[str] = ...) -> None: ...

class ArticleIndexed(_message.Message):
    __slots__ = ["article_id", "revision", "stages"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    revision: str
    stages: _containers.RepeatedScalarFieldContainer[Stage]
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., stages: _Optional[_Iterable[_Union[Stage, str]]] = ...) -> None: ...

class ArticleModerated(_message.Message):
    __slots__ = ["article", "article_id", "comments", "policy", "revision"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    article: Verdict
    article_id: str
    comments: _containers.RepeatedCompositeFieldContainer[CommentVerdict]
    policy: str
    revision: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., article: _Optional[_Union[Verdict, _Mapping]] = ..., comments: _Optional[_Iterable[_Union[CommentVerdict, _Mapping]]] = ..., policy: _Optional[str] = ...) -> None: ...

class ArticleRetracted(_message.Message):
    __slots__ = ["article_id", "note", "reviewer", "revision"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    note: str
    reviewer: str
    revision: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., reviewer: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class ArticleReviewed(_message.Message):
    __slots__ = ["article_id", "comment_number", "decision", "note", "number", "reviewer", "revision"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    comment_number: int
    decision: Decision
    note: str
    number: int
    reviewer: str
    revision: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., comment_number: _Optional[int] = ..., decision: _Optional[_Union[Decision, str]] = ..., number: _Optional[int] = ..., reviewer: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class ArticleSubmitted(_message.Message):
    __slots__ = ["charset", "content", "file_name", "media_type", "url"]
    CHARSET_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    charset: str
    content: bytes
    file_name: str
    media_type: str
    url: str
    def __init__(self, content: _Optional[bytes] = ..., media_type: _Optional[str] = ..., url: _Optional[str] = ..., file_name: _Optional[str] = ..., charset: _Optional[str] = ...) -> None: ...

class ArticleSummarized(_message.Message):
    __slots__ = ["article_id", "phrases", "revision", "sentences", "summarizer"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    PHRASES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SENTENCES_FIELD_NUMBER: _ClassVar[int]
    SUMMARIZER_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    phrases: _containers.RepeatedCompositeFieldContainer[KeyPhrase]
    revision: str
    sentences: _containers.RepeatedCompositeFieldContainer[Text]
    summarizer: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., sentences: _Optional[_Iterable[_Union[Text, _Mapping]]] = ..., phrases: _Optional[_Iterable[_Union[KeyPhrase, _Mapping]]] = ..., summarizer: _Optional[str] = ...) -> None: ...

class ArticleTagged(_message.Message):
    __slots__ = ["article_id", "comments", "entities", "revision", "tagger"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    ENTITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TAGGER_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    comments: _containers.RepeatedCompositeFieldContainer[CommentEntities]
    entities: _containers.RepeatedCompositeFieldContainer[Entity]
    revision: str
    tagger: str
    def __init__(self, article_id: _Optional[str] = ..., revision: _Optional[str] = ..., entities: _Optional[_Iterable[_Union[Entity, _Mapping]]] = ..., comments: _Optional[_Iterable[_Union[CommentEntities, _Mapping]]] = ..., tagger: _Optional[str] = ...) -> None: ...

class Charset(_message.Message):
    __slots__ = ["declared", "used"]
    DECLARED_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    declared: str
    used: str
    def __init__(self, declared: _Optional[str] = ..., used: _Optional[str] = ...) -> None: ...

class Comment(_message.Message):
    __slots__ = ["author", "language", "number", "text", "time", "time_text"]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_TEXT_FIELD_NUMBER: _ClassVar[int]
    author: Text
    language: Language
    number: int
    text: Text
    time: _timestamp_pb2.Timestamp
    time_text: str
    def __init__(self, number: _Optional[int] = ..., author: _Optional[_Union[Text, _Mapping]] = ..., text: _Optional[_Union[Text, _Mapping]] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., time_text: _Optional[str] = ..., language: _Optional[_Union[Language, _Mapping]] = ...) -> None: ...

class CommentEntities(_message.Message):
    __slots__ = ["comment_number", "entities"]
    COMMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ENTITIES_FIELD_NUMBER: _ClassVar[int]
    comment_number: int
    entities: _containers.RepeatedCompositeFieldContainer[Entity]
    def __init__(self, comment_number: _Optional[int] = ..., entities: _Optional[_Iterable[_Union[Entity, _Mapping]]] = ...) -> None: ...

class CommentVerdict(_message.Message):
    __slots__ = ["comment_number", "verdict"]
    COMMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    comment_number: int
    verdict: Verdict
    def __init__(self, comment_number: _Optional[int] = ..., verdict: _Optional[_Union[Verdict, _Mapping]] = ...) -> None: ...

class Entity(_message.Message):
    __slots__ = ["confidence", "kind", "mentions", "name", "value"]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MENTIONS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    confidence: float
    kind: EntityKind
    mentions: _containers.RepeatedCompositeFieldContainer[Mention]
    name: str
    value: str
    def __init__(self, kind: _Optional[_Union[EntityKind, str]] = ..., name: _Optional[str] = ..., mentions: _Optional[_Iterable[_Union[Mention, _Mapping]]] = ..., confidence: _Optional[float] = ..., value: _Optional[str] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ["category", "rule", "score", "text"]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    category: str
    rule: str
    score: float
    text: Text
    def __init__(self, category: _Optional[str] = ..., score: _Optional[float] = ..., text: _Optional[_Union[Text, _Mapping]] = ..., rule: _Optional[str] = ...) -> None: ...

class Hashtag(_message.Message):
    __slots__ = ["name", "raw"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    name: str
    raw: Text
    def __init__(self, name: _Optional[str] = ..., raw: _Optional[_Union[Text, _Mapping]] = ...) -> None: ...

class KeyPhrase(_message.Message):
    __slots__ = ["mentions", "text", "weight"]
    MENTIONS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    mentions: _containers.RepeatedCompositeFieldContainer[Mention]
    text: str
    weight: float
    def __init__(self, text: _Optional[str] = ..., weight: _Optional[float] = ..., mentions: _Optional[_Iterable[_Union[Mention, _Mapping]]] = ...) -> None: ...

class Language(_message.Message):
    __slots__ = ["code", "confidence"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    code: str
    confidence: float
    def __init__(self, code: _Optional[str] = ..., confidence: _Optional[float] = ...) -> None: ...

class Mention(_message.Message):
    __slots__ = ["text"]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    text: Text
    def __init__(self, text: _Optional[_Union[Text, _Mapping]] = ...) -> None: ...

class Paragraph(_message.Message):
    __slots__ = ["kind", "text"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    KIND_BODY: Paragraph.Kind
    KIND_CAPTION: Paragraph.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_LIST: Paragraph.Kind
    KIND_SUBHEADING: Paragraph.Kind
    KIND_UNSPECIFIED: Paragraph.Kind
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: Paragraph.Kind
    text: Text
    def __init__(self, text: _Optional[_Union[Text, _Mapping]] = ..., kind: _Optional[_Union[Paragraph.Kind, str]] = ...) -> None: ...

class Quote(_message.Message):
    __slots__ = ["paragraph", "speaker", "speaker_basis", "text"]
    class SpeakerBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    PARAGRAPH_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_BASIS_CARRIED_OVER: Quote.SpeakerBasis
    SPEAKER_BASIS_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_BASIS_NAMED: Quote.SpeakerBasis
    SPEAKER_BASIS_UNSPECIFIED: Quote.SpeakerBasis
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    paragraph: int
    speaker: Text
    speaker_basis: Quote.SpeakerBasis
    text: Text
    def __init__(self, text: _Optional[_Union[Text, _Mapping]] = ..., paragraph: _Optional[int] = ..., speaker: _Optional[_Union[Text, _Mapping]] = ..., speaker_basis: _Optional[_Union[Quote.SpeakerBasis, str]] = ...) -> None: ...

class Removed(_message.Message):
    __slots__ = ["kind", "text"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    KIND_ADVERTISEMENT: Removed.Kind
    KIND_COMMENT_COUNT: Removed.Kind
    KIND_DISCLAIMER: Removed.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_FOLLOW_US: Removed.Kind
    KIND_NAVIGATION: Removed.Kind
    KIND_RELATED: Removed.Kind
    KIND_UNSPECIFIED: Removed.Kind
    TEXT_FIELD_NUMBER: _ClassVar[int]
    kind: Removed.Kind
    text: Text
    def __init__(self, text: _Optional[_Union[Text, _Mapping]] = ..., kind: _Optional[_Union[Removed.Kind, str]] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ["end", "start"]
    END_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    end: int
    start: int
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ...) -> None: ...

class Text(_message.Message):
    __slots__ = ["span", "text"]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    span: Span
    text: str
    def __init__(self, text: _Optional[str] = ..., span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ["decision", "findings", "score"]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    decision: Decision
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    score: float
    def __init__(self, decision: _Optional[_Union[Decision, str]] = ..., score: _Optional[float] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ...) -> None: ...

class Warning(_message.Message):
    __slots__ = ["code", "message", "span"]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    span: Span
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., span: _Optional[_Union[Span, _Mapping]] = ...) -> None: ...

class SourceForm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class EntityKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Decision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []
