"""Where the broker and the data are, and what a plugin is set to (Protocols/4-plugin §2).

The order is flag, environment, settings file, default, as everywhere in Barid.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path

from barid import _yaml
from barid.endpoint import check_endpoint
from barid.errors import RPCError, StatusCode
from barid.keys import KeyFile
from barid.manifest import Manifest


@dataclass(frozen=True)
class Settings:
    """Addresses and folders, and where each value came from."""

    endpoint: str
    data_folder: str
    plugins: dict[str, dict[str, str]]
    origins: dict[str, str]
    configuration_file: str
    key: KeyFile | None = None
    traces: str = ""
    log_format: str = ""
    log_level: str = ""

    @classmethod
    def resolve(
        cls,
        endpoint: str | None = None,
        data: str | None = None,
        environment: Map[str, str] | None = None,
        key: str | None = None,
    ) -> Settings:
        """Resolves everything.

        Args:
            endpoint: Value of the flag ``--endpoint``, if given.
            data: Value of the flag ``--data``, if given.
            environment: The environment; the default is this process's.
            key: Value of the flag ``--key``, if given: the path of a key file. The broker that
                it names counts as if it had been given where the file was.

        Raises:
            RPCError: INVALID_ARGUMENT naming what is wrong and where it came from; what the key
                file is refused with.
        """
        variables = os.environ if environment is None else environment
        home = _absolute(variables, "HOME") or os.path.expanduser("~")
        config = _absolute(variables, "XDG_CONFIG_HOME") or f"{home}/.config"
        path = f"{config}/barid/barid.yaml"
        file, plugins = _read_file(path)
        share = _absolute(variables, "XDG_DATA_HOME") or f"{home}/.local/share"
        runtime = _absolute(variables, "XDG_RUNTIME_DIR")
        folder = (
            f"{runtime}/barid"
            if runtime
            else f"{_absolute(variables, 'TMPDIR') or '/tmp'}/barid-{os.getuid()}"
        )
        origins: dict[str, str] = {}

        def resolved(name: str, flag: str | None, variable: str, default: str) -> str:
            if flag is not None:
                origins[name] = f"flag --{name}"
                return flag
            if variables.get(variable):
                origins[name] = f"environment {variable}"
                return variables[variable]
            if name in file:
                origins[name] = f"file {path}"
                return file[name]
            origins[name] = "default"
            return default

        address = resolved("endpoint", endpoint, "BARID_ENDPOINT", f"ipc://{folder}/broker.ipc")
        key_path = resolved("key", key, "BARID_KEY_FILE", "")
        key_file = KeyFile.read(key_path) if key_path else None
        if key_file is not None and key_file.endpoint:
            if _rank(origins["key"]) < _rank(origins["endpoint"]):
                address, origins["endpoint"] = key_file.endpoint, f"key file {key_path}"
        try:
            check_endpoint(address, has_key=key_file is not None)
        except RPCError as error:
            raise RPCError(error.code, f"{error.message} ({origins['endpoint']})") from None
        data_folder = os.path.abspath(resolved("data", data, "BARID_DATA", f"{share}/barid"))
        traces = resolved("traces", None, "BARID_TRACES", "")
        return cls(
            address, data_folder, plugins, origins, path, key_file,
            os.path.abspath(traces) if traces else "",
            resolved("log-format", None, "BARID_LOG_FORMAT", ""),
            resolved("log-level", None, "BARID_LOG_LEVEL", ""),
        )  # fmt: skip

    def of_plugin(
        self,
        manifest: Manifest,
        assignments: list[str],
        environment: Map[str, str] | None = None,
    ) -> dict[str, str]:
        """Values of all settings of a plugin, by name.

        Args:
            manifest: The plugin's manifest.
            assignments: What ``--set`` gave, as ``name=value``.
            environment: The environment; the default is this process's.

        Raises:
            RPCError: INVALID_ARGUMENT with every problem, one a line.
        """
        variables = os.environ if environment is None else environment
        file = self.plugins.get(manifest.name, {})
        given: dict[str, str] = {}
        problems: list[str] = []
        for assignment in assignments:
            name, equals, value = assignment.partition("=")
            if not equals:
                problems.append(f"--set {assignment}: expected name=value")
            given[name] = value
        known = {setting.name for setting in manifest.settings}
        problems += [
            f"{manifest.name} has no setting {name}" for name in sorted({*given, *file} - known)
        ]
        values: dict[str, str] = {}
        for setting in manifest.settings:
            variable = "BARID_SETTING_" + setting.name.upper().replace("-", "_")
            value = given.get(
                setting.name,
                variables.get(variable, file.get(setting.name, setting.default)),
            )
            if not setting.accepts(value):
                problems.append(f'setting {setting.name}: "{value}" is not a {setting.type}')
            values[setting.name] = value
        if problems:
            raise RPCError(StatusCode.INVALID_ARGUMENT, "\n".join(problems))
        return values


def _rank(origin: str) -> int:
    """What counts first, first."""
    return ("flag", "environment", "file", "default").index(origin.split(" ")[0])


def _absolute(variables: Map[str, str], name: str) -> str | None:
    """An absolute path of the environment; the base directory specification ignores others."""
    value = variables.get(name, "")
    return value if value.startswith("/") else None


_KEYS = ("endpoint", "data", "key", "traces", "log-format", "log-level")


def _read_file(path: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, {}
    except (OSError, UnicodeDecodeError) as error:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"{path}: {error}") from None
    try:
        root = _yaml.parse(text)
    except _yaml.YAMLError as error:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"{path}: {error}") from None
    if root is None:
        return {}, {}
    if not isinstance(root, _yaml.Mapping):
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"{path}: not a mapping")
    values = {
        key: node.text
        for key, (_, node) in root.items.items()
        if isinstance(node, _yaml.Scalar) and key in _KEYS
    }
    plugins: dict[str, dict[str, str]] = {}
    _, section = root.items.get("plugins", (None, None))
    if isinstance(section, _yaml.Mapping):
        for plugin, (_, settings) in section.items.items():
            if isinstance(settings, _yaml.Mapping):
                plugins[plugin] = {
                    name: value.text
                    for name, (_, value) in settings.items.items()
                    if isinstance(value, _yaml.Scalar)
                }
    return values, plugins


def private_folder(path: str) -> None:
    """Makes sure that a folder exists, is ours, and closed to everybody else.

    Raises:
        RPCError: PERMISSION_DENIED if it belongs to somebody else, is a link or is open to others;
            FAILED_PRECONDITION if it cannot be made.
    """
    try:
        # With `parents=True` the ones above would be open, and the broker wants its data closed.
        for folder in [*reversed(Path(path).parents), Path(path)]:
            folder.mkdir(mode=0o700, exist_ok=True)
        status = os.lstat(path)
    except OSError as error:
        text = f"cannot make the folder {path}: {error.strerror}"
        raise RPCError(StatusCode.FAILED_PRECONDITION, text) from None
    if not stat.S_ISDIR(status.st_mode):
        problem = "is not a folder"
    elif status.st_uid != os.getuid():
        problem = f"belongs to user {status.st_uid}, not to user {os.getuid()}"
    elif status.st_mode & 0o077:
        problem = f"is open to others (mode {status.st_mode & 0o777:o}); chmod 700 {path}"
    else:
        return
    raise RPCError(StatusCode.PERMISSION_DENIED, f"{path} {problem}")
