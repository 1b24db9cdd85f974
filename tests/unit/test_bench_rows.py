"""The questions that the confidence is learned from and measured on: each has its place in a document."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from knowledge.evaluation import Question, is_hit, read_questions
from knowledge.model import Clause
from tests.bench.asking import LIBRARIES, WRITTEN, Library, from_rows
from tests.bench.given import read_clauses
from tests.bench.marks import answers, mark

CLAUSE = Clause(
    "a", "terms.md", "T", 1, date(2026, 1, 1), None, "Plačilo", ("Plačilo",), 0, "sl",
    "Račun poravnate v 15 dneh\nod izdaje. Zamuda stane 2 %.", "a",
)  # fmt: skip
GOLDS = ["v 15 dneh od izdaje", "v  15 dneh", "Plačilo Račun", "2 %.", "v 14 dneh", "izdaje. Zamude", "račun"]


def row(gold: str, *, answerable: bool = True, document: str = "terms.md") -> Question:
    return Question("q", "sl", document, answerable, "Do kdaj plačam?", (gold,))


@pytest.mark.parametrize("gold", GOLDS)
def test_a_mark_finds_what_its_words_find(gold: str) -> None:
    assert answers(CLAUSE, row(mark(gold))) == answers(CLAUSE, row(gold)) == is_hit(CLAUSE, row(gold))


def test_some_of_these_words_are_found_and_some_are_not() -> None:
    assert [is_hit(CLAUSE, row(gold)) for gold in GOLDS] == [True, True, True, True, False, False, False]


def test_a_mark_is_looked_for_in_its_document_only_and_not_for_what_has_no_answer() -> None:
    found = mark("v 15 dneh")
    assert not answers(CLAUSE, row(found, document="privacy.md"))
    assert not answers(CLAUSE, row(found, answerable=False))
    assert not answers(replace(CLAUSE, text="v 15"), row(found))


def test_the_rows_on_real_documents_hold_none_of_their_words() -> None:
    rows, unusable = read_questions(WRITTEN.read_text(encoding="utf-8").splitlines())
    assert not unusable
    assert len({one.row_id for one in rows}) == len({one.text for one in rows}) == len(rows) == 390
    marks = [gold for one in rows for gold in one.gold]
    assert all(
        length.isdigit() and len(digest) == 16 for length, digest in (gold.split(":") for gold in marks)
    )
    assert sum(one.answerable for one in rows) == 265
    assert not any(one.gold for one in rows if not one.answerable)


@pytest.mark.parametrize("folder", sorted(LIBRARIES.iterdir()), ids=lambda folder: folder.name)
def test_every_answer_of_a_library_stands_in_one_of_its_clauses(folder: Path) -> None:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows, unusable = read_questions(lines)
    assert not unusable
    assert len({one.row_id for one in rows}) == len(rows) == 84
    assert {json.loads(line)["doc"] for line in lines} <= {path.name for path in folder.glob("*.md")}
    library = Library(read_clauses([folder]))
    asked = list(from_rows(library, [folder / "questions.jsonl"], "libraries"))
    assert [bool(one.hits.any()) for one in asked] == [one.answerable for one in rows]
    assert sum(one.answerable for one in rows) == 56
