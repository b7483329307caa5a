"""Protocols/1-transport §12: every vector is read as it says, or refused with the code it says."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import REPOSITORY

from barid._wire import frames, session
from barid._wire.frames import Kind

PROTOCOLS = REPOSITORY / "Protocols"


@dataclass
class Vector:
    name: str
    data: bytes = b""
    expected: list[str] = field(default_factory=list)

    @property
    def refusal(self) -> str | None:
        first = self.expected[0]
        return first.removeprefix("refused ") if first.startswith("refused ") else None


def read(path: Path) -> Vector:
    vector = Vector(path.name)
    for line in path.read_text().splitlines():
        if line.startswith("hex:"):
            vector.data += bytes.fromhex(line[4:])
        elif line.startswith("expect: "):
            vector.expected.append(line[8:])
    return vector


VECTORS = [read(path) for path in sorted((PROTOCOLS / "vectors/frames").glob("*.txt"))]
GOOD = [vector for vector in VECTORS if vector.refusal is None]
BAD = [vector for vector in VECTORS if vector.refusal is not None]


def rewritten(frame: frames.Frame) -> bytes:
    """A body taken apart and put together again."""
    match frame.kind:
        case Kind.HELLO:
            return frames.Hello.decode(frame.body).encode()
        case Kind.WELCOME:
            return frames.Welcome.decode(frame.body).encode()
        case Kind.OPEN:
            return frames.Open.decode(frame.body).encode()
        case Kind.HEADERS:
            return frames.encode_metadata(frames.decode_metadata(frames.Reader(frame.body)))
        case Kind.STATUS:
            return frames.Status.decode(frame.body).encode()
        case Kind.CANCEL:
            return frames.Cancel.decode(frame.body).encode()
        case Kind.GOAWAY:
            return frames.Goaway.decode(frame.body).encode()
        case _:
            return frame.body


def test_there_are_vectors_of_every_kind() -> None:
    seen = {line.split()[0] for vector in GOOD for line in vector.expected}
    assert seen == {kind.title for kind in Kind}
    assert len(BAD) > 20


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector.name)
def test_a_good_batch_is_read_and_written_again(vector: Vector) -> None:
    lines, written = [], b""
    for frame in frames.decode(vector.data):
        line = f"{frame.kind.title} {frame.stream} {len(frame.body)}"
        line += " more" if frame.flags & frames.MORE else ""
        line += " exempt" if frame.flags & frames.EXEMPT else ""
        lines.append(line)
        written += frames.encode(frame.kind, rewritten(frame), frame.stream, frame.flags)
    assert lines == vector.expected
    assert written == vector.data


def listening() -> session.Session:
    welcome = frames.Welcome(1, 7, 3, 0, 1 << 20)
    return session.Session(0.0, welcome=welcome)


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector.name)
def test_a_bad_batch_is_refused(vector: Vector) -> None:
    # A hello is read before there is a session; everything else in an open session.
    if vector.data[:1] == bytes([Kind.HELLO]):
        with pytest.raises(frames.FrameError) as caught:
            for frame in frames.decode(vector.data):
                frames.Hello.decode(frame.body)
        assert caught.value.code.title == vector.refusal
        return
    events = listening().receive(vector.data, 0.0)
    assert isinstance(events[-1], session.Closed)
    assert events[-1].code.title == vector.refusal
    assert events[-1].text


def test_the_tables_of_the_specification_are_those_of_the_code() -> None:
    text = (PROTOCOLS / "1-transport.md").read_text()

    def table(section: str) -> dict[str, int]:
        body = text.split(f"\n## {section}.")[1].split("\n## ")[0]
        return {name: int(code, 16) for name, code in re.findall(r"\| ([a-z-]+) \| (0x..) ", body)}

    assert table("5") == {kind.title: kind.value for kind in Kind}
    assert table("8") == {code.title: code.value for code in frames.SessionCode}
