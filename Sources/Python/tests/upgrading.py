"""An upgrade under load, with real processes: what was lost, and what changed its order."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from conftest import ECHO, PROGRAMS, Bench, eventually, order, read_events

from barid import Publisher

HEARD = "test.barid.echo.heard.v1"
KEYS = 50


@dataclass(frozen=True)
class Upgraded:
    """What came of it."""

    events: int
    lost: int
    twice: int
    reordered: int
    by_old: int
    by_new: int
    seconds: float


def make_plugin(folder: Path, version: str) -> Path:
    """The echo plugin; its outputs begin with its version."""
    folder.mkdir()
    manifest = ECHO.with_name("plugin.yaml").read_text()
    lines = ["command: [./run]" if "command:" in line else line for line in manifest.splitlines()]
    (folder / "plugin.yaml").write_text("\n".join(lines) + "\n")
    run = folder / "run"
    run.write_text(
        f'#!/bin/sh\nBARID_SETTING_PREFIX="{version} " exec {sys.executable} {ECHO} "$@"\n'
    )
    run.chmod(0o755)
    return folder


def upgrade_under_load(bench: Bench, events: int, rate: float) -> Upgraded:
    """Publishes at a rate, has the plugin upgraded in the middle, and reads what it emitted."""
    folder = bench.folder
    (folder / "none").mkdir()
    environment = bench.environment(
        BARID_STATE=str(folder / "state"), XDG_CONFIG_HOME=str(folder / "config"),
        BARID_PLUGIN_PATH=str(folder / "none"), BARID_DATA=str(folder / "data"),
    )  # fmt: skip

    def barid(*arguments: str | Path) -> str:
        done = subprocess.run(
            [PROGRAMS / "barid", *arguments],
            env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    old, new = make_plugin(folder / "v1", "v1"), make_plugin(folder / "v2", "v2")
    barid("up", "--detach")
    try:
        assert "It is ready" in barid("plugin", "add", old)
        began = time.monotonic()
        with bench.client() as client, Publisher(client.connection, "tests") as publisher:
            submissions = []

            def publish() -> None:
                for number in range(events):
                    event = order(number, f"echo {number}")
                    event.subject = f"key-{number % KEYS}"
                    submissions.append(publisher.submit(event))
                    time.sleep(max(0.0, began + number / rate - time.monotonic()))

            thread = threading.Thread(target=publish)
            thread.start()
            eventually("a third of it", lambda: len(submissions) > events // 3)
            barid("plugin", "upgrade", "echo-python", new)
            still_publishing = thread.is_alive()
            thread.join()
            for submission in submissions:
                submission.receipt()
            assert still_publishing, "the upgrade took longer than the load; publish more"
            outputs = eventually(
                "an output for every event",
                lambda: found if len(found := read_events(client, HEARD)) >= events else None,
                limit=60,
            )
        seconds = time.monotonic() - began
    finally:
        barid("down")
    seen: dict[str, list[int]] = {}
    versions = []
    for output in outputs:  # type: ignore[attr-defined]
        version, _, number, _ = output.text_data.split()
        versions.append(version)
        seen.setdefault(output.subject, []).append(int(number))
    numbers = [number for key in seen.values() for number in key]
    return Upgraded(
        events=events,
        lost=events - len(set(numbers)),
        twice=len(numbers) - len(set(numbers)),
        reordered=sum(
            later < earlier for key in seen.values() for earlier, later in itertools.pairwise(key)
        ),
        by_old=versions.count("v1"),
        by_new=versions.count("v2"),
        seconds=seconds,
    )
