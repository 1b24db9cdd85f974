"""Nearest clauses by Chroma, embedded: one collection per language, our own vectors, one process.

The directory is a cache of SQL. Whatever is wrong with it, it is thrown away and made anew; whatever
fails is raised as `IndexUnavailable`, so that exact search answers instead.
"""

import hashlib
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.exact import EncodeClauses
from knowledge.model import Clause
from knowledge.ports import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from filelock import BaseFileLock

BATCH = 200
CANARIES = 3
# How far a canary's similarity to itself may be from 1: float32 and an approximate index.
TOLERANCE = 1e-3


@contextmanager
def _faults() -> Iterator[None]:
    """Turn every fault of Chroma into `IndexUnavailable`, those of its Rust core included."""
    try:
        yield
    except IndexUnavailable:
        raise
    except Exception as fault:
        raise IndexUnavailable(f"the vector index failed: {fault}") from fault
    except BaseException as fault:
        # A panic in Rust derives from BaseException, so that it passes `except Exception`.
        if type(fault).__name__ != "PanicException":
            raise
        raise IndexUnavailable(f"the vector index failed: {fault}") from fault


class ChromaIndex:
    """A `VectorIndex` in a directory. `build` takes seconds the first time: call it in a thread."""

    def __init__(self, directory: Path, encode: EncodeClauses, *, encoder_name: str) -> None:
        self._directory = directory
        self._encode = encode
        self._encoder_name = encoder_name
        self._mutex = threading.RLock()
        self._lock: BaseFileLock | None = None
        self._client: Client | None = None
        self._collections: dict[str, Collection] = {}

    def build(self, clauses: Sequence[Clause]) -> None:
        """Make the collections equal to `clauses`; those that already are are kept.

        Raises IndexUnavailable where another process holds the directory or it cannot be written.
        """
        with self._mutex:
            with _faults():
                self._take_lock()
            try:
                with _faults():
                    self._swap(clauses)
            except IndexUnavailable:
                self._wipe()
                with _faults():
                    self._swap(clauses)

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        collection = self._collections.get(language)
        if self._client is None:
            raise IndexUnavailable("the vector index is not open")
        if collection is None or count < 1:
            return []
        with _faults():
            found = collection.query(
                query_embeddings=[vector.tolist()],
                n_results=min(count, collection.count()),
                include=["distances"],
            )
            names, distances = found["ids"][0], (found["distances"] or [[]])[0]
            pairs = [(name, 1.0 - float(distance)) for name, distance in zip(names, distances, strict=True)]
            return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def close(self) -> None:
        with self._mutex:
            self._close_client()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _take_lock(self) -> None:
        from filelock import FileLock, Timeout

        if self._lock is not None:
            return
        self._directory.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self._directory}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise IndexLocked("another process holds the vector index; exact search answers") from None
        self._lock = lock

    def _open(self) -> "Client":
        if self._client is None:
            import chromadb
            from chromadb.config import Settings

            # Chroma remembers a path that once failed to open, so a cache made anew gets a new one.
            there = sorted(self._directory.glob("store-*"))
            path = there[0] if there else self._directory / f"store-{secrets.token_hex(4)}"
            path.mkdir(parents=True, exist_ok=True)
            settings = Settings(anonymized_telemetry=False)
            self._client = cast("Client", chromadb.PersistentClient(path=str(path), settings=settings))
        return self._client

    def _swap(self, clauses: Sequence[Clause]) -> None:
        client = self._open()
        languages: dict[str, list[Clause]] = {}
        for clause in clauses:
            languages.setdefault(clause.language, []).append(clause)
        existing = {collection.name: collection for collection in client.list_collections()}
        fresh: dict[str, Collection] = {}
        for language, members in languages.items():
            name = self._name(language, members)
            kept = existing.get(name)
            if kept is None or not self._sound(kept, members):
                if kept is not None:
                    client.delete_collection(name)
                kept = self._fill(name, members)
            fresh[language] = kept
        self._collections = fresh
        for name in existing.keys() - {collection.name for collection in fresh.values()}:
            client.delete_collection(name)

    def _name(self, language: str, members: Sequence[Clause]) -> str:
        """Return a name that says what is inside: it changes with any clause and with the encoder."""
        digest = hashlib.blake2b(self._encoder_name.encode(), digest_size=12)
        for clause in members:
            parts = (clause.clause_id, clause.content_hash, *clause.path, clause.heading)
            digest.update("\0".join(parts).encode() + b"\1")
        return f"clauses-{language}-{digest.hexdigest()}"

    def _fill(self, name: str, members: Sequence[Clause]) -> "Collection":
        collection = self._open().create_collection(
            name,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}},
            embedding_function=None,
        )
        vectors = self._encode(members)
        for start in range(0, len(members), BATCH):
            batch = members[start : start + BATCH]
            collection.add(
                ids=[clause.clause_id for clause in batch],
                embeddings=[vector.tolist() for vector in vectors[start : start + BATCH]],
            )
        if not self._sound(collection, members):
            raise IndexUnavailable("the vector index does not find what was just put into it")
        return collection

    def _sound(self, collection: "Collection", members: Sequence[Clause]) -> bool:
        """Ask the canaries: is every clause there, and does a clause's own vector find it?"""
        if collection.count() != len(members):
            return False
        chosen = [members[len(members) * part // CANARIES] for part in range(min(CANARIES, len(members)))]
        vectors = self._encode(chosen)
        found = collection.query(
            query_embeddings=[vector.tolist() for vector in vectors], n_results=1, include=["distances"]
        )
        distances = found["distances"] or []
        # Another clause may have the very same text, so the distance decides and not the id.
        return len(distances) == len(chosen) and all(
            row and bool(np.isclose(row[0], 0.0, atol=TOLERANCE)) for row in distances
        )

    def _close_client(self) -> None:
        client, self._client, self._collections = self._client, None, {}
        if client is not None:
            with suppress(IndexUnavailable), _faults():
                client.close()

    def _wipe(self) -> None:
        """Throw everything away: it is damaged, and SQL has all that was in it."""
        self._close_client()
        shutil.rmtree(self._directory, ignore_errors=True)
