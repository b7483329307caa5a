"""Events in the CloudEvents JSON format, both ways (Protocols/3-events §7).

Values are handed out as they stand, so that no number of a body is rounded.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from barid.bus.v1.event_pb2 import Attribute
from barid.errors import RPCError, StatusCode
from barid.events import PROTOBUF, TYPE_URL, Envelope, is_json_type, validate

MAXIMUM_DEPTH = 128

# The named texts in the order of §1, with their fields.
_TEXTS = (
    ("subject", "subject"), ("datacontenttype", "data_content_type"), ("dataschema", "data_schema"),
    ("partitionkey", "partition_key"), ("traceparent", "traceparent"), ("tracestate", "tracestate"),
    ("causationid", "causation_id"), ("correlationid", "correlation_id"),
)  # fmt: skip
_FIELDS = dict(_TEXTS)
_NEEDED = ("id", "source", "type")


def _invalid(text: str) -> RPCError:
    return RPCError(StatusCode.INVALID_ARGUMENT, f"no CloudEvents JSON: {text}")


def from_json(line: bytes) -> Envelope:
    """Reads one event.

    Args:
        line: One JSON object in UTF-8.

    Raises:
        RPCError: INVALID_ARGUMENT naming what is wrong and where.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise _invalid(f"not UTF-8: {error}") from None
    members = _members(text)
    envelope = Envelope()
    version = None
    raw_data = data64 = None
    for name, raw in members.items():
        if name == "data":
            raw_data = raw
            continue
        value = json.loads(raw) if raw[0] not in "[{" else None
        if raw == "null":
            continue
        if name in ("specversion", "data_base64", *_NEEDED):
            if not isinstance(value, str):
                raise _invalid(f"{name} is not a string")
            if name == "specversion":
                version = value
            elif name == "data_base64":
                data64 = value
            else:
                setattr(envelope, name, value)
            continue
        _assign(envelope, name, value, raw)
    if version != "1.0":
        raise _invalid(f"specversion {version!r} is not 1.0")
    validate(envelope)
    _assign_data(envelope, raw_data, data64)
    return envelope


def _assign(envelope: Envelope, name: str, value: Any, raw: str) -> None:
    if isinstance(value, bool):
        envelope.extensions[name].boolean = value
        return
    if isinstance(value, (int, float)):
        if not re.fullmatch("-?[0-9]{1,10}", raw) or not -(1 << 31) <= int(raw) < 1 << 31:
            raise _invalid(f"{name} is not an integer of 32 bits")
        envelope.extensions[name].integer = int(raw)
        return
    if not isinstance(value, str):
        raise _invalid(f"{name} is neither text nor number")
    if name in ("time", "expirytime"):
        time = parse_time(value)
        if time is not None:
            (envelope.time if name == "time" else envelope.expiry_time).CopyFrom(time)
            return
        if name == "time":
            raise _invalid("time is not an RFC 3339 time")
    if value and name in _FIELDS:
        setattr(envelope, _FIELDS[name], value)
    elif name == "dataschema":
        envelope.extensions[name].uri = value
    else:
        envelope.extensions[name].string = value


