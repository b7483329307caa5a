"""Publishing: events go out in batches of whatever waits, and each gets its receipt.

Protocols/2-bus §2: an event that was not answered when the stream was lost is sent again under the
same id; when the broker has no room the publisher waits by itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial

from google.protobuf.message import DecodeError

from barid._connection import Connection, Stream
from barid._inbox import resolve
from barid._spans import publish_span
from barid._wire import frames
from barid.bus.v1 import bus_pb2 as bus
from barid.errors import REASON_KEY, Fate, RPCError, StatusCode, from_bus_error
from barid.events import Envelope, validate
from barid.tracing import Span, tracer

MAXIMUM_BATCH_EVENTS = 1_024
MAXIMUM_BATCH_BYTES = 512 << 10
OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.05, 2.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The broker's word that an event is stored.

    Args:
        sequence: The event's place in its topic.
        duplicate: It was stored before, and ``sequence`` is that of the first time.
        durability: What the receipt stands for, such as ``DURABILITY_FSYNC``.
        sendings: How often it was sent; 1 unless a connection was lost.
    """

    sequence: int
    duplicate: bool
    durability: str
    sendings: int


class Submission:
    """An event on its way to a receipt."""

    def __init__(self, data: bytes, deadline: float, span: Span | None = None) -> None:
        self._data = data
        self._span = span
        self._deadline = deadline
        self._sendings = 0
        self._may_be_stored = False
        self._done = threading.Event()
        self._receipt: Receipt | None = None
        self._error: RPCError | None = None
        self._lock = threading.Lock()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    @property
    def is_done(self) -> bool:
        """Whether there is an outcome."""
        return self._done.is_set()

    def receipt(self) -> Receipt:
        """Waits for the receipt; there is an outcome by the publisher's deadline.

        Raises:
            RPCError: The broker's refusal, or DEADLINE_EXCEEDED with reason ``OUTCOME_UNKNOWN``:
                it may be stored, and publishing it again under the same id is safe.
        """
        self._done.wait()
        if self._error is not None:
            raise self._error
        if self._receipt is None:
            raise RPCError(StatusCode.INTERNAL, "an outcome without receipt")
        return self._receipt

    async def receipt_async(self) -> Receipt:
        """Waits for the receipt on a loop; see :meth:`receipt`."""
        with self._lock:
            if not self._done.is_set():
                loop = asyncio.get_running_loop()
                waiter: asyncio.Future[None] = loop.create_future()
                self._waiters.append((loop, waiter))
        if not self._done.is_set():
            await waiter
        return self.receipt()

    def _resolve(self, outcome: Receipt | RPCError) -> None:
        with self._lock:
            if self._done.is_set():
                return
            if isinstance(outcome, Receipt):
                self._receipt = outcome
            else:
                self._error = outcome
            self._done.set()
            waiters, self._waiters = self._waiters, []
        for loop, waiter in waiters:
            try:
                loop.call_soon_threadsafe(resolve, waiter)
            except RuntimeError:
                pass  # The loop is closed, and nobody waits any more.


