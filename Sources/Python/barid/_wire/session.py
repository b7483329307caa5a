"""One side of a session as a value: what Protocols/1-transport §7 says.

Messages received, orders of the application and the time go in; events come out, and
:meth:`Session.next_batch` says what to send. The states and what each may become::

    greeting -- welcome --> open --> closed
        `------ goaway, time-out ------^

The side that listens begins in ``open``: it makes a session only for a hello it accepts. Times are
seconds of a monotonic clock.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from barid._wire import frames
from barid._wire.frames import FrameError, Kind, SessionCode
from barid.errors import StatusCode

INITIAL_STREAM_CREDIT = 262_144
INITIAL_SESSION_CREDIT = 1_048_576
MAXIMUM_CREDIT = 2_147_483_647
MAXIMUM_ASSEMBLY = 64 << 20
HARD_MESSAGE_LIMIT = (16 << 20) + (64 << 10)
PING_INTERVAL = 2.0
MAXIMUM_SILENCE = 6.0
TURN_BYTES = 16 << 10
# A piece worth its header; a smaller rest of a batch is left empty.
_LEAST_PIECE = 1_024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits one side keeps and tells its peer (§9)."""

    message: int = 1 << 20
    stream_window: int = INITIAL_STREAM_CREDIT
    session_window: int = 16 << 20
    streams: int = 1_024


class Welcomed(NamedTuple):
    """The session stands."""

    welcome: frames.Welcome


class Opened(NamedTuple):
    """The peer opened a stream."""

    stream: int
    open: frames.Open


class Headers(NamedTuple):
    """The server's initial metadata came."""

    stream: int
    metadata: frames.Metadata


class Message(NamedTuple):
    """A whole message came; its charge is given back by :meth:`Session.release`."""

    stream: int
    data: bytes
    charge: int
    exempt: bool


class HalfClosed(NamedTuple):
    """The opener sends nothing more."""

    stream: int


class Ended(NamedTuple):
    """The stream is over: by its status, a cancel, its deadline, or a broken rule."""

    stream: int
    status: frames.Status


class Draining(NamedTuple):
    """The peer takes no new streams."""

    text: str


class Closed(NamedTuple):
    """The session is over, with every stream on it."""

    code: SessionCode
    text: str


Event = Welcomed | Opened | Headers | Message | HalfClosed | Ended | Draining | Closed


class State(enum.Enum):
    """Where a session is."""

    GREETING = "greeting"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(slots=True)
class _Window:
    """The receiving half of credit, of one stream or of the session."""

    size: int
    outstanding: int
    held: int = 0

    def receive(self, charge: int) -> bool:
        self.outstanding -= charge
        return self.outstanding >= 0

    def grant(self) -> int:
        """Credit to give now, when enough came together to be worth a frame; else 0."""
        due = self.size - self.held - self.outstanding
        if due < self.size // 2:
            return 0
        self.outstanding += due
        return due


@dataclass(slots=True)
class _Outgoing:
    """A message on its way out, and how much of it has left."""

    data: memoryview
    exempt: bool
    offset: int = 0


@dataclass(slots=True)
class _Stream:
    is_ours: bool
    window: _Window
    send_credit: int = INITIAL_STREAM_CREDIT
    queue: deque[tuple[Kind, bytes] | _Outgoing] = field(default_factory=deque)
    queued_bytes: int = 0
    is_scheduled: bool = False
    # Our open went out; before that the peer need not hear of the stream.
    has_left: bool = False
    has_headers: bool = False
    has_queued_end: bool = False
    has_received_end: bool = False
    is_assembling: bool = False
    assembly: bytearray = field(default_factory=bytearray)
    assembly_charge: int = 0
    exempt_held: int = 0
    deadline: float | None = None


