"""Protocols/3-events: the vectors, and what an output inherits."""

import json

import pytest
from conftest import REPOSITORY
from google.protobuf.message import DecodeError

from barid import Envelope, Output, RejectEvent, RPCError, StatusCode, make_event
from barid.articles import Article
from barid.cloudevents import from_json, to_json
from barid.events import decode_data, derived_id, make_output, validate

VECTORS = REPOSITORY / "Protocols/vectors/events"


def vectors(name: str) -> list[dict]:
    return json.loads((VECTORS / f"{name}.json").read_text())


@pytest.mark.parametrize("vector", vectors("valid"), ids=lambda vector: vector["name"])
def test_both_forms_say_the_same(vector: dict) -> None:
    event = Envelope.FromString(bytes.fromhex(vector["event"]))
    validate(event)
    assert to_json(event).decode() == vector["json"]
    back = Envelope.FromString(bytes.fromhex(vector.get("event_from_json") or vector["event"]))
    assert from_json(vector["json"].encode()) == back


@pytest.mark.parametrize("vector", vectors("invalid"), ids=lambda vector: vector["name"])
def test_what_is_no_event_is_refused(vector: dict) -> None:
    if "json" in vector:
        with pytest.raises(RPCError) as caught:
            from_json(vector["json"].encode())
        assert caught.value.code is StatusCode.INVALID_ARGUMENT
    if "event" in vector:
        with pytest.raises((RPCError, DecodeError)):
            validate(Envelope.FromString(bytes.fromhex(vector["event"])))


@pytest.mark.parametrize("vector", vectors("derived-ids"))
def test_derived_ids_are_those_of_the_specification(vector: dict) -> None:
    parts = [vector[key] for key in ("parent_source", "parent_id", "worker", "output", "replay")]
    assert derived_id(*parts) == vector["id"]


def parent() -> Envelope:
    event = make_event({"a": 1}, id="1", source="/s", type="my.thing.v1", subject="article")
    event.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event.tracestate = "a=b"
    event.expiry_time.seconds = 4_000_000_000
    return event


def test_an_output_inherits_what_section_4_says() -> None:
    made = make_output(parent(), Output("my.other.v1", {"b": 2}), worker="w", index=0, sequence=7)
    assert made.id == derived_id("/s", "1", "w", 0, 0)
    assert made.source == "/barid/workers/w"
    assert made.subject == "article"
    assert made.causation_id == made.correlation_id == "1"
    assert made.extensions["originsequence"].string == "7"
    assert made.traceparent == f"00-0af7651916cd43dd8448eb211c80319c-{made.id[:16]}-01"
    assert made.tracestate == "a=b"
    assert made.expiry_time.seconds == 4_000_000_000
    assert not made.HasField("time")


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = (
        make_output(parent(), Article(id="x", text="نص"), worker="w", index=1).SerializeToString()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    "trace",
    ["", "00-0-0-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
     "00-00000000000000000000000000000000-b7ad6b7169203331-01",
     "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"],
)  # fmt: skip
def test_an_invalid_trace_is_left_out(trace: str) -> None:
    event = parent()
    event.traceparent = trace
    made = make_output(event, Output("my.other.v1", {}), worker="w", index=0)
    assert made.traceparent == made.tracestate == ""


def test_a_body_is_read_in_each_of_its_forms() -> None:
    article = Article(id="x", text="نص")
    packed = make_event(article, id="1", source="/s")
    plain = Envelope(type=packed.type, data_content_type="application/protobuf")
    plain.binary_data = article.SerializeToString()
    spoken = Envelope(type=packed.type, data_content_type="application/json")
    spoken.text_data = '{"id": "x", "text": "نص", "later": 1}'
    assert decode_data(packed, Article) == article
    assert decode_data(plain, Article) == article
    assert decode_data(spoken, Article) == article
    assert decode_data(spoken, dict)["text"] == "نص"


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"{", b""])
def test_a_body_of_another_kind_is_rejected(data: bytes) -> None:
    event = Envelope(id="1", source="/s", type="t", data_content_type="application/json")
    event.binary_data = data
    with pytest.raises(RejectEvent):
        decode_data(event, dict)
    with pytest.raises(RejectEvent):
        decode_data(Envelope(type="t"), Article)


@pytest.mark.parametrize(
    "own, replay, expected",
    [("", 0, ""), ("", 3, "3"), ("2", 0, "2"), ("2", 3, "3"), ("4", 3, "4"), ("x", 0, "")],
)
def test_outputs_carry_the_highest_replay(own: str, replay: int, expected: str) -> None:
    """3-events §4: the higher of the delivery's replay number and the event's own."""
    parent = Envelope(id="a", source="/s", type="t.v1")
    if own:
        parent.extensions["replaynumber"].string = own
    output = make_output(parent, Output("u.v1", "x"), worker="w", index=0, replay=replay)
    found = output.extensions.get("replaynumber")
    assert (found.string if found is not None else "") == expected


@pytest.mark.parametrize("own, expected", [("", "1"), ("1", "2"), ("63", "64"), ("x", "1")])
def test_outputs_count_the_workers_they_came_through(own: str, expected: str) -> None:
    parent = Envelope(id="a", source="/s", type="t.v1")
    if own:
        parent.extensions["hops"].string = own
    output = make_output(parent, Output("u.v1", "x"), worker="w", index=0)
    assert output.extensions["hops"].string == expected


@pytest.mark.parametrize("own", ["64", "65", "4294967295"])
def test_circles_of_plugins_end(own: str) -> None:
    """3-events §4: "The output of an event with 64 hops SHALL be refused"."""
    parent = Envelope(id="a", source="/s", type="t.v1")
    parent.extensions["hops"].string = own
    with pytest.raises(RPCError, match="its own outputs") as caught:
        make_output(parent, Output("u.v1", "x"), worker="w", index=0)
    assert caught.value.code is StatusCode.FAILED_PRECONDITION
