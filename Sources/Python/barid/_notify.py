"""What a process tells the service manager that started it, by sd_notify(3).

A datagram each, to the socket that ``NOTIFY_SOCKET`` names (Protocols/8-observability §4). Where
the service manager's queue is full, what is said once waits for up to two seconds, and a sign of
life is left out. What cannot be sent is not sent: the work does not depend on it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class ServiceNotifier:
    """Tells a service manager what a process does; nobody, where none listens.

    Args:
        environment: The environment; the default is this process's.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        path = variables.get("NOTIFY_SOCKET", "")
        # A name with an @ is one in the abstract namespace (unix(7)).
        self._address = "\0" + path[1:] if path[:1] == "@" else path if path[:1] == "/" else ""
        limit = variables.get("WATCHDOG_USEC", "")
        is_ours = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        has_limit = bool(self._address) and is_ours and limit.isascii() and limit.isdigit()
        self.watchdog_limit = int(limit) / 1e6 if has_limit else 0.0
        """Seconds within which it wants a sign of life; 0 when it wants none."""

    def tell(self, state: str, status: str = "") -> None:
        """Tells a state, and one line for a person."""
        if not self._address:
            return
        text = f"{state}\nSTATUS={' '.join(status.splitlines())}" if status else state
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(0 if state == ALIVE else 2)
                sender.sendto(text.encode(), self._address)
        except (OSError, ValueError):
            pass  # Nobody listens there, or it is no address of a socket.
