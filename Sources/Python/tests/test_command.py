"""4-plugin §2: ``process``, ``describe``, exit codes; and handlers without a broker."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ECHO

from barid import (
    Event,
    EventHandler,
    Fate,
    HandlerContext,
    Output,
    RejectEvent,
    RPCError,
    StatusCode,
)
from barid.articles import Article, ArticleIndexed
from barid.testing import HandlerTester


def run(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ECHO, *arguments],
        input=text, capture_output=True, text=True, timeout=30,
        env={"PATH": "/bin", "HOME": "/nonexistent", **environment},
    )  # fmt: skip


def test_describe_prints_the_manifest() -> None:
    assert run("describe").stdout == ECHO.with_name("plugin.yaml").read_text()
    assert json.loads(run("describe", "--json").stdout)["name"] == "echo-python"


def test_process_works_through_events_and_tells_what_fails() -> None:
    event = {
        "specversion": "1.0", "id": "1", "source": "/s", "type": "test.barid.order.given.v1",
        "subject": "مقال", "datacontenttype": "text/plain", "data": "echo",
    }  # fmt: skip
    lines = [event, event | {"data": "refuse"}, event | {"type": "x.y"}, event | {"id": "2"}]
    text = "\n".join([*map(json.dumps, lines), "{", ""])
    done = run("process", "--as", "event", "--set", "prefix=a ", text=text)
    assert done.returncode == 65
    outputs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [output["data"] for output in outputs] == ["a echo #1"] * 2
    assert {output["subject"] for output in outputs} == {"مقال"}
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["-:2", "-:3", "-:5"]


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["process", "/nowhere"], 66),
        (["--nonsense"], 64),
        (["nonsense"], 64),
        (["process", "--as", "x"], 64),
        (["--set", "nobody=1"], 65),
        (["serve", "--set", "times=x"], 65),
        (["--endpoint", "tcp://10.0.0.1:1"], 65),
        (["--help"], 0),
        (["--version"], 0),
        (["serve", "--print-configuration"], 0),
    ],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert (code == 0) == (done.stderr == "")


def test_log_lines_look_as_the_settings_file_says(tmp_path: Path) -> None:
    """8-observability §3: quotes, and a `_` behind the four names."""
    (tmp_path / "barid").mkdir()
    (tmp_path / "barid/barid.yaml").write_text("log-format: x\n")
    wrong = run("serve", XDG_CONFIG_HOME=str(tmp_path))
    assert wrong.returncode == 65 and "barid.yaml" in wrong.stderr
    facts = {"level": "x", "plain": "a", "said": 'a "b"', "none": "", "mark": "\u202e"}
    script = (
        "import logging, sys; from barid.logs import set_up_logging; set_up_logging('info', "
        f"sys.argv[1]); logging.getLogger('me').info('told', extra={{'barid': {facts!r}}})"
    )

    def line(form: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script, form], capture_output=True, text=True, timeout=30
        ).stderr

    assert line("text").endswith(
        ' info told level=x mark=<U+202E> none="" plain=a said="a \\"b\\""\n'
    )
    found = json.loads(line("json"))
    assert found.pop("time") and found == {
        "logger": "me", "message": "told", "level": "info", "level_": "x", "plain": "a",
        "said": 'a "b"', "none": "", "mark": "\u202e",
    }  # fmt: skip


class Index(EventHandler[Article]):
    input = Article

    def handle(self, event: Event[Article], context: HandlerContext) -> list[ArticleIndexed]:
        if not event.payload.text:
            raise RejectEvent("no text")
        return [ArticleIndexed(article_id=event.payload.id)]


class Slow(EventHandler[dict]):
    event_type = "my.slow.v1"

    async def handle(self, event: Event[dict], context: HandlerContext) -> list[Output]:
        if context.attempt == 1:
            raise TimeoutError
        return [Output("my.done.v1", {"n": event.payload["n"], "left": context.time_left > 0})]


def test_a_handler_is_tested_without_a_broker(tmp_path: Path) -> None:
    tester = HandlerTester(Index(), worker="index")
    result = tester.handle(Article(id="x", text="نص"))
    assert result.payloads == [ArticleIndexed(article_id="x")]
    assert result.outputs[0].type == "news.barid.article.indexed.v1"
    assert result.fate is None
    rejected = tester.handle(Article())
    assert (rejected.fate, rejected.outputs) == (Fate.DEAD_LETTER, [])
    slow = HandlerTester(Slow())
    assert slow.handle({"n": 1}).fate is Fate.RETRY
    assert slow.handle({"n": 1}, attempt=2).payloads == [{"n": 1, "left": True}]
    assert slow.handle("not json").fate is Fate.DEAD_LETTER


def test_a_context_can_be_cancelled_and_extended() -> None:
    seen: list[float] = []
    context = HandlerContext(None, "w", 1, 0, 0, "", {}, _on_extend=seen.append)  # type: ignore[arg-type]
    context.extend(5.0)
    assert seen and 4.9 < context.time_left <= 5.0
    context.check()
    context._cancel()
    with pytest.raises(RPCError) as caught:
        context.check()
    assert caught.value.code is StatusCode.CANCELLED
