"""`python -m tests.bench.failures`: the questions that the search gets wrong, what it found instead, and
where the clause that answers stood.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.encoder.static import shipped
from knowledge.evaluation import Outcome, Question, Search, evaluate, is_hit
from knowledge.index import IndexHolder
from knowledge.model import Clause, Passage, SearchResult
from knowledge.retrieval import Retriever
from tests.bench import given as samples
from tests.bench.methods import Fixed

SHOWN = 160


@dataclass(frozen=True, slots=True)
class Failure:
    outcome: Outcome
    result: SearchResult

    @property
    def kind(self) -> str:
        """What went wrong, in words; a rank counts as the figures count it."""
        if not self.outcome.question.answerable:
            return f"answered, though no clause does (taken as {self.result.probability:.2f} likely)"
        if self.outcome.rank is None:
            return "no clause of its document holds the answer"
        return f"the answer stood at {self.outcome.rank}"

    def passages(self) -> Sequence[Passage]:
        """Return what was ranked: across languages only the clauses of the document asked about."""
        own = self.outcome.question.document
        return [
            passage
            for passage in self.result.passages
            if not self.outcome.cross_language or passage.clause.document == own
        ]

    def gold(self) -> Passage | None:
        found = (p for p in self.passages() if is_hit(p.clause, self.outcome.question))
        return next(found, None) if self.outcome.question.answerable else None


async def failures(rows: Sequence[Question], search: Search, *, beyond: int) -> list[Failure]:
    """Ask every question; return those whose answer stood beyond a rank or nowhere, the worst first, and
    those without an answer that got one.
    """
    results: list[SearchResult] = []

    async def noted(question: str, *, language: str | None, count: int) -> SearchResult:
        results.append(await search(question, language=language, count=count))
        return results[-1]

    outcomes = (await evaluate(rows, noted)).outcomes
    found = [Failure(*pair) for pair in zip(outcomes, results, strict=True) if _fails(pair[0], beyond)]
    return sorted(found, key=_badness)


def _fails(outcome: Outcome, beyond: int) -> bool:
    if not outcome.question.answerable:
        return outcome.found
    return outcome.rank is None or outcome.rank > beyond


def _badness(failure: Failure) -> tuple[bool, float]:
    rank = failure.outcome.rank
    return not failure.outcome.question.answerable, -(sys.maxsize if rank is None else rank)


def told(failure: Failure) -> str:
    """Return a failure as an item of a Markdown list."""
    question = failure.outcome.question
    lines = [f"- **{question.text}** ({question.row_id}, {question.language}, {question.document})"]
    lines.append(f"  {failure.kind}")
    for passage in failure.passages()[:1]:
        lines.append(f"  - found: {_shown(passage.clause, passage.score)}")
    if (gold := failure.gold()) is not None:
        lines.append(f"  - meant: {_shown(gold.clause, gold.score)}")
    return "\n".join(lines)


def _shown(clause: Clause, score: float) -> str:
    text = " ".join(clause.text.split())
    short = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return f"{score:.2f} {clause.document} ({clause.language}), “{clause.heading}”: {short}"


async def _print(rows: Sequence[Question], search: Search, beyond: int, most: int) -> None:
    found = await failures(rows, search, beyond=beyond)
    missed = sum(failure.outcome.question.answerable for failure in found)
    answerable = sum(row.answerable for row in rows)
    print(f"{missed} of {answerable} answerable questions have their answer beyond place {beyond};")
    print(f"{len(found) - missed} of {len(rows) - answerable} without an answer were given one.\n")
    print("\n".join(map(told, found[:most])))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.failures", description=__doc__)
    samples.add_to(parser)
    parser.add_argument("--beyond", type=int, default=1, help="the last place that is right; default 1")
    parser.add_argument("--most", type=int, default=1000, help="print at most so many, the worst first")
    given = parser.parse_args()
    docs, questions = samples.taken(parser, given)
    retriever = Retriever(IndexHolder(Fixed(samples.read_clauses(docs)), shipped()))
    asyncio.run(_print(samples.read_rows(questions), retriever.search, given.beyond, given.most))


if __name__ == "__main__":
    main()
