"""Stand-ins that satisfy the real ports."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from knowledge.encoder.pieces import grams, tokens
from knowledge.ports import Vectors

A_TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class MovingClock:
    """A clock that a test moves."""

    def __init__(self, start: datetime = A_TUESDAY) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        """Go on by a timedelta's arguments, such as `days=1`."""
        self._now += timedelta(**by)


class FakeEncoder:
    """A `WordEncoder` without weights: it knows no meaning, only which words share letters."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._remembered: dict[str, Vectors] = {}

    @property
    def name(self) -> str:
        return f"fake-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        """Return unit vectors; a text without a word gets the first axis."""
        result = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(result, texts, strict=True):
            row += self.word_vectors(tokens(text)).sum(axis=0)
            length = float(np.linalg.norm(row))
            if length:
                row /= length
            else:
                row[0] = 1.0
        return result

    def word_vectors(self, folded: Sequence[str]) -> Vectors:
        result = np.zeros((len(folded), self._dimensions), dtype=np.float32)
        for row, word in zip(result, folded, strict=True):
            row += self._of_word(word)
        return result

    def _of_word(self, word: str) -> Vectors:
        """Return the sum of a word's features, each one step along an axis."""
        if word not in self._remembered:
            vector = np.zeros(self._dimensions, dtype=np.float32)
            for feature in (f" {word}", *grams(word)):
                code = zlib.crc32(feature.encode())
                # The top bit is the sign, so that features which share an axis cancel on average.
                vector[code % self._dimensions] += 1.0 if code >> 31 else -1.0
            self._remembered[word] = vector
        return self._remembered[word]
