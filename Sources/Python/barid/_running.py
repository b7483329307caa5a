"""Where handlers run: plain functions on threads, ``async`` ones on the main thread's loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine
from typing import Any

Done = Callable[[Any, BaseException | None], None]


class Runner:
    """Runs handlers and says how they ended.

    Args:
        loop: The loop of asyncio handlers.
        threads: Plain handlers that run at once, at most.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None, threads: int) -> None:
        self._loop = loop
        self._most = threads
        self._work: queue.SimpleQueue[tuple[Callable[[], Any], Done]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._open = 0

    def run(self, work: Callable[[], Any], done: Done) -> None:
        """Runs a plain function on a thread; ``done`` is called there."""
        with self._lock:
            self._open += 1
            # Daemons: a handler that never returns must not keep the process from its end.
            if self._open > self._started and self._started < self._most:
                self._started += 1
                name = f"barid-handler-{self._started}"
                threading.Thread(target=self._loop_forever, name=name, daemon=True).start()
        self._work.put((work, done))

    def _loop_forever(self) -> None:
        while True:
            work, done = self._work.get()
            result: Any = None
            failure: BaseException | None = None
            try:
                result = work()
            except BaseException as error:  # Whatever it was, the event has a fate.
                failure = error
            with self._lock:
                self._open -= 1
            done(result, failure)

    def start(self, work: Coroutine[Any, Any, Any], done: Done) -> Callable[[], None]:
        """Starts a coroutine on the loop; returns what cancels it."""
        loop = self._loop
        if loop is None:
            raise RuntimeError("an asyncio handler needs a loop")
        tasks: list[asyncio.Task[Any]] = []
        is_cancelled = False

        def begin() -> None:
            task = loop.create_task(work)
            tasks.append(task)
            task.add_done_callback(end)
            if is_cancelled:
                task.cancel()

        def end(task: asyncio.Task[Any]) -> None:
            if task.cancelled():
                done(None, asyncio.CancelledError())
            else:
                failure = task.exception()
                done(None if failure else task.result(), failure)

        def cancel() -> None:
            nonlocal is_cancelled
            is_cancelled = True
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

        loop.call_soon_threadsafe(begin)
        return cancel