class Publisher:
    """Publishes events to one topic.

    ```python
    with barid.Client() as client, barid.Publisher(client.connection) as publisher:
        publisher.publish(barid.make_event({"n": 1}, id="1", source="/mine", type="my.event.v1"))
    ```

    Args:
        connection: Where the broker is, such as ``Client.connection``.
        topic: The topic.
        deadline: Seconds in which an event is stored, refused, or its outcome unknown.
        maximum_open: Events on their way, at most; :meth:`submit` waits then. The default is 8,192.
        maximum_open_bytes: Bytes of them. The default is 16 MiB.
        maximum_event: Largest event in bytes. The default is 1 MiB, as the broker's.
    """

    def __init__(
        self,
        connection: Connection,
        topic: str = "articles",
        *,
        deadline: float = 30.0,
        maximum_open: int = 8_192,
        maximum_open_bytes: int = 16 << 20,
        maximum_event: int = 1 << 20,
    ) -> None:
        self._connection = connection
        self._topic = topic
        self._deadline = deadline
        self._most = maximum_open
        self._most_bytes = maximum_open_bytes
        self._maximum_event = maximum_event
        self._room = threading.Condition()
        self._open = 0
        self._open_bytes = 0
        self._is_closed = False
        self._arrived: deque[Submission] = deque()
        # On the connection's thread:
        self._waiting: deque[Submission] = deque()
        self._sent: deque[Submission] = deque()
        self._stream: Stream | None = None
        self._has_named_topic = False
        self._not_before = 0.0
        self._pause = _FIRST_BACKOFF
        self._last_error = RPCError(StatusCode.UNAVAILABLE, "no broker was reached")
        connection.each_turn.append(self._turn)
        connection.on_stopped.append(self._stopped)

    def publish(self, event: Envelope) -> Receipt:
        """Publishes one event and waits for its receipt; see :meth:`Submission.receipt`."""
        return self.submit(event).receipt()

    async def publish_async(self, event: Envelope) -> Receipt:
        """Publishes one event on a loop; see :meth:`publish`."""
        submission = await asyncio.to_thread(self.submit, event)
        return await submission.receipt_async()

    def submit(self, event: Envelope) -> Submission:
        """Takes in one event; waits while too much is on its way.

        Raises:
            RPCError: INVALID_ARGUMENT if it is no valid event or too large, FAILED_PRECONDITION
                after :meth:`close`.
        """
        validate(event)
        data = event.SerializeToString(deterministic=True)
        if len(data) > self._maximum_event:
            raise RPCError(
                StatusCode.INVALID_ARGUMENT,
                f"the event has {len(data)} bytes; at most {self._maximum_event} are allowed",
                [(REASON_KEY, "EVENT_TOO_LARGE")],
            )
        with self._room:
            while not self._is_closed and not self._has_room(len(data)):
                self._room.wait()
            if self._is_closed:
                raise RPCError(StatusCode.FAILED_PRECONDITION, "the publisher is closed")
            self._open += 1
            self._open_bytes += len(data)
            span = publish_span(event, self._topic) if tracer() is not None else None
            submission = Submission(data, time.monotonic() + self._deadline, span)
            self._arrived.append(submission)
        self._connection.wake()
        return submission

    def close(self) -> None:
        """Takes nothing in any more, and waits until everything has its outcome."""
        with self._room:
            self._is_closed = True
            self._room.notify_all()
            while self._open:
                self._room.wait()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _has_room(self, size: int) -> bool:
        fits = self._open < self._most and self._open_bytes + size <= self._most_bytes
        return fits or self._open == 0

    # On the connection's thread

    def _turn(self) -> None:
        while self._arrived:
            submission = self._arrived.popleft()
            self._waiting.append(submission)
            left = submission._deadline - time.monotonic()
            self._connection.call_later(left, partial(self._expire, submission))
        if not self._waiting or self._connection.session is None:
            return
        if time.monotonic() < self._not_before:
            return
        if self._stream is None:
            self._has_named_topic = False
            self._stream = self._connection.open("barid.bus.v1.EventBus/Publish", self)
        # A stream that holds a batch back waits for credit; more would only pile up here.
        while self._waiting and self._stream is not None and self._stream.queued_bytes == 0:
            self._send_batch(self._stream)

    def _send_batch(self, stream: Stream) -> None:
        request = bus.PublishRequest(topic="" if self._has_named_topic else self._topic)
        self._has_named_topic = True
        size = 0
        while self._waiting and len(request.events) < MAXIMUM_BATCH_EVENTS:
            submission = self._waiting[0]
            size += len(submission._data)
            if request.events and size > MAXIMUM_BATCH_BYTES:
                break
            self._waiting.popleft()
            if submission.is_done:
                continue
            submission._sendings += 1
            submission._may_be_stored = True
            request.events.append(submission._data)
            self._sent.append(submission)
        if request.events:
            stream.send(request.SerializeToString())

    def headers(self, metadata: frames.Metadata) -> None:
        """Nothing in them matters here."""

    def half_closed(self) -> None:
        """Never comes to an opener."""

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """Takes receipts, in the order of sending."""
        stream = self._stream
        if stream is None:
            return
        stream.release(charge)
        try:
            response = bus.PublishResponse.FromString(data)
            durability = bus.Durability.Name(response.durability)
            for receipts in response.receipts:
                self._take(receipts, durability)
        except (DecodeError, ValueError, IndexError) as error:
            text = f"the broker's receipts cannot be read: {error}"
            stream.end(frames.Status(StatusCode.INTERNAL, text))
            return
        self._pause = _FIRST_BACKOFF

    def _take(self, receipts: bus.ReceiptRange, durability: str) -> None:
        if receipts.count > len(self._sent) or receipts.count == 0:
            raise ValueError(f"{receipts.count} receipts; {len(self._sent)} are awaited")
        entries = [self._sent.popleft() for _ in range(receipts.count)]
        if not receipts.HasField("error"):
            for offset, entry in enumerate(entries):
                sequence = receipts.first_sequence + offset
                receipt = Receipt(sequence, receipts.duplicate, durability, entry._sendings)
                self._resolve(entry, receipt)
            return
        error = from_bus_error(receipts.error)
        if Fate.of(error.code) in (Fate.DEAD_LETTER, Fate.RELEASE):
            for entry in entries:
                self._resolve(entry, error)
            return
        # The broker is full or busy: these wait again, before everything younger.
        self._last_error = error
        for entry in entries:
            entry._may_be_stored = False
        self._waiting.extendleft(reversed(entries))
        self._wait((error.retry_after_ms or 250) / 1000)

    def _wait(self, seconds: float) -> None:
        self._not_before = time.monotonic() + seconds
        self._connection.call_later(seconds, lambda: None)  # The turn after it goes on.

    def ended(self, status: frames.Status) -> None:
        """The stream is gone; what it left open waits again, unless the error is for good."""
        self._stream = None
        self._waiting.extendleft(reversed([s for s in self._sent if not s.is_done]))
        self._sent.clear()
        if status.code is not StatusCode.OK:
            error = RPCError(status.code, status.text, status.metadata)
            self._last_error = error
            if Fate.of(status.code) is Fate.DEAD_LETTER:
                while self._waiting:
                    entry = self._waiting.popleft()
                    self._resolve(entry, self._unknown() if entry._may_be_stored else error)
                return
        self._wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_BACKOFF)

    def _expire(self, submission: Submission) -> None:
        if submission.is_done:
            return
        if submission._may_be_stored:
            self._resolve(submission, self._unknown())
        else:
            full = self._last_error.code is StatusCode.RESOURCE_EXHAUSTED
            code = StatusCode.RESOURCE_EXHAUSTED if full else StatusCode.DEADLINE_EXCEEDED
            text = f"not stored within the deadline: {self._last_error.message}"
            self._resolve(submission, RPCError(code, text, self._last_error.metadata))

    def _unknown(self) -> RPCError:
        return RPCError(
            StatusCode.DEADLINE_EXCEEDED,
            "no receipt came in time; whether it is stored is unknown "
            f"({self._last_error.message})",
            [(REASON_KEY, OUTCOME_UNKNOWN)],
        )

    def _resolve(self, submission: Submission, outcome: Receipt | RPCError) -> None:
        if submission.is_done:
            return
        _record(submission._span, outcome)
        submission._resolve(outcome)
        with self._room:
            self._open -= 1
            self._open_bytes -= len(submission._data)
            self._room.notify_all()

    def _stopped(self) -> None:
        """The connection is closed: nothing that is open will hear of the broker again."""
        with self._room:
            self._is_closed = True
            self._room.notify_all()
        for submission in [*self._sent, *self._waiting, *self._arrived]:
            error = RPCError(StatusCode.UNAVAILABLE, "the connection was closed")
            self._resolve(submission, self._unknown() if submission._may_be_stored else error)


def _record(span: Span | None, outcome: Receipt | RPCError) -> None:
    recorder = tracer()
    if span is None or recorder is None:
        return
    span.end = time.time_ns()
    if isinstance(outcome, Receipt):
        span.attributes["barid.sequence"] = outcome.sequence
    else:
        span.fail(outcome)
    recorder.record(span)
