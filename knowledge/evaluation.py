"""A question set to figures: how often the clause that answers is first, is among the first five."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.model import Clause, Passage, SearchResult

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Question:
    """One row. `gold` are verbatim substrings of `document`; any of them in a passage makes it a hit."""

    row_id: str
    language: str
    document: str
    answerable: bool
    text: str
    gold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


class Search(Protocol):
    async def __call__(self, question: str, *, language: str | None, count: int) -> SearchResult: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row. `rank` counts from 1; None where no passage is a hit."""

    question: Question
    rank: int | None
    found: bool
    cross_language: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Over answerable rows only; None where there are none."""

    answerable: int
    hit_at_1: float | None
    hit_at_5: float | None
    mrr: float | None

    def as_json(self) -> dict[str, object]:
        return {
            "hit@1": self.hit_at_1,
            "hit@5": self.hit_at_5,
            "MRR": self.mrr,
            "answerable": self.answerable,
        }


@dataclass(frozen=True, slots=True)
class NotFoundFigures:
    """Of saying that the documents do not say. None where it was never said, or never right to say."""

    precision: float | None
    recall: float | None
    unanswerable: int
    wrongly_said: int

    def as_json(self) -> dict[str, object]:
        return {
            "precision": self.precision,
            "recall": self.recall,
            "unanswerable": self.unanswerable,
            "wrongly_said": self.wrongly_said,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    overall: Figures
    by_language: dict[str, Figures]
    same_language: Figures
    cross_language: Figures
    not_found: NotFoundFigures
    outcomes: tuple[Outcome, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "overall": self.overall.as_json(),
            "by_language": {name: figures.as_json() for name, figures in self.by_language.items()},
            "same_language": self.same_language.as_json(),
            "cross_language": self.cross_language.as_json(),
            "not_found": self.not_found.as_json(),
        }


def read_questions(lines: Iterable[str]) -> tuple[list[Question], list[BadRow]]:
    """Read JSON lines; empty lines are passed over, and a line that is no question is named."""
    questions: list[Question] = []
    bad: list[BadRow] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip().removeprefix("\ufeff"):
            continue
        try:
            questions.append(_question(json.loads(line.removeprefix("\ufeff"))))
        except json.JSONDecodeError as fault:
            bad.append(BadRow(number, f"not JSON: {fault.msg} at column {fault.colno}"))
        except ValueError as fault:
            bad.append(BadRow(number, str(fault)))
    return questions, bad


def _question(row: object) -> Question:
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for key in ("id", "lang", "doc", "kind", "question"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise ValueError(f'"{key}" is missing or is not a text')
    if row["kind"] not in ("answerable", "unanswerable"):
        raise ValueError('"kind" is neither "answerable" nor "unanswerable"')
    gold = row.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(text, str) and text.strip() for text in gold):
        raise ValueError('"gold" is not a list of texts')
    answerable = row["kind"] == "answerable"
    if answerable and not gold:
        raise ValueError('an answerable question needs "gold"')
    return Question(row["id"], row["lang"], row["doc"], answerable, row["question"], tuple(gold))


def is_hit(clause: Clause, question: Question) -> bool:
    """Say whether a clause of the right document holds a gold text, white space aside."""
    if clause.document != question.document:
        return False
    text = _collapsed(f"{clause.heading} {clause.text}")
    whole = bare(text)
    return any(_collapsed(gold) in text or bare(gold) in whole for gold in question.gold)


def _collapsed(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def bare(text: str) -> str:
    """Return a text without its white space."""
    return _SPACE.sub("", text)


async def evaluate(questions: Sequence[Question], search: Search) -> Evaluation:
    """Ask every question of `search`, which must return the whole library when asked for that many."""
    outcomes = []
    for question in questions:
        result = await search(question.text, language=question.language, count=sys.maxsize)
        outcomes.append(_outcome(question, result))
    return _summary(tuple(outcomes))


def _outcome(question: Question, result: SearchResult) -> Outcome:
    """Score a row. A question in another language than its document's is scored inside that document,
    because a translation of the clause in another document is an equally right answer.
    """
    own = [passage for passage in result.passages if passage.clause.document == question.document]
    cross = bool(own) and question.language not in {passage.clause.language for passage in own}
    ranked: Sequence[Passage] = own if cross else result.passages
    hits = (rank for rank, passage in enumerate(ranked, start=1) if is_hit(passage.clause, question))
    rank = next(hits, None) if question.answerable else None
    return Outcome(question, rank, result.answer == "found", cross)


def _summary(outcomes: tuple[Outcome, ...]) -> Evaluation:
    languages = sorted({outcome.question.language for outcome in outcomes})

    return Evaluation(
        overall=_figures(outcomes),
        by_language={
            language: _figures([outcome for outcome in outcomes if outcome.question.language == language])
            for language in languages
        },
        same_language=_figures([outcome for outcome in outcomes if not outcome.cross_language]),
        cross_language=_figures([outcome for outcome in outcomes if outcome.cross_language]),
        not_found=_not_found(outcomes),
        outcomes=outcomes,
    )


def _figures(outcomes: Sequence[Outcome]) -> Figures:
    ranks = [outcome.rank for outcome in outcomes if outcome.question.answerable]
    count = len(ranks)
    return Figures(
        answerable=count,
        hit_at_1=_share(sum(rank == 1 for rank in ranks), count),
        hit_at_5=_share(sum(rank is not None and rank <= 5 for rank in ranks), count),
        mrr=_share(sum(1 / rank for rank in ranks if rank is not None), count),
    )


def _not_found(outcomes: Sequence[Outcome]) -> NotFoundFigures:
    said = [outcome for outcome in outcomes if not outcome.found]
    unanswerable = sum(not outcome.question.answerable for outcome in outcomes)
    right = sum(not outcome.question.answerable for outcome in said)
    return NotFoundFigures(
        _share(right, len(said)), _share(right, unanswerable), unanswerable, len(said) - right
    )


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
