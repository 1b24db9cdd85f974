"""Question to passages: words and meaning, fused, and how likely it is that the first of them answer.

In a library of ordinary size every clause is a candidate for every question; in a large one, those that
words or vectors bring near. The question's language is never a filter; translations of one clause are
separate passages here.
"""

import asyncio

import numpy as np

from knowledge import stopwords
from knowledge.bm25 import Places, Scores, best
from knowledge.confidence import SHOWN, Confidence, evidence
from knowledge.folding import words
from knowledge.fusion import OTHER_LANGUAGE, Weights, features, lexical_mean
from knowledge.index import IndexHolder, Snapshot
from knowledge.lexical import MOST_WORDS, LexicalScores
from knowledge.model import Clause, Passage, SearchResult
from knowledge.rereading import READ, READ_AT_SIZE, reread
from knowledge.semantic import QuestionMeaning

# Up to so many clauses all are scored; in a larger library twice so many by words, and by vectors so many
# of each language, of which the other languages' best half remains.
SMALL = 3000
DEPTH = 60


class Retriever:
    def __init__(
        self, holder: IndexHolder, weights: Weights | None = None, confidence: Confidence | None = None
    ) -> None:
        self._holder = holder
        self._weights = weights or Weights()
        self._most = self._weights.total
        self._confidence = confidence or Confidence()

    async def search(self, question: str, *, language: str | None = None, count: int = 20) -> SearchResult:
        """Return the nearest `count` passages (all, if the library has fewer), best first.

        They are there also for `not_found`. An empty library or question finds nothing.
        """
        snapshot = await self._holder.current()
        return await self._ask(snapshot, question, language, count)

    async def library(self) -> tuple[Clause, ...]:
        """Return every clause that was searched last, in the library's order."""
        return (self._holder.newest or await self._holder.current()).clauses

    async def warm(self) -> None:
        """Bring the library, its index and the dictionaries into memory."""
        await self._ask(await self._holder.current(), "?", None, 1)

    async def _ask(self, snapshot: Snapshot, question: str, language: str | None, count: int) -> SearchResult:
        if not snapshot.clauses:
            return SearchResult("not_found", ())
        language = language or stopwords.guess(words(question)[:MOST_WORDS])
        meaning = snapshot.semantic.read(question)
        if len(snapshot.clauses) <= max(SMALL, count):
            return await asyncio.to_thread(self._search, snapshot, question, language, meaning, count)
        # The vectors are in another process: both look at the same time.
        lexical, near = await asyncio.gather(
            asyncio.to_thread(snapshot.lexical.scores, question, language),
            asyncio.to_thread(_nearest, snapshot, meaning, language),
        )
        return await asyncio.to_thread(
            self._search, snapshot, question, language, meaning, count, lexical, near
        )

    def _search(
        self,
        snapshot: Snapshot,
        question: str,
        language: str | None,
        meaning: QuestionMeaning | None,
        count: int,
        lexical: LexicalScores | None = None,
        near: Places | None = None,
    ) -> SearchResult:
        """Score every clause, or where `near` is given only those and the best by words."""
        lexical = lexical or snapshot.lexical.scores(question, language)
        own = lexical_mean(lexical)
        places = np.arange(len(own))
        if near is not None:
            places = np.unique(np.concatenate([near, best(own, max(2 * DEPTH, count))]))
        table = features(
            LexicalScores(lexical.lemmas[places], lexical.grams[places]),
            snapshot.lexical.best_of_section(own)[places],
            snapshot.semantic.scores(meaning, places) if meaning is not None else None,
        )
        scores = self._weights(table) - OTHER_LANGUAGE * _foreign(snapshot, language)[places]
        # Rounded, so that the last bits of a sum never decide between machines.
        order = np.lexsort((snapshot.ranks[places], -np.round(scores, 6)))
        # The places keep their scores when the passages at them change: the list stays in order.
        scores = scores[order]
        most = READ if near is None else READ_AT_SIZE
        again = reread(question, [snapshot.clauses[place] for place in places[order[:most]]], scores)
        order[: len(again.order)] = order[again.order]
        shown = [snapshot.clauses[place] for place in places[order[:SHOWN]]]
        seen = evidence(meaning, question, shown, table[order[:1]], scores, again.odds)
        probability = self._confidence(seen)
        passages = tuple(
            Passage(snapshot.clauses[place], self._share(float(score)))
            for place, score in zip(places[order[: max(count, 0)]], scores, strict=False)
        )
        if probability >= self._confidence.answers_from:
            return SearchResult("found", passages, probability)
        doubtful = probability >= self._confidence.doubts_from
        return SearchResult("not_found", passages, probability, doubtful)

    def _share(self, score: float) -> float:
        return min(max(score / self._most, 0.0), 1.0)


def _foreign(snapshot: Snapshot, language: str | None) -> Scores:
    """Return 1 for each clause in another language than the question's, where that has clauses, else 0."""
    if language not in snapshot.lexical.languages:
        return np.zeros(len(snapshot.clauses))
    foreign = np.ones(len(snapshot.clauses))
    foreign[snapshot.lexical.places(language)] = 0.0
    return foreign


def _nearest(snapshot: Snapshot, meaning: QuestionMeaning | None, language: str | None) -> Places:
    """Return the places of the nearest clauses by vector: of the question's own language, and of the rest."""
    if meaning is None:
        return np.zeros(0, dtype=np.intp)
    asked = dict.fromkeys(snapshot.lexical.languages, meaning.direction)
    places, similarities = snapshot.nearest_places(asked, count=DEPTH)
    own = np.array([snapshot.clauses[place].language == language for place in places], dtype=np.bool_)
    rest = places[~own]
    return np.concatenate([places[own], rest[best(similarities[~own], DEPTH)]])
