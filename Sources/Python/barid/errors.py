"""Status codes and errors: one model for calls, publishing and the fate of events."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterable

from barid.bus.v1.bus_pb2 import BusError

REASON_KEY = "barid-reason"
RETRY_AFTER_KEY = "barid-retry-after-ms"


class StatusCode(enum.IntEnum):
    """The seventeen status codes of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class RPCError(Exception):
    """A call, a publish or a handler failed.

    Programs switch on ``code`` and ``reason``, people read ``message``.
    """

    def __init__(
        self,
        code: StatusCode,
        message: str = "",
        metadata: Iterable[tuple[str, str | bytes]] = (),
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.metadata = tuple(metadata)

    @property
    def reason(self) -> str:
        """The stable reason, a row of the table in Protocols/2-bus §10; empty without one."""
        return self._text(REASON_KEY)

    @property
    def retry_after_ms(self) -> int:
        """When it is worth trying again; 0 if the error does not say."""
        text = self._text(RETRY_AFTER_KEY)
        return min(int(text), 0xFFFF_FFFF) if text.isascii() and text.isdigit() else 0

    def _text(self, wanted: str) -> str:
        for key, value in self.metadata:
            if key == wanted and isinstance(value, str):
                return value
        return ""


class RejectEvent(RPCError):
    """Says that an event can never be handled: it becomes a dead letter at once."""

    def __init__(self, message: str) -> None:
        super().__init__(StatusCode.INVALID_ARGUMENT, message)


class Fate(enum.Enum):
    """What becomes of an event whose handler failed (the table of Protocols/2-bus §6)."""

    RETRY = "retry"
    DEAD_LETTER = "dead letter"
    PAUSE = "pause"
    RELEASE = "release"

    @classmethod
    def of(cls, code: StatusCode) -> Fate:
        """The fate that a status code means; OK has none and is an ack."""
        match code:
            case StatusCode.RESOURCE_EXHAUSTED:
                return cls.PAUSE
            case StatusCode.CANCELLED:
                return cls.RELEASE
            case (
                StatusCode.UNAVAILABLE
                | StatusCode.ABORTED
                | StatusCode.DEADLINE_EXCEEDED
                | StatusCode.INTERNAL
                | StatusCode.UNKNOWN
                | StatusCode.OK
            ):
                return cls.RETRY
            case _:
                return cls.DEAD_LETTER


def as_rpc_error(error: BaseException) -> RPCError:
    """What a handler raised, made one kind.

    An ``RPCError`` stays, a cancellation is CANCELLED, a time-out DEADLINE_EXCEEDED, anything else
    UNKNOWN with the exception's name.
    """
    if isinstance(error, RPCError):
        return error
    if isinstance(error, asyncio.CancelledError):
        return RPCError(StatusCode.CANCELLED, "the handler was cancelled")
    if isinstance(error, TimeoutError):
        return RPCError(StatusCode.DEADLINE_EXCEEDED, str(error) or "timed out")
    return RPCError(StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")


def from_bus_error(error: BusError) -> RPCError:
    """The error that a refusal inside a stream stands for."""
    code = StatusCode(error.code) if 0 <= error.code <= 16 else StatusCode.UNKNOWN
    metadata: list[tuple[str, str | bytes]] = []
    if error.reason:
        metadata.append((REASON_KEY, error.reason))
    if error.retry_after_ms:
        metadata.append((RETRY_AFTER_KEY, str(error.retry_after_ms)))
    return RPCError(code, error.message, metadata)


def to_bus_error(error: RPCError) -> BusError:
    """The form of an error inside a stream."""
    return BusError(
        code=int(error.code),
        reason=error.reason,
        message=error.message,
        retry_after_ms=error.retry_after_ms,
    )


_EXIT_CODES = {
    StatusCode.OK: 0,
    StatusCode.UNAVAILABLE: 69,
    StatusCode.UNIMPLEMENTED: 69,
    StatusCode.INVALID_ARGUMENT: 65,
    StatusCode.DATA_LOSS: 65,
    StatusCode.FAILED_PRECONDITION: 65,
    StatusCode.OUT_OF_RANGE: 65,
    StatusCode.ALREADY_EXISTS: 65,
    StatusCode.NOT_FOUND: 66,
    StatusCode.DEADLINE_EXCEEDED: 75,
    StatusCode.RESOURCE_EXHAUSTED: 75,
    StatusCode.ABORTED: 75,
    StatusCode.PERMISSION_DENIED: 77,
    StatusCode.UNAUTHENTICATED: 77,
    StatusCode.CANCELLED: 130,
}


def exit_code(code: StatusCode) -> int:
    """The exit code that a status code means (Protocols/4-plugin §2.8); 70 is a bug."""
    return _EXIT_CODES.get(code, 70)
