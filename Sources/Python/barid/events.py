"""Events: the envelope, bodies of any kind, and what a worker's outputs inherit.

Specified in Protocols/3-events.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from barid.bus.v1.event_pb2 import Event as Envelope
from barid.errors import RejectEvent, RPCError, StatusCode
from barid.tracing import TraceParent

JSON: TypeAlias = dict[str, Any] | list[Any]
"""A body as JSON, for those who use no protobuf."""

Payload = TypeVar("Payload")

PROTOBUF = "application/protobuf"
TYPE_URL = "type.googleapis.com/"

_types: dict[str, str] = {}


def register_event_type(message: type[Message], event_type: str) -> None:
    """Says which event a message is the body of, so that handlers can return the message alone.

    Args:
        message: The message class.
        event_type: The event's type, such as ``news.barid.article.parsed.v1``.
    """
    _types[message.DESCRIPTOR.full_name] = event_type


def event_type_of(message: type[Message]) -> str:
    """The event type that a message is the body of.

    Raises:
        RPCError: INTERNAL if nobody registered one.
    """
    name = message.DESCRIPTOR.full_name
    if name not in _types:
        text = f"no event type is registered for {name}; use barid.register_event_type or Output"
        raise RPCError(StatusCode.INTERNAL, text)
    return _types[name]


@dataclass(frozen=True, slots=True)
class Output:
    """An event to emit, by type and body.

    A handler that returns registered messages does not need it.

    Args:
        type: The event's type.
        data: A protobuf message, a JSON object or list, a text, or bytes.
        content_type: Media type of a text or of bytes.
    """

    type: str
    data: Message | JSON | str | bytes
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Event(Generic[Payload]):
    """An event as a handler receives it.

    Args:
        envelope: Every attribute (``barid.bus.v1.Event``).
        payload: The body, decoded.
    """

    envelope: Envelope
    payload: Payload

    @property
    def id(self) -> str:
        """Unique within ``source``."""
        return self.envelope.id

    @property
    def source(self) -> str:
        """Who stated the fact."""
        return self.envelope.source

    @property
    def type(self) -> str:
        """What happened."""
        return self.envelope.type

    @property
    def subject(self) -> str:
        """What the fact is about: the article's id; empty if absent."""
        return self.envelope.subject


def make_event(
    data: Message | JSON | str | bytes,
    *,
    id: str,
    source: str,
    type: str = "",
    subject: str = "",
    content_type: str = "",
) -> Envelope:
    """An event to publish.

    Args:
        data: The body; see :class:`Output`.
        id: Unique within ``source``: the same id again is recognised as a repeat.
        source: URI-reference of whoever states the fact.
        type: The event's type; of a registered message it need not be said.
        subject: What the fact is about.
        content_type: Media type of a text or of bytes.

    Raises:
        RPCError: INVALID_ARGUMENT if it is no valid event.
    """
    if not type and isinstance(data, Message):
        type = event_type_of(data.__class__)
    envelope = Envelope(id=id, source=source, type=type, subject=subject)
    set_data(envelope, data, content_type)
    validate(envelope)
    return envelope


def set_data(
    envelope: Envelope, data: Message | JSON | str | bytes, content_type: str = ""
) -> None:
    """Gives an event its body (Protocols/3-events §1)."""
    if isinstance(data, Message):
        envelope.data_content_type = PROTOBUF
        envelope.data_schema = TYPE_URL + data.DESCRIPTOR.full_name
        # Deterministic, so that a repeat is the same to the byte.
        envelope.proto_data.type_url = envelope.data_schema
        envelope.proto_data.value = data.SerializeToString(deterministic=True)
    elif isinstance(data, bytes):
        envelope.data_content_type = content_type or "application/octet-stream"
        envelope.binary_data = data
    elif isinstance(data, str):
        envelope.data_content_type = content_type or "text/plain"
        envelope.text_data = data
    else:
        envelope.data_content_type = content_type or "application/json"
        envelope.text_data = json.dumps(data, ensure_ascii=False, sort_keys=True, allow_nan=False)


