"""Exact BM25 over weighted terms: every document gets a score, nothing is pruned."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


class BM25:
    """Okapi BM25. A document is its terms with their weighted counts (a heading's terms count more).

    `scores` are not bounded; divided by `ceiling` they are the share of the question's weight that a
    document carries, which compares across questions and collections.
    """

    def __init__(self, documents: Sequence[Mapping[str, float]], *, k1: float = 1.2, b: float = 0.75) -> None:
        self._count = len(documents)
        self._k1 = k1
        lengths = np.array([sum(terms.values()) for terms in documents], dtype=np.float64)
        mean = float(lengths.mean()) if lengths.size and lengths.sum() else 1.0
        norms = k1 * (1 - b + b * lengths / mean)
        postings: dict[str, tuple[list[int], list[float]]] = {}
        for place, terms in enumerate(documents):
            for term, weight in terms.items():
                places, weights = postings.setdefault(term, ([], []))
                places.append(place)
                weights.append(weight)
        self._postings: dict[str, tuple[npt.NDArray[np.intp], Scores]] = {}
        for term, (places, weights) in postings.items():
            where = np.array(places, dtype=np.intp)
            count = np.array(weights, dtype=np.float64)
            self._postings[term] = where, count * (k1 + 1) / (count + norms[where])

    def __contains__(self, term: str) -> bool:
        return term in self._postings

    def idf(self, term: str) -> float:
        """Return the term's rarity, above 0; a term that no document has is the rarest."""
        found = len(self._postings[term][0]) if term in self._postings else 0
        return math.log(1 + (self._count - found + 0.5) / (found + 0.5))

    def scores(self, question: Mapping[str, float]) -> Scores:
        """Return a score for each document, in the documents' order."""
        result = np.zeros(self._count, dtype=np.float64)
        for term, weight in question.items():
            if term in self._postings:
                places, impact = self._postings[term]
                result[places] += weight * self.idf(term) * impact
        return result

    def ceiling(self, question: Mapping[str, float]) -> float:
        """Return the score that no document can reach for this question."""
        return sum(weight * self.idf(term) for term, weight in question.items()) * (self._k1 + 1)
