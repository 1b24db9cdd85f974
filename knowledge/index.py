"""What a library is searched with, made anew whenever the library's revision changes.

There is always a whole index to ask: a new one is built beside the old and takes its place in one
assignment. Exact search answers until the vector index is ready, and again whenever that fails.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from knowledge.bm25 import Places, Scores
from knowledge.errors import IndexBusy, IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex
from knowledge.keeping import CHECK_EVERY_S, Clauses, IndexKeeper
from knowledge.lexical import LexicalIndex
from knowledge.model import Clause
from knowledge.ports import VectorIndex, Vectors, WordEncoder
from knowledge.semantic import SemanticIndex

log = logging.getLogger(__name__)

MakeVectorIndex = Callable[[ClauseVectors], VectorIndex]


class ClauseSource(Protocol):
    """Where the clauses come from; the revision rises with every change of them."""

    async def clauses(self) -> list[Clause]: ...

    async def revision(self) -> int: ...


def _nobody(_fault: IndexUnavailable) -> None:
    """Nobody mends an index that is exact."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One revision of a library, ready to be searched."""

    revision: int
    clauses: tuple[Clause, ...]
    lexical: LexicalIndex
    semantic: SemanticIndex
    exact: ExactIndex
    ranks: Places
    """The order in which clauses with equal scores are shown: by document, then as they stand in it."""
    vectors: VectorIndex | None = None
    failed: Callable[[IndexUnavailable], None] = _nobody
    place_of: Mapping[str, int] = field(default_factory=dict)
    """Where a clause stands in `clauses`, by its id."""

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        """Ask the vector index where there is one that works, else compare with every clause."""
        return self.nearest_each({language: vector}, count=count)[0]

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        """Return the nearest of each language, in the order of `vectors`."""
        if self.vectors is not None:
            try:
                return self.vectors.nearest_each(vectors, count=count)
            except IndexBusy:
                log.info("exact search answers a question: the vector index is busy")
            except IndexUnavailable as fault:
                self.failed(fault)
        return self.exact.nearest_each(vectors, count=count)

    def nearest_places(self, vectors: Mapping[str, Vectors], *, count: int) -> tuple[Places, Scores]:
        """Return the places in `clauses` of the nearest `count` of each language, and their similarities.

        `vectors` has the question's vector for each language to be searched. Places of one language stand
        best first.
        """
        found = [
            (self.place_of[clause_id], similarity)
            for nearest in self.nearest_each(vectors, count=count)
            for clause_id, similarity in nearest
            if clause_id in self.place_of
        ]
        places = np.array([place for place, _ in found], dtype=np.intp)
        return places, np.array([similarity for _, similarity in found], dtype=np.float64)


class IndexHolder:
    """Holds the index of one library. Without `make_vector_index` all search is exact."""

    def __init__(
        self,
        source: ClauseSource,
        encoder: WordEncoder,
        make_vector_index: MakeVectorIndex | None = None,
        *,
        check_every: float = CHECK_EVERY_S,
    ) -> None:
        self.encoder = encoder
        self._source = source
        self._encoded = ClauseVectors(encoder)
        self._snapshot: Snapshot | None = None
        self._building = asyncio.Lock()
        self._following: asyncio.Task[bool] | None = None
        self._keeper: IndexKeeper | None = None
        if make_vector_index is not None:
            vectors = make_vector_index(self._encoded)
            self._keeper = IndexKeeper(vectors, self._attach, check_every=check_every)

    @property
    def vector_state(self) -> str:
        """ "ready", "waiting", or why exact search answers."""
        return self._keeper.state if self._keeper is not None else "exact"

    @property
    def newest(self) -> Snapshot | None:
        """The index that answers at the moment, whether or not the library has changed since."""
        return self._snapshot

    async def refresh(self) -> bool:
        """Follow the library; return whether it had changed. Searches go on meanwhile."""
        async with self._building:
            revision = await self._source.revision()
            if self._snapshot is not None and self._snapshot.revision == revision:
                return False
            clauses = tuple(await self._source.clauses())
            self._snapshot = await asyncio.to_thread(self._build, revision, clauses)
        if self._keeper is not None:
            self._keeper.follow(clauses)
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
        return await self._keeper.settle() if self._keeper is not None else self.vector_state

    async def close(self) -> None:
        if self._following is not None:
            await asyncio.wait({self._following})
        if self._keeper is not None:
            await self._keeper.close()

    async def warm(self) -> None:
        """Load what the first question would wait for: the library, its dictionaries and its index."""
        await self.current()

    def _build(self, revision: int, clauses: Clauses) -> Snapshot:
        lexical, semantic = LexicalIndex(clauses), SemanticIndex(clauses, self.encoder)
        exact = ExactIndex(self._encoded.matrix)
        exact.build(clauses)
        self._encoded.keep_only(clauses)
        failed = self._keeper.failed if self._keeper is not None else _nobody
        place_of = {clause.clause_id: place for place, clause in enumerate(clauses)}
        return Snapshot(
            revision, clauses, lexical, semantic, exact, _ranks(clauses), failed=failed, place_of=place_of
        )

    def _attach(self, clauses: Clauses, vectors: VectorIndex | None) -> None:
        """Let the vector index answer from now on, or no longer, where the library is still the same."""
        if self._snapshot is not None and self._snapshot.clauses is clauses:
            self._snapshot = replace(self._snapshot, vectors=vectors)


def _ranks(clauses: Clauses) -> Places:
    order = sorted(
        range(len(clauses)),
        key=lambda place: (clauses[place].document, clauses[place].ordinal, clauses[place].clause_id),
    )
    ranks = np.empty(len(clauses), dtype=np.intp)
    ranks[order] = np.arange(len(clauses))
    return ranks
