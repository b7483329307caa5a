"""A worker for tests: the event says what it does."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from echo_service import ECHO
from google.protobuf.wrappers_pb2 import StringValue

from barid import (
    CallContext,
    Client,
    Event,
    EventHandler,
    HandlerContext,
    Output,
    PluginSetup,
    PluginWork,
    RejectEvent,
    RPCError,
    Service,
    StatusCode,
    run_plugin,
)

HEARD = "test.barid.echo.heard.v1"


def note(text: str) -> None:
    """Leaves a mark outside of the bus, so that tests see what ran."""
    path = os.environ.get("ECHO_NOTES")
    if path:
        with open(path, "a") as file:
            file.write(text + "\n")


def answer(event: Event[str], context: HandlerContext) -> list[Output]:
    text = f"{context.settings['prefix']}{event.payload} #{context.attempt}"
    return [Output(HEARD, text)] * int(context.settings["times"])


class Order(EventHandler[str]):
    """``echo``, ``sleep S``, ``busy S``, ``ask M``, ``refuse``, ``fail``, ``full``, ``crash`` ..."""

    input = str
    event_type = "test.barid.order.given.v1"

    def handle(self, event: Event[str], context: HandlerContext) -> list[Output]:
        words = event.payload.split()
        note(f"begin {event.payload} #{context.attempt}")
        match words[0]:
            case "sleep":
                end = time.monotonic() + float(words[1])
                while time.monotonic() < end:
                    time.sleep(0.01)
                    context.check()
            case "busy":
                end = time.monotonic() + float(words[1])
                while time.monotonic() < end:
                    pass
            case "refuse":
                raise RejectEvent("as ordered")
            case "fail" if context.attempt == 1:
                raise RuntimeError("as ordered")
            case "full" if not Path(context.state_folder, "full").exists():
                Path(context.state_folder, "full").touch()
                raise RPCError(StatusCode.RESOURCE_EXHAUSTED, "as ordered")
            case "crash" if context.attempt == 1:
                os._exit(9)
            case "wrong-type":
                return [Output("test.barid.not.declared.v1", "x")]
            case "ask":
                with Client() as client:
                    method = f"test.barid.v1.Echo/{words[1]}"
                    client.call(method, StringValue(value="x"), StringValue)
            case "noise":
                print("noise " * 20_000)
        note(f"end {event.payload} #{context.attempt}")
        context.logger.info("answered", words=len(words))
        return answer(event, context)


class AsyncOrder(EventHandler[str]):
    """``echo``, ``sleep S``, ``ask M``, ``block S`` (of the loop itself)."""

    input = str
    event_type = "test.barid.order.async.v1"

    async def handle(self, event: Event[str], context: HandlerContext) -> list[Output]:
        words = event.payload.split()
        note(f"begin {event.payload} #{context.attempt}")
        if words[0] == "sleep":
            await asyncio.sleep(float(words[1]))
        elif words[0] == "block":
            time.sleep(float(words[1]))
        elif words[0] == "ask":
            with Client() as client:
                method = f"test.barid.v1.Echo/{words[1]}"
                await client.call_async(method, StringValue(value="x"), StringValue)
        return answer(event, context)


class Echo:
    """Answers with what it is told, in capitals."""

    def Say(self, request: StringValue, context: CallContext) -> StringValue:
        if request.value == "fail":
            context.trailers.append(("why", "as ordered"))
            raise RPCError(StatusCode.NOT_FOUND, "as ordered", [("more-bin", b"\0\1")])
        if (
            request.value.startswith("once")
            and not Path(f"{os.environ['ECHO_NOTES']}.once").exists()
        ):
            Path(f"{os.environ['ECHO_NOTES']}.once").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if request.value.startswith("sleep"):
            end = time.monotonic() + float(request.value.split()[1])
            while time.monotonic() < end:
                time.sleep(0.01)
                if context.is_cancelled:
                    note("call cancelled")
                    context.check()
        told = [value for key, value in context.metadata if key == "told"]
        return StringValue(value=" ".join([request.value.upper(), *map(str, told)]))

    def Collect(self, requests: Iterator[StringValue], context: CallContext) -> StringValue:
        return StringValue(value="+".join(request.value for request in requests))

    def Repeat(self, request: StringValue, context: CallContext) -> Iterator[StringValue]:
        count, _, text = request.value.partition(" ")
        for _ in range(int(count)):
            yield StringValue(value=text)

    def Chat(self, requests: Iterator[StringValue], context: CallContext) -> Iterator[StringValue]:
        for request in requests:
            yield StringValue(value=request.value.upper())

    async def SayAsync(self, request: StringValue, context: CallContext) -> StringValue:
        if request.value == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.sleep(0.01)
        return StringValue(value=request.value.upper())

    async def ChatAsync(
        self, requests: AsyncIterator[StringValue], context: CallContext
    ) -> AsyncIterator[StringValue]:
        async for request in requests:
            yield StringValue(value=request.value.upper())


def work(setup: PluginSetup) -> PluginWork:
    return PluginWork([Order(), AsyncOrder()], [Service(ECHO, Echo())])


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    manifest = Path(__file__).with_name("plugin.yaml")
    run_plugin(os.environ.get("ECHO_MANIFEST", manifest), work)
