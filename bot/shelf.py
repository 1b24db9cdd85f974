"""The library that answers: the ingested documents, or the samples as long as there are none.

The samples live in a database of their own, so that they never stand beside a company's documents.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from bot.clock import SystemClock
from bot.config import Settings
from bot.database import Database
from bot.migrations import migrate
from bot.ports import Clock
from knowledge.adapters.chroma import ChromaIndex
from knowledge.answering import Answering
from knowledge.encoder.hashed import HashedEncoder
from knowledge.exact import ClauseVectors
from knowledge.index import IndexHolder
from knowledge.languages import LinguaDetector
from knowledge.library import DocumentSummary, Library
from knowledge.model import Answer, Clause
from knowledge.ports import VectorIndex
from knowledge.retrieval import Retriever

SAMPLES = Path(__file__).with_name("samples")


def _vectors(folder: Path, encode: ClauseVectors) -> VectorIndex:
    return ChromaIndex(folder, encode, encoder_name=encode.encoder.name)


class Collection:
    """One library with its index. Without `index_dir` all search is exact and needs no file or lock."""

    def __init__(self, database: Database, clock: Clock, index_dir: Path | None) -> None:
        self.library = Library(database, LinguaDetector(), clock)
        make = partial(_vectors, index_dir) if index_dir else None
        self.index = IndexHolder(self.library, HashedEncoder(), make)
        self.retriever = Retriever(self.index)
        self.answering = Answering(self.retriever)

    async def close(self) -> None:
        await self.index.close()


class Shelf:
    """Chooses the collection; what another process ingests meanwhile is found at the next question."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._settings = settings
        self._ingested = Collection(database, clock, settings.data_dir / "index")
        self._samples: Collection | None = None
        self._samples_database: Database | None = None
        self._opening = asyncio.Lock()

    async def collection(self) -> Collection:
        if not await self._ingested.library.is_empty():
            return self._ingested
        async with self._opening:
            if self._samples is None:
                self._samples = await self._open_samples()
        return self._samples

    async def _open_samples(self) -> Collection:
        folder = self._settings.samples_dir
        self._samples_database = Database(f"sqlite+aiosqlite:///{(folder / 'samples.sqlite').absolute()}")
        await migrate(self._samples_database)
        samples = Collection(self._samples_database, self._clock, folder / "index")
        await samples.library.ingest([SAMPLES], retire_missing=True)
        return samples

    async def warm(self) -> None:
        """Load what the first question needs, so that it does not wait for it."""
        await (await self.collection()).index.warm()

    async def settle(self) -> str:
        """Wait for the vector index; return its state: "ready", or why exact search answers instead."""
        collection = await self.collection()
        await collection.index.warm()
        return await collection.index.settle()

    async def ingested(self) -> list[DocumentSummary]:
        """The company's own documents."""
        return await self._ingested.library.documents()

    async def answer(self, question: str, *, language: str) -> Answer:
        return await (await self.collection()).answering.answer(question, language=language)

    async def by_anchor(self, anchor: str, language: str) -> Clause | None:
        return await (await self.collection()).library.by_anchor(anchor, language)

    async def clause_id(self, anchor: str, language: str) -> str | None:
        clause = await self.by_anchor(anchor, language)
        return clause.clause_id if clause else None

    async def close(self) -> None:
        await self._ingested.close()
        if self._samples is not None:
            await self._samples.close()
        if self._samples_database is not None:
            await self._samples_database.close()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_address)
    try:
        await migrate(database)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_library(settings: Settings) -> AsyncIterator[Library]:
    """The library of ingested documents alone."""
    async with _database(settings) as database:
        yield Library(database, LinguaDetector(), SystemClock())


async def build_index(settings: Settings) -> None:
    """Bring the vector index of the ingested documents up to date, so that no question waits for it.

    Raises IndexLocked beside a running process, which does the same by itself, and IndexUnavailable where
    the index cannot be made; exact search answers then.
    """
    async with open_library(settings) as library:
        clauses = await library.clauses()
    index = _vectors(settings.data_dir / "index", ClauseVectors(HashedEncoder()))
    try:
        await asyncio.to_thread(index.build, clauses)
    finally:
        await asyncio.to_thread(index.close)


@asynccontextmanager
async def open_search(settings: Settings) -> AsyncIterator[Retriever]:
    """Search over the ingested documents alone, never the samples."""
    async with _database(settings) as database:
        collection = Collection(database, SystemClock(), None)
        try:
            await collection.index.refresh()
            yield collection.retriever
        finally:
            await collection.close()
