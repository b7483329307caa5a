"""Receives a group's events on Subscribe streams, has them handled, and settles them.

One stream after the other, for ever, with back-off. When a stream is lost its handlers are
cancelled and waited for before the next one begins: their leases are not ours any more
(Protocols/4-plugin §2.5). Everything here runs on the connection's thread but the handlers.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from barid._connection import Connection, Stream, Timer
from barid._ledger import Delivery, Ledger
from barid._running import Runner
from barid._spans import EventSpans
from barid._wire import frames
from barid.bus.v1 import bus_pb2 as bus
from barid.errors import Fate, RPCError, StatusCode, as_rpc_error
from barid.events import Envelope, Event, decode_data, make_output, trace_id
from barid.handlers import EventHandler, HandlerContext, SettingValue, is_async
from barid.logs import LEVELS, EventLogger
from barid.tracing import Span, tracer, working_for

MAXIMUM_OUTPUTS = 1_024
MAXIMUM_OUTPUT_BYTES = 16 << 20
FIRST_BACKOFF, LONGEST_BACKOFF = 0.1, 5.0
# After the drain's limit the broker has so long to say that everything is settled.
LAST_WORDS = 2.0


@dataclass
class SubscriberConfiguration:
    """What a subscriber needs to know; times in seconds."""

    subscription: bus.Subscription
    concurrency: int
    credit: int
    credit_bytes: int
    deadline: float
    worker: str
    emits: frozenset[str]
    state_folder: str
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    drain_limit: float = 8.0
    on_started: Callable[[], None] = lambda: None


@dataclass
class _Running:
    delivery: Delivery
    context: HandlerContext
    cancel: Callable[[], None]
    span: Span | None = None


class Subscriber:
    """The Subscribe streams of one worker.

    Args:
        connection: Where the broker is.
        configuration: What to subscribe to, and how.
        handlers: By event type.
        runner: Where handlers run.
        on_end: Called once, with the error if the broker refused the subscription for good.
        logger: Where it logs.
    """

    def __init__(
        self,
        connection: Connection,
        configuration: SubscriberConfiguration,
        handlers: Mapping[str, EventHandler[Any]],
        runner: Runner,
        on_end: Callable[[RPCError | None], None],
        logger: logging.Logger,
    ) -> None:
        self._connection = connection
        self._configuration = configuration
        self._handlers = handlers
        self._runner = runner
        self._on_end = on_end
        self._logger = logger
        self._stream: Stream | None = None
        self._ledger: Ledger | None = None
        self._spans: EventSpans | None = None
        self._running: dict[int, _Running] = {}
        self._numbers = 0
        self._has_started = False
        self._has_ended = False
        self._is_draining = False
        self._has_half_closed = False
        self._pause = FIRST_BACKOFF
        self._not_before = 0.0
        self._timer: Timer | None = None
        connection.on_ready.append(lambda welcome: self._subscribe())
        connection.on_lost.append(lambda code, text: self._finish_if_over())
        connection.each_turn.append(self._tell)

    # The stream

    def _subscribe(self) -> None:
        is_busy = self._stream is not None or self._running or self._timer is not None
        if is_busy or self._is_draining or self._connection.session is None:
            return
        wait = self._not_before - time.monotonic()
        if wait > 0:
            self._later(wait, self._subscribe)
            return
        configuration = self._configuration
        self._ledger = Ledger(
            configuration.concurrency,
            configuration.credit,
            configuration.credit_bytes,
            configuration.deadline,
        )
        recorder, subscription = tracer(), configuration.subscription
        if recorder is not None:
            self._spans = EventSpans(recorder, subscription.topic, subscription.group)
        self._has_started = False
        self._stream = self._connection.open("barid.bus.v1.EventBus/Subscribe", self)
        first = bus.SubscribeRequest(subscription=subscription)
        self._send(first)
        self._tick()

    def _later(self, delay: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._timer = None
            action()

        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._connection.call_later(delay, act)

    def _send(self, request: bus.SubscribeRequest) -> None:
        if self._stream is not None:
            # Settlements and credit free memory at the broker: they never wait for credit.
            self._stream.send(request.SerializeToString(), exempt=True)

    def _tell(self) -> None:
        """Sends what there is to say: once a turn, so that acks gather."""
        if self._stream is None or self._ledger is None or self._has_half_closed:
            return
        while request := self._ledger.take_request():
            if self._spans is not None:
                self._spans.left(request)
            self._send(request)
        if self._is_draining and self._ledger.is_settled:
            self._has_half_closed = True
            self._stream.half_close()

    def headers(self, metadata: frames.Metadata) -> None:
        """Nothing in them matters here."""

    def half_closed(self) -> None:
        """Never comes to an opener."""

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """Takes one response of the broker."""
        stream, ledger = self._stream, self._ledger
        if stream is None or ledger is None:
            return
        stream.release(charge, len(data) if exempt else 0)
        try:
            response = bus.SubscribeResponse.FromString(data)
            if response.HasField("started"):
                self._started(response.started, ledger)
            for error in response.errors:
                self._log(
                    "warning", "settlement refused",
                    sequence=error.sequence, attempt=error.attempt,
                    reason=error.error.reason, error=error.error.message,
                )  # fmt: skip
            ledger.receive(response, time.monotonic())
            if self._spans is not None:
                self._spans.received(response)
        except (DecodeError, RPCError) as error:
            text = f"the broker's response cannot be read: {error}"
            stream.end(frames.Status(StatusCode.INTERNAL, text))
            return
        self._hand_out()

    def _started(self, started: bus.Started, ledger: Ledger) -> None:
        ledger.started(started)
        self._has_started = True
        self._pause = FIRST_BACKOFF
        self._log("info", "subscribed", group=started.group, epoch=started.epoch)
        self._configuration.on_started()
        self._tick()

    def ended(self, status: frames.Status) -> None:
        """The stream is gone: its handlers' leases are not ours any more."""
        self._stream = None
        error = RPCError(status.code, status.text, status.metadata)
        if status.code is not StatusCode.OK:
            self._log("debug", "subscription lost", code=error.code.name, error=error.message)
        for running in list(self._running.values()):
            running.cancel()
        is_final = status.code is not StatusCode.OK and Fate.of(error.code) is Fate.DEAD_LETTER
        if is_final and not self._is_draining:
            self._end(error)
            return
        self._not_before = time.monotonic() + self._pause * random.uniform(0.5, 1)
        self._pause = min(self._pause * 2, LONGEST_BACKOFF)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._finish_if_over()
        self._subscribe()

    def _end(self, error: RPCError | None) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._on_end(error)

    def _finish_if_over(self) -> None:
        if self._is_draining and self._stream is None and not self._running:
            self._end(None)

    # Draining

    def drain(self) -> None:
        """Takes nothing more, lets handlers finish, and ends when everything is durable."""
        if self._is_draining:
            return
        self._is_draining = True
        if self._ledger is not None:
            self._ledger.drain()
        if self._stream is not None and not self._has_started:
            # Without a broker there is nothing to give back.
            self._stream.end(frames.Status(StatusCode.CANCELLED, "the worker stops"))
            return
        self._connection.call_later(self._configuration.drain_limit, self._cancel_all)
        limit = self._configuration.drain_limit + LAST_WORDS
        self._connection.call_later(limit, self._give_up)
        self._finish_if_over()

    def _cancel_all(self) -> None:
        for running in list(self._running.values()):
            running.cancel()

    def _give_up(self) -> None:
        """The broker does not confirm: it will count these deliveries as lost."""
        if self._stream is not None:
            self._stream.end(frames.Status(StatusCode.CANCELLED, "the worker stops"))

    # Time

    def _tick(self) -> None:
        """Extends leases and cancels what is overdue, again and again while there is a stream."""
        ledger = self._ledger
        if self._stream is None or ledger is None:
            return
        now = time.monotonic()
        ledger.renew(now)
        overdue = ledger.overdue(now)
        for running in list(self._running.values()):
            if any(late.is_same(running.delivery) for late in overdue):
                running.cancel()
        self._later(ledger.renewal_interval, self._tick)

    # Handling

    def _hand_out(self) -> None:
        ledger = self._ledger
        while ledger is not None and self._stream is not None:
            delivery = ledger.next(time.monotonic())
            if delivery is None:
                return
            self._begin(delivery, ledger)

    def _begin(self, delivery: Delivery, ledger: Ledger) -> None:
        self._numbers += 1
        number = self._numbers
        envelope: Envelope | None = None
        failure: RPCError | None = None
        try:
            envelope = Envelope.FromString(delivery.data)
        except DecodeError as error:
            failure = RPCError(StatusCode.INVALID_ARGUMENT, f"this is no event: {error}")
        context = self._context(delivery, envelope, ledger)
        handler = self._handlers.get(envelope.type) if envelope is not None else None
        if envelope is not None and handler is None:
            text = f"{self._configuration.worker} has no handler for {envelope.type}"
            failure = RPCError(StatusCode.UNIMPLEMENTED, text)
        spans, span = self._spans, None
        if spans is not None and envelope is not None:
            span = spans.process(envelope, delivery)
        running = _Running(delivery, context, context._cancel, span)
        self._running[number] = running

        def done(result: Any, error: BaseException | None) -> None:
            """On the handler's thread: outputs are made there, then told."""
            settled: list[bytes] | RPCError
            try:
                if error is not None:
                    raise error
                outputs = self._outputs(result, envelope, delivery) if envelope else []
                settled = _serialised(outputs)
                if spans is not None and span is not None:
                    spans.created(outputs, span)
            except BaseException as raised:  # Whatever it was decides the event's fate.
                settled = as_rpc_error(raised)
            if span is not None:
                span.end = time.time_ns()
            self._connection.call_soon(lambda: self._finished(number, settled, ledger))

        # Calls that the handler makes belong to the trace of its event.
        trace = str(span.context) if span is not None else envelope.traceparent if envelope else ""
        if failure is not None or envelope is None or handler is None:
            done(None, failure)
        elif is_async(handler.handle):
            work = _handle_async(handler, envelope, context, trace)
            cancel = self._runner.start(work, done)

            def cancel_both() -> None:
                context._cancel()
                cancel()

            running.cancel = cancel_both
        else:
            self._runner.run(lambda: _handle(handler, envelope, context, trace), done)

    def _context(
        self, delivery: Delivery, envelope: Envelope | None, ledger: Ledger
    ) -> HandlerContext:
        facts: dict[str, object] = {"sequence": delivery.sequence}
        if envelope is not None:
            facts |= event_facts(envelope)

        def extend(deadline: float) -> None:
            self._connection.call_soon(lambda: ledger.extend(delivery, deadline))

        return HandlerContext(
            logger=EventLogger(self._logger, facts),
            worker=self._configuration.worker,
            attempt=delivery.attempt,
            replay=delivery.replay,
            sequence=delivery.sequence,
            state_folder=self._configuration.state_folder,
            settings=self._configuration.settings,
            _deadline=time.monotonic() + self._configuration.deadline,
            _on_extend=extend,
        )

    def _outputs(self, result: Any, envelope: Envelope, delivery: Delivery) -> list[Envelope]:
        outputs = list(result or ())
        if len(outputs) > MAXIMUM_OUTPUTS:
            text = f"{len(outputs)} outputs; at most {MAXIMUM_OUTPUTS} are allowed"
            raise RPCError(StatusCode.OUT_OF_RANGE, text)
        events: list[Envelope] = []
        for index, output in enumerate(outputs):
            made = make_output(
                envelope, output, worker=self._configuration.worker, index=index,
                replay=delivery.replay, sequence=delivery.sequence,
            )  # fmt: skip
            if made.type not in self._configuration.emits:
                text = f"{made.type} is not among the emits of plugin.yaml"
                raise RPCError(StatusCode.PERMISSION_DENIED, text)
            events.append(made)
        return events

    def _finished(self, number: int, settled: list[bytes] | RPCError, ledger: Ledger) -> None:
        running = self._running.pop(number)
        if isinstance(settled, RPCError):
            settled = self._reason(settled, running)
            fate = Fate.of(settled.code)
            running.context.logger.log(
                LEVELS["debug" if fate is Fate.RELEASE else "warning"], "handler failed",
                code=settled.code.name, error=settled.message, attempt=running.delivery.attempt,
                fate=fate.value,
            )  # fmt: skip
        if self._spans is not None and running.span is not None:
            error = settled if isinstance(settled, RPCError) else None
            self._spans.processed(running.span, error, running.delivery.sequence)
        ledger.finished(running.delivery, settled)
        if self._stream is None:
            self._finish_if_over()
            self._subscribe()
        else:
            self._hand_out()

    def _reason(self, error: RPCError, running: _Running) -> RPCError:
        """A handler that was cancelled was so for a reason of ours."""
        if not running.context.is_cancelled or error.code is not StatusCode.CANCELLED:
            return error
        if running.context.time_left <= 0:
            return RPCError(StatusCode.DEADLINE_EXCEEDED, "the handler's deadline is over")
        return RPCError(StatusCode.CANCELLED, "the worker stops")

    def _log(self, level: str, text: str, **facts: object) -> None:
        self._logger.log(LEVELS[level], text, extra={"barid": facts})


def event_facts(envelope: Envelope) -> dict[str, object]:
    """What identifies an event in every log line about it."""
    facts: dict[str, object] = {"event": envelope.id}
    if envelope.subject:
        facts["subject"] = envelope.subject
    trace = trace_id(envelope)
    if trace:
        facts["trace"] = trace
    return facts


def _serialised(outputs: list[Envelope]) -> list[bytes]:
    encoded = [output.SerializeToString(deterministic=True) for output in outputs]
    size = sum(map(len, encoded))
    if size > MAXIMUM_OUTPUT_BYTES:
        text = f"outputs of {size} bytes; at most {MAXIMUM_OUTPUT_BYTES} are allowed"
        raise RPCError(StatusCode.OUT_OF_RANGE, text)
    return encoded


def _handle(
    handler: EventHandler[Any], envelope: Envelope, context: HandlerContext, trace: str
) -> Any:
    with working_for(trace):
        return handler.handle(Event(envelope, decode_data(envelope, handler.input)), context)


async def _handle_async(
    handler: EventHandler[Any], envelope: Envelope, context: HandlerContext, trace: str
) -> Any:
    with working_for(trace):
        result: Any = handler.handle(Event(envelope, decode_data(envelope, handler.input)), context)
        return await result
