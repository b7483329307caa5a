"""gRPC services a worker serves: calls of any of the four kinds, passed on by the broker."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from barid._connection import Connection, Stream
from barid._inbox import Inbox
from barid._running import Runner
from barid._wire import frames
from barid.errors import RPCError, StatusCode, as_rpc_error
from barid.handlers import is_async
from barid.tracing import TRACEPARENT, CallSpan, Kind, TraceParent, working_for

# Bytes of responses that may wait to leave before a handler waits too.
HIGH_WATER = 256 << 10


class Service:
    """A service and what implements it.

    ``implementation`` has a method of the same name for each of the service's, as gRPC's own
    Python servicers have: ``def Tag(self, request, context)`` returns the response; of a streaming
    method it is a generator; a request stream is an iterator. Plain methods run in threads,
    ``async`` ones on the loop.

    Args:
        descriptor: Of the service, such as
            ``tagger_pb2.DESCRIPTOR.services_by_name["EntityTagger"]``.
        implementation: Any object.

    Raises:
        TypeError: If a method is missing.
    """

    def __init__(self, descriptor: ServiceDescriptor, implementation: object) -> None:
        self.name: str = descriptor.full_name
        self.file: FileDescriptor = descriptor.file
        self.methods: dict[str, ServedMethod] = {}
        for method in descriptor.methods:
            function = getattr(implementation, method.name, None)
            if not callable(function):
                kind = type(implementation).__name__
                raise TypeError(f"{kind} has no method {method.name} of {self.name}")
            self.methods[f"{self.name}/{method.name}"] = ServedMethod(method, function)


class ServedMethod:
    """One method, and the function behind it."""

    def __init__(self, descriptor: MethodDescriptor, function: Callable[..., Any]) -> None:
        self.function = function
        self.request: type[Message] = GetMessageClass(descriptor.input_type)
        self.streams_requests: bool = descriptor.client_streaming
        self.streams_responses: bool = descriptor.server_streaming
        self.is_async = is_async(function)


class CallContext:
    """What a service's method knows about the call it works on."""

    def __init__(self, method: str, metadata: frames.Metadata, deadline: float | None) -> None:
        self.method = method
        """``package.Service/Method``."""
        self.metadata = metadata
        """Keys and values in order; a value is bytes where its key ends in ``-bin``."""
        self.trailers: list[tuple[str, str | bytes]] = []
        """Metadata to send with the status."""
        self._deadline = deadline
        self._cancelled = threading.Event()
        self._send_headers: Callable[[frames.Metadata], None] = lambda metadata: None

    @property
    def time_left(self) -> float | None:
        """Seconds until the caller gives up; ``None`` if it never does."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Ends a method that nobody waits for.

        Raises:
            RPCError: CANCELLED if :attr:`is_cancelled`.
        """
        if self.is_cancelled:
            raise RPCError(StatusCode.CANCELLED, "the call was cancelled")

    def send_headers(self, *metadata: tuple[str, str | bytes]) -> None:
        """Sends initial metadata; before the first response, and once."""
        self._send_headers(metadata)


