"""Spans of events: publishing, and a worker's part (Protocols/8-observability §2)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from barid._ledger import Delivery
from barid.bus.v1 import bus_pb2 as bus
from barid.errors import Fate, RPCError
from barid.events import Envelope
from barid.tracing import Kind, Span, TraceParent, Tracer, current_trace

_WORDS = {
    Fate.RETRY: "nack", Fate.DEAD_LETTER: "reject", Fate.PAUSE: "release", Fate.RELEASE: "release",
}  # fmt: skip


def sampled(envelope: Envelope) -> TraceParent | None:
    """The span an event was made in; ``None`` when its trace is not recorded."""
    context = TraceParent.parse(envelope.traceparent)
    return context if context is not None and context.is_sampled else None


def _made(operation: str, topic: str, envelope: Envelope) -> dict[str, str | int]:
    return {
        "messaging.system": "barid",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        "messaging.message.id": envelope.id,
        "barid.event.type": envelope.type,
    }


def publish_span(envelope: Envelope, topic: str) -> Span | None:
    """The span of publishing an event, under the id that its own ``traceparent`` names."""
    context = sampled(envelope)
    if context is None:
        return None
    caller = current_trace()
    # A parent of another trace is none.
    is_ours = caller is not None and caller.trace_id == context.trace_id
    parent_id = caller.span_id if caller is not None and is_ours else ""
    attributes = _made("publish", topic, envelope)
    return Span(f"publish {topic}", Kind.PRODUCER, context, parent_id, attributes)


@dataclass(slots=True)
class _Open:
    span: Span
    # The request it left with; 0 before.
    number: int = 0


class EventSpans:
    """The spans of a worker's events on one stream; of one thread alone, but for `created`.

    Args:
        tracer: Where they go.
        topic: The topic.
        group: The group.
    """

    def __init__(self, tracer: Tracer, topic: str, group: str) -> None:
        self._tracer = tracer
        self._topic = topic
        self._group = group
        # By sequence.
        self._arrivals: dict[int, int] = {}
        self._settling: dict[int, _Open] = {}

    def process(self, envelope: Envelope, delivery: Delivery) -> Span | None:
        """Records that an event waited here until now.

        Returns:
            The span of handling it; ``None`` when its trace is not recorded.
        """
        arrival = self._arrivals.pop(delivery.sequence, None)
        origin = sampled(envelope)
        if origin is None:
            return None
        span = Span(
            f"process {self._topic}", Kind.CONSUMER, origin.child(), origin.span_id,
            self._attributes("process", envelope, delivery), (origin,),
        )  # fmt: skip
        if arrival is not None:
            received = Span(
                f"receive {self._topic}", Kind.CLIENT, origin.child(), origin.span_id,
                self._attributes("receive", envelope, delivery), (origin,), arrival, span.start,
            )  # fmt: skip
            self._tracer.record(received)
        return span

    def created(self, outputs: list[Envelope], by: Span) -> None:
        """Records that events were made, under the ids that their own trace contexts name."""
        for output in outputs:
            context = sampled(output)
            if context is not None:
                attributes = _made("create", self._topic, output)
                span = Span(
                    f"create {self._topic}", Kind.PRODUCER, context, by.context.span_id, attributes
                )
                self._tracer.record(span)

    def processed(self, span: Span, error: RPCError | None, sequence: int) -> None:
        """Records the handling, whose `end` is known; the settlement begins there."""
        if error is not None:
            span.fail(error)
        self._tracer.record(span)
        settle = Span(
            f"settle {self._topic}", Kind.CLIENT, span.context.child(), span.context.span_id,
            span.attributes
            | {
                "messaging.operation.name": "ack" if error is None else _WORDS[Fate.of(error.code)],
                "messaging.operation.type": "settle",
            },
            span.links, span.end,
        )  # fmt: skip
        self._settling[sequence] = _Open(settle)

    def left(self, request: bus.SubscribeRequest) -> None:
        """What a request tells."""
        if not self._settling or not request.settle_number:
            return
        settled = [
            one.sequence for one in request.settlements if one.WhichOneof("outcome") != "extend"
        ]
        for acks in request.acks:
            settled += range(acks.first_sequence, acks.first_sequence + acks.count)
        for sequence in settled:
            if sequence in self._settling:
                self._settling[sequence].number = request.settle_number

    def received(self, response: bus.SubscribeResponse) -> None:
        """What the broker says: a settlement ends when it is durable, or refused."""
        if response.sequences:
            now = time.time_ns()
            self._arrivals |= dict.fromkeys(response.sequences, now)
        for error in response.errors:
            refused = self._settling.pop(error.sequence, None)
            if refused is not None:
                refused.span.end = time.time_ns()
                refused.span.attributes["error.type"] = error.error.reason
                refused.span.failure = error.error.message
                self._tracer.record(refused.span)
        durable = [
            sequence
            for sequence, entry in self._settling.items()
            if 0 < entry.number <= response.settled
        ]
        for sequence in durable:
            entry = self._settling.pop(sequence)
            entry.span.end = time.time_ns()
            self._tracer.record(entry.span)

    def _attributes(
        self, operation: str, envelope: Envelope, delivery: Delivery
    ) -> dict[str, str | int]:
        return _made(operation, self._topic, envelope) | {
            "messaging.consumer.group.name": self._group,
            "barid.sequence": delivery.sequence,
            "barid.attempt": delivery.attempt,
        }
