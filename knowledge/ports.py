"""What knowledge needs from outside, and the seams inside it that have more than one implementation."""

from collections.abc import Sequence
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


class VectorIndex(Protocol):
    """Nearest clauses by vector. Only a cache of SQL: `build` makes it anew at any time."""

    def build(self, clauses: Sequence[Clause]) -> None: ...

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        """Return (clause_id, cosine similarity), best first, among the clauses of one language."""

    def close(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
