"""Workers, publishers and calls against a real broker, its log on disk (2-bus, 4-plugin)."""

import asyncio
import json
import signal
import subprocess
import threading
import time
from typing import Any

import pytest
from conftest import ECHO, PROGRAMS, Bench, eventually, order, read_events
from google.protobuf.wrappers_pb2 import StringValue

from barid import Client, Publisher, RPCError, StatusCode

HEARD = "test.barid.echo.heard.v1"


def heard(client: Client) -> list[str]:
    return sorted(event.text_data for event in read_events(client, HEARD))


def test_events_are_handled_once_and_their_outputs_stored(bench: Bench) -> None:
    bench.start_broker()
    bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        submissions = [publisher.submit(order(n, f"echo {n}")) for n in range(300)]
        submissions += [publisher.submit(order(n, f"echo {n}", "async")) for n in range(300, 400)]
        receipts = [submission.receipt() for submission in submissions]
        assert {receipt.durability for receipt in receipts} == {"DURABILITY_FSYNC"}
        assert len({receipt.sequence for receipt in receipts}) == 400
        again = publisher.publish(order(0, "echo 0"))
        assert again.duplicate
        assert again.sequence == receipts[0].sequence
        expected = sorted(f"echo {n} #1" for n in range(400))
        eventually("all outputs", lambda: heard(client) == expected)


def test_what_a_handler_raises_decides_the_fate(bench: Bench) -> None:
    """2-bus §6: retry, dead letter at once, and a pause that counts no attempt."""
    bench.start_broker()
    bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        for number, text in enumerate(["fail", "refuse", "full", "wrong-type", "echo"]):
            publisher.publish(order(number, text))
        publisher.publish(order("x", "echo", "unhandled.really"))
        eventually("outputs", lambda: heard(client) == ["echo #1", "fail #2", "full #2"])
    log = [json.loads(line) for line in bench.log().splitlines()]
    fates = {(line["code"], line["fate"]) for line in log if line["message"] == "handler failed"}
    assert fates == {
        ("UNKNOWN", "retry"),
        ("INVALID_ARGUMENT", "dead letter"),
        ("RESOURCE_EXHAUSTED", "pause"),
        ("PERMISSION_DENIED", "dead letter"),
        ("UNIMPLEMENTED", "dead letter"),
    }
    answered = [line for line in log if line["message"] == "answered"]
    assert all(line["subject"].startswith("subject-") and line["event"] for line in answered)


@pytest.mark.parametrize("kind, text", [("given", "busy 2.5"), ("async", "block 2.5")])
def test_leases_are_extended_while_a_handler_computes(bench: Bench, kind: str, text: str) -> None:
    """4-plugin §2.4: the lease lasts 1 s, the handler works 2.5 s and lets nothing else run."""
    bench.start_broker()
    hasty = bench.folder / "plugin.yaml"
    manifest = ECHO.with_name("plugin.yaml").read_text()
    assert "lease: 30s" in manifest
    hasty.write_text(manifest.replace("lease: 30s", "lease: 1s"))
    bench.start_worker(ECHO_MANIFEST=str(hasty))
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, text, kind))
        eventually("the output", lambda: heard(client) == [f"{text} #1"])
    assert "settlement refused" not in bench.log()


@pytest.mark.parametrize("kind", ["given", "async"])
def test_a_handler_beyond_its_deadline_is_cancelled(bench: Bench, kind: str) -> None:
    bench.start_broker()
    bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "sleep 60", kind))
        eventually("the failure", lambda: "DEADLINE_EXCEEDED" in bench.log())


def test_a_killed_broker_loses_nothing(bench: Bench) -> None:
    bench.start_broker()
    bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        outcomes = []

        def publish() -> None:
            for number in range(2_000):
                outcomes.append(publisher.submit(order(number, f"echo {number}")))

        thread = threading.Thread(target=publish)
        thread.start()
        for _ in range(2):
            time.sleep(0.3)
            assert bench.broker is not None
            bench.broker.send_signal(signal.SIGKILL)
            bench.broker.wait()
            bench.start_broker()
        thread.join()
        for outcome in outcomes:
            outcome.receipt()
        expected = {f"echo {n}" for n in range(2_000)}
        eventually(
            "all outputs",
            lambda: {text.rpartition(" #")[0] for text in heard(client)} == expected,
            limit=60,
        )
        # The same input gives the same ids, so an event handled twice is still stored once.
        assert len(heard(client)) == 2_000


