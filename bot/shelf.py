"""The library that answers: the ingested documents, or the samples as long as there are none.

The samples live in a database of their own, so that they never stand beside a company's documents.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from actions.ports import ClausesNow, ClauseText
from bot.clock import SystemClock
from bot.config import Settings
from bot.database import Database
from bot.migrations import migrate
from bot.ports import Clock
from knowledge.adapters.chroma import ChromaIndex, Progress, nothing
from knowledge.adapters.chroma_child import ChildStore
from knowledge.answering import Answering
from knowledge.encoder.static import shipped
from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.exact import ClauseVectors
from knowledge.identity import content_hash
from knowledge.index import IndexHolder
from knowledge.languages import LinguaDetector
from knowledge.library import DocumentSummary, Library
from knowledge.model import Answer, Clause
from knowledge.ports import VectorIndex
from knowledge.retrieval import Retriever

SAMPLES = Path(__file__).with_name("samples")


def _vectors(folder: Path, encode: ClauseVectors) -> VectorIndex:
    return ChromaIndex(ChildStore(folder), encode, encoder_name=encode.encoder.name)


class Collection:
    """One library with its index. Without `index_dir` all search is exact and needs no file or lock."""

    def __init__(self, database: Database, clock: Clock, index_dir: Path | None) -> None:
        self.library = Library(database, LinguaDetector(), clock)
        make = partial(_vectors, index_dir) if index_dir else None
        self.index = IndexHolder(self.library, shipped(), make)
        self.retriever = Retriever(self.index)
        self.answering = Answering(self.retriever)

    async def close(self) -> None:
        await self.index.close()


State = tuple[bool, int]
"""Whether the samples answer, and the revision of what answers."""


class Shelf:
    """Chooses the collection; what another process ingests meanwhile is found at the next question."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._settings = settings
        self._ingested = Collection(database, clock, settings.data_dir / "index")
        self._samples: Collection | None = None
        self._samples_database: Database | None = None
        self._opening = asyncio.Lock()
        self._is_empty: tuple[int, bool] = (-1, True)
        self._anchors: tuple[State, dict[tuple[str, str], Clause | None]] = ((True, -1), {})
        self._texts: tuple[State, frozenset[str], ClausesNow] | None = None

    async def collection(self) -> Collection:
        return (await self._now())[0]

    async def _now(self) -> tuple[Collection, State]:
        """The collection that answers, and as what. What was read of it holds until the state is another."""
        # each revision is read first: what changes in between is then read again the next time
        revision = await self._ingested.library.revision()
        if self._is_empty[0] != revision:
            self._is_empty = revision, await self._ingested.library.is_empty()
        if not self._is_empty[1]:
            return self._ingested, (False, revision)
        async with self._opening:
            if self._samples is None:
                self._samples = await self._open_samples()
        return self._samples, (True, await self._samples.library.revision())

    async def _open_samples(self) -> Collection:
        folder = self._settings.samples_dir
        self._samples_database = Database(f"sqlite:///{(folder / 'samples.sqlite').absolute()}")
        await migrate(self._samples_database)
        samples = Collection(self._samples_database, self._clock, folder / "index")
        mark, digest = folder / "taken-in", await asyncio.to_thread(_digest, SAMPLES)
        if await samples.library.is_empty() or not mark.exists() or mark.read_text() != digest:
            await samples.library.ingest([SAMPLES], retire_missing=True)
            mark.write_text(digest)
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
        collection, state = await self._now()
        if self._anchors[0] != state:
            self._anchors = state, {}
        known, key = self._anchors[1], (anchor, language)
        if key not in known:
            known[key] = await collection.library.by_anchor(anchor, language)
        return known[key]

    async def by_id(self, clause_id: str) -> Clause | None:
        return next(iter(await (await self.collection()).library.by_ids([clause_id])), None)

    async def clause_id(self, anchor: str, language: str) -> str | None:
        clause = await self.by_anchor(anchor, language)
        return f"{clause.clause_id}@{clause.version}" if clause else None

    async def clause_texts(self, anchors: Iterable[str]) -> ClausesNow:
        """Return the clauses that answer now, and whether they are those of the samples."""
        collection, state = await self._now()
        wanted = frozenset(anchors)
        if self._texts is None or self._texts[:2] != (state, wanted):
            found = await collection.library.anchored(wanted)
            self._texts = (state, wanted, ClausesNow(_whole(found), are_samples=state[0]))
        return self._texts[2]

    async def close(self) -> None:
        await self._ingested.close()
        if self._samples is not None:
            await self._samples.close()
        if self._samples_database is not None:
            await self._samples_database.close()


def _digest(folder: Path) -> str:
    """What tells whether any document in a folder is another than it was."""
    together = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        together.update(f"{file.relative_to(folder).as_posix()} {content}\n".encode())
    return together.hexdigest()


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


def _whole(clauses: Iterable[Clause]) -> list[ClauseText]:
    """Put a clause that was split together again, and hash it so that white space does not count."""
    whole: dict[tuple[str, str, str], list[Clause]] = {}
    for clause in clauses:
        anchor = (clause.anchor or "").partition(".")[0]
        whole.setdefault((anchor, clause.language, clause.document), []).append(clause)
    texts = []
    for (anchor, language, document), parts in whole.items():
        text = "\n\n".join(f"{part.heading}\n{part.text}" for part in parts)
        hashed = content_hash("", " ".join(text.split()))
        cited = f"{parts[0].clause_id}@{parts[0].version}"
        texts.append(ClauseText(anchor, language, document, cited, hashed, text))
    return texts


@dataclass(frozen=True, slots=True)
class IndexReport:
    """How the vector index is after a build. `state`: "ready", "held" by a running process that follows the
    library by itself, or why exact search answers. `memory_mb` is the most that this process and its children
    took.
    """

    state: str
    clauses: int
    added: int
    seconds: float
    memory_mb: int


async def build_index(settings: Settings, progress: Progress = nothing, *, anew: bool = False) -> IndexReport:
    """Bring the vector index of the ingested documents up to date, so that no question waits for it.

    What cannot be made is no error: the report's `state` says so, and exact search answers.
    """
    async with open_library(settings) as library:
        clauses = await library.clauses()
    encode = ClauseVectors(shipped())
    store = ChildStore(settings.data_dir / "index")
    index = ChromaIndex(store, encode, encoder_name=encode.encoder.name, progress=progress)
    if anew:
        index.distrust()
    started, state = time.perf_counter(), "ready"
    try:
        await asyncio.to_thread(index.build, clauses)
    except IndexLocked:
        state = "held"
    except IndexUnavailable as fault:
        state = str(fault)
    finally:
        await asyncio.to_thread(index.close)
    seconds = round(time.perf_counter() - started, 3)
    return IndexReport(state, len(clauses), index.added, seconds, _most_memory())


def _most_memory() -> int:
    """Return MB. Linux counts in kilobytes, macOS in bytes."""
    import resource  # not on every platform, and only this asks for it

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_maxrss for kind in kinds) // unit


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
