"""Addresses of brokers (Protocols/1-transport §2)."""

from __future__ import annotations

import ipaddress
import re

from barid.errors import RPCError, StatusCode

MAXIMUM_PATH = 107
"""The longest path of a Unix socket, in bytes."""
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")


def check_endpoint(endpoint: str, *, has_key: bool = False) -> None:
    """Checks an address: ``ipc://`` with an absolute path, or ``tcp://``.

    Without a key the host of ``tcp://`` has to be a loopback one (Protocols/7-security §2).

    Raises:
        RPCError: INVALID_ARGUMENT, naming what is wrong.
    """
    problem = _problem(endpoint, has_key)
    if problem:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"endpoint {endpoint}: {problem}")


def _problem(endpoint: str, has_key: bool) -> str:
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
    if host in ("localhost", "[::1]") or _is_loopback(host):
        return ""
    if not has_key:
        return "another machine's broker takes keys only: --key FILE, or BARID_KEY_FILE"
    # Nothing that libzmq would take for more than a host: `;` adds a source address.
    return "" if _HOST.fullmatch(host) else "the host is a name, or an address, IPv6 in brackets"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
