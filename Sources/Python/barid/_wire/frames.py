"""Frames and their bodies as bytes (Protocols/1-transport §3 to §6)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from barid.errors import StatusCode

MAXIMUM_BATCH = 65_536
HEADER = struct.Struct(">BBHII")
MAXIMUM_BODY = MAXIMUM_BATCH - HEADER.size
MAXIMUM_METADATA = 49_152
MAXIMUM_METHOD = 1_024
MAXIMUM_TEXT = 8_192
NO_LIMIT = 0xFFFF_FFFF
MORE, EXEMPT = 0x01, 0x02

Metadata = tuple[tuple[str, str | bytes], ...]
"""Keys and values in order; a value is bytes where its key ends in ``-bin``."""


class Kind(enum.IntEnum):
    """What a frame is (§5)."""

    HELLO = 0x01
    WELCOME = 0x02
    OPEN = 0x03
    HEADERS = 0x04
    MESSAGE = 0x05
    HALF_CLOSE = 0x06
    STATUS = 0x07
    CANCEL = 0x08
    WINDOW_UPDATE = 0x09
    PING = 0x0A
    PONG = 0x0B
    GOAWAY = 0x0C

    @property
    def title(self) -> str:
        """The name as the specification writes it."""
        return self.name.lower().replace("_", "-")


_STREAM_KINDS = {
    Kind.OPEN, Kind.HEADERS, Kind.MESSAGE, Kind.HALF_CLOSE, Kind.STATUS, Kind.CANCEL,
}  # fmt: skip


class SessionCode(enum.IntEnum):
    """Why a session ends (§8)."""

    DRAINING = 0x00
    GOODBYE = 0x01
    MALFORMED = 0x02
    UNEXPECTED = 0x03
    UNKNOWN_STREAM = 0x04
    FLOW_CONTROL = 0x05
    UNKNOWN_SESSION = 0x06
    UNSUPPORTED_VERSION = 0x07
    TOO_MANY_SESSIONS = 0x08
    TIMED_OUT = 0x09
    OVERLOADED = 0x0A
    NOT_ALLOWED = 0x0B

    @property
    def title(self) -> str:
        """The name as the specification writes it."""
        return self.name.lower().replace("_", "-")


class FrameError(Exception):
    """A reason to refuse what a peer sent: a code for programs, a text for people."""

    def __init__(self, code: SessionCode, text: str) -> None:
        super().__init__(f"{code.title}: {text}")
        self.code = code
        self.text = text


def malformed(text: str) -> FrameError:
    """A frame or body that cannot be read."""
    return FrameError(SessionCode.MALFORMED, text)


class Reader:
    """Takes integers and texts from bytes, and refuses what is cut short."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data
        self._at = 0

    @property
    def remaining(self) -> int:
        """Bytes that are left."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.remaining:
            raise malformed(f"{count} bytes are expected, {self.remaining} are left")
        start, self._at = self._at, self._at + count
        return bytes(self._data[start : self._at])

    def integer(self, size: int) -> int:
        """The next big-endian number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def text(self, length: int) -> str:
        """The next ``length`` bytes as UTF-8."""
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise malformed(f"a text is not UTF-8: {error}") from None

    def end(self) -> None:
        """Refuses what is left over."""
        if self.remaining:
            raise malformed(f"{self.remaining} bytes are left over")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came."""

    kind: Kind
    flags: int
    stream: int
    body: bytes

    @property
    def charge(self) -> int:
        """What the frame costs in credit: its header counts too."""
        return HEADER.size + len(self.body)


def encode(kind: Kind, body: bytes | memoryview = b"", stream: int = 0, flags: int = 0) -> bytes:
    """One frame as bytes."""
    return HEADER.pack(kind, flags, 0, stream, len(body)) + body


def decode(batch: bytes) -> Iterator[Frame]:
    """The frames of one batch, one after the other.

    Raises:
        FrameError: At the first frame that cannot be read; those before it have been given.
    """
    if not batch:
        raise malformed("an empty message")
    at, end = 0, len(batch)
    while at < end:
        if end - at < HEADER.size:
            raise malformed(f"a frame header is cut short after {end - at} bytes")
        code, flags, reserved, stream, length = HEADER.unpack_from(batch, at)
        at += HEADER.size
        try:
            kind = Kind(code)
        except ValueError:
            raise malformed(f"there is no frame kind {code}") from None
        allowed = MORE | EXEMPT if kind is Kind.MESSAGE else 0
        if flags & ~allowed or reserved:
            raise malformed(f"a {kind.title} frame has flags {flags}, reserved {reserved}")
        if length > MAXIMUM_BODY:
            raise malformed(f"a {kind.title} frame of {length} bytes, at most {MAXIMUM_BODY}")
        if kind is not Kind.WINDOW_UPDATE and (kind in _STREAM_KINDS) != (stream != 0):
            raise malformed(f"a {kind.title} frame has stream {stream}")
        if length > end - at:
            raise malformed(f"a {kind.title} frame of {length} bytes is cut after {end - at}")
        yield Frame(kind, flags, stream, batch[at : at + length])
        at += length


def cut_text(text: str, limit: int = MAXIMUM_TEXT) -> bytes:
    """A text with its length before it, cut to ``limit`` bytes between characters."""
    data = text.encode("utf-8", "replace")
    if len(data) > limit:
        data = data[:limit].decode("utf-8", "ignore").encode()
    return len(data).to_bytes(2, "big") + data


_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")


def encode_metadata(metadata: Metadata) -> bytes:
    """Metadata as bytes, without ``grpc-timeout``, which never travels so (§6).

    Raises:
        ValueError: If a key is not allowed, a value has the wrong kind, or it is too much.
    """
    parts: list[bytes] = []
    count = 0
    for key, value in metadata:
        key = key.lower()
        if key == "grpc-timeout":
            continue
        if not 1 <= len(key) <= 255 or not _KEY_LETTERS.issuperset(key):
            raise ValueError(f"the metadata key {key!r} is not allowed")
        if isinstance(value, bytes) != key.endswith("-bin"):
            raise ValueError(f"the value of {key} must be {'bytes' if '-bin' in key else 'a text'}")
        data = value if isinstance(value, bytes) else value.encode()
        if len(data) > 0xFFFF:
            raise ValueError(f"the value of {key} has {len(data)} bytes, at most 65535 are allowed")
        parts.append(len(key).to_bytes(1, "big") + key.encode())
        parts.append(len(data).to_bytes(2, "big") + data)
        count += 1
    encoded = count.to_bytes(2, "big") + b"".join(parts) if count <= 0xFFFF else b""
    if not encoded or len(encoded) > MAXIMUM_METADATA:
        raise ValueError(f"{count} metadata do not fit {MAXIMUM_METADATA} bytes")
    return encoded


def decode_metadata(reader: Reader) -> Metadata:
    """Reads metadata."""
    count = reader.integer(2)
    pairs: list[tuple[str, str | bytes]] = []
    for _ in range(count):
        key = reader.text(reader.integer(1))
        if not key or not _KEY_LETTERS.issuperset(key):
            raise malformed(f"the metadata key {key!r} is not allowed")
        length = reader.integer(2)
        pairs.append((key, reader.take(length) if key.endswith("-bin") else reader.text(length)))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Hello:
    """Body of a hello: who the client is and what it speaks."""

    nonce: int
    message_limit: int
    metadata: Metadata = ()
    first_version: int = 1
    last_version: int = 1

    def encode(self) -> bytes:
        """The body as bytes."""
        head = struct.pack(
            ">HHQI", self.first_version, self.last_version, self.nonce, self.message_limit
        )
        return head + encode_metadata(self.metadata)

    @classmethod
    def decode(cls, body: bytes) -> Hello:
        """Reads a body; the metadata of a version that is not ours stay unread."""
        reader = Reader(body)
        first, last = reader.integer(2), reader.integer(2)
        if first > last:
            raise malformed(f"a hello has the version range {first} to {last}")
        nonce, limit = reader.integer(8), reader.integer(4)
        if not first <= 1 <= last:
            raise FrameError(
                SessionCode.UNSUPPORTED_VERSION,
                f"the peer speaks transport version {_range(first, last)}, this side speaks 1",
            )
        metadata = decode_metadata(reader)
        reader.end()
        return cls(nonce, limit, metadata, first, last)


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first} to {last}"


@dataclass(frozen=True, slots=True)
class Welcome:
    """Body of a welcome: the session, and the broker's epoch and time."""

    nonce: int
    session: int
    epoch: int
    time_ms: int
    message_limit: int
    metadata: Metadata = ()
    version: int = 1

    def encode(self) -> bytes:
        """The body as bytes."""
        head = struct.pack(
            ">HQQQQI",
            self.version, self.nonce, self.session, self.epoch, self.time_ms, self.message_limit,
        )  # fmt: skip
        return head + encode_metadata(self.metadata)

    @classmethod
    def decode(cls, body: bytes) -> Welcome:
        """Reads a body."""
        reader = Reader(body)
        version = reader.integer(2)
        nonce, session, epoch, time = (reader.integer(8) for _ in range(4))
        limit = reader.integer(4)
        metadata = decode_metadata(reader)
        reader.end()
        return cls(nonce, session, epoch, time, limit, metadata, version)


