"""Runs a handler against events as a worker would, without a broker.

```python
def test_it_shouts() -> None:
    result = HandlerTester(Shout()).handle({"text": "hello"})
    assert result.payloads == [{"text": "HELLO"}]
```
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from barid._subscriber import event_facts
from barid.command import run_handler
from barid.errors import Fate, RPCError, as_rpc_error
from barid.events import Envelope, Event, Output, decode_data, make_event, make_output
from barid.handlers import EventHandler, HandlerContext, SettingValue, handled_type
from barid.logs import EventLogger


@dataclass(frozen=True)
class HandlerResult:
    """What came of one event.

    Args:
        event: The event that was handled.
        outputs: The emitted events, with the attributes a worker gives them; empty after an error.
        payloads: Their bodies, as the handler returned them.
        error: What the handler raised, as the broker would be told; ``None`` is an ack.
    """

    event: Envelope
    outputs: list[Envelope] = field(default_factory=list)
    payloads: list[Any] = field(default_factory=list)
    error: RPCError | None = None

    @property
    def fate(self) -> Fate | None:
        """What becomes of the event; ``None`` is an ack."""
        return None if self.error is None else Fate.of(self.error.code)


class HandlerTester:
    """Runs one handler.

    Args:
        handler: The handler.
        worker: Name of the plugin, for derived ids. The default is ``test``.
        state_folder: Folder the handler may write to. The default is none.
        settings: Settings of the plugin.
    """

    def __init__(
        self,
        handler: EventHandler[Any],
        *,
        worker: str = "test",
        state_folder: str = "",
        settings: Mapping[str, SettingValue] | None = None,
    ) -> None:
        self._handler = handler
        self._worker = worker
        self._state_folder = state_folder
        self._settings = dict(settings or {})
        self._numbers = itertools.count(1)

    def handle(
        self,
        what: Envelope | Message | dict[str, Any] | list[Any] | str | bytes,
        *,
        attempt: int = 1,
        replay: int = 0,
        sequence: int = 0,
    ) -> HandlerResult:
        """Handles one event.

        Args:
            what: An event (``barid.bus.v1.Event``), or the body of one.
            attempt: Which try it is.
            replay: Number of the replay, 0 if it is none.
            sequence: Place of the event in its topic.
        """
        event = what
        if not isinstance(event, Envelope):
            number = f"test-{next(self._numbers)}"
            event = make_event(
                event, id=number, source="/test", type=handled_type(self._handler), subject=number
            )
        context = HandlerContext(
            logger=EventLogger(logging.getLogger(self._worker), event_facts(event)),
            worker=self._worker,
            attempt=attempt,
            replay=replay,
            sequence=sequence,
            state_folder=self._state_folder,
            settings=self._settings,
        )
        try:
            payload = decode_data(event, self._handler.input)
            returned = run_handler(self._handler, Event(event, payload), context)
            outputs = [
                make_output(
                    event, output, worker=self._worker, index=index, replay=replay,
                    sequence=sequence,
                )
                for index, output in enumerate(returned)
            ]  # fmt: skip
        except Exception as error:
            return HandlerResult(event, error=as_rpc_error(error))
        payloads = [item.data if isinstance(item, Output) else item for item in returned]
        return HandlerResult(event, outputs, payloads)
