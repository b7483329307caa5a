"""The command line of a plugin's executable: ``serve``, ``process`` and ``describe``.

Specified in Protocols/4-plugin §2.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from google.protobuf import json_format
from google.protobuf.message import Message

from barid import cloudevents
from barid._subscriber import event_facts
from barid.errors import RPCError, StatusCode, as_rpc_error, exit_code
from barid.events import Envelope, Event, Output, decode_data, make_event, make_output
from barid.handlers import EventHandler, HandlerContext, ProcessInput, SettingValue, handled_type
from barid.logs import LEVELS, EventLogger, set_up_logging
from barid.manifest import Manifest, ManifestError
from barid.services import Service
from barid.settings import Settings, private_folder
from barid.tracing import begin_traces
from barid.worker import Worker, WorkerConfiguration, check, typed_settings

EXIT_BUG = 70


@dataclass(frozen=True)
class PluginSetup:
    """What a plugin is told before it works.

    Args:
        data_folder: The folder of Barid's data; without a broker a temporary one.
        state_folder: Folder of the plugin's own.
        settings: Values of the manifest's settings, by name and of their types.
        logger: Where it logs.
    """

    data_folder: str
    state_folder: str
    settings: dict[str, SettingValue]
    logger: logging.Logger


@dataclass(frozen=True)
class PluginWork:
    """What a plugin does.

    Args:
        handlers: One for each event type it consumes.
        services: The services it serves.
        close: Called when the work is over, to close what was opened.
    """

    handlers: Sequence[EventHandler[Any]] = ()
    services: Sequence[Service] = ()
    close: Callable[[], None] = field(default=lambda: None)


def run_plugin(
    manifest: str | Path,
    work: Callable[[PluginSetup], PluginWork] | PluginWork,
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """Runs a plugin's executable: parses the command line and does what it says.

    ```python
    if __name__ == "__main__":
        run_plugin(Path(__file__).with_name("plugin.yaml"), PluginWork([Shout()]))
    ```

    Args:
        manifest: Path of ``plugin.yaml``.
        work: What the plugin does, or what makes it once the settings are known.
        arguments: The command line; the default is the process's.

    Raises:
        SystemExit: Always, with an exit code of Protocols/4-plugin §2.8.
    """
    # The pipe's reader chooses, not the locale: what is printed is UTF-8.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(_run(Path(manifest), work, sys.argv[1:] if arguments is None else list(arguments)))


def _run(
    path: Path,
    work: Callable[[PluginSetup], PluginWork] | PluginWork,
    arguments: list[str],
) -> int:
    try:
        raw = path.read_bytes()
        manifest = Manifest.parse(raw)
    except (OSError, ManifestError) as error:
        _tell(path.parent.name, f"{path}: {error}")
        return 65
    parser = _parser(manifest, path.parent.name)
    # "serve" is the default, and its options may stand alone.
    if not arguments or (
        arguments[0] not in ("serve", "process", "describe", "-h", "--help", "--version")
        and arguments[0].startswith("-")
    ):
        arguments = ["serve", *arguments]
    options = parser.parse_args(arguments)
    if options.command == "describe":
        text = json.dumps(manifest.describe(), ensure_ascii=False, sort_keys=True)
        sys.stdout.write(text + "\n" if options.json else raw.decode())
        return 0
    make = work if callable(work) else lambda setup: work
    try:
        if options.command == "process":
            return _Processing(manifest, make, options).run()
        return _serve(manifest, make, options)
    except RPCError as error:
        _tell(manifest.name, error.message)
        return exit_code(error.code)
    except Exception:
        traceback.print_exc()
        _tell(manifest.name, "this is a bug of the plugin")
        return EXIT_BUG


class _Parser(argparse.ArgumentParser):
    """Ends with sysexits' 64 on a wrong command line."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        _tell(self.prog, message)
        raise SystemExit(64)


