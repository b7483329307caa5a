"""4-plugin §1: the manifest, valid as a whole or not at all, and where settings come from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import REPOSITORY
from jsonschema import Draft202012Validator

from barid import Manifest, ManifestError, RPCError, Settings
from barid._yaml import Mapping, Scalar, Sequence, YAMLError, parse
from barid.endpoint import check_endpoint
from barid.settings import private_folder
from barid.worker import check, typed_settings

WHOLE = b"""\
# A comment.
name: word-count
version: 0.1.0
summary: "Counts: words, with # in it."
command: [.venv/bin/python, count.py]
protocol: {minimum: 1, maximum: 2}
consumes:
  topic: articles
  types:
  - news.barid.article.*
  - news.>
  concurrency: 4   # at once
  prefetch: 3
  start: new
  maximum-deliveries: 7
  attributes: {language: [ar, fa], source: https://a.example}
emits: [
  a.b.v1,
  a.c.v1,
]
serves: [my.v1.Counter]
settings:
  - name: longest
    type: integer
    default: "12"
    help: Longest word.
  - {name: pause, type: duration, default: 250ms, help: 'It''s a pause.'}
  - {name: loud, type: boolean, default: "false", help: Says so.}
  - {name: share, type: number, default: "0.5", help: A share.}
limits: {memory: 512 MiB, lease: 10s, deadline: 2m}
"""


def test_a_whole_manifest_is_read() -> None:
    manifest = Manifest.parse(WHOLE)
    assert manifest.summary == "Counts: words, with # in it."
    assert manifest.command == (".venv/bin/python", "count.py")
    assert manifest.protocol == (1, 2)
    consumes = manifest.consumes
    assert consumes is not None
    assert consumes.types == ("news.barid.article.*", "news.>")
    assert (consumes.group, consumes.concurrency, consumes.prefetch) == ("word-count", 4, 3)
    assert (consumes.start, consumes.maximum_deliveries) == ("new", 7)
    assert consumes.attributes == {"language": ("ar", "fa"), "source": ("https://a.example",)}
    assert manifest.describe()["consumes"]["attributes"]["language"] == ["ar", "fa"]
    assert manifest.emits == ("a.b.v1", "a.c.v1")
    assert (manifest.limits.memory, manifest.limits.lease) == (512 << 20, 10.0)
    assert manifest.limits.deadline == 120.0
    assert manifest.settings[1].help == "It's a pause."


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("Plugins/*/plugin.yaml")), ids=str)
def test_every_manifest_of_the_checkout_is_read(path: Path) -> None:
    described = Manifest.parse(path.read_bytes()).describe()
    assert described["name"] and described["limits"]["lease_seconds"] > 0


VECTORS = json.loads((REPOSITORY / "Protocols/vectors/manifests/manifests.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: vector["name"])
def test_valid_manifests_are_read(vector: dict[str, str]) -> None:
    Manifest.parse(vector["yaml"].encode())


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: vector["name"])
def test_invalid_manifests_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(ManifestError):
        Manifest.parse(vector["yaml"].encode())


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = (REPOSITORY / "Protocols/4-plugin.schema.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def as_texts(node: object) -> object:
    """What a reader sees that takes every scalar for a text, as Barid's do."""
    if isinstance(node, Mapping):
        return {key: as_texts(value) for key, (_, value) in node.items.items()}
    if isinstance(node, Sequence):
        return [as_texts(item) for item in node.items]
    return node.text if isinstance(node, Scalar) else None


@pytest.mark.parametrize("read", [lambda text: as_texts(parse(text)), yaml.safe_load])
@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_the_schema_takes_what_the_reader_takes(
    schema: Draft202012Validator, kind: str, read: Callable[[str], object]
) -> None:
    """4-plugin §1: but for what is beyond a schema, as its description says; numbers may be texts or numbers."""
    for vector in VECTORS[kind]:
        if "beyond_schema" in vector:
            continue
        problems = [error.message for error in schema.iter_errors(read(vector["yaml"]))]
        assert bool(problems) == (kind == "invalid"), f"{vector['name']}: {problems}"


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("Plugins/*/plugin.yaml")), ids=str)
def test_every_manifest_of_the_checkout_is_one_of_the_schema(
    schema: Draft202012Validator, path: Path
) -> None:
    schema.validate(yaml.safe_load(path.read_text("utf-8")))


def test_every_problem_is_told_at_once_with_its_line() -> None:
    broken = b"""\
name: Word Count
version: 1
foo: bar
command: [../run]
consumes:
  types: [news..x, ok.v1]
  concurrency: 0
  ordering: none
settings:
  - {name: a, type: integer, default: x, help: h}
limits: {lease: 2h, memory: lots}
"""
    with pytest.raises(ManifestError) as caught:
        Manifest.parse(broken)
    lines = [problem.split(":")[0] for problem in caught.value.problems]
    expected = [1, 1, 3, 4, 6, 7, 8, 10, 11, 11]
    assert lines == [f"line {number}" for number in expected]


