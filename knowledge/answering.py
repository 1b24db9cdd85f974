"""Passages to an answer that quotes, or the statement that the documents do not say."""

from collections.abc import Sequence
from typing import Protocol

from knowledge.model import Answer, Citation, Clause, Grounded, NotFound, Passage, SearchResult

CANDIDATES = 20
SUPPORTS = 2
# A clause supports the first where it scores at least this share of the first one's score.
CLOSE = 0.85
NEAREST = 3


class Searches(Protocol):
    async def search(
        self, question: str, *, language: str | None = None, count: int = 20
    ) -> SearchResult: ...

    async def library(self) -> Sequence[Clause]: ...


class Answering:
    def __init__(self, retriever: Searches) -> None:
        self._retriever = retriever

    async def answer(self, question: str, *, language: str) -> Answer:
        """Quote the clause that settles the question, in the customer's language where it exists in it."""
        result = await self._retriever.search(question, language=language, count=CANDIDATES)
        library = await self._retriever.library()
        merged = merge_translations(result.passages, library, language)
        if result.answer == "not_found" or not merged:
            return NotFound(tuple(merged[:NEAREST]), language, choices=result.doubtful and bool(merged))
        first = merged[0]
        supports = [passage for passage in merged[1:] if passage.score >= CLOSE * first.score]
        cited = (first, *supports[:SUPPORTS])
        return Grounded(tuple(_citation(passage.clause, language) for passage in cited), language)


def merge_translations(
    passages: Sequence[Passage], library: Sequence[Clause], language: str
) -> list[Passage]:
    """Keep one passage of each clause, best first: the version in `language` where there is one."""
    merged: dict[str, Passage] = {}
    for passage in passages:
        clause = in_language(passage.clause, library, language)
        if clause.clause_id not in merged:
            merged[clause.clause_id] = Passage(clause, passage.score)
    return _without_foreign_twins(list(merged.values()))


def in_language(clause: Clause, library: Sequence[Clause], language: str) -> Clause:
    """Return the translation of a clause into `language`, or the clause where there is none.

    An anchor that two documents of that language use is no sign of a translation: the clause then stays.
    """
    if clause.anchor is None or clause.language == language:
        return clause
    same = [other for other in library if other.anchor == clause.anchor and other.language == language]
    if len(same) > 1:
        same = [other for other in same if _stem(other.document) == _stem(clause.document)]
    return same[0] if len(same) == 1 else clause


def _without_foreign_twins(passages: Sequence[Passage]) -> list[Passage]:
    """Leave out what says, in yet another language, what an earlier passage says."""
    kept: list[Passage] = []
    seen: set[tuple[str, str]] = set()
    for passage in passages:
        clause = passage.clause
        twins = {(anchor, tongue) for anchor, tongue in seen if anchor == clause.anchor}
        if clause.anchor is None or not twins or any(tongue == clause.language for _, tongue in twins):
            kept.append(passage)
            if clause.anchor is not None:
                seen.add((clause.anchor, clause.language))
    return kept


def _stem(document: str) -> str:
    """Return what a document's translations share: `terms` of `terms.sl.md`."""
    return document.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]


def _citation(clause: Clause, language: str) -> Citation:
    return Citation(clause, clause.text, other_language=clause.language != language)