def _parser(manifest: Manifest, name: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=manifest.name or name, description=manifest.summary)
    parser.add_argument("--version", action="version", version=manifest.version)
    commands = parser.add_subparsers(dest="command", parser_class=_Parser)
    common = _Parser(add_help=False)
    common.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="set a setting of plugin.yaml; else BARID_SETTING_NAME, barid.yaml, the default",
    )  # fmt: skip
    common.add_argument(
        "--log-level", choices=list(LEVELS),
        help="write log lines of this level and above; else BARID_LOG_LEVEL",
    )  # fmt: skip
    common.add_argument(
        "--log-format", choices=["text", "json"],
        help="how log lines look; else BARID_LOG_FORMAT, text on a terminal, json",
    )  # fmt: skip
    serve = commands.add_parser(
        "serve", parents=[common], help="work for a broker until SIGTERM or SIGINT (the default)"
    )
    serve.add_argument("--endpoint", help="the broker's address; else BARID_ENDPOINT, your own")
    serve.add_argument("--key", help="the key file for a broker that asks; else BARID_KEY_FILE")
    serve.add_argument("--data", help="the folder of Barid's data; else BARID_DATA")
    serve.add_argument(
        "--print-configuration", action="store_true",
        help="print every setting with its value and origin, and exit",
    )  # fmt: skip
    process = commands.add_parser(
        "process", parents=[common], help="do the work on files, without a broker"
    )
    process.add_argument("files", nargs="*", default=["-"], metavar="FILE")
    process.add_argument(
        "--as", dest="form", choices=["article", "event", "text"], default="article",
        help="what a line is (default: article)",
    )  # fmt: skip
    describe = commands.add_parser("describe", help="print the plugin's manifest")
    describe.add_argument("--json", action="store_true", help="as JSON, with every default")
    return parser


def _set_up_logging(options: argparse.Namespace, settings: Settings, level: str) -> None:
    """Flags, else what environment and settings file say, else what suits the command."""
    named, form = options.log_level, options.log_format
    if named is None:
        named = settings.log_level or level
        if named not in LEVELS:
            origin, levels = settings.origins["log-level"], ", ".join(LEVELS)
            text = f"'{named}' is no log-level: {levels} ({origin})"
            raise RPCError(StatusCode.INVALID_ARGUMENT, text)
    if form is None:
        form = settings.log_format or None
        if form not in (None, "text", "json"):
            text = f"'{form}' is no log-format: text or json ({settings.origins['log-format']})"
            raise RPCError(StatusCode.INVALID_ARGUMENT, text)
    set_up_logging(named, form)


def _serve(
    manifest: Manifest, make: Callable[[PluginSetup], PluginWork], options: argparse.Namespace
) -> int:
    settings = Settings.resolve(options.endpoint, options.data, key=options.key)
    _set_up_logging(options, settings, "info")
    values = settings.of_plugin(manifest, options.set)
    if options.print_configuration:
        key = settings.key.name if settings.key is not None else ""
        for name, value in (
            ("endpoint", settings.endpoint), ("key", key), ("data", settings.data_folder),
            ("traces", settings.traces), ("log-format", settings.log_format),
            ("log-level", settings.log_level),
        ):  # fmt: skip
            print(f"{name} = {value} ({settings.origins[name]})")
        for name, value in sorted(values.items()):
            print(f"{manifest.name}.{name} = {value}")
        return 0
    if threading.current_thread() is threading.main_thread():
        # Until the worker takes signals itself nothing is held, however long the plugin's own
        # preparations take.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
    begin_traces(settings.traces, manifest.name, settings.origins["traces"])
    folder = f"{settings.data_folder}/plugins/{manifest.name}"
    private_folder(folder)
    work = make(
        PluginSetup(
            settings.data_folder,
            folder,
            typed_settings(manifest, values),
            logging.getLogger(manifest.name),
        )
    )
    worker = Worker(
        manifest,
        work.handlers,
        work.services,
        configuration=WorkerConfiguration(settings.endpoint, folder, values, settings.key),
    )
    try:
        worker.run()
    finally:
        work.close()
    return 0


