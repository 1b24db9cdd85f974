"""What a library is searched with, made anew whenever the library's revision changes.

There is always a whole index to ask: a new one is built beside the old and takes its place in one
assignment. Exact search answers until the vector index is ready, and again whenever that fails.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from knowledge.errors import IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex
from knowledge.lexical import LexicalIndex
from knowledge.model import Clause
from knowledge.ports import Encoder, VectorIndex, Vectors

log = logging.getLogger(__name__)

# Opening Chroma takes two seconds of a processor, which the first answers need more. A command that is
# over sooner never opens it.
ATTACH_AFTER_S = 20.0

MakeVectorIndex = Callable[[ClauseVectors], VectorIndex]


class ClauseSource(Protocol):
    """Where the clauses come from; the revision rises with every change of them."""

    async def clauses(self) -> list[Clause]: ...

    async def revision(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One revision of a library, ready to be searched."""

    revision: int
    clauses: tuple[Clause, ...]
    lexical: LexicalIndex
    exact: ExactIndex
    vectors: VectorIndex | None = None

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        """Ask the vector index where there is one that works, else compare with every clause."""
        if self.vectors is not None:
            try:
                return self.vectors.nearest(vector, language=language, count=count)
            except IndexUnavailable as fault:
                log.warning("exact search answers: %s", fault)
        return self.exact.nearest(vector, language=language, count=count)


class IndexHolder:
    """Holds the index of one library. Without `make_vector_index` all search is exact."""

    def __init__(
        self, source: ClauseSource, encoder: Encoder, make_vector_index: MakeVectorIndex | None = None
    ) -> None:
        self.encoder = encoder
        self._source = source
        self._encoded = ClauseVectors(encoder)
        self._vectors = make_vector_index(self._encoded) if make_vector_index else None
        self._snapshot: Snapshot | None = None
        self._building = asyncio.Lock()
        self._attaching: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._closing = False
        self._following: asyncio.Task[bool] | None = None
        self.vector_state = "waiting" if self._vectors is not None else "exact"

    async def refresh(self) -> bool:
        """Follow the library; return whether it had changed. Searches go on meanwhile."""
        async with self._building:
            revision = await self._source.revision()
            if self._snapshot is not None and self._snapshot.revision == revision:
                return False
            clauses = tuple(await self._source.clauses())
            self._snapshot = await asyncio.to_thread(self._build, revision, clauses)
        if self._vectors is not None:
            previous = self._attaching
            self._attaching = asyncio.create_task(self._attach(self._vectors, previous))
        return True

    async def current(self, *, patience: float = 2.0) -> Snapshot:
        """Return the newest index; one that takes longer than `patience` seconds to build may be awaited
        by a later question, and the one before answers this.
        """
        if self._snapshot is None:
            await self.refresh()
        elif self._snapshot.revision != await self._source.revision():
            if self._following is None or self._following.done():
                self._following = asyncio.create_task(self.refresh())
            await asyncio.wait({self._following}, timeout=patience)
            if self._following.done() and (fault := self._following.exception()) is not None:
                log.warning("the index of the library before answers: %s", fault)
        if self._snapshot is None:
            raise IndexUnavailable("the library has not been read yet")
        return self._snapshot

    async def settle(self) -> str:
        """Open the vector index now, wait until it is ready or given up, and return `vector_state`."""
        self._wanted.set()
        if self._attaching is not None:
            await self._attaching
        return self.vector_state

    async def close(self) -> None:
        self._closing = True
        self._wanted.set()
        for task in (self._following, self._attaching):
            if task is not None:
                await asyncio.wait({task})
        if self._vectors is not None:
            await asyncio.to_thread(self._vectors.close)

    async def warm(self) -> None:
        """Load what the first question would wait for: the library, its dictionaries and its index."""
        await self.current()

    def _build(self, revision: int, clauses: tuple[Clause, ...]) -> Snapshot:
        lexical = LexicalIndex(clauses)
        exact = ExactIndex(self._encoded)
        exact.build(clauses)
        self._encoded.keep_only(clauses)
        return Snapshot(revision, clauses, lexical, exact)

    async def _attach(self, vectors: VectorIndex, previous: asyncio.Task[None] | None) -> None:
        """Build the vector index behind the exact one, then let it answer for the newest revision."""
        if previous is not None:
            await asyncio.wait({previous})
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), ATTACH_AFTER_S)
        snapshot = self._snapshot
        if self._closing or snapshot is None or snapshot.vectors is not None:
            return
        try:
            await asyncio.to_thread(vectors.build, snapshot.clauses)
        except IndexUnavailable as fault:
            self.vector_state = f"exact: {fault}"
            log.info("exact search answers: %s", fault)
            return
        self.vector_state = "ready"
        if self._snapshot is snapshot:
            self._snapshot = Snapshot(
                snapshot.revision, snapshot.clauses, snapshot.lexical, snapshot.exact, vectors
            )