def test_a_crash_is_an_attempt(bench: Bench) -> None:
    bench.start_broker()
    worker = bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "crash"))
        assert worker.wait(20) == 9
        bench.start_worker()
        eventually("the output", lambda: heard(client) == ["crash #2"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(bench: Bench, number: signal.Signals) -> None:
    """4-plugin §2.6: what runs finishes, what waits is given back without an attempt counted."""
    bench.start_broker()
    worker = bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        for index in range(8):
            publisher.publish(order(index, "sleep 1"))
        eventually("work", lambda: bench.noted("begin sleep 1"))
        worker.send_signal(number)
        assert worker.wait(12) == 0
        first = len(heard(client))
        assert 1 <= first <= 4
        bench.start_worker()
        # What was given back is handed out again: no failure, but another attempt.
        eventually("the rest", lambda: len(heard(client)) == 8)
        assert set(heard(client)) <= {"sleep 1 #1", "sleep 1 #2"}


def test_a_signal_drains_while_the_loop_is_blocked(bench: Bench) -> None:
    bench.start_broker()
    worker = bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "block 2", "async"))
        eventually("work", lambda: bench.noted("begin block"))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(12) == 0
        assert heard(client) == ["block 2 #1"]


def test_a_handler_that_never_ends_does_not_keep_the_process(bench: Bench) -> None:
    """4-plugin §2.6: a second limit ends it with 75."""
    bench.start_broker()
    worker = bench.start_worker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "busy 60"))
        eventually("work", lambda: bench.noted("begin busy"))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(25) == 75


def test_a_worker_waits_for_a_broker_and_stops_without_one(bench: Bench) -> None:
    worker = bench.start_worker()
    eventually("its start", lambda: "worker starts" in bench.log())
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(5) == 0
    bench.start_worker()
    bench.start_broker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "echo"))
        eventually("the output", lambda: heard(client) == ["echo #1"])


def test_a_refused_filter_ends_a_worker(bench: Bench) -> None:
    bench.start_broker()
    bench.start_worker()
    eventually("a subscription", lambda: "subscribed" in bench.log())
    other = bench.folder / "other"
    other.mkdir()
    for name in ("echo.py", "echo_service.py", "plugin.yaml"):
        text = ECHO.with_name(name).read_text()
        (other / name).write_text(text.replace("test.barid.order.unhandled.>", "a.*"))
    worker = bench.start_worker(program=other / "echo.py", name="other.log")
    assert worker.wait(20) == 65
    assert "filter" in bench.log("other.log")


def test_noise_on_standard_output_does_no_harm(bench: Bench) -> None:
    bench.start_broker()
    bench.start_worker("--set", "prefix=> ", BARID_SETTING_TIMES="2")
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "noise"))
        eventually("the outputs", lambda: heard(client) == ["> noise #1"] * 2)


def call(client: Client, method: str, text: str, timeout: float = 20.0) -> str:
    method = f"test.barid.v1.Echo/{method}"
    return client.call(method, StringValue(value=text), StringValue, timeout=timeout).value


