from barid.article.v1 import article_pb2 as _article_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TagRequest(_message.Message):
    __slots__ = ["article", "text"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    article: _article_pb2.Article
    text: str
    def __init__(self, text: _Optional[str] = ..., article: _Optional[_Union[_article_pb2.Article, _Mapping]] = ...) -> None: ...

class TagResponse(_message.Message):
    __slots__ = ["tagged"]
    TAGGED_FIELD_NUMBER: _ClassVar[int]
    tagged: _article_pb2.ArticleTagged
    def __init__(self, tagged: _Optional[_Union[_article_pb2.ArticleTagged, _Mapping]] = ...) -> None: ...
