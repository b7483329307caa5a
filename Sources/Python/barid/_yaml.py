"""The part of YAML that ``plugin.yaml`` and ``barid.yaml`` are written in.

Mappings and lists in block and flow style, plain and quoted scalars, comments. Everything else of
YAML (anchors, tags, block scalars, several documents) is refused with its line, so that no file is
read as something its author did not mean. Scalars stay texts: the schema knows what they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


class YAMLError(ValueError):
    """A file that cannot be read, with the line of the problem."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: list[Node]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, in order, with the scalar each was written as."""

    items: dict[str, tuple[Scalar, Node]]
    line: int


Node = Scalar | Sequence | Mapping
MAXIMUM_DEPTH = 32


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


def parse(text: str) -> Node | None:
    """Reads a file; ``None`` if it is empty.

    Raises:
        YAMLError: If it is not of the part of YAML that is read.
    """
    lines: list[_Line] = []
    for number, raw in enumerate(text.split("\n"), 1):
        raw = raw.rstrip("\r")
        stripped = _without_comment(raw).rstrip()
        bare = stripped.lstrip(" ")
        if not bare or (number == 1 and bare == "---"):
            continue
        if bare[0] == "\t":
            raise YAMLError(number, "a tab in the indentation; use spaces")
        if bare in ("---", "...") or bare.startswith("%"):
            raise YAMLError(number, "one document a file, without directives")
        lines.append(_Line(number, len(stripped) - len(bare), bare))
    if not lines:
        return None
    parser = _Parser(lines)
    node = parser.block(lines[0].indent, 0)
    if parser.line is not None:
        raise YAMLError(parser.line.number, "the indentation fits nothing above")
    return node


def _without_comment(text: str) -> str:
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            if letter == quote and not (quote == '"' and text[index - 1] == "\\"):
                quote = ""
        elif letter in "\"'" and (index == 0 or text[index - 1] in " ,[{:-"):
            quote = letter
        elif letter == "#" and (index == 0 or text[index - 1] in " \t"):
            return text[:index]
    return text


_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'\[\]{},#&*!|>%@`-][^#\[\]{},]*?):(?:\s+|$)"""
)


class _Parser:
    def __init__(self, lines: list[_Line]) -> None:
        self._lines = lines
        self._at = 0

    @property
    def line(self) -> _Line | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def block(self, indent: int, depth: int) -> Node:
        line = self._lines[self._at]
        if depth > MAXIMUM_DEPTH:
            raise YAMLError(line.number, "nested too deep")
        if line.text == "-" or line.text.startswith("- "):
            return self._sequence(indent, depth)
        if _KEY.match(line.text):
            return self._mapping(indent, depth)
        self._at += 1
        return self._inline(line.text, line.number)

    def _sequence(self, indent: int, depth: int) -> Sequence:
        items: list[Node] = []
        first = self._lines[self._at].number
        while (line := self.line) is not None and line.indent == indent:
            if not (line.text == "-" or line.text.startswith("- ")):
                break
            rest = line.text[1:].lstrip(" ")
            inner = indent + len(line.text) - len(rest)
            if not rest:
                self._at += 1
                items.append(self._nested(indent, line, depth))
                continue
            # "- key: value" begins a mapping whose further keys stand below "key".
            self._lines[self._at] = _Line(line.number, inner, rest)
            items.append(self.block(inner, depth + 1))
        return Sequence(items, first)

    def _mapping(self, indent: int, depth: int) -> Mapping:
        items: dict[str, tuple[Scalar, Node]] = {}
        first = self._lines[self._at].number
        while (line := self.line) is not None and line.indent == indent:
            found = _KEY.match(line.text)
            if found is None:
                raise YAMLError(line.number, "a key with a colon is expected")
            key = _scalar(found[1], line.number)
            if key.text in items:
                raise YAMLError(line.number, f"the key {key.text} is there twice")
            rest = line.text[found.end() :]
            self._at += 1
            if rest:
                items[key.text] = (key, self._inline(rest, line.number))
            else:
                items[key.text] = (key, self._nested(indent, line, depth))
        return Mapping(items, first)

    def _nested(self, indent: int, above: _Line, depth: int) -> Node:
        line = self.line
        is_list = line is not None and line.text.startswith("-") and above.text[0] != "-"
        if line is not None and (line.indent > indent or (is_list and line.indent == indent)):
            return self.block(line.indent, depth + 1)
        return Scalar("", above.number)

    def _inline(self, text: str, number: int) -> Node:
        if text[0] not in "[{":
            return _scalar(text, number)
        # A flow list or mapping may go on over the next lines.
        while not _is_balanced(text):
            line = self.line
            if line is None:
                raise YAMLError(number, "a bracket is not closed")
            text += " " + line.text
            self._at += 1
        flow = _Flow(text, number)
        node = flow.value(0)
        flow.end()
        return node


