from barid.article.v1 import article_pb2 as _article_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParseRequest(_message.Message):
    __slots__ = ["article_id", "submission", "text"]
    ARTICLE_ID_FIELD_NUMBER: _ClassVar[int]
    SUBMISSION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    article_id: str
    submission: _article_pb2.ArticleSubmitted
    text: str
    def __init__(self, submission: _Optional[_Union[_article_pb2.ArticleSubmitted, _Mapping]] = ..., text: _Optional[str] = ..., article_id: _Optional[str] = ...) -> None: ...

class ParseResponse(_message.Message):
    __slots__ = ["article"]
    ARTICLE_FIELD_NUMBER: _ClassVar[int]
    article: _article_pb2.Article
    def __init__(self, article: _Optional[_Union[_article_pb2.Article, _Mapping]] = ...) -> None: ...
