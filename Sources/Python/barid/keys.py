"""The key of a client that connects to a broker of another machine (Protocols/7-security §4)."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field

from barid.errors import RPCError, StatusCode

MAXIMUM_BYTES = 64 << 10
_NAMES = ("name", "endpoint", "public-key", "secret-key", "server-key")
# Z85, RFC 32.
_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")


@dataclass(frozen=True)
class KeyFile:
    """What ``barid keys new`` wrote: the client's pair, the broker's public key, its address.

    Args:
        name: The name the broker knows the key by.
        endpoint: Where the broker is; empty when the file does not say.
        public_key: The client's public key, in Z85.
        secret_key: Its secret half; it is in no ``repr`` and no log.
        server_key: The broker's public key.
    """

    name: str
    endpoint: str
    public_key: str
    secret_key: str = field(repr=False)
    server_key: str

    @classmethod
    def read(cls, path: str) -> KeyFile:
        """Reads a file that only its owner can.

        Raises:
            RPCError: NOT_FOUND; PERMISSION_DENIED if others may read or write it or it is somebody
                else's, naming the mode and the ``chmod`` that helps; INVALID_ARGUMENT saying what
                is wrong with it.
        """
        values = _values(_private_text(path), path)
        keys = [values.get(name, "") for name in ("public-key", "secret-key", "server-key")]
        if not all(_KEY.fullmatch(key) for key in keys):
            raise RPCError(
                StatusCode.INVALID_ARGUMENT,
                f"{path}: public-key, secret-key and server-key are needed, each 40 characters of "
                "Z85; `barid keys new` writes such a file",
            )
        return cls(values.get("name", ""), values.get("endpoint", ""), *keys)


def _private_text(path: str) -> str:
    try:
        # Non-blocking, so that a pipe of that name does not hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        code = {
            FileNotFoundError: StatusCode.NOT_FOUND,
            NotADirectoryError: StatusCode.NOT_FOUND,
            PermissionError: StatusCode.PERMISSION_DENIED,
        }.get(type(error), StatusCode.UNAVAILABLE)
        raise RPCError(code, f"cannot open {path}: {error.strerror}") from None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        problem, code = "", StatusCode.PERMISSION_DENIED
        if not stat.S_ISREG(status.st_mode):
            problem, code = "is not a file", StatusCode.INVALID_ARGUMENT
        elif status.st_uid != os.geteuid():
            problem = f"belongs to user {status.st_uid}, not to user {os.geteuid()}"
        elif status.st_mode & 0o077:
            mode = f"{status.st_mode & 0o777:o}"
            problem = f"is open to others (mode {mode}); try: chmod 600 {path}"
        if problem:
            raise RPCError(code, f"{path} {problem}")
        data = file.read(MAXIMUM_BYTES + 1)
    if len(data) > MAXIMUM_BYTES:
        text = f"{path} is longer than {MAXIMUM_BYTES} bytes"
        raise RPCError(StatusCode.INVALID_ARGUMENT, text)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"{path} is no text") from None


def _values(text: str, path: str) -> dict[str, str]:
    """``name: value`` a line, ``#`` before a remark."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon or (value and not value.startswith(" ")):
            problem = "not of the form `name: value`"
        elif name not in _NAMES or name in values:
            problem = f"'{name[:40]}' is unknown or there twice"
        else:
            values[name] = value.lstrip(" ")
            continue
        raise RPCError(StatusCode.INVALID_ARGUMENT, f"{path}:{number}: {problem}")
    return values
