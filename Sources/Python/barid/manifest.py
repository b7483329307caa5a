"""What a plugin says about itself in its ``plugin.yaml`` (Protocols/4-plugin §1)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from barid import _yaml
from barid._yaml import Mapping, Node, Scalar, Sequence
from barid.bus.v1 import bus_pb2 as bus
from barid.cloudevents import parse_time, time_text

PROTOCOL_VERSION = 1
MAXIMUM_BYTES = 64 << 10
DEFAULT_TOPIC = "articles"
# Of `consumes.attributes`: names, values of each, bytes of a value.
MAXIMUM_ATTRIBUTES, MAXIMUM_VALUES, MAXIMUM_VALUE_BYTES = 8, 32, 2_048

Value = TypeVar("Value")


class ManifestError(ValueError):
    """Everything that is wrong with a manifest, one problem a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Consumption:
    """What a plugin receives."""

    types: tuple[str, ...]
    group: str
    topic: str = DEFAULT_TOPIC
    ordering: str = "key"
    concurrency: int = 1
    prefetch: int = 2
    start: str = "first"
    maximum_deliveries: int | None = None
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """One setting of a plugin."""

    name: str
    type: str
    default: str
    help: str

    def accepts(self, value: str) -> bool:
        """Whether a text is a value of this setting."""
        match self.type:
            case "integer":
                return re.fullmatch(r"[+-]?[0-9]{1,18}", value) is not None
            case "number":
                try:
                    return math.isfinite(float(value))
                except ValueError:
                    return False
            case "boolean":
                return value in ("true", "false")
            case "duration":
                return read_duration(value) is not None
            case _:
                return True


@dataclass(frozen=True)
class PluginLimits:
    """What a plugin may use; times in seconds, memory in bytes, files open at once."""

    memory: int | None = None
    files: int | None = None
    lease: float = 30.0
    deadline: float = 600.0


