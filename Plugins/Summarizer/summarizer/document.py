"""An article as sentences of words, each with its place in the text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from summarizer.words import Word, is_stop, read_words, stem_of


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the text: ``headline``, ``subheading`` or a ``body`` paragraph."""

    text: str
    start: int
    end: int
    kind: str


@dataclass(slots=True)
class Sentence:
    """A sentence, with its words."""

    start: int
    end: int
    kind: str
    words: list[Word] = field(default_factory=list)


# A stop, its closing quotation marks, and a blank: "3.5" and "www.x.org" hold none.
_STOP = re.compile(r"[.!?؟؛…]+[\"»”')\]]*(?=\s|$)")
# What stands before a stop that ends nothing: one letter, as of initials.
_INITIAL = re.compile(r"(?:^|[\s(«\"])[\w]$")
# Longer sentences are cut at a blank, so that the work of each stays bounded.
LONGEST_SENTENCE = 2_000


def split_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The places of the sentences between two places."""
    begin = start
    for found in _STOP.finditer(text, start, end):
        if found[0] == "." and _INITIAL.search(text, max(begin, found.start() - 2), found.start()):
            continue
        yield from _trimmed(text, begin, found.end())
        begin = found.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = end
        if stop - start > LONGEST_SENTENCE:
            stop = text.rfind(" ", start, start + LONGEST_SENTENCE)
            stop = stop if stop > start else start + LONGEST_SENTENCE
        last = stop
        while last > start and text[last - 1].isspace():
            last -= 1
        if last > start:
            yield start, last
        start = stop


class Document:
    """An article's sentences and what its words weigh.

    Args:
        parts: Headline and paragraphs, in order.
    """

    def __init__(self, parts: list[Part]) -> None:
        self.sentences: list[Sentence] = []
        for part in parts:
            for start, end in split_sentences(part.text, part.start, part.end):
                words = read_words(part.text, start, end)
                self.sentences.append(Sentence(start, end, part.kind, words))
        vocabulary = {word.folded for sentence in self.sentences for word in sentence.words}
        for sentence in self.sentences:
            for word in sentence.words:
                stem_of(word, vocabulary)
        self.weights = self._weigh()

    @property
    def body(self) -> list[Sentence]:
        """The sentences of the body."""
        return [sentence for sentence in self.sentences if sentence.kind == "body"]

    def _weigh(self) -> dict[str, float]:
        """How much of the article each stem is: what the headline and the lead name counts more."""
        weights: dict[str, float] = defaultdict(float)
        number = 0
        for sentence in self.sentences:
            if sentence.kind == "headline":
                worth = 2.5
            elif sentence.kind == "subheading":
                worth = 1.5
            else:
                worth = 1.0 + 1.0 / (1 + number)
                number += 1
            for word in sentence.words:
                if not is_stop(word):
                    # A word in passing everywhere in the news says little.
                    weights[word.stem] += worth * (0.35 if word.is_common else 1.0)
        return weights
