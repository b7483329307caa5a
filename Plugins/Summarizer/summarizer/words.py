"""Words of a text: folded, without their clitics, and which of them carry no meaning."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from summarizer.lists import COMMON, STOP, VERBS

KNOWN = frozenset(
    word
    for line in Path(__file__).with_name("known-words.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)

_WORD = re.compile(r"[#@]?\w[\w\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640’'_-]*")
_MARKS = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
_FOLD = str.maketrans("أإآٱىةؤئکی", "ااااىهويكي")
_ARABIC = re.compile("[\u0621-\u064a]")
# Longest first. The article stays out of a stem; a lone letter only goes where the rest is known.
_ARTICLES = ("وبال", "وكال", "فبال", "وال", "بال", "كال", "فال", "ولل", "لل", "ال")
_LETTERS = "وفبكلس"
_ENDINGS = ("يات", "ات", "ين", "ون", "يه", "ه")


@dataclass(slots=True)
class Word:
    """A word and its place; ``stem`` joins its forms."""

    start: int
    end: int
    text: str
    folded: str
    # Whether it follows the word before it with nothing but a blank between.
    is_joined: bool
    stem: str = ""
    # Letters before the word itself: a conjunction or preposition, not the article.
    clitics: int = 0
    is_definite: bool = False

    @property
    def is_arabic(self) -> bool:
        """Whether it is written in Arabic letters."""
        return bool(_ARABIC.search(self.folded))

    @property
    def is_number(self) -> bool:
        """Whether it begins with a digit."""
        return self.folded[:1].isdigit()

    @property
    def is_common(self) -> bool:
        """Whether the news has it everywhere."""
        return self.stem in COMMON or self.folded in COMMON

    @property
    def is_verb(self) -> bool:
        """Whether it looks like a verb, which begins no key phrase."""
        bare = self.folded[self.clitics :]
        if not self.is_arabic or self.is_definite:
            return False
        if bare in VERBS or self.stem in VERBS:
            return True
        # Past tense, she: it ends in an open t that is no plural's.
        if len(bare) >= 4 and bare.endswith("ت") and not bare.endswith(("ات", "وت", "يت", "نت")):
            return True
        # Imperfect, he.
        return (
            len(bare) >= 4 and bare[0] == "ي" and not bare.startswith(("يوم", "يون", "يول", "ينا"))
        )


def fold(text: str) -> str:
    """A word as it is compared: no marks, one form of each letter, small."""
    text = unicodedata.normalize("NFKC", text)
    return _MARKS.sub("", text).translate(_FOLD).lower().replace("ى", "ي")


def read_words(text: str, start: int, end: int) -> list[Word]:
    """The words between two places, in order."""
    words: list[Word] = []
    last = -1
    for found in _WORD.finditer(text, start, end):
        raw = found[0].rstrip("'’-_")
        begin, stop = found.start(), found.start() + len(raw)
        joined = last >= 0 and text[last:begin].strip(" \u00a0") == ""
        words.append(Word(begin, stop, raw, fold(raw.lstrip("#@")), joined))
        last = stop
    return words


def stem_of(word: Word, vocabulary: set[str]) -> None:
    """Finds a word's stem, given all words of the article."""
    folded = word.folded
    if not word.is_arabic:
        word.stem = folded[:-1] if len(folded) > 4 and folded.endswith("s") else folded
        return
    rest = folded
    for article in _ARTICLES:
        if folded.startswith(article) and len(folded) - len(article) >= 3:
            rest = folded[len(article) :]
            word.is_definite = True
            word.clitics = len(article) - (1 if article.endswith("لل") else 2)
            break
    else:
        rest, word.clitics = _without_letters(folded, vocabulary)
    for ending in _ENDINGS:
        if rest.endswith(ending) and len(rest) - len(ending) >= 3:
            rest = rest[: -len(ending)]
            break
    word.stem = rest


def _without_letters(folded: str, vocabulary: set[str]) -> tuple[str, int]:
    """A word without the conjunction and preposition before it, and how many letters these are."""
    for count in (1, 2):
        bare = folded[count:]
        if len(bare) < 3 or folded[count - 1] not in _LETTERS:
            break
        if folded not in KNOWN and (
            bare in KNOWN or bare in STOP or bare in VERBS or f"ال{bare}" in vocabulary
            or (bare in vocabulary and folded[0] in "وف") or (folded[0] == "و" and len(bare) >= 4)
        ):  # fmt: skip
            return bare, count
    return folded, 0


def is_stop(word: Word) -> bool:
    """Whether a word carries no meaning of its own."""
    bare = word.folded[word.clitics :]
    return word.folded in STOP or bare in STOP or word.is_number or len(word.stem) < 2