def _assign_data(envelope: Envelope, raw: str | None, data64: str | None) -> None:
    if raw is not None and data64 is not None:
        raise _invalid("there are both data and data_base64")
    media_type = envelope.data_content_type
    if data64 is not None:
        try:
            data = base64.b64decode(data64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _invalid(f"data_base64 is not base64: {error}") from None
        essence = media_type.partition(";")[0].strip().lower()
        if essence == PROTOBUF and envelope.data_schema.startswith(TYPE_URL):
            envelope.proto_data.type_url = envelope.data_schema
            envelope.proto_data.value = data
        else:
            envelope.binary_data = data
    elif raw is not None:
        if is_json_type(media_type):
            envelope.text_data = raw
        elif raw[0] == '"':
            envelope.text_data = json.loads(raw)
        else:
            raise _invalid(f"data of media type {media_type} is not a string")


def to_json(envelope: Envelope) -> bytes:
    """One event as a line of JSON, its members in a fixed order.

    Raises:
        RPCError: INVALID_ARGUMENT if it is no valid event or cannot be said in JSON.
    """
    event = Envelope()
    event.CopyFrom(envelope)
    which = event.WhichOneof("data")
    if which == "proto_data":
        # JSON says the kind of a packed message by media type and schema, so both must fit.
        event.data_content_type = event.data_content_type or PROTOBUF
        event.data_schema = event.data_schema or event.proto_data.type_url
        essence = event.data_content_type.partition(";")[0].strip().lower()
        if essence != PROTOBUF or event.data_schema != event.proto_data.type_url:
            raise _invalid("its media type or schema is not that of the packed message")
    validate(event)
    members = ['"specversion":"1.0"']
    members += [f'"{name}":{_text(getattr(event, name))}' for name in _NEEDED]
    for name, field in (("time", "time"), ("expirytime", "expiry_time")):
        if event.HasField(field):
            members.append(f'"{name}":"{time_text(getattr(event, field))}"')
    for name, field in _TEXTS:
        if getattr(event, field):
            members.append(f'"{name}":{_text(getattr(event, field))}')
    for name, attribute in sorted(event.extensions.items()):
        members.append(f'"{name}":{_attribute(attribute)}')
    if which == "binary_data":
        members.append(f'"data_base64":"{base64.b64encode(event.binary_data).decode()}"')
    elif which == "proto_data":
        members.append(f'"data_base64":"{base64.b64encode(event.proto_data.value).decode()}"')
    elif which == "text_data" and not is_json_type(event.data_content_type):
        members.append(f'"data":{_text(event.text_data)}')
    elif which == "text_data" and _is_json(event.text_data):
        members.append(f'"data":{event.text_data}')
    elif which == "text_data":
        members.append(f'"data_base64":"{base64.b64encode(event.text_data.encode()).decode()}"')
    line = "{" + ",".join(members) + "}"
    return line.replace("\n", " ").replace("\r", " ").encode()


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _attribute(attribute: Attribute) -> str:
    kind = attribute.WhichOneof("value")
    match kind:
        case "boolean":
            return "true" if attribute.boolean else "false"
        case "integer":
            return str(attribute.integer)
        case "bytes":
            return f'"{base64.b64encode(attribute.bytes).decode()}"'
        case "timestamp":
            return f'"{time_text(attribute.timestamp)}"'
        case _:
            return _text(getattr(attribute, kind or "string"))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def time_text(time: Timestamp) -> str:
    """A time in UTC, without trailing zeros."""
    moment = _EPOCH + timedelta(seconds=time.seconds)
    fraction = f".{time.nanos:09d}".rstrip("0") if time.nanos else ""
    # strftime does not pad the year on every system.
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z"


def parse_time(text: str) -> Timestamp | None:
    """An RFC 3339 time; ``None`` if it is none, or finer than a nanosecond."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes = int(found[5] or 0), int(found[6] or 0)
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if found[4] == "-" else 1)
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=timezone(offset))
        seconds = (moment - _EPOCH) // timedelta(seconds=1)
        if not datetime.min <= (moment - offset).replace(tzinfo=None) <= datetime.max:
            return None
    except (ValueError, OverflowError):
        return None
    return Timestamp(seconds=seconds, nanos=int((found[3] or "0").ljust(9, "0")))


# JSON, strictly, with the letters of each value as they stand.

_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
_SCALAR = re.compile(
    rf"{_STRING}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)
_NAME = re.compile(_STRING)
_BLANK = re.compile("[ \t\n\r]*")


class _NotJSON(ValueError):
    pass


def _is_json(text: str) -> bool:
    try:
        return _BLANK.match(text, _value(text, 0)).end() == len(text)  # type: ignore[union-attr]
    except _NotJSON:
        return False


def _members(text: str) -> dict[str, str]:
    """The members of the one object that a text is; a name may stand once only."""
    try:
        return _object(text)
    except _NotJSON as error:
        raise _invalid(str(error)) from None


def _object(text: str) -> dict[str, str]:
    members: dict[str, str] = {}
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise _NotJSON(f"an object is expected at {at}")
    at = _skip(text, at + 1)
    if text[at : at + 1] == "}":
        at += 1
    else:
        while True:
            name, at = _member_name(text, at)
            if name in members:
                raise _NotJSON(f"the member {name} is there twice")
            start = _skip(text, at)
            at = _value(text, start)
            members[name] = text[start:at]
            at = _skip(text, at)
            if text[at : at + 1] == "}":
                at += 1
                break
            if text[at : at + 1] != ",":
                raise _NotJSON(f"neither a comma nor an end at {at}")
            at = _skip(text, at + 1)
    if _skip(text, at) != len(text):
        raise _NotJSON(f"something follows the object at {at}")
    return members


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _member_name(text: str, at: int) -> tuple[str, int]:
    found = _NAME.match(text, at)
    if found is None:
        raise _NotJSON(f"a name is missing at {at}")
    name = _checked(found[0], at)
    at = _skip(text, found.end())
    if text[at : at + 1] != ":":
        raise _NotJSON(f"a colon is missing at {at}")
    return json.loads(name), at + 1


def _checked(raw: str, at: int) -> str:
    if raw[0] == '"' and "\\u" in raw:
        value = json.loads(raw)
        if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise _NotJSON(f"a lone surrogate at {at}")
    return raw


def _value(text: str, at: int) -> int:
    """Where the value that begins at ``at`` ends; keeps the stack of open containers itself."""
    closings: list[str] = []
    while True:
        at = _skip(text, at)
        letter = text[at : at + 1]
        if letter and letter in "[{":
            closings.append("]" if letter == "[" else "}")
            if len(closings) > MAXIMUM_DEPTH:
                raise _NotJSON(f"nested too deep at {at}")
            at = _skip(text, at + 1)
            if text[at : at + 1] != closings[-1]:
                if closings[-1] == "}":
                    _, at = _member_name(text, at)
                continue
        else:
            found = _SCALAR.match(text, at)
            if found is None:
                raise _NotJSON(f"a value is missing at {at}")
            _checked(found[0], at)
            at = found.end()
        # A value has ended, or an empty container is about to.
        while closings:
            at = _skip(text, at)
            letter = text[at : at + 1]
            if letter == closings[-1]:
                closings.pop()
                at += 1
                continue
            if letter != ",":
                raise _NotJSON(f"neither a comma nor an end at {at}")
            at = _skip(text, at + 1)
            if closings[-1] == "}":
                _, at = _member_name(text, at)
            break
        else:
            return at