def test_calls_of_all_kinds(bench: Bench) -> None:
    bench.start_broker()
    bench.start_worker()
    eventually("a subscription", lambda: "subscribed" in bench.log())
    with bench.client() as client:
        assert call(client, "Say", "نعم yes") == "نعم YES"
        assert call(client, "SayAsync", "yes") == "YES"
        told = client.call(
            "test.barid.v1.Echo/Say", StringValue(value="a"), StringValue, metadata=[("told", "b")]
        )
        assert told.value == "A b"
        collect = client.start("test.barid.v1.Echo/Collect", StringValue)
        for letter in "abc":
            collect.send(StringValue(value=letter))
        collect.done_sending()
        assert collect.result().value == "a+b+c"
        repeat = client.start("test.barid.v1.Echo/Repeat", StringValue)
        repeat.send(StringValue(value="40 " + "x" * 100_000))
        repeat.done_sending()
        assert [len(response.value) for response in repeat] == [100_000] * 40
        for method in ("Chat", "ChatAsync"):
            chat = client.start(f"test.barid.v1.Echo/{method}", StringValue)
            answers = iter(chat)
            for word in ("one", "two"):
                chat.send(StringValue(value=word))
                assert next(answers).value == word.upper()
            chat.done_sending()
            assert list(answers) == []

        async def many() -> list[str]:
            calls = [
                client.call_async(
                    "test.barid.v1.Echo/SayAsync", StringValue(value=f"n{n}"), StringValue
                )
                for n in range(50)
            ]
            return [response.value for response in await asyncio.gather(*calls)]

        assert asyncio.run(many()) == [f"N{n}" for n in range(50)]


def test_calls_fail_with_code_trailers_and_in_time(bench: Bench) -> None:
    bench.start_broker()
    worker = bench.start_worker()
    eventually("a subscription", lambda: "subscribed" in bench.log())
    with bench.client() as client:
        with pytest.raises(RPCError) as caught:
            call(client, "Say", "fail")
        assert caught.value.code is StatusCode.NOT_FOUND
        assert dict(caught.value.metadata) == {"why": "as ordered", "more-bin": b"\0\1"}
        with pytest.raises(RPCError) as caught:
            call(client, "Say", "sleep 20", timeout=0.3)
        assert caught.value.code is StatusCode.DEADLINE_EXCEEDED
        eventually("the cancel", lambda: bench.noted("call cancelled"))
        with pytest.raises(RPCError) as caught:
            client.call("test.barid.v1.Nobody/Say", StringValue(), StringValue)
        assert caught.value.code is StatusCode.UNAVAILABLE
        sleeping = client.start("test.barid.v1.Echo/Say", StringValue)
        sleeping.send(StringValue(value="sleep 20"))
        sleeping.done_sending()
        time.sleep(0.3)
        worker.kill()
        with pytest.raises(RPCError) as caught:
            sleeping.result()
        assert caught.value.code is StatusCode.UNAVAILABLE


def test_a_loop_publishes_and_waits_for_receipts(bench: Bench) -> None:
    bench.start_broker()
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:

        async def many() -> list[int]:
            receipts = [await publisher.publish_async(order(n, "echo")) for n in range(3)]
            return [receipt.sequence for receipt in receipts]

        assert asyncio.run(many()) == [1, 2, 3]


def test_a_publish_without_a_broker_is_told_in_time(bench: Bench) -> None:
    with bench.client() as client:
        publisher = Publisher(client.connection, "tests", deadline=0.5)
        with pytest.raises(RPCError) as caught:
            publisher.publish(order(1, "echo"))
        assert caught.value.code is StatusCode.DEADLINE_EXCEEDED
        assert "not stored" in caught.value.message
        large = order(2, "x" * (1 << 20))
        with pytest.raises(RPCError) as caught:
            publisher.submit(large)
        assert caught.value.reason == "EVENT_TOO_LARGE"