def decode_data(envelope: Envelope, kind: type[Any]) -> Any:
    """Reads the body of an event.

    Args:
        envelope: The event.
        kind: A protobuf message class, ``dict`` or ``list`` (JSON), ``str``, or ``bytes``.

    Raises:
        RejectEvent: If the body is not of that kind.
    """
    which = envelope.WhichOneof("data")
    if which is None:
        raise RejectEvent("there is no body")
    raw: bytes
    if which == "proto_data":
        raw = envelope.proto_data.value
    elif which == "binary_data":
        raw = envelope.binary_data
    else:
        raw = envelope.text_data.encode()
    is_json = which != "proto_data" and is_json_type(envelope.data_content_type)
    try:
        if issubclass(kind, Message):
            return _decode_message(envelope, kind, which, raw, is_json)
        if kind is bytes:
            return raw
        if kind is str:
            return raw.decode()
        value = json.loads(raw)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        raise RejectEvent(f"the body of {envelope.type} cannot be read: {error}") from error
    if not isinstance(value, kind):
        raise RejectEvent(f"the body of {envelope.type} is not a JSON {kind.__name__}")
    return value


def _decode_message(
    envelope: Envelope, kind: type[Message], which: str, raw: bytes, is_json: bool
) -> Message:
    if which == "proto_data":
        found = envelope.proto_data.type_url.rpartition("/")[2]
        if found != kind.DESCRIPTOR.full_name:
            raise RejectEvent(f"the body is a {found}, not a {kind.DESCRIPTOR.full_name}")
    if is_json:
        return json_format.Parse(raw, kind(), ignore_unknown_fields=True)
    if which == "text_data":
        raise RejectEvent(f"the body is a text of media type {envelope.data_content_type}")
    message = kind()
    message.ParseFromString(raw)
    return message


def is_json_type(content_type: str) -> bool:
    """Whether a body is JSON; without a media type it is (CloudEvents JSON §3.1.1)."""
    essence = content_type.partition(";")[0].strip().lower()
    return not essence or essence.endswith(("/json", "+json"))


_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ufdd0-\ufdef]|[%s]" % "".join(
    chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
))  # fmt: skip
_NAME = re.compile("[a-z][a-z0-9]{0,19}")
_TEXTS = {
    "id": "id", "source": "source", "type": "type", "subject": "subject",
    "partitionkey": "partition_key", "datacontenttype": "data_content_type",
    "dataschema": "data_schema", "traceparent": "traceparent", "tracestate": "tracestate",
    "causationid": "causation_id", "correlationid": "correlation_id",
}  # fmt: skip
_RESERVED = {"id", "source", "type", "specversion", "data"}
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799


def validate(envelope: Envelope) -> None:
    """Checks that an event is valid (Protocols/3-events §1).

    Raises:
        RPCError: INVALID_ARGUMENT naming the first attribute that is wrong.
    """
    problem = _problem(envelope)
    if problem:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"no valid event: {problem}")


def _problem(envelope: Envelope) -> str:
    for name in ("id", "source", "type"):
        if not getattr(envelope, name):
            return f"the attribute {name} is missing"
    for name, member in _TEXTS.items():
        if _CONTROL.search(getattr(envelope, member)):
            return f"the attribute {name} has a control character or noncharacter"
    for name, member in (("time", "time"), ("expirytime", "expiry_time")):
        if envelope.HasField(member) and not _is_time(getattr(envelope, member)):
            return f"the attribute {name} is not a time of the years 1 to 9999"
    for name, attribute in envelope.extensions.items():
        kind = attribute.WhichOneof("value")
        if not _NAME.fullmatch(name):
            return f"the attribute name {name!r} is not allowed"
        if name in _RESERVED:
            return f"the attribute name {name} is reserved"
        if kind is None:
            return f"the attribute {name} has no value"
        if name in ("time", "expirytime") and (
            kind == "timestamp" or envelope.HasField("time" if name == "time" else "expiry_time")
        ):
            return f"the attribute {name} has a field of its own"
        own = _TEXTS.get(name)
        if own is not None and getattr(envelope, own):
            return f"the attribute {name} is there twice"
        if (
            own is not None
            and getattr(attribute, kind)
            and kind == ("uri" if name == "dataschema" else "string")
        ):
            return f"the attribute {name} has a field of its own"
        if kind in ("string", "uri", "uri_reference") and _CONTROL.search(getattr(attribute, kind)):
            return f"the attribute {name} has a control character or noncharacter"
        if kind == "timestamp" and not _is_time(attribute.timestamp):
            return f"the attribute {name} is not a time of the years 1 to 9999"
    return ""


