"""What a Chroma directory can do, in this process. `chroma_worker` runs it apart from the bot.

A directory belongs to one process at a time: a lock beside it says to which.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.ports import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from filelock import BaseFileLock

Found = tuple[list[str], list[float]]
"""Ids and cosine distances, nearest first."""

# Measured on clustered vectors, 20,000 a collection: building is a third faster than with 200, and as many
# of the true neighbours are found.
HNSW = {"space": "cosine", "ef_construction": 100, "ef_search": 100}


class Store(Protocol):
    """Named collections of vectors in a directory. Every method may raise IndexUnavailable."""

    def open(self, *, fresh: bool) -> dict[str, int]:
        """Take the directory, emptied if `fresh`; return its collections with their sizes."""

    def create(self, name: str) -> None: ...

    def add(self, name: str, ids: Sequence[str], vectors: Vectors) -> None: ...

    def delete(self, name: str) -> None: ...

    def count(self, name: str) -> int: ...

    def query(self, names: Sequence[str], vectors: Vectors, count: int) -> list[Found]:
        """Return the nearest of each row of `vectors`, each in the collection named at its place."""

    def files(self) -> dict[str, int]:
        """Return the files of the store with their sizes in bytes; -1 for those that grow and shrink."""

    def close(self) -> None: ...


@contextmanager
def faults() -> Iterator[None]:
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


class ChromaStore:
    """A `Store` by Chroma, embedded."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock: BaseFileLock | None = None
        self._client: Client | None = None
        self._collections: dict[str, Collection] = {}
        self._path = directory

    def open(self, *, fresh: bool) -> dict[str, int]:
        with faults():
            self._take_lock()
            self._close_client()
            if fresh:
                shutil.rmtree(self._directory, ignore_errors=True)
            return {collection.name: collection.count() for collection in self._open().list_collections()}

    def create(self, name: str) -> None:
        with faults():
            configuration = {"hnsw": HNSW}
            self._open().create_collection(name, configuration=configuration, embedding_function=None)  # type: ignore[arg-type]

    def add(self, name: str, ids: Sequence[str], vectors: Vectors) -> None:
        with faults():
            self._collection(name).add(list(ids), embeddings=vectors)

    def delete(self, name: str) -> None:
        with faults():
            self._collections.pop(name, None)
            self._open().delete_collection(name)

    def count(self, name: str) -> int:
        with faults():
            return self._collection(name).count()

    def query(self, names: Sequence[str], vectors: Vectors, count: int) -> list[Found]:
        with faults():
            return [self._nearest(name, row, count) for name, row in zip(names, vectors, strict=True)]

    def _nearest(self, name: str, vector: Vectors, count: int) -> Found:
        found = self._collection(name).query(
            query_embeddings=vector[np.newaxis], n_results=count, include=["distances"]
        )
        return found["ids"][0], [float(distance) for distance in (found["distances"] or [[]])[0]]

    def files(self) -> dict[str, int]:
        with faults():
            return {
                str(file.relative_to(self._directory)): _size(file)
                for file in self._path.rglob("*")
                if file.is_file() and not file.name.startswith("chroma.sqlite3-")
            }

    def close(self) -> None:
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
        if self._lock is None:
            raise IndexUnavailable("the vector index is not open")
        if self._client is None:
            import chromadb
            from chromadb.config import Settings

            # Chroma remembers a path that once failed to open, so a cache made anew gets a new one.
            there = sorted(self._directory.glob("store-*"))
            self._path = there[0] if there else self._directory / f"store-{secrets.token_hex(4)}"
            self._path.mkdir(parents=True, exist_ok=True)
            settings = Settings(anonymized_telemetry=False)
            self._client = cast("Client", chromadb.PersistentClient(path=str(self._path), settings=settings))
        return self._client

    def _collection(self, name: str) -> "Collection":
        """Chroma looks a name up in its database each time: some milliseconds, once is enough."""
        if name not in self._collections:
            self._collections[name] = self._open().get_collection(name, embedding_function=None)
        return self._collections[name]

    def _close_client(self) -> None:
        client, self._client, self._collections = self._client, None, {}
        if client is not None:
            with suppress(IndexUnavailable), faults():
                client.close()


def _size(file: Path) -> int:
    return -1 if file.name == "chroma.sqlite3" else file.stat().st_size