class ServerCall:
    """One call that is being answered: a sink on the connection's thread."""

    def __init__(
        self,
        connection: Connection,
        stream: Stream,
        method: ServedMethod,
        body: frames.Open,
        runner: Runner,
        on_end: Callable[[ServerCall], None],
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._method = method
        self._runner = runner
        self._on_end = on_end
        self._inbox: Inbox[tuple[bytes, int, int]] = Inbox()
        self._unsent = 0
        self._has_begun = False
        self._cancel_task: Callable[[], None] = lambda: None
        headers = [value for key, value in body.metadata if key == TRACEPARENT]
        caller = TraceParent.parse(str(headers[0])) if headers else None
        self._span, trace = CallSpan.begin(Kind.SERVER, caller, body.method)
        self._trace = str(trace) if trace is not None else ""
        left = body.time_left_ms
        deadline = None if left is None else time.monotonic() + left / 1000
        self.context = CallContext(body.method, body.metadata, deadline)
        self.context._send_headers = lambda metadata: connection.call_soon(
            lambda: stream.send_headers(metadata)
        )
        if method.streams_requests:
            self._begin()

    # On the connection's thread

    def headers(self, metadata: frames.Metadata) -> None:
        """Never comes to a server."""

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """A request."""
        self._inbox.put((data, charge, len(data) if exempt else 0))

    def half_closed(self) -> None:
        """There are no more requests."""
        self._inbox.close()
        if not self._has_begun:
            self._begin()

    def ended(self, status: frames.Status) -> None:
        """The caller gave up, its time is over, or the session is gone."""
        self.cancel(RPCError(StatusCode.CANCELLED, status.text))

    def cancel(self, error: RPCError) -> None:
        """Tells the method that nobody waits for it."""
        self.context._cancelled.set()
        self._inbox.close(error)
        self._cancel_task()
        if not self._has_begun:
            self._has_begun = True
            if self._span is not None:
                self._span.ended(error.code, error.message)
            self._on_end(self)

    def _begin(self) -> None:
        self._has_begun = True
        if self._method.is_async:
            self._cancel_task = self._runner.start(self._answer_async(), self._done)
        else:
            self._runner.run(self._answer, self._done)

    def _done(self, result: Any, error: BaseException | None) -> None:
        """On the method's thread."""
        code, text, trailers = StatusCode.OK, "", tuple(self.context.trailers)
        if error is not None:
            failure = as_rpc_error(error)
            code, text = failure.code, failure.message
            trailers += failure.metadata
        if self._span is not None:
            self._span.ended(code, text)
        status = frames.Status(code, text, trailers)

        def finish() -> None:
            self._stream.sink = None
            self._stream.finish(status)
            self._on_end(self)

        self._connection.call_soon(finish)

    # On the method's thread, or the loop

    def _answer(self) -> None:
        with working_for(self._trace):
            self._work()

    async def _answer_async(self) -> None:
        with working_for(self._trace):
            await self._work_async()

    def _work(self) -> None:
        method = self._method
        request: Any = self._requests() if method.streams_requests else self._single()
        if not method.streams_responses:
            self._respond(method.function(request, self.context))
            return
        for response in method.function(request, self.context):
            self.context.check()
            if self._respond(response):
                sent = threading.Event()
                self._when_sent(sent.set)
                sent.wait()

    async def _work_async(self) -> None:
        method = self._method
        request: Any = self._requests_async() if method.streams_requests else self._single()
        result = method.function(request, self.context)
        if inspect.isawaitable(result):
            result = await result
        if not method.streams_responses:
            self._respond(result)
            return
        async for response in result:
            if self._respond(response):
                sent: Inbox[None] = Inbox()
                self._when_sent(sent.close)
                await sent.get_async()

    def _single(self) -> Message:
        requests = []
        while (item := self._inbox.get()) is not None:
            requests.append(self._read(item))
        if len(requests) != 1:
            text = f"{self.context.method} takes one request, {len(requests)} came"
            raise RPCError(StatusCode.INTERNAL, text)
        return requests[0]

    def _requests(self) -> Iterator[Message]:
        while (item := self._inbox.get()) is not None:
            yield self._read(item)

    async def _requests_async(self) -> AsyncIterator[Message]:
        while (item := await self._inbox.get_async()) is not None:
            yield self._read(item)

    def _read(self, item: tuple[bytes, int, int]) -> Message:
        data, charge, exempt = item
        self._connection.call_soon(lambda: self._stream.release(charge, exempt))
        message = self._method.request()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            name = self._method.request.DESCRIPTOR.full_name
            text = f"the request is no {name}: {error}"
            raise RPCError(StatusCode.INVALID_ARGUMENT, text) from None
        return message

    def _respond(self, response: Any) -> bool:
        """Sends a response; true when it is time to wait until some of it has left."""
        if not isinstance(response, Message):
            text = f"{self.context.method} gave a {type(response).__name__}, not a message"
            raise RPCError(StatusCode.INTERNAL, text)
        data = response.SerializeToString()
        self._connection.call_soon(lambda: self._stream.send(data))
        self._unsent += len(data)
        if self._unsent < HIGH_WATER:
            return False
        self._unsent = 0
        return True

    def _when_sent(self, action: Callable[[], None]) -> None:
        stream, connection = self._stream, self._connection
        connection.call_soon(lambda: connection.when_sent(stream, HIGH_WATER, action))