def _is_balanced(text: str) -> bool:
    depth, quote = 0, ""
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[index - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
    return depth <= 0 and not quote


_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")


class _Flow:
    """Reads ``[a, b]`` and ``{a: b}``."""

    def __init__(self, text: str, number: int) -> None:
        self._text = text
        self._number = number
        self._at = 0

    def value(self, depth: int) -> Node:
        if depth > MAXIMUM_DEPTH:
            raise YAMLError(self._number, "nested too deep")
        match self._peek():
            case "[":
                return self._list(depth)
            case "{":
                return self._map(depth)
            case _:
                return self._plain(",]}")

    def end(self) -> None:
        if self._peek():
            raise YAMLError(self._number, f"{self._text[self._at :]!r} is left over")

    def _list(self, depth: int) -> Sequence:
        self._at += 1
        items: list[Node] = []
        while self._peek() != "]":
            items.append(self.value(depth + 1))
            self._separator("]")
        self._at += 1
        return Sequence(items, self._number)

    def _map(self, depth: int) -> Mapping:
        self._at += 1
        items: dict[str, tuple[Scalar, Node]] = {}
        while self._peek() != "}":
            key = self._plain(":,}")
            if self._peek() != ":":
                raise YAMLError(self._number, f"a colon is expected after {key.text}")
            self._at += 1
            if key.text in items:
                raise YAMLError(self._number, f"the key {key.text} is there twice")
            items[key.text] = (key, self.value(depth + 1))
            self._separator("}")
        self._at += 1
        return Mapping(items, self._number)

    def _plain(self, stops: str) -> Scalar:
        start = self._at
        if self._peek() in ("'", '"'):
            found = _QUOTED.match(self._text, self._at)
            if found is None:
                raise YAMLError(self._number, "a quotation mark is not closed")
            self._at = found.end()
        else:
            while self._at < len(self._text) and self._text[self._at] not in stops:
                self._at += 1
        text = self._text[start : self._at].strip()
        if not text:
            raise YAMLError(self._number, "a value is expected")
        return _scalar(text, self._number)

    def _separator(self, closing: str) -> None:
        letter = self._peek()
        if letter == ",":
            self._at += 1
        elif letter != closing:
            raise YAMLError(self._number, f"a comma or {closing} is expected")

    def _peek(self) -> str:
        while self._at < len(self._text) and self._text[self._at] == " ":
            self._at += 1
        return self._text[self._at : self._at + 1]


_ESCAPE = re.compile(r'\\(?:(["\\/ nt0])|u([0-9a-fA-F]{4}))')
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0"}


def _scalar(text: str, number: int) -> Scalar:
    if text[0] == '"':
        if len(text) < 2 or text[-1] != '"':
            raise YAMLError(number, "a quotation mark is not closed")
        body = text[1:-1]
        if "\\" in _ESCAPE.sub("", body):
            raise YAMLError(number, "an escape that is not read")
        return Scalar(
            _ESCAPE.sub(
                lambda found: (
                    chr(int(found[2], 16)) if found[2] else _ESCAPES.get(found[1], found[1])
                ),
                body,
            ),
            number,
        )
    if text[0] == "'":
        if len(text) < 2 or text[-1] != "'":
            raise YAMLError(number, "a quotation mark is not closed")
        return Scalar(text[1:-1].replace("''", "'"), number)
    if text[0] in "&*!|>@`%":
        raise YAMLError(number, f"{text[0]!r} begins something that is not read; quote it")
    if ": " in text or text.endswith(":"):
        raise YAMLError(number, "a second colon; quote the text")
    return Scalar(text, number)
