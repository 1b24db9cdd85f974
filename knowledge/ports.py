"""What knowledge needs from outside, and the seams inside it that have more than one implementation."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sqlmodel.ext.asyncio.session import AsyncSession

from knowledge.model import Clause

Vectors = npt.NDArray[np.float32]


class Sessions(Protocol):
    """Where the library is stored. `write` is one transaction."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class LanguageDetector(Protocol):
    def detect(self, text: str) -> str | None:
        """Return an ISO 639-1 code, or None where the text gives no ground to decide."""


class Encoder(Protocol):
    """Text to vectors. `name` changes whenever the same text would get another vector."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        """Return unit vectors, float32 of shape (len(texts), dimensions)."""


class WordEncoder(Encoder, Protocol):
    """An encoder whose texts are sums of words."""

    def word_vectors(self, folded: Sequence[str]) -> Vectors:
        """Return float32 of shape (words, dimensions); the length of a vector is the word's weight."""


class VectorIndex(Protocol):
    """Nearest clauses by vector. Only a cache of SQL: `build` makes it anew at any time."""

    def build(self, clauses: Sequence[Clause]) -> None: ...

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        """Return (clause_id, cosine similarity), best first, among the clauses of one language."""

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        """Return the same for a vector of each of several languages, in their order."""

    def check(self, number: int) -> None:
        """Raise IndexUnavailable where it is not whole. Each number looks for other clauses."""

    def close(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
