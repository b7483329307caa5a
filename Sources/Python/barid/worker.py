"""A plugin at work: receives its group's events, handles them, and serves its services."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from barid._connection import Connection, Registration, Stream, StreamSink
from barid._notify import ALIVE, READY, STOPPING, ServiceNotifier
from barid._running import Runner
from barid._subscriber import Subscriber, SubscriberConfiguration
from barid._wire import frames
from barid._wire.frames import SessionCode
from barid.bus.v1 import bus_pb2 as bus
from barid.errors import RPCError, StatusCode
from barid.handlers import EventHandler, SettingValue, handled_type
from barid.keys import KeyFile
from barid.manifest import PROTOCOL_VERSION, Manifest, read_duration, read_start
from barid.reflection.v1 import registry_pb2 as registry
from barid.services import ServerCall, Service
from barid.settings import private_folder

# Limits of a drain, in seconds: handlers finish; the broker confirms; the process ends.
DRAIN_LIMIT = 8.0
EXIT_LIMIT = 13.0
CREDIT_BYTES = 16 << 20
EXIT_TEMPORARY = 75
_REGISTER = "barid.reflection.v1.Registry/Register"


@dataclass(frozen=True)
class WorkerConfiguration:
    """Settings of a worker.

    Args:
        endpoint: Where the broker is.
        state_folder: Folder for what the plugin keeps.
        settings: Values of the manifest's settings, as texts; those left out have their default.
        key: The key for a broker that asks for one.
    """

    endpoint: str
    state_folder: str
    settings: dict[str, str] = field(default_factory=dict)
    key: KeyFile | None = None


class Worker:
    """A plugin's process: one connection, one group, its handlers and services.

    It reconnects for ever. On SIGTERM or SIGINT it takes nothing more, lets running handlers and
    calls finish or gives their events back, waits until that is durable, and says goodbye.

    Args:
        manifest: The plugin's manifest.
        handlers: One for each event type it consumes.
        services: The services it serves.
        configuration: Addresses and settings.
        logger: Where it logs; the default is named after the plugin.

    Raises:
        RPCError: INVALID_ARGUMENT if handlers, services and manifest do not fit.
    """

    def __init__(
        self,
        manifest: Manifest,
        handlers: Sequence[EventHandler[Any]],
        services: Sequence[Service] = (),
        *,
        configuration: WorkerConfiguration,
        logger: logging.Logger | None = None,
    ) -> None:
        self._manifest = manifest
        self._configuration = configuration
        self._logger = logger or logging.getLogger(manifest.name)
        self._handlers = check(manifest, handlers, services)
        self._methods = {
            name: method for service in services for name, method in service.methods.items()
        }
        self._loop = asyncio.new_event_loop()
        self._runner = Runner(self._loop, 2 * self._concurrency)
        self._calls: set[ServerCall] = set()
        self._error: RPCError | None = None
        self._is_draining = False
        self._has_left_group = manifest.consumes is None
        self._connection = Connection(
            configuration.endpoint,
            self._registration(),
            serve=self._serve,
            key=configuration.key,
            logger=self._logger,
        )
        self._descriptors = descriptor_set(services)
        self._manager = ServiceNotifier()
        self._subscriber = self._make_subscriber()

    @property
    def _concurrency(self) -> int:
        return self._manifest.consumes.concurrency if self._manifest.consumes else 8

    def run(self) -> None:
        """Works until SIGTERM, SIGINT or :meth:`stop`; on the main thread signals are taken.

        Raises:
            RPCError: If the broker refuses this worker for good: for its protocol version, its
                filter, or its rights.
        """
        private_folder(self._configuration.state_folder)
        connection = self._connection
        connection.on_refused.append(self._refused)
        if self._descriptors:
            connection.on_ready.append(self._describe)
        if self._subscriber is None:
            connection.on_ready.append(lambda welcome: self._tell_ready())
        if self._manager.watchdog_limit:
            connection.call_soon(self._tell_alive)
        connection.on_signal.append(lambda number: self._drain())
        connection.on_stopped.append(self._connection_stopped)
        self._logger.info("worker starts", extra={"barid": {"broker": connection.endpoint}})
        restore = self._take_signals() if _is_main_thread() else None
        connection.start()
        try:
            self._loop.run_forever()
        finally:
            connection.close()
            if restore is not None:
                restore()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        if connection.failure is not None:
            raise RPCError(StatusCode.INTERNAL, f"the connection failed: {connection.failure}")
        if self._error is not None:
            raise self._error
        self._logger.info("worker stopped")

    def stop(self) -> None:
        """Drains, from any thread; :meth:`run` then returns."""
        self._connection.call_soon(self._drain)

    def _take_signals(self) -> Any:
        """Has signals reach the connection's thread, whatever the main thread is doing."""
        old = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        # Whoever started this process may have had them blocked.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, old)
        for number in old:
            signal.signal(number, lambda *_: None)
        descriptor = signal.set_wakeup_fd(
            self._connection.wake_descriptor, warn_on_full_buffer=False
        )

        def restore() -> None:
            signal.set_wakeup_fd(descriptor)
            for number, handler in old.items():
                signal.signal(number, handler)

        return restore

    # On the connection's thread

    def _connection_stopped(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _refused(self, code: SessionCode, text: str) -> None:
        if code is SessionCode.NOT_ALLOWED:
            self._error = RPCError(StatusCode.PERMISSION_DENIED, text)
        else:
            self._error = RPCError(StatusCode.FAILED_PRECONDITION, f"the broker refused us: {text}")

    def _describe(self, welcome: frames.Welcome) -> None:
        """Tells the broker the descriptors of our services, in every session anew."""
        call = _Registering(self._logger)
        stream = self._connection.open(_REGISTER, call, timeout=10.0)
        request = registry.RegisterRequest(file_descriptor_set=self._descriptors)
        stream.send(request.SerializeToString())
        stream.half_close()

    def _tell_ready(self) -> None:
        self._manager.tell(READY, f"{self._manifest.name} is ready")

    def _tell_alive(self) -> None:
        """Tells the service manager that this thread still gets its turn, again and again."""
        self._manager.tell(ALIVE)
        self._connection.call_later(self._manager.watchdog_limit / 2, self._tell_alive)

    def _subscription_ended(self, error: RPCError | None) -> None:
        self._has_left_group = True
        if error is not None:
            self._error = error
            self._connection.stop()
        else:
            self._stop_if_over()

    def _drain(self) -> None:
        if self._is_draining:
            return
        self._is_draining = True
        self._logger.info("worker drains")
        self._manager.tell(STOPPING)
        # A handler that never returns must not keep a worker from its restart; its leases run out.
        watchdog = threading.Timer(EXIT_LIMIT, _give_up)
        watchdog.daemon = True
        watchdog.start()
        if self._methods:
            self._connection.drain("the peer serves no more calls")
            self._connection.call_later(DRAIN_LIMIT, self._cancel_calls)
        if self._subscriber is not None:
            self._subscriber.drain()
        self._stop_if_over()

    def _cancel_calls(self) -> None:
        for call in list(self._calls):
            call.cancel(RPCError(StatusCode.UNAVAILABLE, "the worker stops"))

    def _stop_if_over(self) -> None:
        if self._is_draining and self._has_left_group and not self._calls:
            self._connection.stop()

    def _serve(self, stream: Stream, body: frames.Open) -> StreamSink | None:
        method = self._methods.get(body.method)
        if method is None:
            return None
        call = ServerCall(self._connection, stream, method, body, self._runner, self._call_ended)
        self._calls.add(call)
        return call

    def _call_ended(self, call: ServerCall) -> None:
        self._calls.discard(call)
        self._stop_if_over()

    # Putting together

    def _registration(self) -> Registration:
        manifest = self._manifest
        return Registration(
            name=manifest.name,
            version=manifest.version,
            group=manifest.consumes.group if manifest.consumes else "",
            services=manifest.serves,
            emits=manifest.emits,
            concurrency=self._concurrency,
            extra=(("pid", str(os.getpid())),),
        )

    def _make_subscriber(self) -> Subscriber | None:
        manifest, consumes = self._manifest, self._manifest.consumes
        if consumes is None:
            return None
        subscription = bus.Subscription(
            topic=consumes.topic,
            group=consumes.group,
            types=consumes.types,
            attributes=[
                bus.AttributeFilter(name=name, values=values)
                for name, values in sorted(consumes.attributes.items())
            ],
            start=read_start(consumes.start),
            lease_ms=int(manifest.limits.lease * 1000),
            maximum_deliveries=consumes.maximum_deliveries or 0,
            worker=manifest.name,
            turns=True,
        )
        configuration = SubscriberConfiguration(
            subscription=subscription,
            concurrency=consumes.concurrency,
            credit=consumes.concurrency * consumes.prefetch,
            credit_bytes=CREDIT_BYTES,
            deadline=manifest.limits.deadline,
            worker=manifest.name,
            emits=frozenset(manifest.emits),
            state_folder=self._configuration.state_folder,
            settings=typed_settings(manifest, self._configuration.settings),
            drain_limit=DRAIN_LIMIT,
            on_started=self._tell_ready,
        )
        return Subscriber(
            self._connection, configuration, self._handlers, self._runner,
            self._subscription_ended, self._logger,
        )  # fmt: skip


class _Registering:
    """The sink of a call that hands descriptors over; it only says when that failed."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def headers(self, metadata: frames.Metadata) -> None:
        """Nothing of interest."""

    def message(self, data: bytes, charge: int, exempt: bool) -> None:
        """The services that can be called by description."""

    def half_closed(self) -> None:
        """Never comes to an opener."""

    def ended(self, status: frames.Status) -> None:
        """Calls work without; only who has no stubs misses them."""
        if status.code not in (StatusCode.OK, StatusCode.UNAVAILABLE):
            facts = {"error": f"{status.code.name}: {status.text}"}
            self._logger.warning("the broker did not take our descriptors", extra={"barid": facts})


def descriptor_set(services: Sequence[Service]) -> bytes:
    """A serialised ``FileDescriptorSet``: the files of services, and every file they import."""
    files: dict[str, FileDescriptorProto] = {}

    def add(file: FileDescriptor) -> None:
        if file.name in files:
            return
        described = FileDescriptorProto()
        file.CopyToProto(described)
        files[file.name] = described
        for imported in file.dependencies:
            add(imported)

    for service in services:
        add(service.file)
    return FileDescriptorSet(file=files.values()).SerializeToString()


def _give_up() -> None:
    logging.getLogger("barid").error(
        "stopped with handlers still running", extra={"barid": {"seconds": EXIT_LIMIT}}
    )
    os._exit(EXIT_TEMPORARY)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def check(
    manifest: Manifest, handlers: Sequence[EventHandler[Any]], services: Sequence[Service]
) -> dict[str, EventHandler[Any]]:
    """Checks that handlers, services and manifest fit.

    Returns:
        The handlers by event type.

    Raises:
        RPCError: INVALID_ARGUMENT with every problem, one a line.
    """
    problems: list[str] = []
    low, high = manifest.protocol
    if not low <= PROTOCOL_VERSION <= high:
        older = "library" if low > PROTOCOL_VERSION else "plugin"
        problems.append(
            f"the plugin speaks protocol {low} to {high}, this library {PROTOCOL_VERSION}: "
            f"upgrade the {older}"
        )
    by_type = {handled_type(handler): handler for handler in handlers}
    if len(by_type) != len(handlers):
        problems.append("two handlers take the same type")
    for pattern in manifest.consumes.types if manifest.consumes else ():
        if not set(pattern) & set("*>") and pattern not in by_type:
            problems.append(f"there is no handler for {pattern}")
    if manifest.consumes is None and handlers:
        problems.append("the manifest consumes nothing, but there are handlers")
    served = {service.name for service in services}
    if served != set(manifest.serves):
        told, made = ", ".join(manifest.serves) or "none", ", ".join(sorted(served)) or "none"
        problems.append(f"the manifest serves {told}; the plugin implements {made}")
    if problems:
        raise RPCError(StatusCode.INVALID_ARGUMENT, "\n".join(problems))
    return by_type


def typed_settings(manifest: Manifest, values: dict[str, str]) -> dict[str, SettingValue]:
    """Values of all settings of a plugin, by name and of their types."""
    typed: dict[str, SettingValue] = {}
    for setting in manifest.settings:
        text = values.get(setting.name, setting.default)
        match setting.type:
            case "integer":
                typed[setting.name] = int(text)
            case "number":
                typed[setting.name] = float(text)
            case "boolean":
                typed[setting.name] = text == "true"
            case "duration":
                typed[setting.name] = read_duration(text) or 0.0
            case _:
                typed[setting.name] = text
    return typed
