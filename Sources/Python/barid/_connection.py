"""One session with the broker: a thread that owns the socket, the pings and the time.

Everything of the protocol runs on this thread, so that a busy handler is never taken for a dead
peer. Other threads hand work over with :meth:`Connection.call_soon`; methods that say so belong to
the thread. Specified in Protocols/1-transport.md.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import itertools
import logging
import math
import os
import random
import secrets
import socket as sockets
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import zmq
from zmq.utils.monitor import recv_monitor_message

from barid._wire import frames
from barid._wire.frames import SessionCode
from barid._wire.session import (
    HARD_MESSAGE_LIMIT,
    Closed,
    Draining,
    Ended,
    Event,
    HalfClosed,
    Headers,
    Limits,
    Message,
    Opened,
    Session,
    State,
    Welcomed,
)
from barid.endpoint import check_endpoint
from barid.errors import StatusCode
from barid.keys import KeyFile

MAXIMUM_SOCKET_MESSAGE = 131_072
FIRST_BACKOFF, LONGEST_BACKOFF = 0.1, 2.0
# A session that stood so long was no failure.
LASTING_SESSION = 5.0
CLIENT_LIMITS = Limits(message=HARD_MESSAGE_LIMIT)
_HANDSHAKE_FAILURES = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
# ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
_MECHANISM_MISMATCH = 0x11000001
# Messages read before timers and output get their turn.
_MESSAGES_A_TURN = 256


@dataclass(frozen=True)
class Registration:
    """Who a client is, as its hello says (Protocols/1-transport §6)."""

    name: str = ""
    version: str = ""
    group: str = ""
    services: tuple[str, ...] = ()
    concurrency: int = 8
    emits: tuple[str, ...] | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def metadata(self) -> frames.Metadata:
        """The hello's metadata."""
        pairs: list[tuple[str, str | bytes]] = [
            ("barid-name", self.name), ("barid-version", self.version), ("barid-group", self.group),
        ]  # fmt: skip
        pairs = [pair for pair in pairs if pair[1]]
        pairs += [("barid-service", service) for service in self.services]
        if self.emits is not None:
            pairs += [("barid-emits", kind) for kind in self.emits or ("",)]
        pairs.append(("barid-concurrency", str(self.concurrency)))
        pairs += [pair for pair in self.extra if not pair[0].startswith("barid-")]
        return tuple(pairs)


def _reset(connection: sockets.socket) -> None:
    """Ends a connection, of TCP by a reset, which waits for nothing that was sent before.

    First, as libzmq closes what was shut down: its end would wait behind what is not acknowledged.
    """
    # connect(2) to no address dissolves a connection of TCP; socket.connect knows no such address.
    nowhere = struct.pack("@H14x", sockets.AF_UNSPEC)
    ctypes.CDLL(None).connect(connection.fileno(), nowhere, len(nowhere))
    with contextlib.suppress(OSError):
        connection.shutdown(sockets.SHUT_RDWR)


class StreamSink(Protocol):
    """What is told of a stream, on the connection's thread."""

    def headers(self, metadata: frames.Metadata) -> None:
        """Initial metadata of the server."""

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """A message; ``Stream.release`` gives its charge back."""

    def half_closed(self) -> None:
        """The opener sends nothing more."""

    def ended(self, status: frames.Status) -> None:
        """The stream is over; called once."""


