"""Nearest clauses by comparing with every one of them: no file, no lock, and never out of date."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from knowledge.bm25 import best
from knowledge.model import Clause
from knowledge.ports import Encoder, Vectors

EncodeClauses = Callable[[Sequence[Clause]], Vectors]

# Encoders hold some kilobytes for each text that they read together.
ENCODED_AT_ONCE = 2000


def clause_text(clause: Clause) -> str:
    """Return what of a clause is encoded: its headings from the outermost in, then its text."""
    above = clause.path if clause.path[-1:] == (clause.heading,) else (*clause.path, clause.heading)
    return "\n".join((*above, clause.text))


class ClauseVectors:
    """Vectors of clauses, kept so that a new revision of a library encodes only what changed.

    What is kept are rows of the matrices that `matrix` returned, so that a library of a hundred thousand
    clauses is in memory once.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._kept: dict[bytes, Vectors] = {}

    def __call__(self, clauses: Sequence[Clause]) -> Vectors:
        """Return the vectors of clauses, shape (len(clauses), dimensions); those not kept are encoded."""
        return self._stacked([_key(clause) for clause in clauses], clauses)

    def matrix(self, clauses: Sequence[Clause]) -> Vectors:
        """Return the same, and keep the rows of this very array: the caller must not write to it."""
        keys = [_key(clause) for clause in clauses]
        vectors = self._stacked(keys, clauses)
        known = dict(self._kept)
        known.update(zip(keys, vectors, strict=True))
        self._kept = known
        return vectors

    def _stacked(self, keys: Sequence[bytes], clauses: Sequence[Clause]) -> Vectors:
        vectors = np.zeros((len(keys), self.encoder.dimensions), dtype=np.float32)
        kept = self._kept
        new: dict[bytes, list[int]] = {}
        for place, key in enumerate(keys):
            known = kept.get(key)
            if known is None:
                new.setdefault(key, []).append(place)
            else:
                vectors[place] = known
        for start in range(0, len(new), ENCODED_AT_ONCE):
            places = list(new.values())[start : start + ENCODED_AT_ONCE]
            first = [clauses[same[0]] for same in places]
            fresh = self.encoder.encode(list(map(clause_text, first)), [clause.language for clause in first])
            for same, vector in zip(places, fresh, strict=True):
                vectors[same] = vector
        return vectors

    def keep_only(self, clauses: Sequence[Clause]) -> None:
        """Forget the vectors of clauses that the library no longer has."""
        keys = set(map(_key, clauses))
        self._kept = {key: vector for key, vector in self._kept.items() if key in keys}


def _key(clause: Clause) -> bytes:
    """Return what a clause's vector depends on, in a few bytes."""
    parts = (clause.content_hash, clause.language, *clause.path, clause.heading)
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


class ExactIndex:
    """A `VectorIndex` in memory: one matrix a language, and a question is one product with it."""

    def __init__(self, encode: EncodeClauses) -> None:
        self._encode = encode
        self._collections: dict[str, tuple[list[str], Vectors]] = {}

    @property
    def nbytes(self) -> int:
        return sum(vectors.nbytes for _, vectors in self._collections.values())

    def build(self, clauses: Sequence[Clause]) -> None:
        languages: dict[str, list[Clause]] = {}
        for clause in clauses:
            languages.setdefault(clause.language, []).append(clause)
        self._collections = {
            language: ([clause.clause_id for clause in members], self._encode(members))
            for language, members in languages.items()
        }

    def nearest(self, vector: Vectors, *, language: str, count: int) -> list[tuple[str, float]]:
        if language not in self._collections or count < 1:
            return []
        names, vectors = self._collections[language]
        similarities = vectors @ vector
        return [(names[place], float(similarities[place])) for place in best(similarities, count)]

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        return [self.nearest(vector, language=language, count=count) for language, vector in vectors.items()]

    def check(self, number: int) -> None:
        """Nothing here can be damaged."""

    def close(self) -> None:
        self._collections = {}
