"""Meaning against meaning: a question's words and the sentences, headings and words of clauses.

A text's vector is the sum of its words' vectors, so that everything asked here follows from one number
for each distinct word of the library: how near it is to the question, or to each word of it. Nothing
but the distinct words' vectors is kept.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.bm25 import Scores
from knowledge.encoder.pieces import tokens
from knowledge.encoder.static import sums
from knowledge.model import Clause
from knowledge.ports import Vectors, WordEncoder

Ids = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]

_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|\n+")
# A question longer than this is a letter; its later words add time and no subject.
MOST_WORDS = 200


@dataclass(frozen=True, slots=True)
class SemanticScores:
    """For each clause asked for, cosines in -1..1; the last three are shares in 0..1 and their detail.

    `words` is the mean over the question's words, weighted, of how near the nearest word of the clause
    is; `together` the same within its best sentence, `headings` among the words of its headings.
    """

    sentence: Scores
    whole: Scores
    heading: Scores
    path: Scores
    words: Scores
    together: Scores
    headings: Scores


@dataclass(frozen=True, slots=True)
class QuestionMeaning:
    """The distinct words of a question: unit vectors, weights that sum to 1, and the whole's direction."""

    words: Vectors
    weights: Vectors
    direction: Vectors


def sentences(text: str) -> list[str]:
    """Return the sentences and list items of a text, at least one."""
    return [part for part in _SENTENCE.split(text) if part.strip()] or [text]


class _Runs:
    """Short runs of word numbers, one after the other, with the length of each run's vector."""

    def __init__(self) -> None:
        self._values: list[int] = []
        self._starts = [0]

    def add(self, numbers: Sequence[int]) -> None:
        # An empty run would break sums over runs; word 0 is no word and has no vector.
        self._values.extend(numbers or (0,))
        self._starts.append(len(self._values))

    def close(self, words: Vectors) -> None:
        self.values: Ids = np.array(self._values, dtype=np.int32)
        self.starts = np.array(self._starts, dtype=np.int64)
        del self._values, self._starts
        self.lengths = np.ones(len(self.starts) - 1, dtype=np.float32)
        step = 4096
        for first in range(0, len(self.lengths), step):
            edges = self.starts[first : first + step + 1]
            found = sums(words[self.values[edges[0] : edges[-1]]], edges - edges[0])
            self.lengths[first : first + step] = np.maximum(np.linalg.norm(found, axis=1), 1e-9)

    def take(self, which: Places) -> tuple[Ids, Places]:
        """Return the runs asked for as one array, and where each starts in it."""
        sizes = self.starts[which + 1] - self.starts[which]
        firsts = np.cumsum(sizes) - sizes
        places = np.arange(int(sizes.sum())) + np.repeat(self.starts[which] - firsts, sizes)
        return self.values[places], firsts


@dataclass(frozen=True, slots=True)
class _Compared:
    """A question's nearness to the distinct words that some clauses have.

    `place` turns a word's number into its row in `along` (products with the question's direction) and
    its column in `nearest` (cosines with each word of the question, times that word's weight).
    """

    place: Ids
    along: Vectors
    nearest: Vectors

    def cosines(self, runs: _Runs, which: Places) -> Scores:
        """Return the cosine of each run with the question's direction."""
        values, firsts = runs.take(which)
        total = np.add.reduceat(self.along[self.place[values]], firsts).astype(np.float64)
        cosines: Scores = total / runs.lengths[which]
        return cosines

    def nearest_words(self, runs: _Runs, which: Places) -> Vectors:
        """Return how near the nearest word of each run is to each word of the question, times that word's
        weight: shape (words of the question, runs).
        """
        values, firsts = runs.take(which)
        nearest: Vectors = np.maximum.reduceat(self.nearest[:, self.place[values]], firsts, axis=1)
        return nearest


