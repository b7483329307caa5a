"""A summary: the sentences that hold most of what the article is about, as they stand."""

from __future__ import annotations

import math

from summarizer.document import Document, Sentence
from summarizer.phrases import Phrase
from summarizer.words import is_stop

SHORTEST, LONGEST = 5, 70
# What a sentence begins with that leans on the one before it.
_LEANING = ("كما", "وقد", "وكان", "وكانت", "وهو", "وهي", "وذلك", "لكن", "ولكن", "غير", "هذا", "هذه",
            "وهذا", "وهذه", "فيما", "بينما", "وأضاف", "وأضافت", "وأوضح", "وقال", "وقالت", "وتابع",
            "وأكد", "وأشار", "however", "but", "he", "she", "they", "this", "it")  # fmt: skip


def choose_sentences(document: Document, phrases: list[Phrase], most: int) -> list[Sentence]:
    """The sentences of a summary, in the order of the text.

    The lead of a news article says most of it, so place counts; a second sentence has to say
    something that the first one does not.

    Args:
        document: The article.
        phrases: Its key phrases.
        most: How many sentences, at most.
    """
    body = document.body
    scores = [_score(document, phrases, sentence, place) for place, sentence in enumerate(body)]
    chosen: list[int] = []
    said: set[str] = set()
    while len(chosen) < most:
        best, best_score = -1, 0.0
        for index, sentence in enumerate(body):
            if index in chosen:
                continue
            stems = _stems(sentence)
            new = len(stems - said) / len(stems) if stems else 0.0
            score = scores[index] * new
            if score > best_score:
                best, best_score = index, score
        # What says little more than nothing is not worth its place.
        if best < 0 or (chosen and best_score < 0.2 * scores[chosen[0]]):
            break
        chosen.append(best)
        said |= _stems(body[best])
    return [body[index] for index in sorted(chosen)]


def _stems(sentence: Sentence) -> set[str]:
    return {word.stem for word in sentence.words if not is_stop(word)}


def _score(document: Document, phrases: list[Phrase], sentence: Sentence, place: int) -> float:
    count = len(sentence.words)
    stems = _stems(sentence)
    if not stems:
        return 0.0
    score = sum(document.weights[stem] for stem in stems) / math.sqrt(len(stems))
    held = sum(phrase.weight for phrase in phrases if set(phrase.stems) <= stems)
    score *= 1 + 0.3 * held
    score *= 1 + 1.5 / (1 + place)
    if not SHORTEST <= count <= LONGEST:
        score *= 0.3
    first = sentence.words[0].text.lower()
    if place and first in _LEANING:
        score *= 0.6
    return score