class Session:
    """One side of a session.

    Args:
        hello: Ours, on the connecting side; ``None`` on the listening one.
        welcome: Ours, on the listening side.
        limits: What this side keeps.
        now: The time.
    """

    def __init__(
        self,
        now: float,
        *,
        hello: frames.Hello | None = None,
        welcome: frames.Welcome | None = None,
        peer_message_limit: int = HARD_MESSAGE_LIMIT,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.is_listening = welcome is not None
        self.peer_message_limit = peer_message_limit
        self.is_draining = False
        self.is_peer_draining = False
        self._nonce = hello.nonce if hello else 0
        self._streams: dict[int, _Stream] = {}
        self._next_id = 2 if self.is_listening else 1
        self._last_peer_id = 0
        self._control: deque[bytes] = deque()
        self._round: deque[int] = deque()
        self._starved: list[int] = []
        self._send_credit = INITIAL_SESSION_CREDIT
        self._window = _Window(self.limits.session_window, INITIAL_SESSION_CREDIT)
        self._assembly_bytes = 0
        self._heard = now
        self._pinged = now
        if hello is not None:
            self.state = State.GREETING
            self._tell(Kind.HELLO, hello.encode())
        elif welcome is not None:
            self.state = State.OPEN
            self._tell(Kind.WELCOME, welcome.encode())
            self._grant_session()
        else:
            raise ValueError("a session begins with a hello or a welcome")

    # What the application wants

    @property
    def stream_count(self) -> int:
        """Open streams, both sides' together."""
        return len(self._streams)

    def queued_bytes(self, stream: int) -> int:
        """Bytes of messages that wait to leave on a stream."""
        known = self._streams.get(stream)
        return known.queued_bytes if known else 0

    def open(self, body: frames.Open) -> int | None:
        """Opens a stream; ``None`` when the session is not open or the peer takes no more."""
        if self.state is not State.OPEN or self.is_peer_draining:
            return None
        number = self._next_id
        self._next_id += 2
        stream = _Stream(True, _Window(self.limits.stream_window, INITIAL_STREAM_CREDIT))
        self._streams[number] = stream
        self._enqueue(number, stream, (Kind.OPEN, body.encode()))
        return number

    def send_headers(self, number: int, metadata: frames.Metadata = ()) -> None:
        """Answers with initial metadata; a second time does nothing."""
        stream = self._sendable(number)
        if stream is not None and not stream.has_headers:
            stream.has_headers = True
            self._enqueue(number, stream, (Kind.HEADERS, frames.encode_metadata(metadata)))

    def send(self, number: int, message: bytes, *, exempt: bool = False) -> bool:
        """Sends a message; false when the stream is over.

        Raises:
            ValueError: If the message is larger than the peer takes (§7, Sizes).
        """
        stream = self._sendable(number)
        if stream is None:
            return False
        limit = min(self.peer_message_limit, HARD_MESSAGE_LIMIT)
        if len(message) > limit:
            raise ValueError(f"the message has {len(message)} bytes; the peer takes {limit}")
        if not stream.is_ours:
            self.send_headers(number)
        stream.queued_bytes += len(message)
        self._enqueue(number, stream, _Outgoing(memoryview(message), exempt))
        return True

    def half_close(self, number: int) -> None:
        """Sends no more messages on a stream of ours."""
        stream = self._sendable(number)
        if stream is not None and stream.is_ours:
            stream.has_queued_end = True
            self._enqueue(number, stream, (Kind.HALF_CLOSE, b""))

    def finish(self, number: int, status: frames.Status) -> None:
        """Ends a stream of the peer's after everything that is queued."""
        stream = self._sendable(number)
        if stream is not None and not stream.is_ours:
            stream.has_queued_end = True
            stream.deadline = None
            self._enqueue(number, stream, (Kind.STATUS, status.encode()))

    def end(self, number: int, status: frames.Status) -> None:
        """Ends a stream at once: cancels ours, aborts the peer's."""
        stream = self._streams.pop(number, None)
        if stream is None:
            return
        self._assembly_bytes -= len(stream.assembly)
        if not stream.is_ours:
            self._tell(Kind.STATUS, status.encode(), number)
        elif stream.has_left:
            self._tell(Kind.CANCEL, frames.Cancel(status.code, status.text).encode(), number)

    def release(self, number: int, charge: int, exempt: int = 0) -> None:
        """Gives back the credit of a message that the application has taken."""
        stream = self._streams.get(number)
        if stream is not None:
            stream.window.held = max(0, stream.window.held - charge)
            stream.exempt_held = max(0, stream.exempt_held - exempt)
            if not stream.has_received_end:
                self._grant(number, stream)
        self._window.held = max(0, self._window.held - charge)
        self._grant_session()

    def goaway(self, code: SessionCode, text: str) -> None:
        """Ends the session, or with ``DRAINING`` announces its end."""
        if self.state is State.CLOSED:
            return
        self._tell(Kind.GOAWAY, frames.Goaway(code, text).encode())
        if code is SessionCode.DRAINING:
            self.is_draining = True
        else:
            self.state = State.CLOSED

    # What the peer sends

    def receive(self, batch: bytes, now: float) -> list[Event]:
        """Takes one ZeroMQ message."""
        events: list[Event] = []
        if self.state is State.CLOSED:
            return events
        self._heard = now
        try:
            for frame in frames.decode(batch):
                self._receive(frame, now, events)
                if self._is_over():
                    break
        except FrameError as error:
            self._fail(error.code, error.text, events)
        return events

    def _receive(self, frame: frames.Frame, now: float, events: list[Event]) -> None:
        if self.state is State.GREETING:
            self._receive_greeting(frame, events)
            return
        match frame.kind:
            case Kind.MESSAGE:
                self._receive_message(frame, events)
            case Kind.HEADERS | Kind.HALF_CLOSE | Kind.STATUS | Kind.CANCEL:
                self._receive_stream_frame(frame, events)
            case Kind.WINDOW_UPDATE:
                self._receive_window_update(frame, events)
            case Kind.OPEN:
                self._receive_open(frame, now, events)
            case Kind.PING | Kind.PONG:
                if len(frame.body) != 8:
                    raise frames.malformed(f"a {frame.kind.title} of {len(frame.body)} bytes")
                if frame.kind is Kind.PING:
                    self._tell(Kind.PONG, frame.body)
            case Kind.GOAWAY:
                goaway = frames.Goaway.decode(frame.body)
                if goaway.code is SessionCode.DRAINING:
                    self.is_peer_draining = True
                    events.append(Draining(goaway.text))
                else:
                    self.state = State.CLOSED
                    events.append(Closed(goaway.code, goaway.text))
            case Kind.HELLO | Kind.WELCOME:
                raise FrameError(SessionCode.UNEXPECTED, f"a second {frame.kind.title}")

    def _receive_greeting(self, frame: frames.Frame, events: list[Event]) -> None:
        if frame.kind is Kind.GOAWAY:
            goaway = frames.Goaway.decode(frame.body)
            self.state = State.CLOSED
            events.append(Closed(goaway.code, goaway.text))
        elif frame.kind is Kind.WELCOME:
            welcome = frames.Welcome.decode(frame.body)
            if welcome.nonce != self._nonce:
                return  # An answer to an earlier hello.
            if welcome.version != 1:
                raise FrameError(
                    SessionCode.UNSUPPORTED_VERSION,
                    f"the broker chose transport version {welcome.version}, this side speaks 1",
                )
            self.state = State.OPEN
            self.peer_message_limit = welcome.message_limit
            self._grant_session()
            events.append(Welcomed(welcome))
        # Anything else is late and of a session that is over.

    def _receive_open(self, frame: frames.Frame, now: float, events: list[Event]) -> None:
        number = frame.stream
        if self._is_own(number) or number <= self._last_peer_id:
            raise FrameError(
                SessionCode.UNEXPECTED,
                f"an open of stream {number} after stream {self._last_peer_id}",
            )
        self._last_peer_id = number
        body = frames.Open.decode(frame.body)
        stream = _Stream(False, _Window(self.limits.stream_window, INITIAL_STREAM_CREDIT))
        stream.has_left = True
        self._streams[number] = stream
        if self.is_draining:
            text = "the peer is shutting down"
            self.end(number, frames.Status(StatusCode.UNAVAILABLE, text))
            return
        if sum(not known.is_ours for known in self._streams.values()) > self.limits.streams:
            text = f"at most {self.limits.streams} calls may be open on a session"
            self.end(number, frames.Status(StatusCode.RESOURCE_EXHAUSTED, text))
            return
        if body.time_left_ms is not None:
            stream.deadline = now + body.time_left_ms / 1000
        self._grant(number, stream)
        events.append(Opened(number, body))

    def _receive_message(self, frame: frames.Frame, events: list[Event]) -> None:
        number = frame.stream
        exempt = bool(frame.flags & frames.EXEMPT)
        charge = 0 if exempt else frame.charge
        if not self._window.receive(charge):
            raise FrameError(SessionCode.FLOW_CONTROL, "the session's credit is overdrawn")
        stream = self._known(number)
        if stream is None:
            self._grant_session()
            return
        if stream.has_received_end:
            self._fail_stream(number, StatusCode.INTERNAL, "a message after the half-close", events)
            return
        if not stream.window.receive(charge):
            text = "the stream's credit is overdrawn"
            self._fail_stream(number, StatusCode.RESOURCE_EXHAUSTED, text, events)
            return
        size = len(stream.assembly) + len(frame.body)
        if size > self.limits.message:
            text = (
                f"a message of {size} bytes or more came, at most {self.limits.message} are allowed"
            )
            self._fail_stream(number, StatusCode.RESOURCE_EXHAUSTED, text, events)
            return
        if frame.flags & frames.MORE:
            stream.is_assembling = True
            stream.assembly += frame.body
            stream.assembly_charge += charge
            self._assembly_bytes += len(frame.body)
            if self._assembly_bytes > MAXIMUM_ASSEMBLY:
                text = f"unfinished messages take more than {MAXIMUM_ASSEMBLY} bytes"
                raise FrameError(SessionCode.OVERLOADED, text)
            # Pieces count as taken, or a message larger than the window could never arrive.
            self._grant(number, stream)
            self._grant_session()
            return
        data = frame.body
        total = charge
        if stream.is_assembling:
            self._assembly_bytes -= len(stream.assembly)
            data = bytes(stream.assembly) + frame.body
            total += stream.assembly_charge
            stream.assembly = bytearray()
            stream.assembly_charge = 0
            stream.is_assembling = False
        if exempt:
            stream.exempt_held += len(data)
            allowed = self.limits.message + self.limits.stream_window
            if stream.exempt_held > allowed:
                text = f"more than {allowed} bytes outside of credit wait to be read"
                self._fail_stream(number, StatusCode.RESOURCE_EXHAUSTED, text, events)
                return
        stream.window.held += total
        self._window.held += total
        events.append(Message(number, data, total, exempt))

    def _receive_stream_frame(self, frame: frames.Frame, events: list[Event]) -> None:
        number = frame.stream
        stream = self._known(number)
        if stream is None:
            return
        from_opener = frame.kind in (Kind.HALF_CLOSE, Kind.CANCEL)
        if from_opener == stream.is_ours:
            raise FrameError(
                SessionCode.UNEXPECTED,
                f"a {frame.kind.title} from the wrong side of stream {number}",
            )
        try:
            match frame.kind:
                case Kind.HEADERS:
                    if stream.has_headers:
                        raise frames.malformed("headers twice")
                    stream.has_headers = True
                    reader = frames.Reader(frame.body)
                    metadata = frames.decode_metadata(reader)
                    reader.end()
                    events.append(Headers(number, metadata))
                case Kind.HALF_CLOSE:
                    if stream.has_received_end or stream.is_assembling or frame.body:
                        raise frames.malformed(
                            "a half-close twice, inside a message or with a body"
                        )
                    stream.has_received_end = True
                    events.append(HalfClosed(number))
                case Kind.STATUS:
                    status = frames.Status.decode(frame.body)
                    self._forget(number)
                    events.append(Ended(number, status))
                case _:
                    cancel = frames.Cancel.decode(frame.body)
                    self._forget(number)
                    events.append(Ended(number, frames.Status(cancel.code, cancel.text)))
        except FrameError as error:
            # What concerns one stream ends that stream and no other.
            self._fail_stream(number, StatusCode.INTERNAL, error.text, events)

    def _receive_window_update(self, frame: frames.Frame, events: list[Event]) -> None:
        reader = frames.Reader(frame.body)
        increment = reader.integer(4)
        reader.end()
        if not 1 <= increment <= MAXIMUM_CREDIT:
            raise frames.malformed(f"a window-update of {increment}")
        if frame.stream == 0:
            self._send_credit += increment
            if self._send_credit > MAXIMUM_CREDIT:
                raise FrameError(SessionCode.FLOW_CONTROL, "the session's credit runs over")
            starved, self._starved = self._starved, []
            for number in starved:
                self._schedule(number)
            return
        stream = self._known(frame.stream)
        if stream is None:
            return
        stream.send_credit += increment
        if stream.send_credit > MAXIMUM_CREDIT:
            text = "the stream's credit runs over"
            self._fail_stream(frame.stream, StatusCode.INTERNAL, text, events)
            return
        self._schedule(frame.stream)

    def _known(self, number: int) -> _Stream | None:
        """The open stream of that id, ``None`` if it is closed; one never opened is refused."""
        stream = self._streams.get(number)
        if stream is not None:
            return stream
        opened = number < self._next_id if self._is_own(number) else number <= self._last_peer_id
        if not opened:
            raise FrameError(SessionCode.UNKNOWN_STREAM, f"stream {number} was never opened")
        return None

    def _is_over(self) -> bool:
        return self.state is State.CLOSED

    def _is_own(self, number: int) -> bool:
        return (number % 2 == 0) == self.is_listening

    def _fail_stream(self, number: int, code: StatusCode, text: str, events: list[Event]) -> None:
        status = frames.Status(code, text)
        self.end(number, status)
        self._grant_session()
        events.append(Ended(number, status))

    def _fail(self, code: SessionCode, text: str, events: list[Event]) -> None:
        self.goaway(code, text)
        events.append(Closed(code, text))

    # Time

    def next_tick(self) -> float:
        """When :meth:`tick` has something to do next."""
        due = self._heard + MAXIMUM_SILENCE
        if self.state is State.OPEN:
            due = min(due, max(self._heard, self._pinged) + PING_INTERVAL)
        for stream in self._streams.values():
            if stream.deadline is not None:
                due = min(due, stream.deadline)
        return due

    def tick(self, now: float) -> list[Event]:
        """Pings a silent peer, gives a dead one up, ends calls whose time is over."""
        events: list[Event] = []
        if self.state is State.CLOSED:
            return events
        if now - self._heard >= MAXIMUM_SILENCE:
            self._fail(SessionCode.TIMED_OUT, "nothing was heard for 6 s", events)
            return events
        if self.state is State.OPEN and now - max(self._heard, self._pinged) >= PING_INTERVAL:
            self._pinged = now
            self._tell(Kind.PING, bytes(8))
        late = [
            number
            for number, stream in self._streams.items()
            if stream.deadline is not None and stream.deadline <= now
        ]
        for number in late:
            status = frames.Status(StatusCode.DEADLINE_EXCEEDED, "the call's time is over")
            self.end(number, status)
            events.append(Ended(number, status))
        return events

    # What to send

    def next_batch(self) -> bytes | None:
        """One ZeroMQ message of what waits: frames without credit first, then streams in turn."""
        parts: list[bytes] = []
        room = frames.MAXIMUM_BATCH
        while self._control and len(self._control[0]) <= room:
            part = self._control.popleft()
            parts.append(part)
            room -= len(part)
        if self._control or self.state is not State.OPEN:
            return b"".join(parts) or None
        while self._round:
            number = self._round[0]
            stream = self._streams.get(number)
            if stream is None:
                self._round.popleft()
                continue
            room, outcome = self._turn(number, stream, parts, room)
            if outcome == "full":
                break
            self._round.popleft()
            if outcome == "turn over":
                self._round.append(number)
            else:
                stream.is_scheduled = False
        return b"".join(parts) or None

    def _turn(self, number: int, stream: _Stream, parts: list[bytes], room: int) -> tuple[int, str]:
        start = room
        while stream.queue:
            used = start - room
            others = len(self._round) > 1
            if used >= TURN_BYTES and others:
                return room, "turn over"
            item = stream.queue[0]
            if isinstance(item, tuple):
                kind, body = item
                if room < frames.HEADER.size + len(body):
                    return room, "full"
                parts.append(frames.encode(kind, body, number))
                room -= frames.HEADER.size + len(body)
                stream.queue.popleft()
                if kind is Kind.OPEN:
                    stream.has_left = True
                    self._grant(number, stream)
                elif kind is Kind.STATUS:
                    self._forget(number)
                    return room, "done"
                continue
            left = len(item.data) - item.offset
            if room < frames.HEADER.size + min(left, _LEAST_PIECE):
                return room, "full"
            length = min(left, room - frames.HEADER.size)
            if others:
                length = min(length, max(TURN_BYTES - used, _LEAST_PIECE))
            if not item.exempt:
                if self._send_credit <= frames.HEADER.size:
                    self._starved.append(number)
                    return room, "starved"
                if stream.send_credit <= frames.HEADER.size:
                    return room, "starved"
                credit = min(self._send_credit, stream.send_credit) - frames.HEADER.size
                length = min(length, credit)
                self._send_credit -= length + frames.HEADER.size
                stream.send_credit -= length + frames.HEADER.size
            flags = (frames.EXEMPT if item.exempt else 0) | (frames.MORE if length < left else 0)
            piece = item.data[item.offset : item.offset + length]
            parts.append(frames.encode(Kind.MESSAGE, piece, number, flags))
            room -= length + frames.HEADER.size
            item.offset += length
            stream.queued_bytes -= length
            if length == left:
                stream.queue.popleft()
        return room, "done"

    def _tell(self, kind: Kind, body: bytes, stream: int = 0) -> None:
        self._control.append(frames.encode(kind, body, stream))

    def _sendable(self, number: int) -> _Stream | None:
        stream = self._streams.get(number)
        if self.state is not State.OPEN or stream is None or stream.has_queued_end:
            return None
        return stream

    def _enqueue(self, number: int, stream: _Stream, item: tuple[Kind, bytes] | _Outgoing) -> None:
        stream.queue.append(item)
        self._schedule(number)

    def _schedule(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is not None and stream.queue and not stream.is_scheduled:
            stream.is_scheduled = True
            self._round.append(number)

    def _forget(self, number: int) -> None:
        stream = self._streams.pop(number, None)
        if stream is not None:
            self._assembly_bytes -= len(stream.assembly)

    def _grant(self, number: int, stream: _Stream) -> None:
        increment = stream.window.grant()
        if increment and stream.has_left:
            self._tell(Kind.WINDOW_UPDATE, increment.to_bytes(4, "big"), number)

    def _grant_session(self) -> None:
        increment = self._window.grant()
        if increment and self.state is not State.CLOSED:
            self._tell(Kind.WINDOW_UPDATE, increment.to_bytes(4, "big"))
