"""Exact BM25 over weighted terms: every document gets a score, nothing is pruned.

Postings are flat arrays, term after term, so that a hundred thousand clauses with some three hundred
n-grams each fit in memory, and a question is one pass over the postings of its terms.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int32]
Shares = npt.NDArray[np.float32]

# Impacts are worked out this many at a time: what is held meanwhile stays small beside the postings.
BLOCK = 1 << 20


def best(scores: Scores | Shares, count: int) -> Places:
    """Return the places of the `count` highest scores, best first; equal scores stand in place order.

    Only those are sorted: a library of a hundred thousand clauses takes a millisecond.
    """
    if count <= 0:
        return np.zeros(0, dtype=np.intp)
    if count >= len(scores):
        chosen = np.arange(len(scores))
    else:
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        above = np.flatnonzero(scores > least)
        level = np.flatnonzero(scores == least)[: count - len(above)]
        chosen = np.sort(np.concatenate((above, level)))
    order: Places = chosen[np.argsort(-scores[chosen], kind="stable")]
    return order


@dataclass(frozen=True, slots=True)
class Counts:
    """Weighted counts of terms in documents: three arrays of one length, by term and then by document,
    each pair once.
    """

    terms: Numbers
    documents: Numbers
    weights: Shares

    @classmethod
    def summed(cls, terms: Numbers, documents: Numbers, weights: Shares) -> "Counts":
        """Bring entries into order and add up those of the same term and document."""
        if not len(terms):
            return cls(terms, documents, weights)
        width = int(documents.max()) + 1
        keys = terms.astype(np.int64) * width + documents
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        kept, total = keys[first], np.add.reduceat(weights[order], first, dtype=np.float32)
        return cls((kept // width).astype(np.int32), (kept % width).astype(np.int32), total)


@dataclass(frozen=True, slots=True)
class Counted:
    """A collection of documents as counts: parts that follow one another in document order."""

    vocabulary: Mapping[str, int]
    parts: Sequence[Counts]
    size: int


class BM25:
    """Okapi BM25. A document is its terms with their weighted counts (a heading's terms count more).

    `scores` are not bounded; divided by `ceiling` they are the share of the question's weight that a
    document carries, which compares across questions and collections.
    """

    def __init__(
        self, documents: Sequence[Mapping[str, float]] | Counted, *, k1: float = 1.2, b: float = 0.75
    ) -> None:
        counted = documents if isinstance(documents, Counted) else _counted(documents)
        self._count = counted.size
        self._k1 = k1
        self._vocabulary = counted.vocabulary
        self._starts, self._places, weights = _postings(counted.parts, len(counted.vocabulary))
        lengths = np.zeros(self._count)
        for part in counted.parts:
            lengths += np.bincount(part.documents, weights=part.weights, minlength=self._count)
        mean = float(lengths.mean()) if lengths.size and lengths.sum() else 1.0
        norms = k1 * (1 - b + b * lengths / mean)
        for start in range(0, len(weights), BLOCK):
            block = slice(start, start + BLOCK)
            count = weights[block].astype(np.float64)
            weights[block] = count * (k1 + 1) / (count + norms[self._places[block]])
        self._impacts = weights

    def __contains__(self, term: str) -> bool:
        return term in self._vocabulary

    @property
    def nbytes(self) -> int:
        """Bytes that the postings take; the vocabulary comes on top."""
        return int(self._starts.nbytes + self._places.nbytes + self._impacts.nbytes)

    def idf(self, term: str) -> float:
        """Return the term's rarity, above 0; a term that no document has is the rarest."""
        number = self._vocabulary.get(term)
        found = 0 if number is None else int(self._starts[number + 1] - self._starts[number])
        return math.log(1 + (self._count - found + 0.5) / (found + 0.5))

    def scores(self, question: Mapping[str, float]) -> Scores:
        """Return a score for each document, in the documents' order."""
        known = [term for term in question if term in self._vocabulary]
        if not known:
            return np.zeros(self._count)
        numbers = np.array([self._vocabulary[term] for term in known])
        starts, ends = self._starts[numbers], self._starts[numbers + 1]
        factors = np.array([question[term] * self.idf(term) for term in known])
        spans = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        impacts = np.concatenate([self._impacts[span] for span in spans]).astype(np.float64)
        impacts *= np.repeat(factors, ends - starts)
        places = np.concatenate([self._places[span] for span in spans])
        return np.asarray(np.bincount(places, weights=impacts, minlength=self._count), dtype=np.float64)

    def ceiling(self, question: Mapping[str, float]) -> float:
        """Return the score that no document can reach for this question."""
        return sum(weight * self.idf(term) for term, weight in question.items()) * (self._k1 + 1)


def _counted(documents: Sequence[Mapping[str, float]]) -> Counted:
    vocabulary: dict[str, int] = {}
    terms = [vocabulary.setdefault(term, len(vocabulary)) for document in documents for term in document]
    places = np.repeat(np.arange(len(documents), dtype=np.int32), [len(document) for document in documents])
    weights = [weight for document in documents for weight in document.values()]
    part = Counts.summed(np.array(terms, dtype=np.int32), places, np.array(weights, dtype=np.float32))
    return Counted(vocabulary, [part], len(documents))


def _postings(parts: Iterable[Counts], terms: int) -> tuple[npt.NDArray[np.int64], Numbers, Shares]:
    """Merge the parts term by term; return where each term's postings start, their documents and weights."""
    found = np.zeros(terms, dtype=np.int64)
    parts = list(parts)
    for part in parts:
        found += np.bincount(part.terms, minlength=terms)
    starts = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(found)))
    places, weights = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1], dtype=np.float32)
    free = starts[:-1].copy()
    for part in parts:
        if not len(part.terms):
            continue
        runs = np.concatenate(([0], np.flatnonzero(np.diff(part.terms)) + 1, [len(part.terms)]))
        lengths, present = np.diff(runs), part.terms[runs[:-1]]
        at = np.arange(len(part.terms)) + np.repeat(free[present] - runs[:-1], lengths)
        places[at], weights[at] = part.documents, part.weights
        free[present] += lengths
    return starts, places, weights
