"""Key phrases and summary of invented articles; and every claim about places."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from barid import Manifest
from barid.testing import HandlerTester

from summarizer.document import split_sentences
from summarizer.handler import SummaryHandler, plain_article, summarize
from summarizer.words import fold, read_words, stem_of

FOLDER = Path(__file__).parents[1]

HARBOUR = """\
الريحان : الصيادون يطالبون بإعادة فتح ميناء الريحان
طالب الصيادون في مدينة الريحان أمس بإعادة فتح ميناء الريحان الذي أغلقته العاصفة قبل شهرين. وقالت نقابة الصيادين إن أربعة آلاف عامل بلا دخل.
كما أوضحت نقابة الصيادين أن القوارب الصغيرة لا تجد مكاناً ترسو فيه، وأن ثمن السمك تضاعف في الأسواق.
وأعلنت البلدية أن أعمال الترميم ستبدأ الأسبوع المقبل بكلفة 3.5 مليون، وأن ميناء الريحان سيفتح قبل الشتاء.
"""

ENGLISH = """\
Old observatory dome to be restored
The old observatory dome above Millbrook will be restored by the county council next spring. Volunteers raised half of the money for the observatory dome.
Its telescope was last used in 1974, when the county council closed the building.
"""


def stems(text: str) -> list[str]:
    words = read_words(text, 0, len(text))
    vocabulary = {word.folded for word in words}
    for word in words:
        stem_of(word, vocabulary)
    return [word.stem for word in words]


def test_arabic_phrases_are_names_without_clitics() -> None:
    summary = summarize(plain_article(HARBOUR, has_headline=True))
    phrases = [phrase.text for phrase in summary.phrases]
    assert phrases[0] == "ميناء الريحان"
    assert "نقابة الصيادين" in phrases
    assert summary.phrases[0].weight == 1.0
    assert len(summary.phrases[0].mentions) == 3


def test_the_summary_is_the_lead_and_something_new() -> None:
    summary = summarize(plain_article(HARBOUR, has_headline=True))
    first, second = (piece.text for piece in summary.sentences)
    assert first.startswith("طالب الصيادون في مدينة الريحان")
    assert second != first and second in HARBOUR


def test_english_is_read_too() -> None:
    summary = summarize(plain_article(ENGLISH, has_headline=True))
    assert "observatory dome" in summary.phrases[0].text.lower()
    assert summary.sentences[0].text.startswith("The old observatory dome")


@pytest.mark.parametrize("text", [HARBOUR, ENGLISH, "😀 " * 50 + HARBOUR])
def test_every_piece_is_what_stands_at_its_place(text: str) -> None:
    """article.proto: offsets are indices of Unicode scalars, a text is exactly what stands there."""
    article = plain_article(text, has_headline=True)
    summary = summarize(article, phrases=50, sentences=10)
    pieces = [*summary.sentences, *(m.text for p in summary.phrases for m in p.mentions)]
    assert pieces
    for piece in pieces:
        assert article.text[piece.span.start : piece.span.end] == piece.text


def test_settings_bound_what_is_found() -> None:
    tester = HandlerTester(SummaryHandler(), settings={"sentences": 1, "phrases": 3})
    (summary,) = tester.handle(plain_article(HARBOUR, has_headline=True)).payloads
    assert (len(summary.sentences), len(summary.phrases)) == (1, 3)


def test_the_same_article_gives_the_same_bytes() -> None:
    tester = HandlerTester(SummaryHandler(), worker="summarizer")
    article = plain_article(HARBOUR, has_headline=True)
    first, second = (tester.handle(article).outputs[0].proto_data for _ in range(2))
    assert first == second
    assert first.type_url.endswith("barid.article.v1.ArticleSummarized")


@pytest.mark.parametrize("text", ["", " \n", "...", "1 2 3", "كلمة", "a" * 100_000, "؟!" * 50_000])
def test_what_holds_nothing_gives_nothing(text: str) -> None:
    summary = summarize(plain_article(text, has_headline=False))
    assert len(summary.phrases) == 0 or text.startswith("a")


def test_hostile_text_is_worked_through_in_time() -> None:
    generator = random.Random(3)
    letters = "اأبتثجحلمنهوي ةىّ\u0640\u200f .،؟«»#a1😀\u202e"
    for _ in range(30):
        text = "".join(generator.choices(letters, k=generator.randrange(4_000)))
        article = plain_article(text, has_headline=True)
        for piece in summarize(article).sentences:
            assert article.text[piece.span.start : piece.span.end] == piece.text
    large = " ".join("".join(generator.choices(letters, k=6)) for _ in range(60_000))
    summarize(plain_article(large, has_headline=False))


def test_words_are_folded_and_lose_their_clitics() -> None:
    assert fold("مُؤَسَّسَةٌ") == fold("موسسه")
    assert fold("أحمـــد") == "احمد"
    assert stems("المدينة والمدينة بالمدينة للمدينة مدينة") == ["مدين"] * 5
    # The letter is part of these words.
    assert stems("بريطانيا لندن وليد كوريا") == ["بريطانيا", "لندن", "وليد", "كوريا"]


def test_sentences_end_at_stops_but_not_within_numbers_and_initials() -> None:
    text = "بلغ السعر 3.5 دينار. قال ج. سالم «نعم!» ثم مضى؟ نعم"
    found = [text[start:end] for start, end in split_sentences(text, 0, len(text))]
    assert found == ["بلغ السعر 3.5 دينار.", "قال ج. سالم «نعم!»", "ثم مضى؟", "نعم"]


def test_the_manifest_and_the_program_fit() -> None:
    manifest = Manifest.parse((FOLDER / "plugin.yaml").read_bytes())
    assert manifest.emits == ("news.barid.article.summarized.v1",)
    done = subprocess.run(
        [sys.executable, "-m", "summarizer", "process", "--as", "text"],
        cwd=FOLDER, input=HARBOUR, capture_output=True, text=True, timeout=30,
        env={"HOME": "/nonexistent"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(HARBOUR.splitlines())


def test_the_known_words_are_those_of_the_repository() -> None:
    original = FOLDER.parents[1] / "Scripts/gazetteer/lists/common-words.txt"
    if not original.exists():
        pytest.skip("not in a checkout")

    def words(path: Path) -> list[str]:
        return [line for line in path.read_text("utf-8").splitlines() if line[:1] != "#"]

    assert words(FOLDER / "summarizer/known-words.txt") == words(original)
