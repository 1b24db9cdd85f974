"""The index at size: `python -m tests.bench.size --clauses 100000` builds one and asks it questions.

Everything is as in operation: the words and exact vectors in this process, Chroma in its own. What is
measured is printed, with the memory after each step; nothing is kept.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from bot.commands.index import advancing
from knowledge.adapters.chroma import ChromaIndex
from knowledge.adapters.chroma_child import ChildStore
from knowledge.bm25 import Places, best
from knowledge.encoder.static import shipped
from knowledge.exact import ClauseVectors
from knowledge.index import IndexHolder, Snapshot
from knowledge.lexical import LexicalIndex
from knowledge.model import Clause
from knowledge.ports import Vectors, WordEncoder
from knowledge.retrieval import DEPTH, Retriever
from knowledge.semantic import SemanticIndex
from tests.bench.corpus import clauses, questions


class Timed:
    """An encoder that counts the seconds that it takes for clauses."""

    def __init__(self, encoder: WordEncoder) -> None:
        self._encoder = encoder
        self.seconds = 0.0
        self.name, self.dimensions = encoder.name, encoder.dimensions

    def encode(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        started = time.perf_counter()
        try:
            return self._encoder.encode(texts, languages)
        finally:
            self.seconds += time.perf_counter() - started

    def word_vectors(self, folded: Sequence[str]) -> Vectors:
        return self._encoder.word_vectors(folded)


class Source:
    """A library in memory."""

    def __init__(self, library: list[Clause]) -> None:
        self._library = library

    async def clauses(self) -> list[Clause]:
        return self._library

    async def revision(self) -> int:
        return 1


def megabytes(pid: int | str = "self") -> float:
    """Return the resident memory of a process in MB; NaN where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


async def measure(count: int, asked: int, folder: Path) -> None:
    library = clauses(count)
    print(f"library:  {count} clauses; {megabytes():.0f} MB")
    started, before = time.perf_counter(), megabytes()
    lexical = LexicalIndex(library)
    seconds = time.perf_counter() - started
    print(
        f"words:    {seconds:.1f} s, {count / seconds:.0f} clauses/s; "
        f"postings {lexical.nbytes / 1e6:.0f} MB, process +{megabytes() - before:.0f} MB"
    )
    del lexical
    started, before = time.perf_counter(), megabytes()
    semantic = SemanticIndex(library, shipped())
    seconds = time.perf_counter() - started
    print(
        f"meaning:  {seconds:.1f} s, {count / seconds:.0f} clauses/s; process +{megabytes() - before:.0f} MB"
    )
    del semantic
    store = ChildStore(folder / "index")
    timed = Timed(shipped())
    with advancing("building") as progress:

        def make(encode: ClauseVectors) -> ChromaIndex:
            return ChromaIndex(store, encode, encoder_name=timed.name, progress=progress)

        holder = IndexHolder(Source(library), timed, make)
        try:
            await _build(holder, timed, count, store)
            await _search(holder, questions(library, asked))
        finally:
            await holder.close()


async def _build(holder: IndexHolder, timed: Timed, count: int, store: ChildStore) -> None:
    started = time.perf_counter()
    await holder.refresh()
    answering = time.perf_counter() - started
    print(f"encoding: {timed.seconds:.1f} s, {count / timed.seconds:.0f} clauses/s ({timed.name})")
    print(f"answers by exact search after {answering:.1f} s; {megabytes():.0f} MB")
    started = time.perf_counter()
    state = await holder.settle()
    chroma = time.perf_counter() - started
    print(f"Chroma:   {chroma:.1f} s, {count / chroma:.0f} clauses/s; {state}")
    print(f"all:      {answering + chroma:.1f} s, {count / (answering + chroma):.0f} clauses/s")
    own = megabytes(store.pid) if store.pid is not None else float("nan")
    print(f"memory:   {megabytes():.0f} MB here, {own:.0f} MB in Chroma's process")


async def _search(holder: IndexHolder, asked: list[tuple[str, str]]) -> None:
    snapshot = await holder.current()
    plain = replace(snapshot, vectors=None)
    retriever = Retriever(holder)

    def vectors(question: str) -> dict[str, Vectors]:
        languages = snapshot.lexical.languages
        rows = holder.encoder.encode([question] * len(languages), languages)
        return dict(zip(languages, rows, strict=True))

    async def words(question: str, language: str) -> object:
        return scored(question, language)

    def scored(question: str, language: str) -> Places:
        scores = snapshot.lexical.scores(question, language)
        own = scores.grams + scores.lemmas
        return best(own + snapshot.lexical.best_of_section(own), 2 * DEPTH)

    async def encoding(question: str, _language: str) -> object:
        return vectors(question)

    async def chroma(question: str, _language: str) -> object:
        return snapshot.nearest_places(vectors(question), count=DEPTH)

    async def exact(question: str, _language: str) -> object:
        return plain.nearest_places(vectors(question), count=DEPTH)

    async def candidates(question: str, language: str) -> object:
        """What a search at size begins with: all words, the nearest vectors, and the best of both."""
        nearest = partial(snapshot.nearest_places, vectors(question), count=DEPTH)
        # Chroma works in a process of its own while the words are scored in this one.
        (by_vectors, similarities), by_words = await asyncio.gather(
            asyncio.to_thread(nearest), asyncio.to_thread(scored, question, language)
        )
        return np.union1d(by_words, by_vectors[best(similarities, 2 * DEPTH)])

    async def whole(question: str, language: str) -> object:
        return await retriever.search(question, language=language, count=20)

    for name, ask in (
        ("words", words),
        ("encoding", encoding),
        ("vectors, Chroma", chroma),
        ("vectors, exact", exact),
        ("candidates", candidates),
        ("a whole search", whole),
    ):
        print(f"{name + ':':<17} {await _times(ask, asked)}")
    print(f"of Chroma's {DEPTH}, as exact search finds them: {_agreement(snapshot, vectors, asked):.3f}")


def _agreement(
    snapshot: Snapshot, vectors: Callable[[str], dict[str, Vectors]], asked: list[tuple[str, str]]
) -> float:
    shares = []
    for question, language in asked[:50]:
        vector = vectors(question)[language]
        found = {name for name, _ in snapshot.nearest(vector, language=language, count=DEPTH)}
        true = {name for name, _ in snapshot.exact.nearest(vector, language=language, count=DEPTH)}
        shares.append(len(found & true) / max(len(true), 1))
    return float(np.mean(shares))


async def _times(ask: Callable[[str, str], Awaitable[object]], asked: list[tuple[str, str]]) -> str:
    """Ask all, one after another, the first ten once before; return percentiles in milliseconds.

    The processor's time is that of this process alone; it says more where others use the machine too.
    """
    taken, worked = [], []
    for number, (question, language) in enumerate([*asked[:10], *asked]):
        started, before = time.perf_counter(), time.process_time()
        await ask(question, language)
        if number >= 10:
            taken.append(1000 * (time.perf_counter() - started))
            worked.append(1000 * (time.process_time() - before))
    p50, p95, p99 = np.percentile(taken, [50, 95, 99])
    own50, own95 = np.percentile(worked, [50, 95])
    return (
        f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms ({len(asked)} questions); "
        f"of the processor p50 {own50:.1f} ms, p95 {own95:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.size", description=__doc__)
    parser.add_argument("--clauses", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=300)
    given = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="clausewise-size-") as folder:
        asyncio.run(measure(given.clauses, given.questions, Path(folder)))


if __name__ == "__main__":
    main()
