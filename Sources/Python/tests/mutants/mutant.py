"""The echo worker with one fault, named by MUTANT: each makes one check of the conformance kit fail."""

import dataclasses
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "echo"))

from echo_service import ECHO  # noqa: E402

import barid  # noqa: E402
from barid import (  # noqa: E402  # noqa: E402
    Event,
    EventHandler,
    HandlerContext,
    Output,
    PluginWork,
    Service,
    _connection,
    _ledger,
    _subscriber,
    cloudevents,
    command,
    events,
    services,
    settings,
    worker,
)
from barid._wire import frames, session  # noqa: E402

FAULT = os.environ.get("MUTANT", "")


class Order(EventHandler[str]):
    input = str
    event_type = "test.barid.order.given.v1"

    def handle(self, event: Event[str], context: HandlerContext) -> list[Output]:
        if event.envelope.data_content_type != "text/plain":
            raise barid.RejectEvent("no order")
        if FAULT == "strict-fields" and "laterattribute" in event.envelope.extensions:
            raise barid.RejectEvent("what is that?")
        if "conformance" in event.envelope.extensions:
            end = time.monotonic() + 5
            while time.monotonic() < end:
                time.sleep(0.02)
                if FAULT != "deaf-handlers":
                    context.check()
        if FAULT == "crash-on-large" and event.envelope.ByteSize() > 1 << 19:
            os._exit(1)
        text = event.payload
        if FAULT == "random-body":
            text += str(random.random())
        kind = "test.barid.undeclared.v1" if FAULT == "undeclared" else "test.barid.echo.heard.v1"
        return [Output(kind, text)]


class Everything(dict):
    """Has a handler for every type."""

    def get(self, key: str, default: object = None) -> object:
        return Order()


class Echo:
    """Serves nothing that anybody calls here."""

    def __getattr__(self, name: str) -> object:
        return lambda request, context: request


def decode(envelope: barid.Envelope, kind: type) -> object:
    """Dies of bodies that are none."""
    if FAULT == "crash-on-nothing" and envelope.WhichOneof("data") is None:
        os._exit(1)
    if FAULT == "crash-on-body" and envelope.data_content_type == "application/protobuf":
        os._exit(1)
    return events.decode_data(envelope, kind)


