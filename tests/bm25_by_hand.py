"""BM25 as the formula says, with a dictionary for each document: slow, and what arrays must agree with."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from knowledge.bm25 import Scores
from knowledge.folding import fold_word, words
from knowledge.lexical import K1, B, clause_fields, folded_lemma, grams
from knowledge.model import Clause

Counts = Mapping[str, float]


class PlainBM25:
    def __init__(self, documents: Sequence[Counts], *, k1: float = 1.2, b: float = 0.75) -> None:
        self._documents = documents
        self._k1, self._b = k1, b
        self._mean = sum(sum(terms.values()) for terms in documents) / max(len(documents), 1) or 1.0

    def idf(self, term: str) -> float:
        found = sum(term in document for document in self._documents)
        return math.log(1 + (len(self._documents) - found + 0.5) / (found + 0.5))

    def scores(self, question: Counts) -> Scores:
        return np.array([self._score(document, question) for document in self._documents], dtype=np.float64)

    def _score(self, document: Counts, question: Counts) -> float:
        norm = self._k1 * (1 - self._b + self._b * sum(document.values()) / self._mean)
        return sum(
            weight * self.idf(term) * document[term] * (self._k1 + 1) / (document[term] + norm)
            for term, weight in question.items()
            if term in document
        )

    def ceiling(self, question: Counts) -> float:
        return sum(weight * self.idf(term) for term, weight in question.items()) * (self._k1 + 1)


def counted(clause: Clause) -> tuple[Counts, Counts]:
    """Return the weighted lemmas and n-grams of a clause, counted one by one."""
    lemmas: defaultdict[str, float] = defaultdict(float)
    parts: defaultdict[str, float] = defaultdict(float)
    for text, weight in clause_fields(clause):
        for word in words(text):
            lemmas[folded_lemma(word, clause.language)] += weight
            for gram in grams(fold_word(word, clause.language)):
                parts[gram] += weight
    return lemmas, parts


def shares(documents: Sequence[Counts], question: Counts) -> Scores:
    model = PlainBM25(documents, k1=K1, b=B)
    return model.scores(question) / (model.ceiling(question) or 1.0)
