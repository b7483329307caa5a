"""Key phrases: runs of up to three words that an article repeats or puts in front."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from summarizer.document import Document
from summarizer.words import Word, is_stop

LONGEST = 3
# What weighs less than this part of the first phrase is left out.
LEAST = 0.12


@dataclass(frozen=True, slots=True)
class Phrase:
    """A key phrase: as first written, its weight from 0 to 1, and where it stands."""

    text: str
    weight: float
    mentions: list[tuple[int, int]]
    stems: tuple[str, ...]


def find_phrases(document: Document, most: int) -> list[Phrase]:
    """The phrases that say what an article is about, the weightiest first.

    Args:
        document: The article.
        most: How many, at most.
    """
    mentions: dict[tuple[str, ...], list[list[Word]]] = defaultdict(list)
    headline: set[tuple[str, ...]] = set()
    for sentence in document.sentences:
        for run in _runs(sentence.words):
            for start in range(len(run)):
                for end in range(start + 1, min(start + LONGEST, len(run)) + 1):
                    words = run[start:end]
                    if _is_phrase(words):
                        stems = tuple(word.stem for word in words)
                        mentions[stems].append(words)
                        if sentence.kind == "headline":
                            headline.add(stems)
    scores = {
        stems: _score(document, stems, found, stems in headline)
        for stems, found in mentions.items()
    }
    chosen: list[tuple[str, ...]] = []
    for stems, score in sorted(scores.items(), key=lambda item: (-item[1], _place(mentions, item))):
        if score <= 0 or len(chosen) == most:
            break
        if chosen and score < LEAST * scores[chosen[0]]:
            break
        if not any(_overlap(stems, other, len(mentions[stems])) for other in chosen):
            chosen.append(stems)
    if not chosen:
        return []
    best = scores[chosen[0]]
    return [_phrase(stems, mentions[stems], scores[stems] / best) for stems in chosen]


def _place(
    mentions: dict[tuple[str, ...], list[list[Word]]], item: tuple[tuple[str, ...], float]
) -> int:
    return mentions[item[0]][0][0].start


def _runs(words: list[Word]) -> list[list[Word]]:
    """Words that follow one another with neither stop words nor marks between."""
    runs: list[list[Word]] = [[]]
    for word in words:
        # A conjunction or preposition before a word begins something new.
        if not word.is_joined or word.clitics or is_stop(word):
            runs.append([])
        if not is_stop(word):
            runs[-1].append(word)
    return [run for run in runs if run]


def _is_phrase(words: list[Word]) -> bool:
    first, last = words[0], words[-1]
    if first.is_verb or any(word.is_verb for word in words[1:]):
        return False
    if len(words) == 1:
        return not first.is_common and len(first.stem) >= 3
    if not first.is_arabic:
        return True
    # "المدينة قديمة" is a sentence, "المدينة القديمة" and "مدينة القيروان" are names.
    return last.is_definite or not any(word.is_definite for word in words)


def _score(
    document: Document, stems: tuple[str, ...], found: list[list[Word]], in_headline: bool
) -> float:
    count = len(found)
    weight = sum(document.weights[stem] for stem in stems) / len(stems)
    if len(stems) == 1:
        # A single word has to be repeated, or be a hashtag.
        if count < 3 and not found[0][0].text.startswith("#"):
            return 0.0
        return 0.8 * weight
    definite = any(word.is_definite for word in found[0]) or not found[0][0].is_arabic
    if count == 1 and not in_headline and not definite:
        return 0.0
    score = weight * (1 + 0.6 * (count - 1)) * (1.5 if in_headline else 1.0)
    return score * (1.2 if definite else 0.8) * (1.1 if len(stems) == 2 else 1.0)


def _overlap(stems: tuple[str, ...], other: tuple[str, ...], count: int) -> bool:
    """Whether a phrase says little beside another: the same words, or one of them in passing."""
    shared = len(set(stems) & set(other))
    return shared > 0 and (count == 1 or shared >= min(len(set(stems)), len(set(other))) - 1)


def _phrase(stems: tuple[str, ...], found: list[list[Word]], weight: float) -> Phrase:
    first = found[0]
    text = _clean(first)
    return Phrase(text, min(weight, 1.0), [(w[0].start, w[-1].end) for w in found], stems)


def _clean(words: list[Word]) -> str:
    """The phrase as written, without what is no part of it before its first word."""
    first = words[0].text.lstrip("#@")
    if words[0].clitics:
        # "للحكومة" is "الحكومة" after its preposition.
        letters = words[0].clitics
        is_li = words[0].is_definite and words[0].folded[letters - 1 : letters + 1] == "لل"
        first = ("ا" if is_li else "") + _without(first, letters)
    rest = [word.text.lstrip("#@") for word in words[1:]]
    return " ".join([first, *rest]).replace("_", " ").replace("\u0640", "")


def _without(text: str, letters: int) -> str:
    """A word without its first letters and the marks on them."""
    at = 0
    while letters and at < len(text):
        at += 1
        letters -= 1
        while at < len(text) and "\u064b" <= text[at] <= "\u065f":
            at += 1
    return text[at:]
