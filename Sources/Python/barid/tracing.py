"""Spans of this process, a line of OTLP's JSON each, and the trace that calls carry on.

Specified in Protocols/8-observability §2. Without a file to write to, all of it does nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import IntEnum

from barid.errors import RPCError, StatusCode

TRACEPARENT = "traceparent"

_HEADER = re.compile(
    "(?P<version>[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})"
    "-(?P<flags>[0-9a-f]{2})(?P<rest>(-[0-9a-f]*)*)"
)


@dataclass(frozen=True, slots=True)
class TraceParent:
    """A W3C ``traceparent``: to which trace something belongs, and which span of it it is.

    Args:
        trace_id: The trace, 32 lower-case hexadecimal digits.
        span_id: The span, 16 of them.
        flags: Two of them; the lowest bit says that the trace is recorded.
    """

    trace_id: str
    span_id: str
    flags: str = "01"

    @classmethod
    def parse(cls, header: str) -> TraceParent | None:
        """Reads a header; ``None`` means that it is to be ignored, with ``tracestate``."""
        found = _HEADER.fullmatch(header)
        if found is None or found["version"] == "ff":
            return None
        if found["version"] == "00" and found["rest"]:
            return None
        return cls(found["trace"], found["span"], found["flags"])

    @classmethod
    def begin(cls) -> TraceParent:
        """The first span of a trace of its own, which is recorded."""
        return cls(_digits(16), _digits(8))

    def child(self) -> TraceParent:
        """Another span of the same trace."""
        return replace(self, span_id=_digits(8))

    @property
    def is_sampled(self) -> bool:
        """Whether the trace is recorded."""
        return int(self.flags, 16) & 1 == 1

    def __str__(self) -> str:
        """The header, of version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def _digits(count: int) -> str:
    while not int(digits := secrets.token_hex(count), 16):
        pass  # All zeros is no id.
    return digits


_current: ContextVar[str] = ContextVar("barid-trace", default="")


def current_trace() -> TraceParent | None:
    """The span that a handler or a served call works in; calls made meanwhile belong to it."""
    return TraceParent.parse(_current.get())


@contextlib.contextmanager
def working_for(header: str) -> Iterator[None]:
    """Has calls made meanwhile belong to the span that a ``traceparent`` names."""
    token = _current.set(header)
    try:
        yield
    finally:
        _current.reset(token)


class Kind(IntEnum):
    """What part a span had; the numbers are OTLP's."""

    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


@dataclass(slots=True)
class Span:
    """Something that took time, as OpenTelemetry has it; times in nanoseconds since 1970."""

    name: str
    kind: Kind
    context: TraceParent
    parent_id: str = ""
    attributes: dict[str, str | int] = field(default_factory=dict)
    links: tuple[TraceParent, ...] = ()
    start: int = field(default_factory=time.time_ns)
    end: int = 0
    failure: str | None = None

    def fail(self, error: RPCError) -> None:
        """Says that it failed, and why."""
        self.attributes["error.type"] = error.code.name
        self.failure = error.message

    def line(self, resource: list[object]) -> str:
        """The span in OTLP's JSON."""
        span: dict[str, object] = {
            "traceId": self.context.trace_id,
            "spanId": self.context.span_id,
            "name": self.name,
            "kind": int(self.kind),
            # 64-bit numbers are texts in protobuf's JSON.
            "startTimeUnixNano": str(self.start),
            "endTimeUnixNano": str(max(self.start, self.end)),
            "attributes": _attributes(self.attributes),
        }
        if self.parent_id:
            span["parentSpanId"] = self.parent_id
        if self.links:
            span["links"] = [
                {"traceId": link.trace_id, "spanId": link.span_id} for link in self.links
            ]
        if self.failure is not None:
            span["status"] = {"code": 2, "message": self.failure}
        scope = {"scope": {"name": "barid"}, "spans": [span]}
        exported = {"resource": {"attributes": resource}, "scopeSpans": [scope]}
        # ASCII alone: a text that is no valid Unicode still makes a line.
        return json.dumps({"resourceSpans": [exported]}, separators=(",", ":"))


def _attributes(values: dict[str, str | int]) -> list[object]:
    return [
        {
            "key": key,
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in values.items()
    ]


class Tracer:
    """Writes spans to a file, which several processes may share: each line is one append.

    A span that cannot be written is counted and left out. Safe from any thread.

    Args:
        path: The file, which is made for its owner alone if it is missing.
        service: Name of the process.

    Raises:
        OSError: If the file cannot be written to.
    """

    def __init__(self, path: str, service: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._resource = _attributes({"service.name": service, "process.pid": os.getpid()})
        self.lost_spans = 0

    def record(self, span: Span) -> None:
        """Writes a span, unless its trace is not recorded."""
        if not span.context.is_sampled:
            return
        line = span.line(self._resource).encode() + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError:
            written = 0
        self.lost_spans += written != len(line)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._file)


_tracer: Tracer | None = None


def tracer() -> Tracer | None:
    """The tracer of this process; ``None`` where no spans are recorded."""
    return _tracer


def begin_traces(path: str, service: str, origin: str = "") -> None:
    """Records the spans of this process from now on; called before anything is connected.

    Args:
        path: The file; empty for none.
        service: Name of the process.
        origin: Where the path comes from, for the error.

    Raises:
        RPCError: NOT_FOUND if the file cannot be written to.
    """
    global _tracer
    if not path:
        return
    try:
        _tracer = Tracer(path, service)
    except OSError as error:
        text = f"spans cannot be written to {path}: {error.strerror} ({origin})"
        raise RPCError(StatusCode.NOT_FOUND, text) from None


class CallSpan:
    """The span of one call, made or answered; it ends once."""

    def __init__(
        self, tracer: Tracer, kind: Kind, context: TraceParent, parent: TraceParent | None,
        method: str,
    ) -> None:  # fmt: skip
        service, _, name = method.rpartition("/")
        self._tracer = tracer
        self._span: Span | None = Span(
            method, kind, context, parent.span_id if parent is not None else "",
            {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
        )  # fmt: skip

    @classmethod
    def begin(
        cls, kind: Kind, parent: TraceParent | None, method: str
    ) -> tuple[CallSpan | None, TraceParent | None]:
        """The span of a call, and the one that what it does belongs to: its own, else the caller's.

        The streams of the event bus are no calls in this sense: their events have spans.
        """
        tracer = _tracer
        is_recorded = parent is None or parent.is_sampled
        if tracer is None or not is_recorded or method.startswith("barid.bus.v1.EventBus/"):
            return None, parent
        own = TraceParent.begin() if parent is None else parent.child()
        return cls(tracer, kind, own, parent, method), own

    def ended(self, code: StatusCode, text: str) -> None:
        """Records it."""
        span, self._span = self._span, None
        if span is None:
            return
        span.end = time.time_ns()
        span.attributes["rpc.grpc.status_code"] = int(code)
        if code is not StatusCode.OK:
            span.failure = text
        self._tracer.record(span)