class Stream:
    """One open call; its methods belong to the connection's thread.

    A stream opened before there is a session waits for one, and keeps what it is told meanwhile.
    """

    def __init__(self, sink: StreamSink | None = None) -> None:
        self.sink = sink
        self._session: Session | None = None
        self._number = 0
        self._pending: list[Callable[[], None]] = []
        self._forget: Callable[[int], object] = lambda number: None
        self.timer: Timer | None = None

    def bind(self, session: Session, number: int, forget: Callable[[int], object]) -> None:
        """Gives the stream its place in a session, and does what waited for it."""
        self._session, self._number, self._forget = session, number, forget
        pending, self._pending = self._pending, []
        for order in pending:
            order()

    def send(self, message: bytes, *, exempt: bool = False) -> None:
        """Sends a message; nothing happens when the stream is over."""
        if self._session is None:
            self._pending.append(lambda: self.send(message, exempt=exempt))
            return
        try:
            self._session.send(self._number, message, exempt=exempt)
        except ValueError as error:
            self.end(frames.Status(StatusCode.RESOURCE_EXHAUSTED, str(error)))

    def half_close(self) -> None:
        """Sends nothing more."""
        if self._session is None:
            self._pending.append(self.half_close)
        else:
            self._session.half_close(self._number)

    def send_headers(self, metadata: frames.Metadata) -> None:
        """Sends initial metadata, at the server."""
        if self._session is not None:
            self._session.send_headers(self._number, metadata)

    def finish(self, status: frames.Status) -> None:
        """Ends the call after everything that was sent, at the server."""
        if self._session is not None:
            self._session.finish(self._number, status)
            self._forget(self._number)

    def end(self, status: frames.Status) -> None:
        """Ends the call at once, and tells the sink."""
        if self._session is not None:
            self._session.end(self._number, status)
        self.ended(status)

    def ended(self, status: frames.Status) -> None:
        """Tells the sink that the call is over, once."""
        self._forget(self._number)
        if self.timer is not None:
            self.timer.cancel()
        sink, self.sink = self.sink, None
        if sink is not None:
            sink.ended(status)

    def release(self, charge: int, exempt: int = 0) -> None:
        """Gives credit back."""
        if self._session is not None and self._session.state is not State.CLOSED:
            self._session.release(self._number, charge, exempt)

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait to leave."""
        if self._session is None or self._session.state is State.CLOSED:
            return 0
        return self._session.queued_bytes(self._number)


@dataclass(order=True)
class Timer:
    """A call that is due at some time; ``cancel`` takes it back."""

    due: float
    number: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Takes the call back."""
        self.action = None


@dataclass
class _Waiting:
    stream: Stream
    body: frames.Open
    deadline: float | None
    give_up: float


Serve = Callable[[Stream, frames.Open], StreamSink | None]


