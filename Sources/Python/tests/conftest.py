"""Shared by the tests: the checkout, and a real broker with workers on an ipc socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from barid import Client, Envelope
from barid.bus.v1 import bus_pb2 as bus

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAMS = Path(os.environ.get("BARID_PROGRAMS", REPOSITORY / ".build/debug"))
ECHO = Path(__file__).with_name("echo") / "echo.py"


def eventually(what: str, fact: Callable[[], object], limit: float = 20.0) -> object:
    """Waits for a fact."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = fact()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true within {limit} s")


class Bench:
    """A broker, workers, and a client of them, all in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.endpoint = f"ipc://{folder}/b.ipc"
        self.notes = folder / "notes"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.broker: subprocess.Popen[bytes] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {
            "BARID_ENDPOINT": self.endpoint,
            "BARID_DATA": str(self.folder / "worker"),
            "HOME": str(self.folder),
            "ECHO_NOTES": str(self.notes),
            **more,
        }

    def start_broker(self) -> None:
        log = open(self.folder / "broker.log", "ab")
        command = [
            PROGRAMS / "barid-broker", "--data", self.folder / "data", "--endpoint", self.endpoint,
        ]  # fmt: skip
        self.broker = self.start(command, log, self.environment())

    def start_worker(
        self, *arguments: str, program: Path = ECHO, name: str = "worker.log", **more: str
    ) -> subprocess.Popen[bytes]:
        log = open(self.folder / name, "ab")
        return self.start([sys.executable, program, *arguments], log, self.environment(**more))

    def start(
        self, command: list[str | Path], log: object, environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )  # type: ignore[call-overload]
        self.processes.append(process)
        return process

    def log(self, name: str = "worker.log") -> str:
        return (self.folder / name).read_text()

    def noted(self, text: str) -> bool:
        return self.notes.exists() and text in self.notes.read_text()

    def client(self) -> Client:
        return Client(self.endpoint, wait=20.0)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A bench without a broker yet."""
    if not (PROGRAMS / "barid-broker").exists():
        pytest.skip(f"there is no {PROGRAMS}/barid-broker; build it with: swift build")
    # An ipc path must be short, so not pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="barid-") as folder:
        bench = Bench(Path(folder))
        yield bench
        bench.close()


def order(number: int | str, text: str, kind: str = "given") -> Envelope:
    """An order to the echo worker."""
    event = Envelope(id=f"order-{number}", source="/test", type=f"test.barid.order.{kind}.v1")
    event.subject = f"subject-{number}"
    event.text_data = text
    event.data_content_type = "text/plain"
    return event


def read_events(client: Client, *types: str) -> list[Envelope]:
    """Everything stored so far in the topic ``tests``."""
    call = client.start("barid.bus.v1.EventBus/Read", bus.ReadResponse)
    call.send(bus.ReadRequest(topic="tests", start=bus.Start(at=bus.Start.AT_FIRST), types=types))
    call.done_sending()
    return [Envelope.FromString(data) for response in call for data in response.events]
