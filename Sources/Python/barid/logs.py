"""Log lines on standard error: JSON a line, or text on a terminal (Protocols/8-observability §3).

A line is constant text plus metadata, which travel as ``extra={"barid": {...}}``; lines about an
event carry its ``event`` id, ``subject`` and ``trace``. Bodies never appear.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

LEVELS = {
    "trace": 5, "debug": 10, "info": 20, "notice": 25, "warning": 30, "error": 40, "critical": 50,
}  # fmt: skip
_NAMES = {number: name for name, number in LEVELS.items()}
_TAKEN = {"time", "level", "logger", "message"}
_UNSAFE = re.compile("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class _Formatter(logging.Formatter):
    def __init__(self, is_text: bool) -> None:
        super().__init__()
        self._is_text = is_text

    def format(self, record: logging.LogRecord) -> str:
        now = datetime.fromtimestamp(record.created, UTC)
        time = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        level = _NAMES.get(record.levelno, record.levelname.lower())
        facts = {key: str(value) for key, value in getattr(record, "barid", {}).items()}
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        message = record.getMessage()
        if self._is_text:
            tail = "".join(f" {key}={_quoted(value)}" for key, value in sorted(facts.items()))
            line = f"{time} {level} {message}{tail}"
            # Control characters could steer a terminal.
            return _UNSAFE.sub(lambda found: f"<U+{ord(found[0]):X}>", line)
        fields = {"time": time, "level": level, "logger": record.name, "message": message}
        for key, value in sorted(facts.items()):
            fields[f"{key}_" if key in _TAKEN else key] = value
        line = json.dumps(fields, ensure_ascii=False)
        return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", line)


def _quoted(value: str) -> str:
    """A value in a text line, in quotes where it would be taken for something else."""
    is_plain = value and all(letter > " " and letter != '"' for letter in value)
    return value if is_plain else '"' + value.replace('"', '\\"') + '"'


def set_up_logging(level: str, form: str | None = None) -> None:
    """Sends this process's log lines to standard error.

    Args:
        level: The least level that is written, a key of ``LEVELS``.
        form: ``text`` or ``json``; the default is text on a terminal, else JSON.
    """
    handler = logging.StreamHandler(sys.stderr)
    is_text = form == "text" if form else sys.stderr.isatty()
    handler.setFormatter(_Formatter(is_text))
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)


class EventLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that puts what identifies an event into every line.

    Metadata of one line are keyword arguments: ``logger.info("counted", words=12)``.
    """

    def __init__(self, logger: logging.Logger, facts: dict[str, object]) -> None:
        super().__init__(logger, {})
        self._facts = facts

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Moves keyword arguments that logging does not know into the metadata."""
        known = {"exc_info", "stack_info", "stacklevel", "extra"}
        facts = {key: kwargs.pop(key) for key in list(kwargs) if key not in known}
        kwargs["extra"] = {**(kwargs.get("extra") or {}), "barid": {**self._facts, **facts}}
        return msg, kwargs
