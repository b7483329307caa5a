"""8-observability §2 and §4: spans of a worker, a client and a publisher; service managers."""

import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import Bench, eventually, order
from google.protobuf.wrappers_pb2 import StringValue
from test_broker import heard

from barid import Client, Publisher, RPCError, StatusCode, tracing
from barid._ledger import Delivery
from barid._notify import ALIVE, READY, ServiceNotifier
from barid._spans import EventSpans
from barid.bus.v1 import bus_pb2 as bus
from barid.tracing import Kind, Span, TraceParent, Tracer, begin_traces, working_for

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADER = f"00-{TRACE}-b7ad6b7169203331-01"


def spans(path: Path) -> list[dict[str, Any]]:
    """What a file holds: each span with its attributes by name, and its process's name."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        (exported,) = json.loads(line)["resourceSpans"]
        (scope,) = exported["scopeSpans"]
        (span,) = scope["spans"]
        span["attributes"] = attributes(span["attributes"])
        span["service"] = attributes(exported["resource"]["attributes"])["service.name"]
        found.append(span)
    return found


def attributes(pairs: list[Any]) -> dict[str, str]:
    return {
        pair["key"]: pair["value"].get("stringValue", pair["value"].get("intValue"))
        for pair in pairs
    }


@pytest.fixture
def recorded(tmp_path: Path) -> Any:
    """The file of this process's spans."""
    path = tmp_path / "spans.jsonl"
    begin_traces(str(path), "test")
    yield path
    assert tracing._tracer is not None
    tracing._tracer.close()
    tracing._tracer = None


@pytest.mark.parametrize(
    "header, is_sampled",
    [(HEADER, True), (HEADER[:-2] + "00", False), (HEADER[:-2] + "02", False),
     (HEADER[:-2] + "ff", True), ("01" + HEADER[2:] + "-ab", True)],
)  # fmt: skip
def test_a_trace_parent_is_read_and_passed_on(header: str, is_sampled: bool) -> None:
    parent = TraceParent.parse(header)
    assert parent is not None and parent.is_sampled == is_sampled
    child = parent.child()
    assert child.trace_id == TRACE and child.span_id != parent.span_id
    assert TraceParent.parse(str(child)) == child
    first, second = TraceParent.begin(), TraceParent.begin()
    assert TraceParent.parse(str(first)) == first and first.trace_id != second.trace_id