def _is_time(time: Timestamp) -> bool:
    return _FIRST_SECOND <= time.seconds <= _LAST_SECOND and 0 <= time.nanos < 1_000_000_000


def derived_id(
    parent_source: str, parent_id: str, worker: str, output: int, replay: int = 0
) -> str:
    """The id of an emitted event: the same input gives the same id (Protocols/3-events §3)."""
    digest = hashlib.sha256()
    for part in (parent_source, parent_id, worker, str(output), str(replay)):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def trace_id(envelope: Envelope) -> str:
    """The trace an event belongs to; empty if it has no valid one."""
    found = TraceParent.parse(envelope.traceparent)
    return found.trace_id if found is not None else ""


MAXIMUM_HOPS = 64
"""Most workers one after the other that an event comes through: circles of plugins end there."""


def replay_number(envelope: Envelope) -> int:
    """The latest replay in the chain of events that gave rise to this one, 0 if there was none."""
    return _number(envelope, "replaynumber")


def _number(envelope: Envelope, name: str) -> int:
    """An extension that is a decimal number of 32 bits as a string; 0 if it is none."""
    attribute = envelope.extensions.get(name)
    text = attribute.string if attribute is not None else ""
    is_number = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if is_number and int(text) < 1 << 32 else 0


def make_output(
    parent: Envelope,
    output: Message | Output,
    *,
    worker: str,
    index: int,
    replay: int = 0,
    sequence: int = 0,
) -> Envelope:
    """The event that a worker emits for another one; everything follows from the arguments.

    Args:
        parent: The event handled.
        output: What the handler returned.
        worker: Name of the plugin.
        index: Place among the outputs, from 0.
        replay: Number of the replay, 0 if it is none.
        sequence: Place of ``parent`` in its topic; 0 without a broker.

    Raises:
        RPCError: INVALID_ARGUMENT if the result is no valid event; FAILED_PRECONDITION if the event
            handled came through as many workers as one may.
    """
    if isinstance(output, Message):
        output = Output(event_type_of(output.__class__), output)
    envelope = Envelope(
        id=derived_id(parent.source, parent.id, worker, index, replay),
        source=f"/barid/workers/{worker}",
        type=output.type,
        subject=parent.subject,
        partition_key=parent.partition_key,
        causation_id=parent.id,
        correlation_id=parent.correlation_id or parent.id,
    )
    if parent.HasField("expiry_time"):
        envelope.expiry_time.CopyFrom(parent.expiry_time)
    trace = TraceParent.parse(parent.traceparent)
    if trace is not None:
        envelope.traceparent = str(replace(trace, span_id=envelope.id[:16]))
        envelope.tracestate = parent.tracestate
    origin = parent.extensions.get("originsequence")
    text = origin.string if origin is not None else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 1 << 64):
        text = str(sequence) if sequence else ""
    if text:
        envelope.extensions["originsequence"].string = str(int(text))
    hops = _number(parent, "hops")
    if hops >= MAXIMUM_HOPS:
        raise RPCError(
            StatusCode.FAILED_PRECONDITION,
            f"this event came through {hops} workers one after the other, the most there may be: "
            "does a plugin consume what comes of its own outputs?",
        )
    envelope.extensions["hops"].string = str(hops + 1)
    number = max(replay, replay_number(parent))
    if number:
        envelope.extensions["replaynumber"].string = str(number)
    set_data(envelope, output.data, output.content_type)
    validate(envelope)
    return envelope
