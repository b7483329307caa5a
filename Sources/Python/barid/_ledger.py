"""The deliveries a worker holds on one Subscribe stream: a value without clock or stream.

A delivery is queued, then running, then gone; its settlement waits in the outbox until a request
takes it, and counts as open until the broker said that the request is durable. An ack the broker
had no room for is deferred and sent again. Protocols/2-bus §5 and §6, 4-plugin §2.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from barid.bus.v1 import bus_pb2 as bus
from barid.errors import Fate, RPCError, StatusCode, from_bus_error, to_bus_error

# What a release at the end says: it leaves, nothing more, please.
LEAVING_PAUSE_MS = 60_000
LEAST_PAUSE_MS = 1_000
REQUEST_BYTES = 512 << 10
REQUEST_SETTLEMENTS = 1_024
_LONGEST_RANGE = 8_192


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as the broker handed it over."""

    sequence: int
    attempt: int
    replay: int
    data: bytes
    turn: int = 0

    def is_same(self, other: Delivery) -> bool:
        """Whether both are the same handing-out of the same event."""
        return (self.sequence, self.turn, self.attempt) == (
            other.sequence,
            other.turn,
            other.attempt,
        )


@dataclass(slots=True)
class _Held:
    delivery: Delivery
    renewed: float
    # Until then the lease is extended.
    deadline: float
    is_running: bool = False


@dataclass(slots=True)
class _Deferred:
    due: float
    renewed: float
    settlement: bus.Settlement


@dataclass
class Ledger:
    """What is held, and what is to be told.

    Args:
        concurrency: Deliveries worked on at once.
        credit: Deliveries held at once, running ones included.
        credit_bytes: Bytes of them.
        deadline: Seconds a handler may work on one event.
    """

    concurrency: int
    credit: int
    credit_bytes: int
    deadline: float
    lease: float = 30.0
    running: int = 0
    is_draining: bool = False
    _held: dict[int, _Held] = field(default_factory=dict)
    _queue: deque[int] = field(default_factory=deque)
    _acks: list[tuple[int, int, int]] = field(default_factory=list)
    _settlements: deque[bus.Settlement] = field(default_factory=deque)
    _sent: list[tuple[int, bus.Settlement]] = field(default_factory=list)
    _deferred: list[_Deferred] = field(default_factory=list)
    _settle_number: int = 0
    _confirmed: int = 0

    @property
    def is_settled(self) -> bool:
        """Everything is handled, told and durable."""
        return (
            not (self._held or self._acks or self._settlements or self._deferred)
            and self._confirmed >= self._settle_number
        )

    # From the broker

    def started(self, started: bus.Started) -> None:
        """The subscription stands."""
        if started.lease_ms:
            self.lease = started.lease_ms / 1000

    def receive(self, response: bus.SubscribeResponse, now: float) -> None:
        """Takes deliveries, refusals and the mark of what is durable.

        Raises:
            RPCError: INTERNAL if the parallel arrays do not fit each other.
        """
        count = len(response.events)
        attempts, replays = len(response.attempts), len(response.replays)
        turns = len(response.turns)
        if (
            len(response.sequences) != count
            or attempts not in (0, count)
            or replays not in (0, count)
            or turns not in (0, count)
        ):
            raise RPCError(
                StatusCode.INTERNAL,
                f"a response with {count} events, {len(response.sequences)} sequences, "
                f"{attempts} attempts, {replays} replays and {turns} turns",
            )
        for index, data in enumerate(response.events):
            delivery = Delivery(
                response.sequences[index],
                response.attempts[index] if attempts else 1,
                response.replays[index] if replays else 0,
                data,
                response.turns[index] if turns else 0,
            )
            if self.is_draining:
                self._release(delivery)
                continue
            # The same event again means that its lease ran out: what runs now is stale, and its
            # settlement will be refused. The new attempt waits for it to end.
            known = self._held.get(delivery.sequence)
            self._held[delivery.sequence] = _Held(
                delivery, now, now + self.deadline, known is not None and known.is_running
            )
            self._queue.append(delivery.sequence)
        for error in response.errors:
            self._refused(error, now)
        if response.settled > self._confirmed:
            self._confirmed = min(response.settled, self._settle_number)
            self._sent = [entry for entry in self._sent if entry[0] > self._confirmed]

    def _refused(self, error: bus.SettleError, now: float) -> None:
        token = (error.sequence, error.turn, error.attempt)
        found = [
            entry
            for entry in self._sent
            if (entry[1].sequence, entry[1].turn, entry[1].attempt) == token
        ]
        if not found:
            return  # A plain ack or a nack: the lease ran out first, somebody else has it.
        self._sent.remove(found[0])
        settlement = found[0][1]
        reason = from_bus_error(error.error)
        if reason.reason == "STALE_LEASE":
            return
        if Fate.of(reason.code) is Fate.DEAD_LETTER:
            # The broker does not take these outputs, now or ever; the lease still stands.
            settlement.reject.error.CopyFrom(error.error)
            self._settlements.append(settlement)
        else:
            pause = (reason.retry_after_ms or LEAST_PAUSE_MS) / 1000
            self._deferred.append(_Deferred(now + pause, now, settlement))

    # To and from the handlers

    def next(self, now: float) -> Delivery | None:
        """The next delivery to handle, if one waits and there is room."""
        if self.running >= self.concurrency or self.is_draining:
            return None
        for _ in range(len(self._queue)):
            sequence = self._queue.popleft()
            held = self._held.get(sequence)
            if held is None:
                continue
            if held.is_running:
                self._queue.append(sequence)
                continue
            held.is_running = True
            held.deadline = now + self.deadline
            self.running += 1
            return held.delivery
        return None

    def deadline_of(self, delivery: Delivery) -> float | None:
        """Until when this delivery may be worked on; ``None`` when it is not held any more."""
        held = self._held.get(delivery.sequence)
        return held.deadline if held and held.delivery.is_same(delivery) else None

    def extend(self, delivery: Delivery, deadline: float) -> None:
        """Moves the deadline of a delivery."""
        held = self._held.get(delivery.sequence)
        if held is not None and held.delivery.is_same(delivery):
            held.deadline = deadline

    def finished(self, delivery: Delivery, result: list[bytes] | RPCError) -> None:
        """Settles a delivery by what its handler gave: outputs, or an error."""
        self.running -= 1
        held = self._held.get(delivery.sequence)
        self._return_credit(delivery)
        if held is None or not held.delivery.is_same(delivery):
            # A newer attempt of the event waits behind this stale one.
            if held is not None:
                held.is_running = False
                if self.is_draining:
                    del self._held[delivery.sequence]
                    self._release(held.delivery)
            return
        del self._held[delivery.sequence]
        if isinstance(result, RPCError):
            self._settlements.append(_failed(delivery, result))
        elif result:
            settlement = _settlement(delivery)
            settlement.ack.outputs.extend(result)
            self._settlements.append(settlement)
        else:
            self._acks.append((delivery.sequence, delivery.turn, delivery.attempt))

    def drain(self) -> None:
        """Gives back what is not begun, and whatever still comes."""
        if self.is_draining:
            return
        self.is_draining = True
        for sequence in self._queue:
            held = self._held.get(sequence)
            if held is not None and not held.is_running:
                del self._held[sequence]
                self._release(held.delivery)
        self._queue.clear()

    def _release(self, delivery: Delivery) -> None:
        settlement = _settlement(delivery)
        settlement.release.pause_ms = LEAVING_PAUSE_MS
        settlement.release.error.code = StatusCode.CANCELLED
        settlement.release.error.message = "the worker stops"
        self._settlements.append(settlement)

    def _return_credit(self, delivery: Delivery) -> None:
        if not self.is_draining:
            self.credit += 1
            self.credit_bytes += len(delivery.data)

    # Time

    def renew(self, now: float) -> None:
        """Asks for more time for everything whose lease is a third over, up to its deadline."""
        third = self.lease / 3
        for held in self._held.values():
            if now - held.renewed >= third and now < held.deadline:
                held.renewed = now
                self._extend(_settlement(held.delivery))
        for again in [entry for entry in self._deferred if entry.due <= now]:
            self._deferred.remove(again)
            self._settlements.append(again.settlement)
        # While the broker has no room for an ack, its lease must not run out.
        for entry in self._deferred:
            if now - entry.renewed >= third:
                entry.renewed = now
                late = entry.settlement
                self._extend(
                    bus.Settlement(sequence=late.sequence, attempt=late.attempt, turn=late.turn)
                )

    def _extend(self, settlement: bus.Settlement) -> None:
        settlement.extend.SetInParent()
        self._settlements.append(settlement)

    def overdue(self, now: float) -> list[Delivery]:
        """What runs beyond its deadline."""
        return [
            held.delivery
            for held in self._held.values()
            if held.is_running and held.deadline <= now
        ]

    @property
    def renewal_interval(self) -> float:
        """How often :meth:`renew` is to be called, in seconds."""
        return min(self.lease / 6, 1.0)

    # To the broker

    def take_request(self) -> bus.SubscribeRequest | None:
        """The next request, if there is anything to say."""
        if not (self.credit or self.credit_bytes or self._acks or self._settlements):
            return None
        request = bus.SubscribeRequest(credit=self.credit, credit_bytes=self.credit_bytes)
        self.credit = self.credit_bytes = 0
        request.acks.extend(ranges(self._acks))
        self._acks.clear()
        size = 0
        while self._settlements and len(request.settlements) < REQUEST_SETTLEMENTS:
            size += self._settlements[0].ByteSize()
            if request.settlements and size > REQUEST_BYTES:
                break
            request.settlements.append(self._settlements.popleft())
        if request.acks or request.settlements:
            self._settle_number += 1
            request.settle_number = self._settle_number
            for settlement in request.settlements:
                if settlement.HasField("ack"):
                    self._sent.append((self._settle_number, settlement))
        return request


