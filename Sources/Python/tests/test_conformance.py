"""The conformance kit: it passes a good worker, and each of its checks fails some mutant."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import PROGRAMS, REPOSITORY

MUTANTS = Path(__file__).with_name("mutants")
BARID = PROGRAMS / "barid"

# Fault, and the check that it has to fail.
FAULTS = [
    ("other-manifest", "describe"),
    ("no-json", "describe-json"),
    ("anything-goes", "usage"),
    ("any-address", "wrong-address"),
    ("stops-at-bad-line", "process"),
    ("no-waiting", "no-broker"),
    ("unnamed", "registration"),
    ("keeps-trying", "broker-too-new"),
    ("keeps-trying", "broker-too-old"),
    ("no-pong", "silence"),
    ("wrong-group", "subscription"),
    ("over-credit", "credit"),
    ("double-ack", "acks-once"),
    ("settle-gap", "acks-once"),
    ("no-turns", "turns"),
    ("forgets-turn", "turns"),
    ("random-id", "duplicate"),
    ("random-body", "duplicate"),
    ("undeclared", "outputs"),
    ("no-causation", "outputs"),
    ("no-hops", "outputs"),
    ("ignores-replay", "replay"),
    ("no-deferral", "full-broker"),
    ("no-extension", "full-broker"),
    ("acks-garbage", "garbage"),
    ("crash-on-large", "one-mebibyte"),
    ("small-limit", "sixteen-mebibytes"),
    ("old-acks", "broker-restart"),
    ("gives-up", "broker-restart"),
    ("ignores-refusal", "refused"),
    ("no-drain", "drain"),
    ("acks-late", "drain-releases"),
    ("deaf", "stop-idle"),
    ("orphan", "stop-idle"),
    ("orphan", "parent-death"),
    ("plain-logs", "logs"),
    ("logs-bodies", "logs"),
    ("answers-all", "unknown-method"),
    ("deaf-calls", "call-cancelled"),
    ("deaf-calls", "call-deadline"),
    ("no-goaway", "drain-calls"),
    ("cuts-calls", "drain-calls"),
    ("no-extension", "lease-extended"),
    ("deaf-handlers", "handler-cancelled"),
    ("noisy", "quiet-output"),
    ("strict-fields", "unknown-fields"),
    ("handles-all", "unknown-type"),
    ("crash-on-nothing", "no-body"),
    ("crash-on-body", "wrong-body"),
    ("ascii-only", "bidi-text"),
    ("ends-with-stream", "stream-lost"),
    ("ends-with-stream", "broker-drains"),
    ("deaf", "stop-without-broker"),
]


# Kits that run at once: nearly all they do is wait.
AT_ONCE = 8


def make_folder(folder: Path, fault: str) -> Path:
    """A plugin folder whose program runs the mutant with this interpreter."""
    folder.mkdir()
    program = folder / "run"
    program.write_text(
        f'#!/bin/sh\nMUTANT={fault} exec {sys.executable} {MUTANTS / "mutant.py"} "$@"\n'
    )
    program.chmod(0o755)
    (folder / "plugin.yaml").write_text(
        (MUTANTS / "plugin.yaml").read_text().replace("[run]", "[./run]")
    )
    return folder


def conform(
    folder: Path, *arguments: str, samples: Path | None = MUTANTS / "samples.jsonl"
) -> dict:
    given = ["--samples", samples] if samples is not None else []
    done = subprocess.run(
        [BARID, "plugin", "conform", folder, "--json", *given, *arguments],
        capture_output=True, text=True, timeout=300,
        env=os.environ | {"MUTANT_MANIFEST": str(folder / "plugin.yaml")},
    )  # fmt: skip
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    assert done.returncode == (65 if report["failed"] else 0)
    return report


@pytest.fixture(scope="module")
def reports(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[dict]]]:
    """What the kit says of each mutant that a selected test asks for, and of the one without a fault."""
    if not BARID.exists():
        pytest.skip(f"there is no {BARID}; build it with: swift build")
    folder = tmp_path_factory.mktemp("mutants")
    wanted: dict[str, list[str]] = {}
    for item in request.session.items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "fault" in parameters and "name" in parameters:
            wanted.setdefault(parameters["fault"], []).append(parameters["name"])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = {
            fault: pool.submit(
                conform, make_folder(folder / fault, fault),
                *(word for name in names for word in ("--only", name)),
            )
            for fault, names in wanted.items()
        }  # fmt: skip
        yield made
        for future in made.values():
            future.cancel()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if not BARID.exists():
        pytest.skip(f"there is no {BARID}; build it with: swift build")
    return make_folder(tmp_path / "none", "none")


@pytest.mark.usefixtures("reports")  # The others are at it meanwhile.
def test_a_worker_without_a_fault_passes(folder: Path) -> None:
    junit = folder / "report.xml"
    report = conform(folder, "--junit", str(junit))
    failed = {c["check"]: c["reason"] for c in report["checks"] if c["outcome"] == "failed"}
    assert failed == {}
    assert report["passed"] >= 30
    assert junit.read_text().count("<testcase") == len(report["checks"])


@pytest.mark.usefixtures("reports")
def test_the_summarizer_passes(tmp_path: Path) -> None:
    if not BARID.exists():
        pytest.skip(f"there is no {BARID}; build it with: swift build")
    shipped = REPOSITORY / "Plugins/Summarizer"
    folder = tmp_path / "summarizer"
    shutil.copytree(shipped, folder, ignore=shutil.ignore_patterns(".venv"))
    program = folder / "run"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    manifest = folder / "plugin.yaml"
    manifest.write_text(manifest.read_text("utf-8").replace(".venv/bin/python", "./run"))
    report = conform(folder, samples=None)
    failed = {c["check"]: c["reason"] for c in report["checks"] if c["outcome"] == "failed"}
    assert failed == {}
    assert report["passed"] >= 35


@pytest.mark.parametrize("fault", sorted({fault for fault, _ in FAULTS} - {"orphan"}))
def test_a_fault_can_be_put_in(fault: str) -> None:
    """A mutant that dies of itself would fail every check, and prove nothing."""
    program = f"import sys; sys.path.insert(0, {str(MUTANTS)!r}); import mutant; mutant.break_it()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, timeout=30, env=os.environ | {"MUTANT": fault},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("fault, name", FAULTS)
def test_a_fault_is_found(reports: dict[str, Future[dict]], fault: str, name: str) -> None:
    (check,) = (c for c in reports[fault].result()["checks"] if c["check"] == name)
    assert check["outcome"] == "failed", f"{name} did not notice {fault}"
    assert check["fix"] and check["reason"]


def test_every_check_fails_for_some_mutant(folder: Path) -> None:
    report = conform(folder, "--only", "usage", "--only", "describe")
    assert [c["check"] for c in report["checks"]] == ["describe", "usage"]
    refused = subprocess.run(
        [BARID, "plugin", "conform", folder, "--only", "x"], capture_output=True, text=True
    )
    assert refused.returncode == 64
    known = refused.stderr.split("there are: ")[1].split("\n")[0].split(", ")
    assert set(known) == {name for _, name in FAULTS}
