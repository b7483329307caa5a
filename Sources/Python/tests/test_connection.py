"""Protocols/1-transport §2 and §7: what a connection does when its broker is not heard of."""

import socket
from pathlib import Path

import pytest
import zmq

from barid._connection import Connection, Registration, _reset
from barid._wire import frames
from barid._wire.frames import Kind


def next_hello(broker: "zmq.Socket[bytes]") -> tuple[bytes, frames.Hello]:
    """The next hello, and the connection it came on."""
    while broker.poll(20_000):
        peer, batch = broker.recv_multipart()
        for frame in frames.decode(batch):
            if frame.kind is Kind.HELLO:
                return peer, frames.Hello.decode(bytes(frame.body))
    raise AssertionError("no hello came")


def test_a_connection_is_given_up_with_the_session_that_hears_nothing(tmp_path: Path) -> None:
    # libzmq's own heartbeats are answered all the time: it is the session that hears nothing.
    context = zmq.Context()
    broker: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    broker.linger = 0
    endpoint = f"ipc://{tmp_path}/broker.ipc"
    broker.bind(endpoint)
    connection = Connection(endpoint, Registration(name="test"))
    connection.start()
    try:
        first, hello = next_hello(broker)
        welcome = frames.Welcome(hello.nonce, 1, 1, 0, 1 << 20)
        broker.send_multipart([first, frames.encode(Kind.WELCOME, welcome.encode())])
        second, _ = next_hello(broker)
        assert second != first, "a hello on the connection it gave up"
    finally:
        connection.close()
        broker.close()
        context.term()


def test_a_connection_of_tcp_ends_by_a_reset() -> None:
    """What was sent before, and not taken in, does not come first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    with ours, theirs:
        ours.sendall(b"unread")
        _reset(ours)
        theirs.settimeout(20)
        with pytest.raises(ConnectionResetError):
            while theirs.recv(1) != b"":
                pass


def test_a_connection_that_is_none_of_tcp_ends() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _reset(ours)
        theirs.settimeout(20)
        assert theirs.recv(1) == b""