class Connection:
    """A connection to the broker that comes back whenever it is lost.

    Args:
        endpoint: Address of the broker.
        registration: Who this is.
        serve: Takes calls the broker passes on; ``None`` refuses them.
        limits: Limits of its sessions.
        key: What it proves to be over TCP, and the broker's public key.
        logger: Where sessions are told.
    """

    def __init__(
        self,
        endpoint: str,
        registration: Registration,
        *,
        serve: Serve | None = None,
        limits: Limits = CLIENT_LIMITS,
        key: KeyFile | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        check_endpoint(endpoint, has_key=key is not None)
        self._key = key if endpoint.startswith("tcp://") else None
        self.endpoint = endpoint
        self.on_ready: list[Callable[[frames.Welcome], None]] = []
        self.on_lost: list[Callable[[SessionCode, str], None]] = []
        self.on_refused: list[Callable[[SessionCode, str], None]] = []
        self.on_signal: list[Callable[[int], None]] = []
        self.on_stopped: list[Callable[[], None]] = []
        self.each_turn: list[Callable[[], None]] = []
        self.failure: BaseException | None = None
        self.has_stopped = threading.Event()
        self._registration = registration
        self._serve = serve
        self._limits = limits
        self._logger = logger or logging.getLogger("barid.connection")
        self._socket: zmq.Socket[bytes] | None = None
        self._session: Session | None = None
        self._streams: dict[int, Stream] = {}
        self._waiting: list[_Waiting] = []
        self._orders: deque[Callable[[], None]] = deque()
        self._timers: list[Timer] = []
        self._full: list[tuple[Stream, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._batch: bytes | None = None
        self._failures = 0
        self._problem = ""
        self._try_after = 0.0
        self._welcomed_at: float | None = None
        # The connection underneath, and whether it was cut and its end not reported yet.
        self._descriptor: int | None = None
        self._is_cut = False
        self._is_stopping = False
        self._is_woken = False
        self._wake_read, self._wake_write = sockets.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="barid-connection", daemon=True)

    # From any thread

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def call_soon(self, action: Callable[[], None]) -> None:
        """Has something done on the thread."""
        self._orders.append(action)
        self.wake()

    def wake(self) -> None:
        """Wakes the thread."""
        if self._is_woken:
            return  # It has yet to look at what was ordered.
        self._is_woken = True
        try:
            self._wake_write.send(b"\0")
        except (BlockingIOError, OSError):
            pass  # It is awake already, or gone.

    @property
    def wake_descriptor(self) -> int:
        """For ``signal.set_wakeup_fd``: signals then reach ``on_signal`` whatever Python does."""
        return self._wake_write.fileno()

    def close(self, timeout: float = 2.0) -> None:
        """Says goodbye and ends the thread."""
        self.call_soon(self.stop)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    # On the thread

    @property
    def session(self) -> Session | None:
        """The open session."""
        if self._session is not None and self._session.state is State.OPEN:
            return self._session
        return None

    def open(
        self,
        method: str,
        sink: StreamSink,
        *,
        metadata: frames.Metadata = (),
        timeout: float | None = None,
        wait: float = 10.0,
    ) -> Stream:
        """Opens a call; without a session it waits for one, ``wait`` seconds at most."""
        now = time.monotonic()
        stream = Stream(sink)
        if self._is_stopping:
            stream.ended(frames.Status(StatusCode.UNAVAILABLE, "the connection is closed"))
            return stream
        deadline = None if timeout is None else now + timeout
        give_up = now + wait if deadline is None else min(now + wait, deadline)
        waiting = _Waiting(stream, frames.Open(method, None, metadata), deadline, give_up)
        if self.session is not None:
            self._bind(waiting, self.session, now)
        else:
            self._waiting.append(waiting)
        if deadline is not None:
            late = frames.Status(StatusCode.DEADLINE_EXCEEDED, "the call's time is over")
            if stream.sink is not None:
                stream.timer = self.call_later(deadline - now, lambda: stream.end(late))
        return stream

    def call_later(self, delay: float, action: Callable[[], None]) -> Timer:
        """Has something done on the thread after ``delay`` seconds."""
        timer = Timer(time.monotonic() + max(0.0, delay), next(self._numbers), action)
        heapq.heappush(self._timers, timer)
        return timer

    def when_sent(self, stream: Stream, most: int, action: Callable[[], None]) -> None:
        """Does something once no more than ``most`` bytes of a stream wait to leave."""
        if stream.queued_bytes <= most:
            action()
        else:
            self._full.append((stream, most, action))

    def drain(self, text: str) -> None:
        """Tells the broker that no new calls are taken."""
        self._serve = None
        if self.session is not None:
            self.session.goaway(SessionCode.DRAINING, text)

    def stop(self) -> None:
        """Says goodbye after this turn and ends the thread."""
        self._is_stopping = True

    def _run(self) -> None:
        context = zmq.Context()
        socket = self._socket = context.socket(zmq.DEALER)
        try:
            self._loop(socket, self._prepare(socket))
        except BaseException as error:  # The thread is gone, whatever it was: somebody must know.
            self.failure = error
            self._logger.exception("the connection failed")
        if self.session is not None:
            self.session.goaway(SessionCode.GOODBYE, "the peer closed the connection")
            socket.setsockopt(zmq.LINGER, 200)
            self._flush()
        self._drop(SessionCode.GOODBYE, "the connection was closed")
        for waiting in self._waiting:
            waiting.stream.ended(frames.Status(StatusCode.UNAVAILABLE, "the connection is closed"))
        socket.disable_monitor()
        socket.close()
        context.term()
        self._is_stopping = True
        self.has_stopped.set()
        while self._orders:
            self._orders.popleft()()
        for _, _, action in self._full:
            action()
        for listener in self.on_stopped:
            listener()

    def _prepare(self, socket: zmq.Socket[bytes]) -> zmq.Socket[bytes]:
        for option, value in (
            (zmq.LINGER, 0), (zmq.IMMEDIATE, 1), (zmq.MAXMSGSIZE, MAXIMUM_SOCKET_MESSAGE),
            (zmq.RECONNECT_IVL, 100), (zmq.RECONNECT_IVL_MAX, 1_000), (zmq.CONNECT_TIMEOUT, 1_500),
            (zmq.HANDSHAKE_IVL, 5_000),
            (zmq.HEARTBEAT_IVL, 2_000), (zmq.HEARTBEAT_TIMEOUT, 6_000), (zmq.HEARTBEAT_TTL, 6_000),
        ):  # fmt: skip
            socket.setsockopt(option, value)
        if self.endpoint.startswith("tcp://["):
            socket.setsockopt(zmq.IPV6, 1)
        if self._key is not None:
            socket.curve_publickey = self._key.public_key.encode()
            socket.curve_secretkey = self._key.secret_key.encode()
            socket.curve_serverkey = self._key.server_key.encode()
        monitor: zmq.Socket[bytes] = socket.get_monitor_socket(
            zmq.EVENT_CONNECTED | zmq.EVENT_DISCONNECTED | _HANDSHAKE_FAILURES
        )
        socket.connect(self.endpoint)
        return monitor

    def _loop(self, socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes]) -> None:
        poller = zmq.Poller()
        wake = self._wake_read.fileno()
        poller.register(wake, zmq.POLLIN)
        poller.register(monitor, zmq.POLLIN)
        watched = 0
        while not self._is_stopping:
            now = time.monotonic()
            may_greet = self._may_greet(now)
            wanted = zmq.POLLIN | (zmq.POLLOUT if self._batch is not None or may_greet else 0)
            if wanted != watched:
                poller.register(socket, wanted)
                watched = wanted
            ready = dict(poller.poll(self._timeout(now)))
            now = time.monotonic()
            if wake in ready:
                self._take_signals()
            self._is_woken = False
            while self._orders:
                self._orders.popleft()()
            if ready.get(socket, 0) & zmq.POLLIN:
                self._read(socket, now)
            if monitor in ready:
                self._read_monitor(socket, monitor, now)
            now = time.monotonic()
            if may_greet and self._may_greet(now) and ready.get(socket, 0) & zmq.POLLOUT:
                self._greet(now)
            self._tick(now)
            for action in self.each_turn:
                action()
            self._flush()
            if self._full:
                full, self._full = self._full, []
                for stream, most, action in full:
                    self.when_sent(stream, most, action)

    def _may_greet(self, now: float) -> bool:
        """Whether a hello would reach somebody.

        For a moment libzmq takes messages for a connection that is gone, and they are lost with it.
        """
        return (
            self._session is None
            and self._descriptor is not None
            and not self._is_cut
            and now >= self._try_after
        )

    def _timeout(self, now: float) -> int:
        due = now + 60.0
        if self._session is not None:
            due = min(due, self._session.next_tick())
        elif now < self._try_after:
            due = min(due, self._try_after)
        if self._timers:
            due = min(due, self._timers[0].due)
        for waiting in self._waiting:
            due = min(due, waiting.give_up)
        # Rounded up, or the last millisecond would be spent awake.
        return max(0, math.ceil((due - now) * 1000)) if not self._orders else 0

    def _take_signals(self) -> None:
        try:
            while data := self._wake_read.recv(4_096):
                for number in data:
                    if number:
                        for listener in self.on_signal:
                            listener(number)
        except BlockingIOError:
            pass

    def _read(self, socket: zmq.Socket[bytes], now: float) -> None:
        for _ in range(_MESSAGES_A_TURN):
            try:
                parts = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            session = self._session
            if session is None:
                continue
            if len(parts) != 1:
                text = "a message of more than one part"
                session.goaway(SessionCode.MALFORMED, text)
                self._lose(SessionCode.MALFORMED, text, now)
                continue
            self._handle(session.receive(parts[0], now), now)

    def _read_monitor(
        self, socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes], now: float
    ) -> None:
        is_gone = False
        while monitor.poll(0):
            message = recv_monitor_message(monitor)
            if message["event"] == zmq.EVENT_CONNECTED:
                self._descriptor = message["value"]
            if message["event"] == zmq.EVENT_DISCONNECTED:
                self._descriptor, self._is_cut, is_gone = None, False, True
            if message["event"] & _HANDSHAKE_FAILURES:
                self._handshake_failed(message["event"], message["value"])
        if is_gone and self._session is not None:
            # What the broker sent before it went is read first.
            self._read(socket, now)
            if self._session is not None:
                text = "the connection to the broker is gone"
                self._lose(SessionCode.GOODBYE, text, now)

    def _handshake_failed(self, event: int, value: int) -> None:
        """Gives up where it never will be let in (Protocols/7-security §3.7)."""
        name = f"the broker at {self.endpoint}"
        if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH and value == 400:
            text = f"{name} does not let our key in: it is unknown there, or was revoked"
        elif value == _MECHANISM_MISMATCH and event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            text = (
                f"{name} takes no keys: leave the key out"
                if self._key is not None
                else f"{name} takes keys: --key FILE, or BARID_KEY_FILE"
            )
        else:
            # It may be a broker that just stops, so we go on; who waits is told what it may be.
            if self._key is not None:
                self._problem = "; is the server-key of our key file its key (`barid keys server`)?"
            elif self.endpoint.startswith("tcp://"):
                self._problem = "; if it takes keys: --key FILE, or BARID_KEY_FILE"
            return
        for waiting in self._waiting:
            waiting.stream.ended(frames.Status(StatusCode.PERMISSION_DENIED, text))
        self._waiting.clear()
        self._refuse(SessionCode.NOT_ALLOWED, text)

    def _greet(self, now: float) -> None:
        hello = frames.Hello(
            nonce=secrets.randbits(63) + 1,
            message_limit=self._limits.message,
            metadata=self._registration.metadata(),
        )
        self._session = Session(now, hello=hello, limits=self._limits)

    def _handle(self, events: list[Event], now: float) -> None:
        for event in events:
            match event:
                case Message(number, data, charge, exempt):
                    stream = self._streams.get(number)
                    if stream is not None and stream.sink is not None:
                        stream.sink.message(data, charge, exempt)
                    elif self._session is not None:
                        self._session.release(number, charge, len(data) if exempt else 0)
                case Headers(number, metadata):
                    stream = self._streams.get(number)
                    if stream is not None and stream.sink is not None:
                        stream.sink.headers(metadata)
                case HalfClosed(number):
                    stream = self._streams.get(number)
                    if stream is not None and stream.sink is not None:
                        stream.sink.half_closed()
                case Ended(number, status):
                    stream = self._streams.pop(number, None)
                    if stream is not None:
                        stream.ended(status)
                case Opened(number, body):
                    self._accept(number, body)
                case Welcomed(welcome):
                    self._welcomed(welcome, now)
                case Draining(text):
                    self._logger.info("broker is draining", extra={"barid": {"reason": text}})
                case Closed(code, text):
                    if code in (SessionCode.UNSUPPORTED_VERSION, SessionCode.NOT_ALLOWED):
                        self._refuse(code, text)
                    else:
                        self._lose(code, text, now)

    def _welcomed(self, welcome: frames.Welcome, now: float) -> None:
        self._welcomed_at = now
        self._problem = ""
        facts = {"session": welcome.session, "epoch": welcome.epoch}
        self._logger.info("session started", extra={"barid": facts})
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            if call.stream.sink is not None and self._session is not None:
                self._bind(call, self._session, now)
        for listener in self.on_ready:
            listener(welcome)

    def _bind(self, call: _Waiting, session: Session, now: float) -> None:
        left = None
        if call.deadline is not None:
            left = max(0, -int((now - call.deadline) * 1000 // 1))
        number = session.open(frames.Open(call.body.method, left, call.body.metadata))
        if number is None:
            text = "the broker takes no new calls"
            call.stream.ended(frames.Status(StatusCode.UNAVAILABLE, text))
            return
        self._streams[number] = call.stream
        call.stream.bind(session, number, self._pop)

    def _pop(self, number: int) -> None:
        self._streams.pop(number, None)

    def _accept(self, number: int, body: frames.Open) -> None:
        session = self._session
        if session is None:
            return
        stream = Stream()
        stream.bind(session, number, self._pop)
        sink = self._serve(stream, body) if self._serve is not None else None
        if sink is None:
            text = f"{self._registration.name or 'this peer'} does not serve {body.method}"
            session.finish(number, frames.Status(StatusCode.UNIMPLEMENTED, text))
            return
        stream.sink = sink
        self._streams[number] = stream

    def _lose(self, code: SessionCode, text: str, now: float) -> None:
        if self._welcomed_at is not None and now - self._welcomed_at > LASTING_SESSION:
            self._failures = 0
        pause = 0.0
        if self._failures:
            longest = min(FIRST_BACKOFF * 2 ** min(self._failures, 16), LONGEST_BACKOFF)
            pause = longest * random.uniform(0.5, 1)
        self._try_after = now + pause
        self._failures += 1
        was_welcomed = self._welcomed_at is not None
        self._flush()
        self._drop(code, text)
        if code is SessionCode.TIMED_OUT:
            self._cut()
        facts = {"code": code.title, "reason": text}
        level = logging.WARNING if was_welcomed else logging.DEBUG
        self._logger.log(level, "session lost", extra={"barid": facts})
        for listener in self.on_lost:
            listener(code, text)

    def _cut(self) -> None:
        """Ends the connection with the session that heard nothing (Protocols/1-transport §7)."""
        if self._descriptor is None:
            return
        try:
            descriptor = os.dup(self._descriptor)
        except OSError:
            return  # It has gone by itself, which the monitor is about to tell.
        with sockets.socket(fileno=descriptor) as connection:
            _reset(connection)
        self._is_cut = True

    def _drop(self, code: SessionCode, text: str) -> None:
        self._session = None
        self._welcomed_at = None
        self._batch = None
        streams, self._streams = self._streams, {}
        status = frames.Status(StatusCode.UNAVAILABLE, f"the session ended: {code.title}: {text}")
        for stream in streams.values():
            stream.ended(status)

    def _refuse(self, code: SessionCode, text: str) -> None:
        self._drop(code, text)
        self._is_stopping = True
        for listener in self.on_refused:
            listener(code, text)

    def _tick(self, now: float) -> None:
        if self._session is not None:
            self._handle(self._session.tick(now), now)
        while self._timers and self._timers[0].due <= now:
            action = heapq.heappop(self._timers).action
            if action is not None:
                action()
        late = [call for call in self._waiting if call.give_up <= now]
        if late:
            self._waiting = [call for call in self._waiting if call.give_up > now]
        for call in late:
            is_over = call.deadline is not None and call.deadline <= now
            code = StatusCode.DEADLINE_EXCEEDED if is_over else StatusCode.UNAVAILABLE
            text = f"no session with the broker at {self.endpoint}{self._problem}"
            call.stream.ended(frames.Status(code, text))

    def _flush(self) -> None:
        session = self._session
        while session is not None and self._socket is not None:
            if self._batch is None:
                self._batch = session.next_batch()
            if self._batch is None:
                return
            try:
                self._socket.send(self._batch, zmq.NOBLOCK, copy=True)
            except zmq.Again:
                return
            self._batch = None
