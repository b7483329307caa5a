"""A queue between the connection's thread and an application that waits in a thread or a loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

from barid.errors import RPCError

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Items in order, then an end: none, or an error."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._condition = threading.Condition()
        self._waiters: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._is_closed = False
        self._error: RPCError | None = None

    def put(self, item: Item) -> None:
        """Adds an item."""
        with self._condition:
            self._items.append(item)
            self._wake()

    def close(self, error: RPCError | None = None) -> None:
        """Ends the queue after the items in it; an error ends it at once."""
        with self._condition:
            if self._is_closed:
                return
            self._is_closed = True
            self._error = error
            if error is not None:
                self._items.clear()
            self._wake()

    def get(self) -> Item | None:
        """Waits in a thread for the next item; ``None`` at the end.

        Raises:
            RPCError: The error the queue ended with.
        """
        with self._condition:
            while not self._items and not self._is_closed:
                self._condition.wait()
            return self._take()

    async def get_async(self) -> Item | None:
        """Waits on a loop for the next item; see :meth:`get`."""
        while True:
            with self._condition:
                if self._items or self._is_closed:
                    return self._take()
                loop = asyncio.get_running_loop()
                waiter: asyncio.Future[None] = loop.create_future()
                self._waiters.append((loop, waiter))
            await waiter

    def _take(self) -> Item | None:
        if self._items:
            return self._items.popleft()
        if self._error is not None:
            raise self._error
        return None

    def _wake(self) -> None:
        self._condition.notify_all()
        waiters, self._waiters = self._waiters, []
        for loop, waiter in waiters:
            try:
                loop.call_soon_threadsafe(resolve, waiter)
            except RuntimeError:
                pass  # The loop is closed, and nobody waits any more.


def resolve(waiter: asyncio.Future[None]) -> None:
    """Wakes a waiter on its loop, unless it has gone."""
    if not waiter.done():
        waiter.set_result(None)
