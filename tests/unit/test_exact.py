"""Exact search, the vectors that it keeps, and where a snapshot says that the nearest clauses stand."""

from collections.abc import Mapping, Sequence

import numpy as np

from knowledge.errors import IndexBusy, IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex
from knowledge.index import Snapshot
from knowledge.lexical import LexicalIndex
from knowledge.ports import Vectors
from knowledge.semantic import SemanticIndex
from tests.bench.corpus import clauses
from tests.fakes import FakeEncoder

LIBRARY = tuple(clauses(60))
ENCODER = FakeEncoder(64)


class _Counting(FakeEncoder):
    def __init__(self) -> None:
        super().__init__(64)
        self.encoded = 0

    def encode(self, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        return super().encode(texts, languages)


def test_a_matrix_is_kept_without_a_copy_and_nothing_is_encoded_twice() -> None:
    encoder = _Counting()
    encode = ClauseVectors(encoder)
    matrix = encode.matrix(LIBRARY[:10])
    assert encoder.encoded == 10
    assert np.array_equal(encode(LIBRARY[:10]), matrix)
    assert encoder.encoded == 10
    assert all(np.shares_memory(row, matrix) for row in encode._kept.values())
    again = encode.matrix(LIBRARY[:12])
    assert encoder.encoded == 12
    assert all(np.shares_memory(row, again) for row in encode._kept.values())


def test_the_same_text_is_encoded_once_and_forgotten_when_gone() -> None:
    encoder = _Counting()
    encode = ClauseVectors(encoder)
    vectors = encode.matrix([LIBRARY[0], LIBRARY[0], LIBRARY[1]])
    assert encoder.encoded == 2
    assert np.array_equal(vectors[0], vectors[1])
    encode.keep_only(LIBRARY[1:2])
    encode.matrix(LIBRARY[:2])
    assert encoder.encoded == 3
    assert encode([]).shape == (0, 64)


def _snapshot(vectors: ExactIndex | None = None) -> tuple[Snapshot, list[IndexUnavailable]]:
    exact = ExactIndex(ClauseVectors(ENCODER))
    exact.build(LIBRARY)
    faults: list[IndexUnavailable] = []
    place_of = {clause.clause_id: place for place, clause in enumerate(LIBRARY)}
    snapshot = Snapshot(
        1,
        LIBRARY,
        LexicalIndex(LIBRARY),
        SemanticIndex(LIBRARY, ENCODER),
        exact,
        np.arange(len(LIBRARY)),
        vectors=vectors,
        failed=faults.append,
        place_of=place_of,
    )
    return snapshot, faults


def test_places_of_the_nearest_in_each_language() -> None:
    snapshot, _ = _snapshot()
    asked = {clause.language: ClauseVectors(ENCODER)([clause])[0] for clause in LIBRARY[::12]}
    places, similarities = snapshot.nearest_places(asked, count=3)
    found = [LIBRARY[place] for place in places]
    assert [clause.language for clause in found[::3]] == list(asked)
    assert np.allclose(similarities[::3], 1.0)
    assert len(places) == len(similarities) == 3 * len(asked)
    assert snapshot.nearest_places({}, count=3)[0].shape == (0,)


class _Refusing(ExactIndex):
    def __init__(self, fault: IndexUnavailable) -> None:
        super().__init__(ClauseVectors(ENCODER))
        self._fault = fault

    def nearest_each(self, vectors: Mapping[str, Vectors], *, count: int) -> list[list[tuple[str, float]]]:
        raise self._fault


def test_a_fault_is_told_and_a_busy_index_is_none() -> None:
    vector = ClauseVectors(ENCODER)([LIBRARY[0]])[0]
    for fault, told in ((IndexUnavailable("gone"), 1), (IndexBusy("later"), 0)):
        snapshot, faults = _snapshot(_Refusing(fault))
        ((name, _),) = snapshot.nearest(vector, language=LIBRARY[0].language, count=1)
        assert name == LIBRARY[0].clause_id
        assert len(faults) == told
