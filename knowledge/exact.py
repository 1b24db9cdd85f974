"""Nearest clauses by comparing with every one of them: no file, no lock, and never out of date."""

from collections.abc import Callable, Sequence

import numpy as np

from knowledge.model import Clause
from knowledge.ports import Encoder, Vectors

EncodeClauses = Callable[[Sequence[Clause]], Vectors]


def clause_text(clause: Clause) -> str:
    """Return what of a clause is encoded: its headings from the outermost in, then its text."""
    above = clause.path if clause.path[-1:] == (clause.heading,) else (*clause.path, clause.heading)
    return "\n".join((*above, clause.text))


class ClauseVectors:
    """Vectors of clauses, kept so that a new revision of a library encodes only what changed."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._kept: dict[tuple[str, str, tuple[str, ...]], Vectors] = {}

    def __call__(self, clauses: Sequence[Clause]) -> Vectors:
        keys = [(clause.content_hash, clause.language, (*clause.path, clause.heading)) for clause in clauses]
        new = {key: clause for key, clause in zip(keys, clauses, strict=True) if key not in self._kept}
        texts = [clause_text(clause) for clause in new.values()]
        fresh = self.encoder.encode(texts, [clause.language for clause in new.values()])
        known = dict(self._kept)
        known.update(zip(new, fresh, strict=True))
        if not keys:
            return np.zeros((0, self.encoder.dimensions), dtype=np.float32)
        self._kept = known
        return np.stack([known[key] for key in keys])

    def keep_only(self, clauses: Sequence[Clause]) -> None:
        """Forget the vectors of clauses that the library no longer has."""
        keys = {(clause.content_hash, clause.language, (*clause.path, clause.heading)) for clause in clauses}
        self._kept = {key: vector for key, vector in self._kept.items() if key in keys}


class ExactIndex:
    """A `VectorIndex` in memory."""

    def __init__(self, encode: EncodeClauses) -> None:
        self._encode = encode
        self._collections: dict[str, tuple[list[str], Vectors]] = {}

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
        order = np.argsort(-similarities, kind="stable")[:count]
        return [(names[place], float(similarities[place])) for place in order]

    def close(self) -> None:
        self._collections = {}
