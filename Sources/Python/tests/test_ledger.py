"""The deliveries of one Subscribe stream (2-bus §5 and §6, 4-plugin §2), without broker or clock."""

import pytest

from barid._ledger import LEAVING_PAUSE_MS, Delivery, Ledger, ranges
from barid.bus.v1 import bus_pb2 as bus
from barid.errors import RETRY_AFTER_KEY, RPCError, StatusCode


def make(concurrency: int = 2, prefetch: int = 2) -> Ledger:
    return Ledger(concurrency, concurrency * prefetch, 1_000, deadline=10.0)


def deliver(ledger: Ledger, *sequences: int, attempt: int = 1, now: float = 0.0) -> None:
    count = len(sequences)
    ledger.receive(
        bus.SubscribeResponse(
            events=[b"x"] * count, sequences=sequences, attempts=[attempt] * count
        ),
        now,
    )


def take(ledger: Ledger) -> bus.SubscribeRequest:
    request = ledger.take_request()
    assert request is not None
    return request


def begin(ledger: Ledger, now: float = 0.0) -> Delivery:
    delivery = ledger.next(now)
    assert delivery is not None
    return delivery


def test_the_first_request_grants_concurrency_times_prefetch() -> None:
    ledger = make(3, 4)
    request = take(ledger)
    assert (request.credit, request.credit_bytes) == (12, 1_000)
    assert request.settle_number == 0
    assert ledger.take_request() is None


def test_no_more_than_the_concurrency_runs_and_credit_comes_back_with_each() -> None:
    ledger = make()
    take(ledger)
    deliver(ledger, 1, 2, 3, 4)
    first, second = begin(ledger), begin(ledger)
    assert ledger.next(0.0) is None
    ledger.finished(first, [])
    assert begin(ledger).sequence == 3
    ledger.finished(second, [])
    request = take(ledger)
    assert (request.credit, request.credit_bytes, request.settle_number) == (2, 2, 1)
    assert [(r.first_sequence, r.count, r.attempt) for r in request.acks] == [(1, 2, 1)]


@pytest.mark.parametrize(
    "code, outcome",
    [
        (StatusCode.UNKNOWN, "nack"),
        (StatusCode.UNAVAILABLE, "nack"),
        (StatusCode.ABORTED, "nack"),
        (StatusCode.DEADLINE_EXCEEDED, "nack"),
        (StatusCode.INTERNAL, "nack"),
        (StatusCode.INVALID_ARGUMENT, "reject"),
        (StatusCode.DATA_LOSS, "reject"),
        (StatusCode.UNIMPLEMENTED, "reject"),
        (StatusCode.FAILED_PRECONDITION, "reject"),
        (StatusCode.OUT_OF_RANGE, "reject"),
        (StatusCode.NOT_FOUND, "reject"),
        (StatusCode.ALREADY_EXISTS, "reject"),
        (StatusCode.PERMISSION_DENIED, "reject"),
        (StatusCode.UNAUTHENTICATED, "reject"),
        (StatusCode.RESOURCE_EXHAUSTED, "release"),
        (StatusCode.CANCELLED, "release"),
    ],
)
def test_the_code_decides_the_settlement(code: StatusCode, outcome: str) -> None:
    """2-bus §6: what a handler's error means."""
    ledger = make()
    deliver(ledger, 7)
    ledger.finished(begin(ledger), RPCError(code, "why", [(RETRY_AFTER_KEY, "1500")]))
    (settlement,) = take(ledger).settlements
    assert settlement.WhichOneof("outcome") == outcome
    assert getattr(settlement, outcome).error.message == "why"
    if outcome == "nack":
        assert settlement.nack.delay_ms == 1_500
    assert (settlement.release.pause_ms > 0) == (code is StatusCode.RESOURCE_EXHAUSTED)


def test_leases_are_extended_when_a_third_is_over_until_the_deadline() -> None:
    ledger = make()
    take(ledger)
    ledger.started(bus.Started(lease_ms=3_000))
    deliver(ledger, 1, 2, 3)
    begin(ledger)
    ledger.renew(0.9)
    assert ledger.take_request() is None
    ledger.renew(1.0)
    assert [s.WhichOneof("outcome") for s in take(ledger).settlements] == ["extend"] * 3
    ledger.renew(10.0)  # The deadline of all is over.
    assert ledger.take_request() is None
    assert [late.sequence for late in ledger.overdue(10.0)] == [1]


