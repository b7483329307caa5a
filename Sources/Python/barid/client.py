"""Calls to any service behind the broker, of any of the four kinds."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from google.protobuf.message import DecodeError, Message

from barid._connection import Connection, Registration, Stream
from barid._inbox import Inbox
from barid._wire import frames
from barid.errors import RPCError, StatusCode
from barid.settings import Settings
from barid.tracing import TRACEPARENT, CallSpan, Kind, current_trace

Response = TypeVar("Response", bound=Message)

HIGH_WATER = 256 << 10


class Call(Generic[Response]):
    """A call under way: requests go out, responses come in.

    It can be used from a thread (``for response in call``) or a loop (``async for``). It is a sink
    of the connection's; all other methods are for any thread.
    """

    def __init__(
        self, connection: Connection, response: type[Response], span: CallSpan | None = None
    ) -> None:
        self.initial_metadata: frames.Metadata = ()
        """What the server sent before its first response."""
        self.trailers: frames.Metadata = ()
        """What the server sent with its status; there once the call is over."""
        self._connection = connection
        self._response = response
        self._span = span
        self._stream: Stream | None = None
        self._inbox: Inbox[tuple[bytes, int]] = Inbox()

    def send(self, request: Message) -> None:
        """Sends a request; waits while too much is on its way."""
        data = request.SerializeToString()
        sent = threading.Event()

        def order(stream: Stream) -> None:
            stream.send(data)
            self._connection.when_sent(stream, HIGH_WATER, sent.set)

        self._order(order)
        if len(data) > HIGH_WATER // 4:
            sent.wait()

    def done_sending(self) -> None:
        """Says that there are no more requests."""
        self._order(lambda stream: stream.half_close())

    def cancel(self) -> None:
        """Ends the call at once; whoever waits for it gets CANCELLED."""
        status = frames.Status(StatusCode.CANCELLED, "the caller gave up")
        self._order(lambda stream: stream.end(status))

    def __iter__(self) -> Iterator[Response]:
        """The responses.

        Raises:
            RPCError: If the call fails.
        """
        while (item := self._inbox.get()) is not None:
            yield self._read(item)

    async def __aiter__(self) -> AsyncIterator[Response]:
        """The responses, on a loop."""
        while (item := await self._inbox.get_async()) is not None:
            yield self._read(item)

    def result(self) -> Response:
        """The one response of a call that has one.

        Raises:
            RPCError: If the call fails, or has none or several.
        """
        return _single(list(self))

    async def result_async(self) -> Response:
        """The one response, on a loop; see :meth:`result`."""
        return _single([response async for response in self])

    def _order(self, action: Callable[[Stream], None]) -> None:
        def act() -> None:
            if self._stream is not None:
                action(self._stream)

        self._connection.call_soon(act)

    def _read(self, item: tuple[bytes, int]) -> Response:
        data, charge = item
        self._order(lambda stream: stream.release(charge))
        message = self._response()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            self.cancel()
            raise RPCError(StatusCode.INTERNAL, f"the response cannot be read: {error}") from None
        return message

    # On the connection's thread

    def headers(self, metadata: frames.Metadata) -> None:
        """Initial metadata came."""
        self.initial_metadata = metadata

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """A response came."""
        self._inbox.put((data, charge))

    def half_closed(self) -> None:
        """Never comes to an opener."""

    def ended(self, status: frames.Status) -> None:
        """The call is over."""
        if self._span is not None:
            self._span.ended(status.code, status.text)
        self.trailers = status.metadata
        if status.code is StatusCode.OK:
            self._inbox.close()
        else:
            self._inbox.close(RPCError(status.code, status.text, status.metadata))


def _single(responses: list[Response]) -> Response:
    if len(responses) != 1:
        text = f"one response was expected, {len(responses)} came"
        raise RPCError(StatusCode.INTERNAL, text)
    return responses[0]


class Client:
    """A connection to the broker for calls and publishing.

    ```python
    with barid.Client() as client:
        tags = client.call("barid.tagger.v1.EntityTagger/Tag", TagRequest(text=text), TagResponse)
    ```

    Args:
        endpoint: The broker's address; the default is where every part of Barid looks.
        name: Who this is, for people.
        wait: Seconds a call waits for a broker that is not there.
        key: A key file, for a broker that asks for one; the default is where Barid looks.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        name: str = "python",
        wait: float = 5.0,
        key: str | None = None,
    ) -> None:
        settings = Settings.resolve(endpoint=endpoint, key=key)
        self._wait = wait
        self.connection = Connection(settings.endpoint, Registration(name=name), key=settings.key)
        self.connection.start()

    def close(self) -> None:
        """Says goodbye; open calls end UNAVAILABLE."""
        self.connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(
        self,
        method: str,
        response: type[Response],
        *,
        timeout: float | None = 30.0,
        metadata: Iterable[tuple[str, str | bytes]] = (),
    ) -> Call[Response]:
        """Starts a call of any kind; it belongs to the trace of the handler that makes it, if any.

        Args:
            method: ``package.Service/Method``.
            response: The class of its responses.
            timeout: Seconds it may take; ``None`` for no limit.
            metadata: Keys and values; a value is bytes where its key ends in ``-bin``.
        """
        span, trace = CallSpan.begin(Kind.CLIENT, current_trace(), method)
        call = Call(self.connection, response, span)
        pairs = tuple(metadata)
        if trace is not None:
            pairs = (*(pair for pair in pairs if pair[0] != TRACEPARENT), (TRACEPARENT, str(trace)))
        frames.encode_metadata(pairs)  # Refused here, where the caller can see it.

        def order() -> None:
            call._stream = self.connection.open(
                method, call, metadata=pairs, timeout=timeout, wait=self._wait
            )

        self.connection.call_soon(order)
        return call

    def call(
        self,
        method: str,
        request: Message,
        response: type[Response],
        *,
        timeout: float | None = 30.0,
        metadata: Iterable[tuple[str, str | bytes]] = (),
        idempotent: bool = False,
    ) -> Response:
        """Makes a unary call and waits for its response.

        Args:
            method: ``package.Service/Method``.
            request: The request.
            response: The class of the response.
            timeout: Seconds it may take, all tries together; ``None`` for no limit.
            metadata: Keys and values; a value is bytes where its key ends in ``-bin``.
            idempotent: It may be made twice without harm, so it is made again, up to five times in
                all, when the worker dies that works on it.

        Raises:
            RPCError: With the code the server gave; UNAVAILABLE if there is no broker or nobody
                serves it, DEADLINE_EXCEEDED when ``timeout`` is over.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pairs = tuple(metadata)
        for attempt in range(5):
            left = None if end is None else max(0.0, end - time.monotonic())
            try:
                return self._unary(method, request, response, left, pairs).result()
            except RPCError as error:
                if not idempotent or error.code is not StatusCode.UNAVAILABLE or attempt == 4:
                    raise
            pause = min(0.1 * 2**attempt, 2.0) * random.uniform(0.5, 1)
            time.sleep(pause if end is None else max(0.0, min(pause, end - time.monotonic())))
        raise AssertionError("the last try returns or raises")

    async def call_async(
        self,
        method: str,
        request: Message,
        response: type[Response],
        *,
        timeout: float | None = 30.0,
        metadata: Iterable[tuple[str, str | bytes]] = (),
    ) -> Response:
        """Makes a unary call on a loop; see :meth:`call`."""
        call = self._unary(method, request, response, timeout, metadata)
        try:
            return await call.result_async()
        except BaseException:
            call.cancel()
            raise

    def _unary(
        self,
        method: str,
        request: Message,
        response: type[Response],
        timeout: float | None,
        metadata: Iterable[tuple[str, str | bytes]],
    ) -> Call[Response]:
        call: Any = self.start(method, response, timeout=timeout, metadata=metadata)
        call.send(request)
        call.done_sending()
        return call  # type: ignore[no-any-return]