@dataclass(frozen=True)
class Manifest:
    """A whole manifest."""

    name: str
    version: str
    summary: str
    command: tuple[str, ...]
    protocol: tuple[int, int] = (PROTOCOL_VERSION, PROTOCOL_VERSION)
    consumes: Consumption | None = None
    emits: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    limits: PluginLimits = field(default_factory=PluginLimits)

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Reads and checks a whole manifest.

        Raises:
            ManifestError: With every problem found and its line.
        """
        if len(data) > MAXIMUM_BYTES:
            text = f"the manifest has {len(data)} bytes; at most {MAXIMUM_BYTES} are read"
            raise ManifestError([text])
        try:
            root = _yaml.parse(data.decode())
        except UnicodeDecodeError:
            raise ManifestError(["the manifest is not UTF-8"]) from None
        except _yaml.YAMLError as error:
            raise ManifestError([str(error)]) from None
        if root is None:
            raise ManifestError(["the manifest is empty"])
        reader = _Reader()
        manifest = reader.manifest(root)
        if reader.problems or manifest is None:
            raise ManifestError([text for _, text in sorted(reader.problems)])
        return manifest

    def describe(self) -> dict[str, Any]:
        """The manifest as JSON, with every default in place (``describe --json``)."""
        described: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "summary": self.summary,
            "command": list(self.command),
            "protocol": {"minimum": self.protocol[0], "maximum": self.protocol[1]},
            "emits": list(self.emits),
            "serves": list(self.serves),
            "settings": [vars(setting) for setting in self.settings],
            "limits": {
                "lease_seconds": self.limits.lease,
                "deadline_seconds": self.limits.deadline,
            },
        }
        if self.limits.memory is not None:
            described["limits"]["memory_bytes"] = self.limits.memory
        if self.consumes is not None:
            consumes = {key.replace("_", "-"): value for key, value in vars(self.consumes).items()}
            consumes["types"] = list(self.consumes.types)
            consumes["attributes"] = {
                name: list(values) for name, values in sorted(self.consumes.attributes.items())
            }
            if not self.consumes.attributes:
                del consumes["attributes"]
            if consumes["maximum-deliveries"] is None:
                del consumes["maximum-deliveries"]
            described["consumes"] = consumes
        return described


def read_duration(text: str) -> float | None:
    """Seconds of a time such as ``250ms``, ``30s``, ``10m`` or ``1h``; ``None`` if it is none."""
    found = re.fullmatch("([0-9]{1,10})(ms|s|m|h)", text)
    if found is None or int(found[1]) > 1_000_000_000:
        return None
    return int(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}[found[2]]


def read_start(text: str) -> bus.Start | None:
    """Where a new group starts: ``first``, ``new``, ``last``, a sequence, or an RFC 3339 time."""
    if text in ("first", "new", "last"):
        return bus.Start(at=f"AT_{text.upper()}")
    if re.fullmatch("[0-9]{1,100}", text):
        is_sequence = 0 < int(text) < 1 << 64
        return bus.Start(at=bus.Start.AT_SEQUENCE, sequence=int(text)) if is_sequence else None
    time = parse_time(text)
    return None if time is None else bus.Start(at=bus.Start.AT_TIME, time=time)


_SEGMENT = "[A-Za-z0-9_-]+"
_TYPE = re.compile(rf"{_SEGMENT}(\.{_SEGMENT})+")
_PATTERN = re.compile(rf"(({_SEGMENT}|\*)(\.({_SEGMENT}|\*))*(\.>)?|>)")
_KEBAB = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_ATTRIBUTE = re.compile("[a-z0-9]{1,20}")
# They differ from event to event, have a key of their own, or are no text.
_UNFILTERED = frozenset("id type time expirytime traceparent tracestate specversion data".split())
_SIZE = re.compile("([0-9]{1,7}) *(KiB|MiB|GiB)")
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class _Reader:
    """Walks the nodes and gathers problems instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[tuple[int, str]] = []

    def manifest(self, root: Node) -> Manifest | None:
        keys = self._mapping(
            root, "the manifest",
            "name version summary command protocol consumes emits serves settings limits",
        )  # fmt: skip
        name = self._needed(keys, root, "name", self._kebab) or ""
        manifest = Manifest(
            name=name,
            version=self._needed(keys, root, "version", self._text) or "",
            summary=self._needed(keys, root, "summary", self._text) or "",
            command=tuple(self._needed(keys, root, "command", self._command) or ()),
            protocol=self._optional(keys, "protocol", self._protocol, (1, 1)),
            consumes=self._optional(
                keys, "consumes", lambda node: self._consumption(node, name), None
            ),
            emits=tuple(self._optional(keys, "emits", self._list_of(_TYPE, "an event type"), ())),
            serves=tuple(self._optional(keys, "serves", self._list_of(_TYPE, "a service"), ())),
            settings=tuple(self._optional(keys, "settings", self._settings, ())),
            limits=self._optional(keys, "limits", self._limits, PluginLimits()),
        )
        if not self.problems and manifest.consumes is None and not manifest.serves:
            self._report(root, "the plugin has neither consumes nor serves: it would do nothing")
        return manifest

    def _consumption(self, node: Node, plugin: str) -> Consumption:
        keys = self._mapping(
            node, "consumes",
            "topic types attributes group ordering concurrency prefetch start maximum-deliveries",
        )  # fmt: skip
        types = self._needed(keys, node, "types", self._list_of(_PATTERN, "a pattern of types"))
        if types == [] and "types" in keys:
            self._report(keys["types"], "types is empty")
        return Consumption(
            types=tuple(types or ()),
            group=self._optional(keys, "group", self._kebab, plugin),
            topic=self._optional(keys, "topic", self._kebab, DEFAULT_TOPIC),
            ordering=self._optional(keys, "ordering", self._choice("key"), "key"),
            concurrency=self._optional(keys, "concurrency", self._integer(1, 1024), 1),
            prefetch=self._optional(keys, "prefetch", self._integer(1, 64), 2),
            start=self._optional(keys, "start", self._start, "first"),
            maximum_deliveries=self._optional(
                keys, "maximum-deliveries", self._integer(1, 100), None
            ),
            attributes=self._optional(keys, "attributes", self._attributes, {}),
        )

    def _attributes(self, node: Node) -> dict[str, tuple[str, ...]]:
        """For each name a value, or a list of values of which each will do."""
        if not isinstance(node, Mapping):
            self._report(node, "attributes is not a mapping")
            return {}
        if len(node.items) > MAXIMUM_ATTRIBUTES:
            text = f"attributes has {len(node.items)} names; the most is {MAXIMUM_ATTRIBUTES}"
            self._report(node, text)
        found: dict[str, tuple[str, ...]] = {}
        for name, (written, value) in node.items.items():
            if not _ATTRIBUTE.fullmatch(name):
                rule = "a-z and 0-9, 20 at most"
                self._report(written, f'"{name}" is not the name of an attribute: {rule}')
            elif name in _UNFILTERED:
                self._report(written, f"there is no filter on the attribute {name}")
            else:
                found[name] = self._attribute_values(value, name)
        return found

    def _attribute_values(self, node: Node, name: str) -> tuple[str, ...]:
        nodes = node.items if isinstance(node, Sequence) else [node]
        values = []
        for item in nodes:
            if isinstance(item, Scalar):
                values.append(item.text)
            else:
                self._report(item, "a text is expected")
        if not 1 <= len(nodes) <= MAXIMUM_VALUES:
            self._report(node, f"{len(nodes)} values of {name}; from 1 to {MAXIMUM_VALUES}")
        if any(not 1 <= len(value.encode()) <= MAXIMUM_VALUE_BYTES for value in values):
            text = f"a value of {name} is empty or longer than {MAXIMUM_VALUE_BYTES} bytes"
            self._report(node, text)
        return tuple(values)

    def _settings(self, node: Node) -> list[Setting]:
        found: list[Setting] = []
        for entry in self._sequence(node, "settings"):
            keys = self._mapping(entry, "a setting", "name type default help")
            kinds = self._choice("string", "integer", "number", "boolean", "duration")
            name = self._needed(keys, entry, "name", self._kebab)
            kind = self._needed(keys, entry, "type", kinds)
            default = self._needed(keys, entry, "default", self._text)
            text = self._needed(keys, entry, "help", self._text)
            if name is None or kind is None or default is None or text is None:
                continue
            setting = Setting(name, kind, default, text)
            if not setting.accepts(default):
                self._report(entry, f"the default of {name} is not a {kind}")
            if any(other.name == name for other in found):
                self._report(entry, f"setting {name} is there twice")
            found.append(setting)
        return found

    def _limits(self, node: Node) -> PluginLimits:
        keys = self._mapping(node, "limits", "memory files lease deadline")
        lease = self._optional(keys, "lease", self._duration, 30.0)
        if not 1 <= lease <= 3600:
            self._report(keys["lease"], "lease is outside 1s to 1h")
        return PluginLimits(
            memory=self._optional(keys, "memory", self._bytes, None),
            files=self._optional(keys, "files", self._integer(64, 1_048_576), None),
            lease=lease,
            deadline=self._optional(keys, "deadline", self._duration, 600.0),
        )

    # Values

    def _protocol(self, node: Node) -> tuple[int, int] | None:
        number = self._integer(1, 1000)
        if isinstance(node, Scalar):
            version = number(node)
            return None if version is None else (version, version)
        keys = self._mapping(node, "protocol", "minimum maximum")
        low = self._needed(keys, node, "minimum", number)
        high = self._needed(keys, node, "maximum", number)
        if low is None or high is None:
            return None
        if low > high:
            self._report(node, f"protocol: minimum {low} is above maximum {high}")
        return (low, high)

    def _command(self, node: Node) -> list[str] | None:
        words = [self._text(item) or "" for item in self._sequence(node, "command")]
        if not words or not words[0]:
            self._report(node, "command is empty")
            return None
        if words[0].startswith("/") or ".." in words[0].split("/"):
            text = f"command: {words[0]} is neither a bare name nor a path inside the folder"
            self._report(node, text)
        return words

    def _text(self, node: Node) -> str | None:
        if not isinstance(node, Scalar):
            self._report(node, "a text is expected")
            return None
        if any(ord(letter) < 0x20 for letter in node.text):
            self._report(node, "a line break or control character")
            return None
        return node.text

    def _kebab(self, node: Node) -> str | None:
        text = self._text(node)
        if text is not None and (len(text) > 40 or not _KEBAB.fullmatch(text)):
            rule = "a-z, 0-9 and single hyphens, 40 at most"
            self._report(node, f'"{text}" is not a name: {rule}')
            return None
        return text

    def _list_of(self, form: re.Pattern[str], what: str) -> Callable[[Node], list[str]]:
        def read(node: Node) -> list[str]:
            found = []
            for item in self._sequence(node, "this"):
                text = self._text(item)
                if text is not None and form.fullmatch(text):
                    found.append(text)
                elif text is not None:
                    self._report(item, f'"{text}" is not {what}')
            return found

        return read

    def _integer(self, low: int, high: int) -> Callable[[Node], int | None]:
        def read(node: Node) -> int | None:
            text = self._text(node)
            if text is None:
                return None
            if re.fullmatch("[0-9]{1,9}", text) and low <= int(text) <= high:
                return int(text)
            self._report(node, f'"{text}" is not a number from {low} to {high}')
            return None

        return read

    def _choice(self, *choices: str) -> Callable[[Node], str | None]:
        def read(node: Node) -> str | None:
            text = self._text(node)
            if text is None or text in choices:
                return text
            self._report(node, f'"{text}" is none of: {", ".join(choices)}')
            return None

        return read

    def _start(self, node: Node) -> str | None:
        text = self._text(node)
        if text is None:
            return None
        place = read_start(text)
        if place is None:
            places = "first, new, last, a sequence, a time such as 2026-05-01T08:00:00Z"
            self._report(node, f'"{text}" is none of: {places}')
        elif place.at == bus.Start.AT_TIME:
            return time_text(place.time)
        elif place.at == bus.Start.AT_SEQUENCE:
            return str(place.sequence)
        return text

    def _duration(self, node: Node) -> float | None:
        text = self._text(node)
        seconds = read_duration(text) if text is not None else None
        if text is not None and not seconds:
            self._report(node, f'"{text}" is not a time such as 250ms, 30s, 10m or 1h')
            return None
        return seconds

    def _bytes(self, node: Node) -> int | None:
        text = self._text(node)
        if text is None:
            return None
        found = _SIZE.fullmatch(text)
        if found is None or not 0 < int(found[1]) <= 1 << 20:
            self._report(node, f'"{text}" is not a size such as 512 MiB')
            return None
        return int(found[1]) * _UNITS[found[2]]

    # Nodes

    def _needed(
        self, keys: dict[str, Node], node: Node, key: str, read: Callable[[Node], Value | None]
    ) -> Value | None:
        if key not in keys:
            self._report(node, f"{key} is missing")
            return None
        return read(keys[key])

    def _optional(
        self,
        keys: dict[str, Node],
        key: str,
        read: Callable[[Node], Value | None],
        default: Any,
    ) -> Any:
        value = read(keys[key]) if key in keys else None
        return default if value is None else value

    def _mapping(self, node: Node, what: str, known: str) -> dict[str, Node]:
        if not isinstance(node, Mapping):
            self._report(node, f"{what} is not a mapping")
            return {}
        names = known.split()
        for key, (written, _) in node.items.items():
            if key not in names:
                text = f'unknown key "{key}" in {what}; known: {", ".join(names)}'
                self._report(written, text)
        return {key: value for key, (_, value) in node.items.items() if key in names}

    def _sequence(self, node: Node, what: str) -> list[Node]:
        if isinstance(node, Sequence):
            return node.items
        self._report(node, f"{what} is not a list")
        return []

    def _report(self, node: Node, message: str) -> None:
        self.problems.append((node.line, f"line {node.line}: {message}"))