def test_a_drain_gives_back_what_is_not_begun() -> None:
    ledger = make(1, 3)
    take(ledger)
    deliver(ledger, 1, 2, 3)
    running = begin(ledger)
    ledger.drain()
    released = take(ledger).settlements
    assert [s.sequence for s in released] == [2, 3]
    assert {s.release.pause_ms for s in released} == {LEAVING_PAUSE_MS}
    deliver(ledger, 4)
    assert [s.sequence for s in take(ledger).settlements] == [4]
    ledger.finished(running, [b"out"])
    request = take(ledger)
    assert request.credit == 0
    assert not ledger.is_settled
    ledger.receive(bus.SubscribeResponse(settled=request.settle_number), 0.0)
    assert ledger.is_settled


def test_a_newer_attempt_waits_for_the_stale_handler() -> None:
    ledger = make(1)
    take(ledger)
    deliver(ledger, 1)
    stale = begin(ledger)
    deliver(ledger, 1, attempt=2)
    assert ledger.next(0.0) is None
    ledger.finished(stale, [b"stale"])
    assert not take(ledger).settlements
    assert begin(ledger).attempt == 2


def test_an_ack_without_room_is_sent_again_and_its_lease_kept() -> None:
    ledger = make(1)
    take(ledger)
    ledger.started(bus.Started(lease_ms=3_000))
    deliver(ledger, 1)
    ledger.finished(begin(ledger), [b"out"])
    take(ledger)
    full = bus.BusError(code=8, reason="STORAGE_FULL", retry_after_ms=2_000)
    response = bus.SubscribeResponse(settled=1)
    response.errors.add(sequence=1, attempt=1, error=full)
    ledger.receive(response, 0.0)
    assert not ledger.is_settled
    ledger.renew(1.0)
    assert take(ledger).settlements[0].HasField("extend")
    ledger.renew(2.0)
    assert list(take(ledger).settlements[0].ack.outputs) == [b"out"]


@pytest.mark.parametrize("reason, outcome", [("EVENT_TOO_LARGE", "reject"), ("STALE_LEASE", "")])
def test_a_refused_ack(reason: str, outcome: str) -> None:
    ledger = make(1)
    take(ledger)
    deliver(ledger, 1)
    ledger.finished(begin(ledger), [b"out"])
    take(ledger)
    response = bus.SubscribeResponse(settled=1)
    response.errors.add(sequence=1, attempt=1, error=bus.BusError(code=3, reason=reason))
    ledger.receive(response, 0.0)
    request = ledger.take_request()
    assert (request is not None) == bool(outcome)
    if request is not None:
        assert request.settlements[0].WhichOneof("outcome") == outcome


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RPCError) as caught:
        make().receive(bus.SubscribeResponse(events=[b"x"], sequences=[1, 2]), 0.0)
    assert caught.value.code is StatusCode.INTERNAL


def test_acks_of_consecutive_sequences_are_ranges() -> None:
    found = ranges([(3, 0, 1), (1, 0, 1), (2, 0, 1), (4, 0, 2), (6, 0, 1), (7, 9, 1)])
    assert [(r.first_sequence, r.count, r.turn, r.attempt) for r in found] == [
        (1, 3, 0, 1),
        (4, 1, 0, 2),
        (6, 1, 0, 1),
        (7, 1, 9, 1),
    ]


def test_the_turn_goes_back() -> None:
    """Protocols/2-bus §6.2: also with extensions; of two turns of one attempt the later is held."""
    ledger = make()
    ledger.lease = 6.0
    response = bus.SubscribeResponse(events=[b"x"], sequences=[5], turns=[70])
    ledger.receive(response, 0.0)
    stale = ledger.next(0.0)
    assert stale is not None and stale.turn == 70
    ledger.receive(bus.SubscribeResponse(events=[b"x"], sequences=[5], turns=[71]), 0.0)
    assert ledger.deadline_of(stale) is None
    ledger.finished(stale, [])
    held = ledger.next(0.0)
    assert held is not None
    ledger.renew(3.0)
    ledger.finished(held, [b"out"])
    request = ledger.take_request()
    assert request is not None and not request.acks
    assert [s.turn for s in request.settlements] == [71, 71]
    error = bus.SettleError(sequence=5, attempt=1, turn=70)
    error.error.code = 3
    ledger.receive(bus.SubscribeResponse(errors=[error]), 0.0)
    request = ledger.take_request()
    assert request is None or not request.settlements