def break_it() -> None:
    """Puts the fault in."""
    ledger = _ledger.Ledger
    _subscriber.decode_data = decode
    match FAULT:
        case "over-credit":
            take = ledger.take_request

            def greedy(self: _ledger.Ledger) -> object:
                request = take(self)
                if request is not None and request.credit:
                    request.credit += 1
                return request

            ledger.take_request = greedy
        case "double-ack":
            finished = ledger.finished

            def twice(self: _ledger.Ledger, delivery: object, result: object) -> None:
                finished(self, delivery, result)
                if self._settlements:
                    self._settlements.append(self._settlements[-1])

            ledger.finished = twice
        case "settle-gap":
            take_one = ledger.take_request

            def gap(self: _ledger.Ledger) -> object:
                request = take_one(self)
                if request is not None and request.settle_number:
                    request.settle_number += 1
                return request

            ledger.take_request = gap
        case "forgets-turn":
            ranges = _ledger.ranges
            _ledger.ranges = lambda acks: ranges([(first, 0, last) for first, _, last in acks])
            settlement = _ledger._settlement

            def without_turn(delivery: _ledger.Delivery) -> object:
                return settlement(dataclasses.replace(delivery, turn=0))

            _ledger._settlement = without_turn
        case "no-deferral":
            ledger._refused = lambda self, error, now: None
        case "no-extension":
            ledger._extend = lambda self, settlement: None
        case "random-id":
            events.derived_id.__code__ = (
                lambda *a, **k: __import__("secrets").token_hex(32)
            ).__code__
        case "ignores-replay":
            real = _subscriber.make_output
            _subscriber.make_output = lambda *a, replay=0, **k: real(*a, replay=0, **k)
        case "no-causation":
            made = _subscriber.make_output

            def plain(*a: object, **k: object) -> object:
                output = made(*a, **k)
                output.causation_id = ""
                return output

            _subscriber.make_output = plain
        case "acks-garbage":

            def ack(delivery: _ledger.Delivery, error: barid.RPCError) -> object:
                settlement = _ledger._settlement(delivery)
                settlement.ack.SetInParent()
                return settlement

            _ledger._failed = ack
        case "small-limit":
            _connection.CLIENT_LIMITS = session.Limits(message=1 << 20)
            _connection.Connection.__init__.__kwdefaults__["limits"] = _connection.CLIENT_LIMITS
        case "no-pong":
            tell = session.Session._tell
            session.Session._tell = lambda self, kind, body, stream=0: (
                None
                if kind in (frames.Kind.PONG, frames.Kind.PING)
                else tell(self, kind, body, stream)
            )
        case "unnamed":
            _connection.Registration.metadata = lambda self: (("barid-concurrency", "3"),)
        case "keeps-trying":
            _connection.Connection._refuse = lambda self, code, text: self._lose(
                frames.SessionCode.GOODBYE, text, time.monotonic()
            )
        case "gives-up":
            _connection.Connection._lose = lambda *a: os._exit(3)
        case "old-acks":
            keep = _subscriber.Subscriber._subscribe

            def with_old(self: _subscriber.Subscriber) -> None:
                old = getattr(self, "_old", None)
                keep(self)
                if self._ledger is not None and old is not None and old is not self._ledger:
                    self._ledger._acks.append((1, 0, 1))
                self._old = self._ledger

            _subscriber.Subscriber._subscribe = with_old
        case "ignores-refusal":
            _subscriber.Subscriber._end = lambda self, error: None
        case "no-drain":
            _subscriber.Subscriber.drain = lambda self: os._exit(0)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal = lambda *a: None
            signal.set_wakeup_fd = lambda *a, **k: -1
        case "acks-late":

            def take_late(self: _ledger.Ledger, delivery: _ledger.Delivery) -> None:
                self._acks.append((delivery.sequence, delivery.turn, delivery.attempt))

            ledger._release = take_late
        case "orphan":
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                # Without the mark by which a supervisor knows what a process of its has started.
                unmarked = {k: v for k, v in os.environ.items() if k != "BARID_PROCESS"}
                os.execve("/bin/sleep", ["sleep", "30"], unmarked)
        case "plain-logs":
            from barid import logs

            logs._Formatter.format = lambda self, record: record.getMessage()
        case "logs-bodies":
            handle = _subscriber._handle

            def telling(handler: object, envelope: object, *others: object) -> object:
                try:
                    return handle(handler, envelope, *others)
                except barid.RPCError as error:
                    raise barid.RejectEvent(f"{error.message}: {envelope.text_data}") from error

            _subscriber._handle = telling
        case "no-hops":
            chained = _subscriber.make_output

            def unchained(*a: object, **k: object) -> object:
                output = chained(*a, **k)
                del output.extensions["hops"]
                return output

            _subscriber.make_output = unchained
        case "no-goaway":
            _connection.Connection.drain = lambda self, text: None
        case "cuts-calls":
            worker.DRAIN_LIMIT = 0.0
        case "deaf-calls":
            services.ServerCall.ended = lambda self, status: None
        case "noisy" if "serve" in sys.argv:
            print("here I am", flush=True)
        case "any-address":
            settings.check_endpoint = lambda endpoint, has_key: None
            _connection.check_endpoint = lambda endpoint, has_key: None
        case "other-manifest":
            pass
        case "anything-goes":
            command._Parser.error = lambda self, message: sys.exit(0)
        case "stops-at-bad-line":
            cloudevents.from_json.__code__ = (lambda line: os._exit(65)).__code__
        case "answers-all":
            serve = worker.Worker._serve
            worker.Worker._serve = lambda self, stream, body: serve(
                self, stream, dataclasses.replace(body, method="test.barid.v1.Echo/Say")
            )
        case "handles-all":
            checked = worker.check
            worker.check = lambda *a: Everything(checked(*a))
        case "ascii-only":
            _subscriber.event_facts = lambda envelope: {"event": envelope.subject.encode("ascii")}
        case "ends-with-stream":
            _subscriber.Subscriber.ended = lambda self, status: os._exit(4)
        case "no-turns":
            tell_group = _subscriber.Subscriber._send

            def unaware(self: _subscriber.Subscriber, request: object) -> None:
                if request.HasField("subscription"):
                    request.subscription.turns = False
                tell_group(self, request)

            _subscriber.Subscriber._send = unaware
        case "wrong-group":
            make = _subscriber.Subscriber._send

            def renamed(self: _subscriber.Subscriber, request: object) -> None:
                if request.HasField("subscription"):
                    request.subscription.group = "other"
                make(self, request)

            _subscriber.Subscriber._send = renamed


if __name__ == "__main__":
    if FAULT == "other-manifest" and "describe" in sys.argv:
        print((FOLDER / "plugin.yaml").read_text().replace("0.1.0", "9.9.9"), end="")
        sys.exit(0)
    if FAULT == "no-json" and "--json" in sys.argv:
        print(json.dumps(["mutant"]))
        sys.exit(0)
    if FAULT == "no-waiting" and not Path(os.environ["BARID_ENDPOINT"][6:]).exists():
        sys.exit(69)
    break_it()
    barid.run_plugin(
        Path(os.environ.get("MUTANT_MANIFEST", FOLDER / "plugin.yaml")),
        PluginWork([Order()], [Service(ECHO, Echo())]),
    )
