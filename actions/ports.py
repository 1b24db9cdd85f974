"""What actions need from outside."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession


class Sessions(Protocol):
    """Where accounts, actions and the log are stored. `write` is one transaction."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class ClauseLookup(Protocol):
    async def clause_id(self, anchor: str, language: str) -> str | None:
        """Return ID@VERSION of the current clause with this anchor, in this language or else in any."""


@dataclass(frozen=True, slots=True)
class ClauseText:
    """A clause as the library has it now. `content_hash` does not change with white space."""

    anchor: str
    language: str
    document: str
    clause_id: str
    content_hash: str
    text: str


@dataclass(frozen=True, slots=True)
class ClausesNow:
    """`are_samples`: they are those of the product's samples, because the company has none of its own yet."""

    clauses: Sequence[ClauseText]
    are_samples: bool = False


class ClauseTexts(Protocol):
    async def clause_texts(self, anchors: Iterable[str]) -> ClausesNow:
        """Return every current clause with one of these anchors, in all languages."""


@dataclass(frozen=True, slots=True)
class Review:
    """`values` are the figures that an admin has changed; `held` are those whose clause changed since it was
    accepted: what uses one of them waits for staff.
    """

    values: Mapping[str, int] = field(default_factory=dict)
    held: frozenset[str] = frozenset()


class PolicyReview(Protocol):
    async def review(self) -> Review:
        """Return how the figures stand at this moment, whichever process changed a clause or a figure."""
