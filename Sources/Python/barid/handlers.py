"""What a plugin author writes: a handler, one event in, the events it gives rise to out."""

from __future__ import annotations

import abc
import inspect
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from barid.errors import RejectEvent, RPCError, StatusCode
from barid.events import Event, Output, event_type_of
from barid.logs import EventLogger

Input = TypeVar("Input")

Outputs = Sequence[Message | Output] | None
"""What a handler returns: the events to emit, in order; ``None`` is none."""

SettingValue = str | int | float | bool
"""Value of a setting by its type; a duration is seconds."""


@dataclass
class HandlerContext:
    """What a handler knows about the delivery it works on.

    Args:
        logger: Logs with the event's id, subject and trace.
        worker: Name of the plugin.
        attempt: Which try it is, from 1.
        replay: Number of the replay the event comes from, 0 if it is none.
        sequence: Place of the event in its topic; 0 without a broker.
        state_folder: Folder for what the plugin keeps; it exists and is the user's alone.
        settings: Values of the manifest's settings, by name and of their types.
    """

    logger: EventLogger
    worker: str
    attempt: int
    replay: int
    sequence: int
    state_folder: str
    settings: Mapping[str, SettingValue]
    _deadline: float = field(default_factory=lambda: time.monotonic() + 600.0)
    _on_extend: Callable[[float], None] = lambda deadline: None
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def time_left(self) -> float:
        """Seconds until the handler is cancelled and the event tried again."""
        return max(0.0, self._deadline - time.monotonic())

    def extend(self, seconds: float) -> None:
        """Moves the deadline, so that slow work is not given up.

        The lease needs no care: it is extended while the handler runs and the deadline is not over.

        Args:
            seconds: The time from now on.
        """
        self._deadline = time.monotonic() + seconds
        self._on_extend(self._deadline)

    @property
    def is_cancelled(self) -> bool:
        """Whether the deadline is over, the worker stops, or the session is lost."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Ends a handler that is cancelled.

        An asyncio handler is cancelled at its next ``await``; a handler that runs in a thread
        cannot be, so one that works for more than a few seconds calls this now and then.

        Raises:
            RPCError: CANCELLED if :attr:`is_cancelled`.
        """
        if self.is_cancelled:
            raise RPCError(StatusCode.CANCELLED, "the handler was cancelled")

    def _cancel(self) -> None:
        self._cancelled.set()


@dataclass(frozen=True, slots=True)
class ProcessInput:
    """Something that is not an event and that ``process`` was given.

    Args:
        kind: ``line`` (of a file of JSON lines), ``text`` (a line of plain text) or ``file``.
        data: The line or the whole file.
        name: Name of the file; empty for standard input.
    """

    kind: str
    data: bytes
    name: str = ""


class EventHandler(abc.ABC, Generic[Input]):
    """The work one plugin does for one type of events.

    ``handle`` may be a plain function, which runs in a thread of its own so that it may compute or
    block, or ``async``. The return value is the only way to emit: ack and outputs become one
    atomic record of the log. What it raises decides the event's fate by ``Fate``. It may see an
    event twice: make the second time harmless.
    """

    input: ClassVar[type[Any]] = dict
    """What the body is: a protobuf message class, ``dict``, ``list`` (JSON), ``str``, ``bytes``."""

    event_type: ClassVar[str] = ""
    """The type of the events it takes; of a registered message it need not be said."""

    @abc.abstractmethod
    def handle(self, event: Event[Input], context: HandlerContext) -> Outputs | Awaitable[Outputs]:
        """Handles one event.

        Args:
            event: The event.
            context: What is known about this delivery.

        Returns:
            The events to emit, in order: registered messages, or ``Output``.

        Raises:
            RejectEvent: The event can never be handled and becomes a dead letter at once.
            RPCError: The fate its code means; anything else means: try again.
        """

    def read(self, source: ProcessInput) -> Input | None:
        """Makes an input of something that is no event, for ``process``.

        Args:
            source: What ``process`` was given.

        Returns:
            The input; ``None`` if this handler does not read such a thing. By default a line is the
            (protobuf) JSON of the input.

        Raises:
            RejectEvent: If there is no input in it.
        """
        value: Input | None = read_line(self.input, source)
        return value


def read_line(kind: type[Any], source: ProcessInput) -> Any:
    """Reads a line as the (protobuf) JSON of a kind of body; ``None`` if it is no line."""
    if source.kind != "line":
        return None
    try:
        if issubclass(kind, Message):
            return json_format.Parse(source.data, kind())
        value = json.loads(source.data)
    except (json_format.ParseError, ValueError, RecursionError) as error:
        raise RejectEvent(f"not a {kind.__name__}: {error}") from None
    if not isinstance(value, kind):
        raise RejectEvent(f"not a JSON {kind.__name__}")
    return value


def handled_type(handler: EventHandler[Any]) -> str:
    """The event type that a handler takes.

    Raises:
        RPCError: INTERNAL if neither it nor its input says.
    """
    if handler.event_type:
        return handler.event_type
    if issubclass(handler.input, Message):
        return event_type_of(handler.input)
    raise RPCError(StatusCode.INTERNAL, f"{type(handler).__name__} does not say its event_type")


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a function is to run on the loop instead of a thread."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