def test_services_can_be_called_by_description(bench: Bench) -> None:
    """4-plugin §2.10: the worker hands in descriptors, so that those without stubs can call it."""
    bench.start_broker()
    bench.start_worker()

    def barid(*arguments: str) -> str:
        done = subprocess.run(
            [PROGRAMS / "barid", "call", *arguments],
            env=bench.environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else ""

    eventually("the descriptors", lambda: "test.barid.v1.Echo/Chat" in barid("--list"))
    assert "HELLO" in barid("test.barid.v1.Echo/Say", '"hello"')


@pytest.mark.parametrize("program, reason", [("echo.py", ""), ("rogue.py", "UNDECLARED_TYPE")])
def test_an_undeclared_output_is_a_dead_letter(bench: Bench, program: str, reason: str) -> None:
    """4-plugin §1: the library refuses it, and the broker, should a library not."""
    bench.start_broker()
    bench.start_worker(program=ECHO.with_name(program))

    def dead() -> list[dict[str, Any]]:
        done = subprocess.run(
            [PROGRAMS / "barid", "dead-letters", "list", "--json"],
            env=bench.environment(), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]

    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "wrong-type"))
        (letter,) = eventually("a dead letter", dead)
        text = json.dumps(letter)
        assert "test.barid.not.declared.v1" in text and "among" in text and reason in text
        assert '"PERMISSION_DENIED"' in text or '"code": 7' in text or '"code":7' in text
        assert read_events(client, "test.barid.not.declared.v1") == []


def test_plugins_that_feed_themselves_are_stopped(bench: Bench) -> None:
    """3-events §4: the output of an event with 64 hops is refused, and that is a dead letter."""
    bench.start_broker()
    bench.start_worker()
    event = order(1, "echo")
    event.extensions["hops"].string = "64"
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(event)
        eventually("the refusal", lambda: "came through 64 workers" in bench.log())
    fates = [json.loads(line).get("fate") for line in bench.log().splitlines()]
    assert "dead letter" in fates


def barid_call(bench: Bench, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / "barid", "call", *arguments],
        env=bench.environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("caller", ["command", "client"])
def test_an_idempotent_call_outlives_its_worker(bench: Bench, caller: str) -> None:
    """The worker that gets it first dies of it; another one answers."""
    bench.start_broker()
    workers = [bench.start_worker(name=f"{n}.log") for n in range(2)]
    eventually(
        "descriptors", lambda: "test.barid.v1.Echo/Say" in barid_call(bench, "--list").stdout
    )
    if caller == "command":
        done = barid_call(bench, "test.barid.v1.Echo/Say", '"once"')
        assert done.returncode == 0 and "ONCE" in done.stdout, done.stderr
    else:
        with bench.client() as client:
            said = client.call(
                "test.barid.v1.Echo/Say", StringValue(value="once"), StringValue, idempotent=True
            )
            assert said.value == "ONCE"
    eventually("the death of one", lambda: [w.poll() for w in workers].count(-signal.SIGKILL) == 1)


def test_another_call_ends_at_once_with_its_worker(bench: Bench) -> None:
    bench.start_broker()
    workers = [bench.start_worker(name=f"{n}.log") for n in range(2)]
    eventually(
        "descriptors", lambda: "test.barid.v1.Echo/Say" in barid_call(bench, "--list").stdout
    )
    done = barid_call(bench, "test.barid.v1.Echo/SayAsync", '"die"')
    assert done.returncode == 69, done.stdout + done.stderr
    eventually("the death of one", lambda: [w.poll() for w in workers].count(-signal.SIGKILL) == 1)


def test_health_is_told_of_each_worker_and_service(bench: Bench) -> None:
    bench.start_broker()
    worker = bench.start_worker()

    def status(service: str) -> str:
        return barid_call(bench, "Health/Check", json.dumps({"service": service})).stdout

    eventually("the worker", lambda: "SERVING" in status("echo-python"))
    assert '"SERVING"' in status("test.barid.v1.Echo") and '"SERVING"' in status("")
    listed = barid_call(bench, "Health/List").stdout
    assert '"echo-python"' in listed and '"test.barid.v1.Echo"' in listed
    assert barid_call(bench, "Health/Check", '{"service": "barid call"}').returncode != 0
    with bench.client() as client, Publisher(client.connection, "tests") as publisher:
        publisher.publish(order(1, "sleep 3"))
        eventually("work", lambda: bench.noted("begin sleep 3"))
    worker.send_signal(signal.SIGTERM)
    eventually("its drain", lambda: "NOT_SERVING" in status("echo-python"))
    assert "NOT_SERVING" in status("test.barid.v1.Echo")
    worker.kill()
    eventually("its end", lambda: status("echo-python") == "")