class SemanticIndex:
    """The words of a library's clauses. Built once for a revision of it, then only read."""

    def __init__(self, clauses: Sequence[Clause], encoder: WordEncoder) -> None:
        self._encoder = encoder
        numbers: dict[str, int] = {"": 0}
        self._sentences, self._texts = _Runs(), _Runs()
        self._headings, self._paths = _Runs(), _Runs()
        self._sentence_starts = np.zeros(len(clauses) + 1, dtype=np.int64)

        def numbered(text: str) -> list[int]:
            return [numbers.setdefault(word, len(numbers)) for word in tokens(text)]

        for place, clause in enumerate(clauses):
            parts = [numbered(part) for part in sentences(clause.text)]
            for part in parts:
                self._sentences.add(part)
            self._sentence_starts[place + 1] = self._sentence_starts[place] + len(parts)
            heading = numbered(clause.heading)
            above = numbered(" ".join(clause.path))
            self._headings.add(heading)
            self._paths.add(above)
            self._texts.add([*above, *heading, *(number for part in parts for number in part)])
        self._words = self._vectors(list(numbers))
        self._weights = np.linalg.norm(self._words, axis=1)
        for runs in (self._sentences, self._texts, self._headings, self._paths):
            runs.close(self._words)

    def _vectors(self, words: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(words), self._encoder.dimensions), dtype=np.float32)
        for first in range(0, len(words), 4096):
            part = words[first : first + 4096]
            vectors[first : first + len(part)] = self._encoder.word_vectors(part)
        return vectors

    def __len__(self) -> int:
        return len(self._sentence_starts) - 1

    def read(self, question: str) -> QuestionMeaning | None:
        """Return a question as vectors; None where no word of it means anything to the encoder."""
        vectors = self._encoder.word_vectors(list(dict.fromkeys(tokens(question)))[:MOST_WORDS])
        weights = np.linalg.norm(vectors, axis=1)
        known = weights > 0
        if not known.any():
            return None
        vectors, weights = vectors[known], weights[known]
        direction = vectors.sum(axis=0)
        return QuestionMeaning(
            vectors / weights[:, None],
            weights / weights.sum(),
            direction / max(float(np.linalg.norm(direction)), 1e-9),
        )

    def scores(self, question: QuestionMeaning, which: Places) -> SemanticScores:
        """Score the clauses at the places `which` of the library."""
        compared = self._compared(question, which)
        members, firsts = _spread(self._sentence_starts, which)
        by_sentence = compared.nearest_words(self._sentences, members)
        by_path = compared.nearest_words(self._paths, which)
        above = np.maximum(by_path, compared.nearest_words(self._headings, which))
        everywhere = np.maximum(np.maximum.reduceat(by_sentence, firsts, axis=1), above)
        return SemanticScores(
            sentence=np.maximum.reduceat(compared.cosines(self._sentences, members), firsts),
            whole=compared.cosines(self._texts, which),
            heading=compared.cosines(self._headings, which),
            path=compared.cosines(self._paths, which),
            words=_total(everywhere),
            together=np.maximum.reduceat(_total(by_sentence), firsts),
            headings=_total(by_path),
        )

    def _compared(self, question: QuestionMeaning, which: Places) -> _Compared:
        # All that is asked of a clause stands in its text: headings, path and sentences are parts of it.
        values, _ = self._texts.take(which)
        place = np.zeros(len(self._words), dtype=np.int32)
        place[values] = 1
        place[0] = 1
        distinct = np.flatnonzero(place)
        place[distinct] = np.arange(len(distinct), dtype=np.int32)
        vectors = self._words[distinct]
        lengths = np.maximum(self._weights[distinct], 1e-9)
        nearest = (question.words @ vectors.T) * (question.weights[:, None] / lengths)
        return _Compared(place, vectors @ question.direction, nearest)


def _total(nearest: Vectors) -> Scores:
    total: Scores = nearest.sum(axis=0, dtype=np.float64)
    return total


def _spread(starts: npt.NDArray[np.int64], which: Places) -> tuple[Places, Places]:
    """Return every member of the runs asked for, and where each run starts among them."""
    sizes = starts[which + 1] - starts[which]
    firsts = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum())) + np.repeat(starts[which] - firsts, sizes), firsts
