"""What reading the first passages changes of their order, and what it leaves alone."""

from datetime import date

import numpy as np
import pytest

from knowledge import rereading
from knowledge.confidence import Confidence, Evidence
from knowledge.model import Clause
from knowledge.rereading import reread
from tests.unit.test_retrieval import retriever


def clause(name: str) -> Clause:
    return Clause(
        name, "terms.md", "Terms", 1, date(2026, 1, 1), None, "Heading", ("Heading",), 1, "en", name, name
    )


CLAUSES = [clause(name) for name in ("first", "second", "third", "fourth", "fifth")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the reader says of each clause; a clause that is not in it must not be read."""
    odds = {"first": 0.0, "second": 0.0, "third": 0.0}
    monkeypatch.setattr(rereading, "log_odds", lambda _, text: odds[text.removeprefix("Heading. ")])
    return odds


@pytest.mark.parametrize(
    ("odds", "expected"),
    [
        ((0.0, 0.0, 0.0), (0, 1, 2)),
        ((-3.0, -3.0, -3.0), (0, 1, 2)),
        ((0.0, 2.4, 0.0), (0, 1, 2)),  # .5 * 2.4 is less than the second lacks, 1.25
        ((0.0, 2.6, 0.0), (1, 0, 2)),
        ((0.0, 0.0, 4.9), (0, 2, 1)),
        ((0.0, 0.0, 5.1), (2, 0, 1)),
        ((-4.0, 0.0, 2.0), (1, 2, 0)),
    ],
)
def test_the_readers_odds_are_added_to_the_scores(
    odds: tuple[float, float, float], expected: tuple[int, int, int], asked: dict[str, float]
) -> None:
    asked.update(zip(("first", "second", "third"), odds, strict=True))
    found = reread("question", CLAUSES[:3], np.array([5.0, 3.75, 2.5, 2.4, 2.3]), weight=0.5)
    assert tuple(found.order) == expected
    assert tuple(found.odds) == tuple(odds[place] for place in expected)


def test_of_equals_the_first_stays_first(asked: dict[str, float]) -> None:
    asked.update(second=2.0)
    assert reread("question", CLAUSES[:3], np.array([5.0, 4.0, 3.0]), weight=0.5).order.tolist() == [0, 1, 2]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_what_is_given_is_read(count: int, asked: dict[str, float]) -> None:
    found = reread("question", CLAUSES[:count], np.arange(5.0, 0.0, -1.0))
    assert found.order.tolist() == list(range(count))
    assert len(found.odds) == count


@pytest.mark.parametrize("name", ["reading", "likeliest"])
def test_what_reads_like_an_answer_makes_it_likelier_that_there_is_one(name: str) -> None:
    shipped = Confidence()
    assert shipped(Evidence(**{name: 2.0})) >= shipped(Evidence(**{name: -2.0}))


def test_reading_decides_where_the_words_leave_it_open() -> None:
    shipped = Confidence()
    open_ = (0.0 - shipped.bias) / shipped.weights.best
    read = [shipped(Evidence(best=open_, reading=odds, likeliest=odds)) for odds in (-3.0, 0.0, 3.0)]
    assert read[0] < 0.4 < read[1] < 0.6 < read[2]


@pytest.mark.parametrize(("small", "read"), [(3, 1), (3000, 3)])
async def test_in_a_large_library_only_the_first_passage_is_read(
    small: int, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    def log_odds(_: str, text: str) -> float:
        texts.append(text)
        return 0.0

    monkeypatch.setattr("knowledge.retrieval.SMALL", small)
    monkeypatch.setattr("knowledge.rereading.log_odds", log_odds)
    result = await retriever().search("when do you charge my card?", language="en", count=3)
    first = [one.clause.headed for one in result.passages[:read]]
    assert texts == first
