"""Scoring, against rankings whose figures are known beforehand."""

import json
from datetime import date

import pytest

from knowledge.evaluation import Question, evaluate, is_hit, read_questions
from knowledge.model import Clause, Passage, SearchResult


def clause(document: str, language: str, text: str, heading: str = "H") -> Clause:
    return Clause(
        text, document, "T", 1, date(2024, 1, 1), None, heading, (heading,), 0, language, text, text
    )


def row(**changes: object) -> str:
    told: dict[str, object] = {
        "id": "q1",
        "lang": "sl",
        "doc": "terms.sl.md",
        "kind": "answerable",
        "question": "?",
        "gold": ["gold"],
    }
    return json.dumps(told | changes)


def question(language: str, document: str, gold: str = "", text: str = "?") -> Question:
    return Question("q", language, document, bool(gold), text, (gold,) if gold else ())


RANKED = [
    clause("terms.lt.md", "lt", "first"),
    clause("terms.sl.md", "sl", "second"),
    clause("terms.sl.md", "sl", "third"),
    clause("terms.en.md", "en", "fourth"),
    clause("terms.sl.md", "sl", "fifth"),
    clause("terms.sl.md", "sl", "sixth"),
]


async def search(question: str, *, language: str | None, count: int) -> SearchResult:
    """Rank everything as above; a question that says so is not found."""
    passages = tuple(Passage(one, 1 - place / 10) for place, one in enumerate(RANKED))[:count]
    return SearchResult("not_found" if "nothing" in question else "found", passages)


@pytest.mark.parametrize(
    ("asked", "rank", "cross"),
    [
        (question("sl", "terms.sl.md", "second"), 2, False),
        (question("sl", "terms.sl.md", "sixth"), 6, False),
        (question("en", "terms.sl.md", "second"), 1, True),
        (question("en", "terms.sl.md", "sixth"), 4, True),
        (question("lt", "terms.sl.md", "third"), 2, True),
        (question("en", "terms.en.md", "fourth"), 4, False),
        (question("sl", "terms.sl.md", "first"), None, False),
        (question("sl", "absent.md", "first"), None, False),
    ],
)
async def test_the_rank_of_a_row(asked: Question, rank: int | None, cross: bool) -> None:
    (outcome,) = (await evaluate([asked], search)).outcomes
    assert (outcome.rank, outcome.cross_language) == (rank, cross)


async def test_the_figures() -> None:
    told = await evaluate(
        [
            question("sl", "terms.sl.md", "second"),
            question("sl", "terms.sl.md", "sixth", "nothing"),
            question("en", "terms.sl.md", "second"),
            question("sl", "terms.sl.md", "", "nothing"),
            question("sl", "terms.sl.md"),
            question("en", "terms.sl.md"),
        ],
        search,
    )
    assert told.as_json() == {
        "overall": {"hit@1": 0.3333, "hit@5": 0.6667, "MRR": 0.5556, "answerable": 3},
        "by_language": {
            "en": {"hit@1": 1.0, "hit@5": 1.0, "MRR": 1.0, "answerable": 1},
            "sl": {"hit@1": 0.0, "hit@5": 0.5, "MRR": 0.3333, "answerable": 2},
        },
        "same_language": {"hit@1": 0.0, "hit@5": 0.5, "MRR": 0.3333, "answerable": 2},
        "cross_language": {"hit@1": 1.0, "hit@5": 1.0, "MRR": 1.0, "answerable": 1},
        "not_found": {"precision": 0.5, "recall": 0.3333, "unanswerable": 3, "wrongly_said": 1},
    }


async def test_no_rows_no_figures() -> None:
    told = await evaluate([], search)
    assert told.overall.hit_at_1 is None
    assert (told.not_found.precision, told.not_found.recall) == (None, None)


@pytest.mark.parametrize(
    ("gold", "hit"),
    [
        ("one  two", True),
        ("one\ntwo", True),
        ("onetwo", True),
        ("Heading one", True),
        ("two one", False),
        ("One two", False),
    ],
)
def test_a_hit_looks_past_white_space(gold: str, hit: bool) -> None:
    assert is_hit(clause("d", "sl", "one two\nthree", "Heading"), question("sl", "d", gold)) is hit


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (row(id=None), '"id"'),
        (row(question=" "), '"question"'),
        (row(kind="maybe"), '"kind"'),
        (row(gold=[]), '"gold"'),
        (row(gold="text"), '"gold"'),
        (row(gold=[1]), '"gold"'),
    ],
)
def test_a_bad_row_is_named_and_the_rest_goes_on(line: str, reason: str) -> None:
    questions, bad = read_questions([row(), "", line, row(id="q2")])
    assert [one.row_id for one in questions] == ["q1", "q2"]
    assert [one.line for one in bad] == [3]
    assert reason in bad[0].reason


def test_rows_that_are_read() -> None:
    questions, bad = read_questions(["\ufeff" + row(), row(kind="unanswerable", gold=[]), "  \n"])
    assert bad == []
    assert [one.answerable for one in questions] == [True, False]
    assert questions[0] == Question("q1", "sl", "terms.sl.md", True, "?", ("gold",))