@dataclass(frozen=True, slots=True)
class Open:
    """Body of an open: the call."""

    method: str
    time_left_ms: int | None = None
    metadata: Metadata = ()

    def encode(self) -> bytes:
        """The body as bytes."""
        left = NO_LIMIT if self.time_left_ms is None else min(self.time_left_ms, NO_LIMIT - 1)
        if len(self.method.encode()) > MAXIMUM_METHOD:
            raise ValueError(f"the method name is longer than {MAXIMUM_METHOD} bytes")
        return left.to_bytes(4, "big") + cut_text(self.method) + encode_metadata(self.metadata)

    @classmethod
    def decode(cls, body: bytes) -> Open:
        """Reads a body."""
        reader = Reader(body)
        left = reader.integer(4)
        length = reader.integer(2)
        if length > MAXIMUM_METHOD:
            raise malformed(f"a method name of {length} bytes")
        method = reader.text(length)
        service, _, name = method.partition("/")
        if not service or not name or "/" in name:
            raise malformed(f"the method {method!r} is not SERVICE/METHOD")
        metadata = decode_metadata(reader)
        reader.end()
        return cls(method, None if left == NO_LIMIT else left, metadata)


@dataclass(frozen=True, slots=True)
class Status:
    """Body of a status: how a call ended."""

    code: StatusCode
    text: str = ""
    metadata: Metadata = ()

    def encode(self) -> bytes:
        """The body as bytes; trailers that cannot be sent are left out, for a call must end."""
        try:
            trailers, text = encode_metadata(self.metadata), self.text
        except ValueError as error:
            trailers, text = b"\0\0", f"{self.text} (trailers left out: {error})"
        return bytes([self.code]) + cut_text(text) + trailers

    @classmethod
    def decode(cls, body: bytes) -> Status:
        """Reads a body."""
        reader = Reader(body)
        code = _status_code(reader)
        text = reader.text(reader.integer(2))
        metadata = decode_metadata(reader)
        reader.end()
        return cls(code, text, metadata)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Body of a cancel: why the opener ended the call."""

    code: StatusCode
    text: str = ""

    def encode(self) -> bytes:
        """The body as bytes."""
        return bytes([self.code]) + cut_text(self.text)

    @classmethod
    def decode(cls, body: bytes) -> Cancel:
        """Reads a body."""
        reader = Reader(body)
        code = _status_code(reader)
        text = reader.text(reader.integer(2))
        reader.end()
        return cls(code, text)


@dataclass(frozen=True, slots=True)
class Goaway:
    """Body of a goaway: why the session ends, or that it takes no new streams."""

    code: SessionCode
    text: str = ""

    def encode(self) -> bytes:
        """The body as bytes."""
        return bytes([self.code]) + cut_text(self.text)

    @classmethod
    def decode(cls, body: bytes) -> Goaway:
        """Reads a body."""
        reader = Reader(body)
        number = reader.integer(1)
        try:
            code = SessionCode(number)
        except ValueError:
            raise malformed(f"there is no goaway code {number}") from None
        text = reader.text(reader.integer(2))
        reader.end()
        return cls(code, text)


def _status_code(reader: Reader) -> StatusCode:
    number = reader.integer(1)
    try:
        return StatusCode(number)
    except ValueError:
        raise malformed(f"there is no status code {number}") from None
