"""7-security: a Python worker and client with keys, over TCP, against a real broker."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAMS, Bench, eventually, order, read_events
from google.protobuf.wrappers_pb2 import StringValue

from barid import Client, Publisher, RPCError, Settings, StatusCode
from barid.endpoint import check_endpoint
from barid.keys import KeyFile

SERVER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
GOOD = f"""\
# A remark.
name: newsroom
endpoint: tcp://10.0.0.1:7450
public-key: {SERVER}
secret-key: {SERVER}
server-key: {SERVER}
"""


def write(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "a.key"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_key_file_is_read_and_its_secret_is_not_shown(tmp_path: Path) -> None:
    key = KeyFile.read(write(tmp_path, GOOD))
    assert (key.name, key.endpoint, key.server_key) == ("newsroom", "tcp://10.0.0.1:7450", SERVER)
    assert repr(key).count(SERVER) == 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    """7-security §4.3: "naming the file, its mode and the chmod that helps"."""
    path = write(tmp_path, GOOD, mode)
    with pytest.raises(RPCError, match=f"mode {mode:o}.*chmod 600 {path}") as caught:
        KeyFile.read(path)
    assert caught.value.code is StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "are needed"),
        (GOOD.replace("name:", "nick:"), "a.key:2: 'nick' is unknown"),
        (GOOD + "name: b", "a.key:7: 'name' is unknown or there twice"),
        (GOOD.replace("name: newsroom", "name newsroom"), "a.key:2: not of the form"),
        (GOOD.replace(SERVER, SERVER[:-1]), "40 characters"),
        (GOOD.replace(SERVER, SERVER[:-1] + "'"), "40 characters"),
        ("#" * 70_000, "longer than"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(RPCError, match=problem):
        KeyFile.read(write(tmp_path, text))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, code in (("pipe", "INVALID_ARGUMENT"), ("none", "NOT_FOUND")):
        with pytest.raises(RPCError) as caught:
            KeyFile.read(str(tmp_path / name))
        assert caught.value.code.name == code


def test_another_machine_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(RPCError, match="BARID_KEY_FILE"):
        check_endpoint("tcp://news.example:7450")
    check_endpoint("tcp://news.example:7450", has_key=True)
    check_endpoint("tcp://[2001:db8::1]:7450", has_key=True)
    for host in ("a;b", "a/b", "", "*"):
        with pytest.raises(RPCError):
            check_endpoint(f"tcp://{host}:7450", has_key=True)


def test_the_file_says_where_the_broker_is(tmp_path: Path) -> None:
    """A flag or variable of a higher rank says otherwise."""
    path = write(tmp_path, GOOD)
    environment = {"HOME": "/h", "BARID_KEY_FILE": path}
    settings = Settings.resolve(environment=environment)
    assert (settings.endpoint, settings.key is not None) == ("tcp://10.0.0.1:7450", True)
    assert Settings.resolve("ipc:///flag", environment=environment).endpoint == "ipc:///flag"
    environment["BARID_ENDPOINT"] = "ipc:///env"
    assert Settings.resolve(environment=environment).endpoint == "ipc:///env"
    assert Settings.resolve(environment=environment, key=path).endpoint == "tcp://10.0.0.1:7450"


class Keys:
    """A broker that listens with keys."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        log = open(bench.folder / "broker.log", "ab")
        command: list[str | Path] = [
            PROGRAMS / "barid-broker", "--data", bench.folder / "data",
            "--endpoint", bench.endpoint, "--listen", f"tcp://127.0.0.1:{self.port}",
        ]  # fmt: skip
        bench.start(command, log, bench.environment())

    def new(self, name: str, rights: str) -> str:
        path = str(self.bench.folder / f"{name}.key")
        done = subprocess.run(
            [
                PROGRAMS / "barid", "keys", "new", name, "--allow", rights, "--output", path,
                "--endpoint", f"tcp://127.0.0.1:{self.port}",
            ],
            env=self.bench.environment(BARID_DATA=str(self.bench.folder / "data")),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return path


def test_a_worker_and_a_client_with_keys(bench: Bench) -> None:
    keys = Keys(bench)
    key = keys.new("echo", "all")
    other = KeyFile.read(keys.new("stranger", "all"))
    worker = bench.start_worker("--key", key, "--endpoint", f"tcp://127.0.0.1:{keys.port}")
    with Client(key=key, wait=20.0) as client, Publisher(client.connection, "tests") as publisher:
        assert client.connection.endpoint == f"tcp://127.0.0.1:{keys.port}"
        publisher.publish(order(1, "echo over tcp"))
        eventually("the output", lambda: read_events(client, "test.barid.echo.heard.v1"))
        said = client.call("test.barid.v1.Echo/Say", StringValue(value="hello"), StringValue)
        assert said.value == "HELLO"
    assert worker.poll() is None
    assert other.secret_key not in bench.log() and "secret" not in bench.log()


def test_a_key_that_was_revoked_ends_the_worker(bench: Bench) -> None:
    """7-security §3.7: "A client that is refused SHALL NOT try again by itself"."""
    keys = Keys(bench)
    key = keys.new("echo", "all")
    subprocess.run(
        [PROGRAMS / "barid", "keys", "revoke", "echo", "--yes"], check=True, capture_output=True,
        env=bench.environment(BARID_DATA=str(bench.folder / "data")), timeout=60,
    )  # fmt: skip
    worker = bench.start_worker("--key", key, "--endpoint", f"tcp://127.0.0.1:{keys.port}")
    assert worker.wait(20) == 77
    assert "was revoked" in bench.log()
    with Client(key=key, wait=10.0) as client:
        with pytest.raises(RPCError) as caught:
            client.call("test.barid.v1.Echo/Say", StringValue(value="x"), StringValue)
        assert caught.value.code is StatusCode.PERMISSION_DENIED


def test_a_broker_that_takes_keys_says_so_to_who_has_none(bench: Bench) -> None:
    keys = Keys(bench)
    keys.new("echo", "all")
    with Client(f"tcp://127.0.0.1:{keys.port}", wait=2.0) as client:
        with pytest.raises(RPCError, match="keys: --key FILE, or BARID_KEY_FILE"):
            client.call("test.barid.v1.Echo/Say", StringValue(value="x"), StringValue)


def test_a_broker_of_another_key_is_no_broker_of_ours(bench: Bench) -> None:
    """7-security §3.6: the client pins the broker's public key."""
    keys = Keys(bench)
    path = Path(keys.new("echo", "all"))
    key = KeyFile.read(str(path))
    path.write_text(path.read_text().replace(key.server_key, key.public_key))
    with Client(key=str(path), wait=2.0) as client:
        with pytest.raises(RPCError, match="is the server-key of our key file its key"):
            client.call("test.barid.v1.Echo/Say", StringValue(value="x"), StringValue)
