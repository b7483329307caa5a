"""Addresses of brokers (Protocols/1-transport §2)."""

from __future__ import annotations

import ipaddress

from barid.errors import RPCError, StatusCode

MAXIMUM_PATH = 107
"""The longest path of a Unix socket, in bytes."""


def check_endpoint(endpoint: str) -> None:
    """Checks an address: ``ipc://`` with an absolute path, or ``tcp://`` with a loopback host.

    Raises:
        RPCError: INVALID_ARGUMENT, naming what is wrong.
    """
    problem = _problem(endpoint)
    if problem:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"endpoint {endpoint}: {problem}")


def _problem(endpoint: str) -> str:
    if endpoint.startswith("ipc://"):
        path = endpoint.removeprefix("ipc://")
        length = len(path.encode())
        if not path.startswith("/"):
            return "the path of the socket must be absolute"
        if length > MAXIMUM_PATH:
            return f"the path is {length} bytes long, a Unix socket allows {MAXIMUM_PATH}"
        return "the path contains a NUL byte" if "\0" in path else ""
    if not endpoint.startswith("tcp://"):
        return "only ipc:// and tcp:// are supported"
    host, colon, port = endpoint.removeprefix("tcp://").rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        return "a port from 0 to 65535 is missing after the host"
    if host not in ("localhost", "[::1]") and not _is_loopback(host):
        return "only a loopback host (127.0.0.0/8, [::1], localhost) is allowed until keys exist"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