@pytest.mark.parametrize(
    "text, problem",
    [
        (b"", "empty"),
        (b"- a", "not a mapping"),
        (b"name: a\nname: b", "twice"),
        (b"name: &x a", "quote it"),
        (b"name: |\n  a", "quote it"),
        (b"a: b: c", "second colon"),
        (b"a: [b", "not closed"),
        (b"\tname: a", "tab"),
        (b"a: 1\n   b: 2", "indentation"),
        (b"a: " + b"[" * 60 + b"]" * 60, "too deep"),
        (b"name: \xff", "UTF-8"),
        (b"x" * 70_000, "at most 65536"),
        (b"name: a\nversion: 1\nsummary: s\ncommand: [a]", "would do nothing"),
    ],
)
def test_what_is_no_manifest_is_refused(text: bytes, problem: str) -> None:
    with pytest.raises(ManifestError, match=problem):
        Manifest.parse(text)


def test_yaml_in_its_forms() -> None:
    node = parse('a:\n  - b: 1\n    c: \'x: y\'\n  -\n    - d\ne: "q\\u00e9 \\" #"  # end\nf:\n')
    assert isinstance(node, Mapping)
    sequence, quoted, empty = (node.items[key][1] for key in "aef")
    assert isinstance(sequence, Sequence)
    first, second = sequence.items
    assert isinstance(first, Mapping)
    assert isinstance(second, Sequence)
    assert first.items["c"][1] == Scalar("x: y", 3)
    assert second.items == [Scalar("d", 5)]
    assert isinstance(quoted, Scalar)
    assert isinstance(empty, Scalar)
    assert (quoted.text, empty.text) == ('qé " #', "")
    with pytest.raises(YAMLError):
        parse("a: 'b")


@pytest.mark.parametrize(
    "endpoint, ok",
    [
        ("ipc:///run/b.ipc", True),
        ("ipc:///" + "x" * 106, True),
        ("ipc:///" + "x" * 107, False),
        ("ipc://run/b.ipc", False),
        ("tcp://127.0.0.1:7450", True),
        ("tcp://[::1]:1", True),
        ("tcp://127.0.0.1:65536", False),
        ("tcp://10.0.0.1:1", False),
        ("tcp://localhost", False),
        ("inproc://x", False),
    ],
)
def test_addresses(endpoint: str, ok: bool) -> None:
    """1-transport §2."""
    if ok:
        check_endpoint(endpoint)
    else:
        with pytest.raises(RPCError):
            check_endpoint(endpoint)


def test_flag_then_environment_then_file_then_default(tmp_path: Path) -> None:
    manifest = Manifest.parse(WHOLE)
    folder = tmp_path / "barid"
    folder.mkdir()
    (folder / "barid.yaml").write_text(
        "endpoint: ipc:///file\nplugins:\n  word-count: {longest: 3, pause: 3s}\n"
    )
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/h", "XDG_RUNTIME_DIR": "/run/u"}
    assert Settings.resolve(environment=environment).endpoint == "ipc:///file"
    environment |= {"BARID_ENDPOINT": "ipc:///env", "BARID_SETTING_PAUSE": "2s"}
    settings = Settings.resolve(environment=environment)
    assert (settings.endpoint, settings.origins["endpoint"]) == (
        "ipc:///env",
        "environment BARID_ENDPOINT",
    )
    assert Settings.resolve("ipc:///flag", environment=environment).endpoint == "ipc:///flag"
    values = settings.of_plugin(manifest, ["share=0.25"], environment)
    assert values == {"longest": "3", "pause": "2s", "share": "0.25", "loud": "false"}
    typed = typed_settings(manifest, values)
    assert typed == {"longest": 3, "pause": 2.0, "share": 0.25, "loud": False}
    with pytest.raises(RPCError) as caught:
        settings.of_plugin(manifest, ["longest=x", "nobody=1", "pause"], environment)
    assert len(caught.value.message.splitlines()) == 4
    assert (settings.traces, settings.log_format, settings.log_level) == ("", "", "")
    (folder / "barid.yaml").write_text("traces: /t\nlog-format: text\nlog-level: debug\n")
    told = Settings.resolve(environment=environment | {"BARID_LOG_LEVEL": "error"})
    assert (told.traces, told.log_format, told.log_level) == ("/t", "text", "error")
    default = Settings.resolve(environment={"HOME": "/h", "XDG_RUNTIME_DIR": "/run/u"})
    assert default.endpoint == "ipc:///run/u/barid/broker.ipc"
    assert default.data_folder == "/h/.local/share/barid"


def test_a_folder_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    private_folder(str(path))
    assert [folder.stat().st_mode & 0o777 for folder in (path, path.parent)] == [0o700, 0o700]
    path.chmod(0o755)
    with pytest.raises(RPCError, match="chmod 700"):
        private_folder(str(path))


@pytest.mark.parametrize(("minimum", "part"), [(5, "5 to 6"), (2, "2 to 6")])
def test_a_protocol_that_the_library_does_not_speak_is_named(minimum: int, part: str) -> None:
    text = WHOLE.replace(
        b"{minimum: 1, maximum: 2}", f"{{minimum: {minimum}, maximum: 6}}".encode()
    )
    with pytest.raises(RPCError, match=f"{part}, this library 1: upgrade the library"):
        check(Manifest.parse(text), [], [])