def test_a_span_is_a_line_of_json(tmp_path: Path) -> None:
    path = tmp_path / "spans"
    tracer = Tracer(str(path), 'a "service"')
    context = TraceParent(TRACE, "b7ad6b7169203331")
    text = 'q"\\\n\1\x85\ud800عمان'
    span = Span("process x", Kind.CONSUMER, context, "00f067aa0ba902b7", {"text": text, "n": 7})
    span.links = (context,)
    span.end = span.start - 5
    span.fail(RPCError(StatusCode.INVALID_ARGUMENT, "no\nroom"))
    tracer.record(span)
    span.context = TraceParent(TRACE, "b7ad6b7169203331", "00")
    tracer.record(span)
    (found,) = spans(path)
    assert found["service"] == 'a "service"'
    assert found["parentSpanId"] == "00f067aa0ba902b7" and found["kind"] == 5
    assert found["startTimeUnixNano"] == found["endTimeUnixNano"] == str(span.start)
    assert found["attributes"] == {"text": text, "n": "7", "error.type": "INVALID_ARGUMENT"}
    assert found["links"] == [{"traceId": TRACE, "spanId": "b7ad6b7169203331"}]
    assert found["status"] == {"code": 2, "message": "no\nroom"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert tracer.lost_spans == 0
    tracer.close()
    # What cannot be written is left out.
    span.context = context
    tracer.record(span)
    assert tracer.lost_spans == 1 and len(spans(path)) == 1


def test_a_settlement_ends_when_it_is_durable(tmp_path: Path) -> None:
    path = tmp_path / "spans"
    events = EventSpans(Tracer(str(path), "test"), "tests", "echo")
    events.received(bus.SubscribeResponse(sequences=[1, 2, 3, 4]))
    for sequence in (1, 2, 3, 4):
        event = order(sequence, "echo")
        event.traceparent = HEADER if sequence < 4 else ""
        span = events.process(event, Delivery(sequence, 1, 0, b""))
        assert (span is None) == (sequence == 4)
        if span is not None:
            events.processed(span, None, sequence)
    request = bus.SubscribeRequest(settle_number=1, acks=[bus.AckRange(first_sequence=1, count=1)])
    request.settlements.add(sequence=2).reject.SetInParent()
    request.settlements.add(sequence=3).extend.SetInParent()
    events.left(request)
    assert not [span for span in spans(path) if span["name"].startswith("settle")]
    response = bus.SubscribeResponse(settled=1)
    response.errors.add(sequence=2, error=bus.BusError(reason="STALE_LEASE"))
    events.received(response)
    # The third one asked for more time only.
    settled = [span for span in spans(path) if span["name"].startswith("settle")]
    assert [span["attributes"].get("error.type") for span in settled] == ["STALE_LEASE", None]
    assert len([span for span in spans(path) if span["name"] == "receive tests"]) == 3


def test_an_event_is_a_tree_from_publish_to_settle(bench: Bench, recorded: Path) -> None:
    traces = bench.folder / "worker.spans"
    bench.start_broker()
    bench.start_worker(BARID_TRACES=str(traces))
    event = order(1, "echo")
    event.traceparent, event.tracestate = HEADER, "a=b"
    unsampled = order(2, "echo")
    unsampled.traceparent = HEADER[:-2] + "00"
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(unsampled)
        receipt = publisher.publish(event)
        eventually("both outputs", lambda: len(heard(client)) == 2)
    eventually(
        "the settlement", lambda: [s for s in spans(traces) if s["name"].startswith("settle")]
    )
    (publish,) = spans(recorded)
    assert publish["name"] == "publish tests" and publish["kind"] == 4
    assert publish["spanId"] == "b7ad6b7169203331" and "parentSpanId" not in publish
    assert publish["attributes"]["barid.sequence"] == str(receipt.sequence)
    found = {span["name"]: span for span in spans(traces)}
    assert len(spans(traces)) == len(found) == 4
    assert {span["traceId"] for span in found.values()} == {TRACE}
    assert {span["service"] for span in found.values()} == {"echo-python"}
    receive, process = found["receive tests"], found["process tests"]
    create, settle = found["create tests"], found["settle tests"]
    assert receive["parentSpanId"] == process["parentSpanId"] == publish["spanId"]
    assert [link["spanId"] for link in process["links"]] == [publish["spanId"]]
    assert create["parentSpanId"] == settle["parentSpanId"] == process["spanId"]
    kinds = [span["kind"] for span in (receive, process, create, settle)]
    assert kinds == [3, 5, 4, 3]
    assert receive["endTimeUnixNano"] == process["startTimeUnixNano"]
    assert process["endTimeUnixNano"] == settle["startTimeUnixNano"]
    assert process["attributes"] == {
        "messaging.system": "barid", "messaging.operation.name": "process",
        "messaging.operation.type": "process", "messaging.destination.name": "tests",
        "messaging.consumer.group.name": "echo-python", "messaging.message.id": "order-1",
        "barid.event.type": "test.barid.order.given.v1",
        "barid.sequence": str(receipt.sequence),
        "barid.attempt": "1",
    }  # fmt: skip
    assert settle["attributes"]["messaging.operation.name"] == "ack"
    assert settle["attributes"]["messaging.operation.type"] == "settle"


def test_a_failure_is_told_by_its_code(bench: Bench) -> None:
    traces = bench.folder / "worker.spans"
    bench.start_broker()
    bench.start_worker(BARID_TRACES=str(traces))
    event = order(1, "refuse")
    event.traceparent = HEADER
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(event)
        eventually("all spans", lambda: len(spans(traces)) == 3)
    found = {span["name"]: span for span in spans(traces)}
    process, settle = found["process tests"], found["settle tests"]
    assert process["attributes"]["error.type"] == "INVALID_ARGUMENT"
    assert process["status"] == {"code": 2, "message": "as ordered"}
    # The settlement itself did not fail.
    assert settle["attributes"]["messaging.operation.name"] == "reject"
    assert "status" not in settle


@pytest.mark.parametrize("method", ["Say", "SayAsync"])
@pytest.mark.parametrize("kind", ["given", "async"])
def test_calls_of_handlers_belong_to_the_trace(bench: Bench, kind: str, method: str) -> None:
    """Client and server of a call that a handler makes, under the span of its event."""
    traces = bench.folder / "worker.spans"
    bench.start_broker()
    bench.start_worker(BARID_TRACES=str(traces))
    event = order(1, f"ask {method}", kind)
    event.traceparent = HEADER
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(event)
        eventually("the output", lambda: heard(client) == [f"ask {method} #1"])
    name = f"test.barid.v1.Echo/{method}"
    (process,) = [span for span in spans(traces) if span["name"] == "process tests"]
    calls = {span["kind"]: span for span in spans(traces) if span["name"] == name}
    assert set(calls) == {2, 3}
    assert {span["traceId"] for span in calls.values()} == {TRACE}
    assert calls[3]["parentSpanId"] == process["spanId"]
    assert calls[2]["parentSpanId"] == calls[3]["spanId"]
    assert calls[2]["attributes"] == {
        "rpc.system": "grpc", "rpc.service": "test.barid.v1.Echo", "rpc.method": method,
        "rpc.grpc.status_code": "0",
    }  # fmt: skip


def test_a_call_without_a_caller_begins_a_trace(bench: Bench, recorded: Path) -> None:
    bench.start_broker()
    with bench.client() as client:
        for header in ("", HEADER, HEADER[:-2] + "00"):
            with working_for(header), pytest.raises(RPCError):
                client.call("test.barid.v1.Nobody/Say", StringValue(), StringValue)
    alone, ours = spans(recorded)
    assert "parentSpanId" not in alone and alone["traceId"] != TRACE
    assert ours["traceId"] == TRACE and ours["parentSpanId"] == "b7ad6b7169203331"
    assert alone["attributes"]["rpc.grpc.status_code"] == "14" and alone["status"]["code"] == 2


def test_a_file_that_cannot_be_written_is_told(bench: Bench) -> None:
    worker = bench.start_worker(BARID_TRACES="/nonexistent/spans")
    assert worker.wait(20) == 66
    assert "/nonexistent/spans" in bench.log() and "BARID_TRACES" in bench.log()


class Manager:
    """The socket of a service manager."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(20)

    def waits(self, start: str) -> str:
        """The next datagram that begins so."""
        while not (text := self.socket.recv(4_096).decode()).startswith(start):
            pass
        return text


def test_a_worker_tells_its_service_manager(bench: Bench) -> None:
    """§4: READY once it is subscribed, signs of life before that too, STOPPING when it drains."""
    manager = Manager(f"{bench.folder}/notify")
    worker = bench.start_worker(NOTIFY_SOCKET=f"{bench.folder}/notify", WATCHDOG_USEC="200000")
    assert manager.socket.recv(4_096) == b"WATCHDOG=1"
    assert manager.socket.recv(4_096) == b"WATCHDOG=1"
    bench.start_broker()
    assert "STATUS=echo-python is ready" in manager.waits("READY=1")
    manager.waits("WATCHDOG=1")
    worker.send_signal(signal.SIGTERM)
    manager.waits("STOPPING=1")
    assert worker.wait(12) == 0


@pytest.mark.parametrize("path", ["", "relative", "@", "/nonexistent/socket", "/x" * 90])
def test_an_address_that_is_none_harms_nothing(path: str) -> None:
    notifier = ServiceNotifier({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "x"})
    notifier.tell("READY=1", "a\nb")
    assert notifier.watchdog_limit == 0


def test_a_watchdog_of_another_process_is_not_ours() -> None:
    limits = [
        ServiceNotifier(
            {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(process)}
        ).watchdog_limit
        for process in (os.getpid(), 1)
    ]
    assert limits == [2.0, 0.0]


def test_an_abstract_socket_is_told() -> None:
    name = f"barid-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        ServiceNotifier({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1", "a\nb")
        assert receiver.recv(4_096) == b"READY=1\nSTATUS=a b"


def test_a_full_queue_keeps_nothing_but_signs_of_life_out(tmp_path: Path) -> None:
    manager = Manager(f"{tmp_path}/notify")
    notifier = ServiceNotifier({"NOTIFY_SOCKET": f"{tmp_path}/notify"})
    for _ in range(1_000):
        notifier.tell(ALIVE)
    teller = threading.Thread(target=notifier.tell, args=(READY, "at work"))
    teller.start()
    assert manager.waits("READY=1") == "READY=1\nSTATUS=at work"
    teller.join(10)
    assert not teller.is_alive()


def test_clients_need_no_tracer(bench: Bench) -> None:
    bench.start_broker()
    assert tracing.tracer() is None
    with Client(bench.endpoint) as client, working_for(HEADER), pytest.raises(RPCError) as caught:
        client.call("test.barid.v1.Nobody/Say", StringValue(), StringValue)
    assert caught.value.code is StatusCode.UNAVAILABLE
