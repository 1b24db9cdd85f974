"""Lemmas and character n-grams hashed into a fixed number of dimensions: vectors without a model.

The hash is CRC-32 and the sums run in text order, so a text has the same vector on every platform.
"""

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from knowledge import stopwords
from knowledge.folding import fold_word, words
from knowledge.lexical import folded_lemma, grams
from knowledge.ports import Vectors

# To be raised whenever folding, lemmas, n-grams or weights change: stored vectors are then made anew.
VERSION = 1
LEMMA_WEIGHT = 2.0


@lru_cache(maxsize=65536)
def _hashes(folded: str, base: str, language: str) -> tuple[tuple[int, float], ...]:
    """Return (hash, weight) of each feature of a word."""
    weight = stopwords.weight(folded, language)
    features = [(zlib.crc32(gram.encode()), weight) for gram in grams(folded)]
    return (*features, (zlib.crc32(f"\0{base}".encode()), weight * LEMMA_WEIGHT))


class HashedEncoder:
    """An `Encoder`. It knows no meaning: it finds shared words and parts of words, in one language."""

    def __init__(self, dimensions: int = 2048) -> None:
        if dimensions < 2:
            raise ValueError("a hashed vector needs at least 2 dimensions")
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        return f"hashed-{VERSION}-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def encode(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        """Return unit vectors; a language says whose lemmas and spelling a text is read with."""
        result = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
            result[row] = self._vector(text, language)
        return result

    def _vector(self, text: str, language: str) -> Vectors:
        counts: Counter[int] = Counter()
        weights: dict[int, float] = {}
        for word in words(text):
            for code, weight in _hashes(fold_word(word, language), folded_lemma(word, language), language):
                counts[code] += 1
                weights[code] = weight
        vector = np.zeros(self._dimensions, dtype=np.float64)
        for code, count in counts.items():
            # The top bit is the sign, so that features which share a dimension cancel on average.
            sign = 1.0 if code >> 31 else -1.0
            vector[code % self._dimensions] += sign * weights[code] * (1.0 + math.log(count))
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector[0] = length = 1.0
        return (vector / length).astype(np.float32)