class _Processing:
    """Works through files, tells what fails and goes on."""

    def __init__(
        self,
        manifest: Manifest,
        make: Callable[[PluginSetup], PluginWork],
        options: argparse.Namespace,
    ) -> None:
        self._manifest = manifest
        self._make = make
        self._options = options
        self._failure = 0
        self._number = 0
        self._handlers: dict[str, EventHandler[Any]] = {}
        self._state_folder = ""
        settings = Settings.resolve()
        # Log lines would only stand in the way of the errors told here.
        _set_up_logging(options, settings, "error")
        values = settings.of_plugin(manifest, options.set)
        self._settings = typed_settings(manifest, values)
        self._logger = logging.getLogger(manifest.name)

    def run(self) -> int:
        with tempfile.TemporaryDirectory(prefix=f"{self._manifest.name}-") as folder:
            self._state_folder = folder
            work = self._make(PluginSetup(folder, folder, self._settings, self._logger))
            self._handlers = check(self._manifest, work.handlers, work.services)
            for file in self._options.files:
                self._process_file(file)
            work.close()
        return self._failure

    def _process_file(self, file: str) -> None:
        try:
            data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as error:
            text = f"cannot be read: {error.strerror}"
            self._fail(file, RPCError(StatusCode.NOT_FOUND, text))
            return
        if self._options.form == "article" and not _is_lines(file, data):
            source = ProcessInput("file", data, "" if file == "-" else file)
            if self._process_input(source, file):
                return
        for number, line in enumerate(data.split(b"\n"), 1):
            line = line.removesuffix(b"\r")
            if line.strip(b" \t"):
                self._process_line(line, f"{file}:{number}")

    def _process_line(self, line: bytes, place: str) -> None:
        if self._options.form == "event":
            with self._told(place):
                envelope = cloudevents.from_json(line)
                handler = self._handlers.get(envelope.type)
                if handler is None:
                    text = f"{self._manifest.name} does not take {envelope.type}"
                    raise RPCError(StatusCode.UNIMPLEMENTED, text)
                self._handle(handler, envelope, decode_data(envelope, handler.input))
            return
        is_text = self._options.form == "text"
        source = ProcessInput("text" if is_text else "line", line)
        if not self._process_input(source, place):
            what = "plain text" if is_text else "lines"
            text = f"{self._manifest.name} does not read {what}"
            self._fail(place, RPCError(StatusCode.INVALID_ARGUMENT, text))

    def _process_input(self, source: ProcessInput, place: str) -> bool:
        """Handles an input; false if the plugin does not read such a thing."""
        self._number += 1
        with self._told(place):
            for handler in self._handlers.values():
                payload = handler.read(source)
                if payload is None:
                    continue
                envelope = make_event(
                    payload,
                    id=f"process-{self._number}",
                    source="/barid/process",
                    type=handled_type(handler),
                )
                self._handle(handler, envelope, payload)
                return True
            return False
        return True

    def _handle(self, handler: EventHandler[Any], envelope: Envelope, payload: Any) -> None:
        context = HandlerContext(
            logger=EventLogger(self._logger, event_facts(envelope)),
            worker=self._manifest.name,
            attempt=1,
            replay=0,
            sequence=0,
            state_folder=self._state_folder,
            settings=self._settings,
        )
        context.extend(self._manifest.limits.deadline)
        for index, output in enumerate(run_handler(handler, Event(envelope, payload), context)):
            if self._options.form == "event":
                made = make_output(envelope, output, worker=self._manifest.name, index=index)
                line = cloudevents.to_json(made)
            else:
                line = _body_line(output)
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    @contextlib.contextmanager
    def _told(self, place: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # The rest of the input goes on.
            self._fail(place, as_rpc_error(error))

    def _fail(self, place: str, error: RPCError) -> None:
        _tell("error", f"{place}: {error.message}")
        self._failure = self._failure or exit_code(error.code)


def run_handler(
    handler: EventHandler[Any], event: Event[Any], context: HandlerContext
) -> list[Message | Output]:
    """What a handler returns for one event, be it plain or ``async``."""
    result: Any = handler.handle(event, context)
    if asyncio.iscoroutine(result):
        result = asyncio.run(result)
    return list(result or ())


def _body_line(output: Message | Output) -> bytes:
    data = output.data if isinstance(output, Output) else output
    if isinstance(data, Message):
        return json_format.MessageToJson(data, indent=None, ensure_ascii=False).encode()
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.replace("\n", " ").encode()
    return json.dumps(data, ensure_ascii=False).encode()


def _is_lines(file: str, data: bytes) -> bool:
    """Lines by their name; standard input by its first byte."""
    return data.lstrip()[:1] == b"{" if file == "-" else file.endswith((".jsonl", ".ndjson"))


def _tell(who: str, text: str) -> None:
    for line in text.splitlines() or [""]:
        print(f"{who}: {line}", file=sys.stderr)
