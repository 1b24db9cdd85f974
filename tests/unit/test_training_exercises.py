"""What encoder and reader are taught with: right pairs are right, wrong ones wrong, kept out stays out."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from knowledge.encoder.static import shipped
from knowledge.encoder.training import reading
from knowledge.encoder.training.bags import Words
from knowledge.encoder.training.contrast import Contrast
from knowledge.encoder.training.corpus import Pair
from knowledge.encoder.training.exercises import exercises
from knowledge.encoder.training.reading import Containing, Contrasting, Exercise, Topical, typed
from knowledge.encoder.training.topics import LANGUAGES, Side, Topic

NAMES = [f"{first}{second}" for first in "bcdfghjklmnprst" for second in ("arrow", "older", "istle", "ander")]
KEPT_OUT = [name for name in NAMES if Topic(name, {}).kept_out]
LEARNED = [name for name in NAMES if not Topic(name, {}).kept_out][:20]


def topic(name: str) -> Topic:
    """Every text names its topic, so that a pair shows where its halves came from."""
    side = Side(
        clauses=((f"{name} heading", f"{name} rule"), (f"{name} section", f"{name} clause")),
        questions=(f"{name} asked", f"{name} wanted"),
        beside=(f"{name} beside",),
    )
    return Topic(name, dict.fromkeys(LANGUAGES, side))


TOPICS = [topic(name) for name in (*LEARNED, *KEPT_OUT[:5])]


def contrast(text: str, language: str = "en") -> Contrast:
    return Contrast(language, "en", text, (f"{text} right", f"{text} sure"), (f"{text} wrong",))


@pytest.fixture(autouse=True)
def as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """No slips, and clauses alone, but where a test is about just that."""
    for name in ("SLIPS", "IN_LATIN", "AMID", "AMID_TWO"):
        monkeypatch.setattr(reading, name, 0.0)


def rounds(draw: Callable[[random.Random], Iterator[Exercise]], count: int = 3) -> list[Exercise]:
    chance = random.Random(1)
    return [one for _ in range(count) for one in draw(chance)]


def test_a_topics_questions_are_answered_by_its_clauses_alone() -> None:
    found = [one for one in rounds(Topical(TOPICS, shipped()).draw) if one.question.split()[0] in NAMES]
    assert {one.answers for one in found} == {True, False}
    for one in found:
        name, kind = one.question.split()
        assert one.answers is (name in one.clause.split() and kind != "beside")
        assert name not in KEPT_OUT


def test_questions_outside_all_topics_are_answered_by_nothing() -> None:
    outside = [
        one for one in rounds(Topical(TOPICS, shipped()).draw, 1) if one.question.split()[0] not in NAMES
    ]
    assert len(outside) > 1000
    assert not any(one.answers for one in outside)


def test_a_clause_amid_another_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AMID", 1.0)
    chance = random.Random(2)
    found = {Topical(TOPICS, shipped()).amid("our own text", "en", chance) for _ in range(20)}
    assert all("our own text" in text and len(text) > len("our own text") for text in found)
    assert {text.startswith("our own text") for text in found} == {True, False}


def test_clauses_stand_among_as_many_others_as_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    topical, chance = Topical(TOPICS, shipped()), random.Random(3)
    for alone, two, count in ((0.0, 0.0, 0), (1.0, 0.0, 1), (1.0, 1.0, 2)):
        monkeypatch.setattr(reading, "AMID", alone)
        monkeypatch.setattr(reading, "AMID_TWO", two)
        texts = [topical.amid("our own text", "en", chance, near=[0]) for _ in range(30)]
        assert {sum(text.count(word) for word in (" heading.", " section.")) for text in texts} == {count}


def contrasts() -> list[Contrast]:
    items = [contrast(f"{name} law", language) for name in NAMES for language in ("en", "sl")]
    assert {item.kept_out for item in items} == {True, False}
    return items


def test_a_contrasts_questions_are_answered_by_its_clause_alone() -> None:
    encoder = shipped()
    found = rounds(Contrasting(contrasts(), Topical(TOPICS, encoder), encoder).draw)
    assert {one.answers for one in found} == {True, False}
    kept_out = {item.text for item in contrasts() if item.kept_out}
    for one in found:
        own = " ".join(one.question.split()[:2])
        assert one.answers is (own == one.clause and not one.question.endswith("wrong"))
        assert not kept_out & {own, one.clause}
    elsewhere = [one for one in found if one.clause not in one.question]
    assert 0.5 < len(elsewhere) / sum(one.answers for one in found) < 0.9


def test_parallel_text_answers_where_it_holds_the_translation() -> None:
    english = [f"the {name} gate opens at dawn on day {number}" for number, name in enumerate(NAMES)]
    pairs = [Pair(text, f"{text} slovensko", "sl", "test") for text in english]
    target = np.random.default_rng(0).normal(size=(len(english), 8)).astype(np.float32)
    target /= np.linalg.norm(target, axis=1, keepdims=True)
    found = rounds(Containing(pairs, english, target).draw)
    assert {one.answers for one in found} == {True, False}
    named = [(one, [name for name in NAMES if name in one.question.split()]) for one in found]
    for one, names in named:
        if names:
            assert one.answers is (names[0] in one.clause.replace(".", " ").split())
    assert sum(bool(names) for _, names in named) > len(found) / 2


@pytest.mark.parametrize(
    ("slips", "latin", "expected"), [(1.0, 0.0, "slip"), (0.0, 1.0, "latin"), (0.0, 0.0, "same")]
)
def test_questions_are_read_as_they_may_be_typed(
    slips: float, latin: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLIPS", slips)
    monkeypatch.setattr(reading, "IN_LATIN", latin)
    question = "Кога трябва да платя фактурата за миналия месец?"
    found = typed(question, "bg", random.Random(4))
    assert (found == question) is (expected == "same")
    assert found.isascii() is (expected == "latin")


def test_the_encoder_learns_contrasts_as_topics_of_their_own() -> None:
    items = contrasts()
    learned = [item for item in items if not item.kept_out]
    without, given = exercises(TOPICS, [], Words()), exercises(TOPICS, items, Words())
    more = given.questions.topics[len(without.questions) :]
    clauses = given.clauses.topics[len(without.clauses) :]
    assert len(clauses) == len({item.text for item in learned}) == len(learned) / 2
    assert min(clauses) == len(TOPICS)
    assert set(more) == set(clauses)
    # Two questions, each twice, in two languages.
    assert len(more) == 4 * len(learned)
    spoken = given.questions.languages[len(without.questions) :]
    assert set(spoken) == {LANGUAGES.index("en"), LANGUAGES.index("sl")}
    assert set(given.clauses.languages[len(without.clauses) :]) == {LANGUAGES.index("en")}
    assert given.questions.learned[len(without.questions) :].all()
    assert len(given.open) == len(without.open)
