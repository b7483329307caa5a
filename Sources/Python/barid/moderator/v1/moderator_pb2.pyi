from barid.article.v1 import article_pb2 as _article_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModerateRequest(_message.Message):
    __slots__ = ["article", "text"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    article: _article_pb2.Article
    text: str
    def __init__(self, text: _Optional[str] = ..., article: _Optional[_Union[_article_pb2.Article, _Mapping]] = ...) -> None: ...

class ModerateResponse(_message.Message):
    __slots__ = ["moderated"]
    MODERATED_FIELD_NUMBER: _ClassVar[int]
    moderated: _article_pb2.ArticleModerated
    def __init__(self, moderated: _Optional[_Union[_article_pb2.ArticleModerated, _Mapping]] = ...) -> None: ...
