"""Protocols/1-transport §7: two sessions that talk to each other, and what each refuses."""

import random

import pytest

from barid._wire import frames, session
from barid._wire.frames import Kind, SessionCode
from barid._wire.session import Ended, Limits, Message, Opened, Session
from barid.errors import StatusCode

OK = frames.Status(StatusCode.OK)


class Pair:
    """A client and a broker without a socket between them."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits(message=session.HARD_MESSAGE_LIMIT)
        hello = frames.Hello(5, limits.message)
        self.client = Session(0.0, hello=hello, limits=limits)
        self.client.next_batch()
        welcome = frames.Welcome(5, 1, 1, 0, limits.message)
        self.broker = Session(0.0, welcome=welcome, limits=limits)
        self.at_client: list[session.Event] = []
        self.at_broker: list[session.Event] = []
        self.exchange()

    def exchange(self, release: bool = True) -> None:
        """Carries batches until both have nothing to say; both applications read at once."""
        while True:
            to_broker, to_client = self.client.next_batch(), self.broker.next_batch()
            if to_broker is None and to_client is None:
                return
            for batch, side, events in (
                (to_broker, self.broker, self.at_broker),
                (to_client, self.client, self.at_client),
            ):
                if batch is None:
                    continue
                assert len(batch) <= frames.MAXIMUM_BATCH
                found = side.receive(batch, 0.0)
                events += found
                for event in found:
                    if release and isinstance(event, Message):
                        exempt = len(event.data) if event.exempt else 0
                        side.release(event.stream, event.charge, exempt)


def messages(events: list[session.Event], stream: int) -> list[bytes]:
    return [e.data for e in events if isinstance(e, Message) and e.stream == stream]


@pytest.mark.parametrize("size", [0, 1, 65_524, 65_525, 262_144, 1 << 20, 16 << 20])
def test_a_message_of_any_size_arrives_whole(size: int) -> None:
    pair = Pair()
    body = random.Random(size).randbytes(size)
    stream = pair.client.open(frames.Open("a.B/C"))
    assert stream == 1
    pair.client.send(stream, body)
    pair.client.half_close(stream)
    pair.exchange()
    assert messages(pair.at_broker, stream) == [body]
    pair.broker.send(stream, body)
    pair.broker.finish(stream, OK)
    pair.exchange()
    assert messages(pair.at_client, stream) == [body]
    assert pair.at_client[-1] == Ended(stream, OK)
    assert pair.client.stream_count == pair.broker.stream_count == 0


def test_streams_have_turns() -> None:
    """§3: none sends more than 16 KiB while another one waits."""
    pair = Pair()
    streams = [pair.client.open(frames.Open("a.B/C")) for _ in range(3)]
    for stream in streams:
        pair.client.send(stream or 0, bytes(40_000))
    first = pair.client.next_batch()
    assert first is not None
    sent = {f.stream for f in frames.decode(first) if f.kind is Kind.MESSAGE}
    assert sent == set(streams)


def test_no_more_than_the_credit_leaves() -> None:
    pair = Pair()
    stream = pair.client.open(frames.Open("a.B/C")) or 0
    for _ in range(40):
        pair.client.send(stream, bytes(20_000))
    pair.exchange(release=False)
    arrived = messages(pair.at_broker, stream)
    charge = sum(len(data) + frames.HEADER.size for data in arrived)
    assert charge <= session.INITIAL_STREAM_CREDIT
    for event in [e for e in pair.at_broker if isinstance(e, Message)]:
        pair.broker.release(stream, event.charge)
    pair.exchange()
    assert len(messages(pair.at_broker, stream)) == 40


def test_exempt_messages_need_no_credit() -> None:
    pair = Pair()
    stream = pair.client.open(frames.Open("a.B/C")) or 0
    for _ in range(40):
        pair.client.send(stream, bytes(20_000), exempt=True)
    pair.exchange(release=False)
    assert len(messages(pair.at_broker, stream)) == 40


def test_a_larger_message_is_refused_by_its_sender_and_its_receiver() -> None:
    pair = Pair(Limits(message=1_024))
    stream = pair.client.open(frames.Open("a.B/C")) or 0
    with pytest.raises(ValueError, match="1025 bytes"):
        pair.client.send(stream, bytes(1_025))
    pair.client.peer_message_limit = 2_048
    pair.client.send(stream, bytes(1_025))
    pair.exchange()
    ended = pair.at_client[-1]
    assert isinstance(ended, Ended)
    assert ended.status.code is StatusCode.RESOURCE_EXHAUSTED


def test_a_silent_peer_is_pinged_and_given_up() -> None:
    pair = Pair()
    assert pair.client.tick(1.9) == []
    assert pair.client.next_batch() is None
    pair.client.tick(2.0)
    ping = pair.client.next_batch() or b""
    assert [f.kind for f in frames.decode(ping)] == [Kind.PING]
    pair.broker.receive(ping, 2.0)
    pong = pair.broker.next_batch() or b""
    pair.client.receive(pong, 2.0)
    assert pair.client.tick(7.9) == []
    events = pair.client.tick(8.0)
    assert isinstance(events[0], session.Closed)
    assert events[0].code is SessionCode.TIMED_OUT


def test_a_calls_time_runs_out_at_its_server() -> None:
    pair = Pair()
    stream = pair.client.open(frames.Open("a.B/C", time_left_ms=500)) or 0
    pair.exchange()
    assert any(isinstance(e, Opened) for e in pair.at_broker)
    assert pair.broker.tick(0.4) == []
    (ended,) = pair.broker.tick(0.5)
    assert isinstance(ended, Ended)
    assert ended.status.code is StatusCode.DEADLINE_EXCEEDED
    pair.exchange()
    assert pair.at_client[-1] == Ended(stream, ended.status)


def test_a_cancel_ends_the_stream_and_late_frames_are_ignored() -> None:
    pair = Pair()
    stream = pair.client.open(frames.Open("a.B/C")) or 0
    pair.exchange()
    pair.broker.send(stream, b"late")
    pair.client.end(stream, frames.Status(StatusCode.CANCELLED, "enough"))
    pair.exchange()
    assert pair.at_broker[-1] == Ended(stream, frames.Status(StatusCode.CANCELLED, "enough"))
    assert messages(pair.at_client, stream) == []
    assert pair.client.state is session.State.OPEN


def test_a_draining_peer_gets_no_new_calls() -> None:
    pair = Pair()
    pair.client.goaway(SessionCode.DRAINING, "stops")
    number = pair.broker.open(frames.Open("a.B/C")) or 0
    assert number == 2
    pair.exchange()
    ended = pair.at_broker[-1]
    assert isinstance(ended, Ended)
    assert ended.status.code is StatusCode.UNAVAILABLE
    assert pair.broker.open(frames.Open("a.B/C")) is None


def test_only_a_welcome_with_our_nonce_opens() -> None:
    client = Session(0.0, hello=frames.Hello(5, 1 << 20))
    stale = frames.encode(Kind.WELCOME, frames.Welcome(4, 1, 1, 0, 1 << 20).encode())
    assert client.receive(stale, 0.0) == []
    assert client.state is session.State.GREETING
    ours = frames.encode(Kind.WELCOME, frames.Welcome(5, 1, 1, 0, 1 << 20).encode())
    assert isinstance(client.receive(ours, 0.0)[0], session.Welcomed)


def test_random_bytes_never_raise_anything_else() -> None:
    """Frames cut, changed and put together at random are read or refused."""
    generator = random.Random(11)
    good = [
        frames.encode(Kind.OPEN, frames.Open("a.B/C", 5, (("k", "v"),)).encode(), 1),
        frames.encode(Kind.MESSAGE, b"abc", 1),
        frames.encode(Kind.PING, bytes(8)),
        frames.encode(Kind.WINDOW_UPDATE, bytes([0, 0, 1, 0])),
        frames.encode(Kind.GOAWAY, frames.Goaway(SessionCode.DRAINING, "x").encode()),
    ]
    for _ in range(5_000):
        batch = bytearray(b"".join(generator.choices(good, k=3)))
        for _ in range(generator.randrange(4)):
            batch[generator.randrange(len(batch))] = generator.randrange(256)
        side = Pair().broker if generator.random() < 0.02 else Session(
            0.0, welcome=frames.Welcome(1, 1, 1, 0, 1 << 20)
        )  # fmt: skip
        side.receive(bytes(batch[: generator.randrange(len(batch) + 1)]), 0.0)
        side.next_batch()