def _settlement(delivery: Delivery) -> bus.Settlement:
    return bus.Settlement(sequence=delivery.sequence, attempt=delivery.attempt, turn=delivery.turn)


def _failed(delivery: Delivery, error: RPCError) -> bus.Settlement:
    settlement = _settlement(delivery)
    told = to_bus_error(error)
    match Fate.of(error.code):
        case Fate.RETRY:
            settlement.nack.error.CopyFrom(told)
            settlement.nack.delay_ms = told.retry_after_ms
        case Fate.DEAD_LETTER:
            settlement.reject.error.CopyFrom(told)
        case Fate.PAUSE:
            settlement.release.error.CopyFrom(told)
            settlement.release.pause_ms = max(told.retry_after_ms, LEAST_PAUSE_MS)
        case Fate.RELEASE:
            settlement.release.error.CopyFrom(told)
    return settlement


def ranges(acks: list[tuple[int, int, int]]) -> list[bus.AckRange]:
    """Acks (sequence, turn, attempt) that follow one another as one range each."""
    found: list[bus.AckRange] = []
    for sequence, turn, attempt in sorted(acks):
        last = found[-1] if found else None
        if (
            last is not None
            and last.attempt == attempt
            and last.turn == turn
            and last.count < _LONGEST_RANGE
            and last.first_sequence + last.count == sequence
        ):
            last.count += 1
        else:
            found.append(bus.AckRange(first_sequence=sequence, count=1, attempt=attempt, turn=turn))
    return found
