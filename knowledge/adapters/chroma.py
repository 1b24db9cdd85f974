"""Nearest clauses by Chroma: one collection per language, with our own vectors.

The directory is a cache of SQL. Whatever is wrong with it, it is thrown away and made anew; whatever
fails is raised as `IndexUnavailable`, so that exact search answers instead.
"""

import hashlib
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import numpy as np

from knowledge.adapters.chroma_store import Found, Store
from knowledge.errors import IndexLocked, IndexUnavailable
from knowledge.exact import EncodeClauses
from knowledge.model import Clause
from knowledge.ports import Vectors

# Chroma takes larger batches and is slower with them.
BATCH = 200
CANARIES = 12
# Search is approximate: among clauses that are much alike a canary or two are missed, also in a collection
# of some hundreds. In a smaller one all are compared.
SMALL = 100
MISSED_OF_LARGE = 3
# How far a canary's similarity to itself may be from 1: float32 and an approximate index.
TOLERANCE = 1e-3

Progress = Callable[[int, int], None]
"""Is told how many clauses are in, and of how many."""


def nothing(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


Members = tuple[str, Sequence[Clause]]
"""The name of a collection and the clauses that are in it."""


class ChromaIndex:
    """A `VectorIndex` in a directory. `build` takes seconds the first time: call it in a thread."""

    def __init__(
        self,
        store: Store,
        encode: EncodeClauses,
        *,
        encoder_name: str,
        progress: Progress = nothing,
    ) -> None:
        self._store = store
        self._encode = encode
        self._encoder_name = encoder_name
        self._progress = progress
        self._mutex = threading.RLock()
        self._is_open = self._distrusted = self._closing = False
        self._members: dict[str, Members] = {}
        self._files: dict[str, int] = {}
        self.added = 0
        """Clauses that the last `build` put in; the others were there."""

    def build(self, clauses: Sequence[Clause]) -> None:
        """Make the collections equal to `clauses`; those that already are are kept, unless the last check
        failed.

        Raises IndexUnavailable where another process holds the directory or it cannot be written.
        """
        with self._mutex:
            try:
                self._swap(clauses, fresh=self._distrusted)
            except IndexLocked:
                raise
            except IndexUnavailable:
                self._swap(clauses, fresh=True)
            self._distrusted = False

    def distrust(self) -> None:
        """Let the next `build` begin with nothing."""
        self._distrusted = True

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        return self.nearest_each({language: vector}, count=count)[0]

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        """Ask for all languages at once: between processes a question costs more than its answer."""
        if not self._is_open:
            raise IndexUnavailable("the vector index is not open")
        known = self._members
        asked = [language for language in vectors if language in known and count > 0]
        names = [known[language][0] for language in asked]
        found = self._query(names, [vectors[language] for language in asked], count) if asked else []
        pairs = dict(zip(asked, map(_best_first, found), strict=True))
        return [pairs.get(language, []) for language in vectors]

    def _query(self, names: Sequence[str], vectors: Sequence[Vectors], count: int) -> list[Found]:
        found = self._store.query(names, np.stack(vectors), count)
        if len(found) != len(names):
            raise IndexUnavailable("the vector index gave no answer to a question")
        return found

    def check(self, number: int) -> None:
        """Compare files and counts with what was built, and ask some clauses of every language for
        themselves. After a fault the next `build` trusts nothing that is there.
        """
        with self._mutex:
            try:
                if not self._is_open:
                    raise IndexUnavailable("the vector index is not open")
                self._check_files()
                for name, members in self._members.values():
                    self._check_collection(name, members, number)
            except IndexUnavailable:
                self._distrusted = True
                raise

    def close(self) -> None:
        """Close it; a `build` under way gives up before its next batch."""
        self._closing = True
        with self._mutex:
            self._closing = self._is_open = False
            self._members = {}
            with suppress(IndexUnavailable):
                self._store.close()

    def _swap(self, clauses: Sequence[Clause], *, fresh: bool) -> None:
        self._go_on()
        languages: dict[str, list[Clause]] = {}
        for clause in clauses:
            languages.setdefault(clause.language, []).append(clause)
        if fresh or not self._is_open:
            self._is_open = False
            existing = self._store.open(fresh=fresh)
            self._is_open = True
        else:
            existing = {name: len(members) for name, members in self._members.values()}
        made: dict[str, Members] = {}
        self.added = done = 0
        for language, members in languages.items():
            name = self._name(language, members)
            if name not in existing or not self._sound(name, members):
                if name in existing:
                    self._store.delete(name)
                self._fill(name, members, done, len(clauses))
            made[language] = name, members
            done += len(members)
            self._progress(done, len(clauses))
        self._members = made
        for name in existing.keys() - {name for name, _ in made.values()}:
            self._store.delete(name)
        self._files = self._store.files()

    def _go_on(self) -> None:
        if self._closing:
            raise IndexUnavailable("the vector index is being closed")

    def _name(self, language: str, members: Sequence[Clause]) -> str:
        """Return a name that says what is inside: it changes with any clause and with the encoder."""
        digest = hashlib.blake2b(self._encoder_name.encode(), digest_size=12)
        for clause in members:
            parts = (clause.clause_id, clause.content_hash, *clause.path, clause.heading)
            digest.update("\0".join(parts).encode() + b"\1")
        return f"clauses-{language}-{digest.hexdigest()}"

    def _fill(self, name: str, members: Sequence[Clause], done: int, total: int) -> None:
        self._store.create(name)
        for start in range(0, len(members), BATCH):
            self._go_on()
            batch = members[start : start + BATCH]
            self._store.add(name, [clause.clause_id for clause in batch], self._encode(batch))
            self.added += len(batch)
            self._progress(done + start + len(batch), total)
        self._check_collection(name, members, 0)

    def _sound(self, name: str, members: Sequence[Clause]) -> bool:
        try:
            self._check_collection(name, members, 0)
        except IndexUnavailable:
            return False
        return True

    def _check_files(self) -> None:
        """Files that are gone or cut are noticed even while Chroma still has them in memory."""
        there = self._store.files()
        for name, size in self._files.items():
            if there.get(name, -2) < size:
                raise IndexUnavailable(
                    f"a file of the vector index is {'cut' if name in there else 'missing'}"
                )

    def _check_collection(self, name: str, members: Sequence[Clause], number: int) -> None:
        """Ask the canaries: is every clause there, and does a clause's own vector find it?"""
        count = self._store.count(name)
        if count != len(members):
            raise IndexUnavailable(f"the vector index has {count} of {len(members)} clauses")
        chosen = random.Random(number).sample(range(len(members)), min(CANARIES, len(members)))
        vectors = self._encode([members[place] for place in chosen])
        found = self._query([name] * len(chosen), list(vectors), 1)
        # Another clause may have the very same text, so the distance decides and not the id.
        hits = sum(bool(distances) and abs(distances[0]) <= TOLERANCE for _, distances in found)
        if len(chosen) - hits > (MISSED_OF_LARGE if len(members) > SMALL else 0):
            raise IndexUnavailable(f"the vector index finds {hits} of {len(chosen)} clauses by their vectors")


def _best_first(found: Found) -> list[tuple[str, float]]:
    """Return ids with cosine similarities; equal ones in the order of ids."""
    pairs = [(name, 1.0 - distance) for name, distance in zip(*found, strict=True)]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
