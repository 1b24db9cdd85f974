"""One suite over every `VectorIndex`, then what only the one in a directory must withstand."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.adapters.chroma import CANARIES, ChromaIndex
from knowledge.adapters.chroma_child import ChildStore
from knowledge.adapters.chroma_store import ChromaStore
from knowledge.errors import IndexUnavailable
from knowledge.exact import ClauseVectors, ExactIndex, clause_text
from knowledge.model import Clause
from knowledge.ports import VectorIndex, Vectors
from tests.bench.corpus import clauses
from tests.fakes import FakeEncoder

ENCODER = FakeEncoder(256)

Make = Callable[[], VectorIndex]


def clause(name: str, text: str, language: str = "en") -> Clause:
    return Clause(
        name, "t.md", "T", 1, date(2024, 1, 1), None, "H", ("H",), 0, language, text, f"{name}{text}"
    )


CLAUSES = (
    clause("card", "The card is charged on the first day of the month."),
    clause("erase", "We erase closed accounts within thirty days."),
    clause("seat", "A seat may be used by one agent."),
    clause("kartica", "Kartica se bremeni prvi dan v mesecu.", "sl"),
)
# More than Chroma is given at once, and than are compared one by one.
MANY = [one for one in clauses(2_250) if one.language == "en"]


def vector(text: str, language: str = "en") -> Vectors:
    (row,) = ENCODER.encode([text], [language])
    return np.asarray(row, dtype=np.float32)


def chroma(directory: Path, encoder: FakeEncoder = ENCODER) -> ChromaIndex:
    store = ChromaStore(directory / "vectors")
    return ChromaIndex(store, ClauseVectors(encoder), encoder_name=encoder.name)


def in_child(directory: Path) -> ChromaIndex:
    store = ChildStore(directory / "vectors")
    return ChromaIndex(store, ClauseVectors(ENCODER), encoder_name=ENCODER.name)


@pytest.fixture(params=["exact", "chroma", "child"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    makers: dict[str, Make] = {
        "exact": lambda: ExactIndex(ClauseVectors(ENCODER)),
        "chroma": lambda: chroma(tmp_path),
        "child": lambda: in_child(tmp_path),
    }
    made = makers[request.param]()
    yield made
    made.close()


def test_the_nearest_stand_first(index: VectorIndex) -> None:
    index.build(CLAUSES)
    found = index.nearest(vector("when is my card charged"), language="en", count=3)
    assert found[0][0] == "card"
    similarities = [similarity for _, similarity in found]
    assert similarities == sorted(similarities, reverse=True)
    assert all(-1.001 <= similarity <= 1.001 for similarity in similarities)


def test_a_text_is_wholly_like_itself(index: VectorIndex) -> None:
    index.build(CLAUSES)
    own = vector("H\nA seat may be used by one agent.")
    ((name, similarity),) = index.nearest(own, language="en", count=1)
    assert name == "seat"
    assert similarity == pytest.approx(1.0, abs=1e-4)


def test_languages_are_kept_apart(index: VectorIndex) -> None:
    index.build(CLAUSES)
    assert [name for name, _ in index.nearest(vector("kartica", "sl"), language="sl", count=9)] == ["kartica"]
    assert index.nearest(vector("kartica"), language="bg", count=9) == []


def test_several_languages_at_once(index: VectorIndex) -> None:
    index.build(CLAUSES)
    asked = {"sl": vector("kartica", "sl"), "bg": vector("карта", "bg"), "en": vector("seat")}
    found = index.nearest_each(asked, count=2)
    assert found == [index.nearest(one, language=language, count=2) for language, one in asked.items()]
    assert [len(nearest) for nearest in found] == [1, 0, 2]


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (3, 3), (50, 3)])
def test_as_many_as_there_are(index: VectorIndex, count: int, expected: int) -> None:
    index.build(CLAUSES)
    assert len(index.nearest(vector("card"), language="en", count=count)) == expected


def test_building_again_replaces(index: VectorIndex) -> None:
    index.build(CLAUSES)
    index.build([clause("card", "The card expires."), clause("new", "A new clause about seats.")])
    names = {name for name, _ in index.nearest(vector("card"), language="en", count=9)}
    assert names == {"card", "new"}
    assert index.nearest(vector("kartica", "sl"), language="sl", count=9) == []


def test_an_empty_library(index: VectorIndex) -> None:
    index.build([])
    assert index.nearest(vector("card"), language="en", count=3) == []


def test_more_clauses_than_a_batch(index: VectorIndex) -> None:
    index.build(MANY)
    found = index.nearest(vector(clause_text(MANY[321])), language="en", count=5)
    assert found[0][0] == MANY[321].clause_id


def test_what_is_whole_passes_every_check(index: VectorIndex) -> None:
    index.build(MANY)
    for number in range(5):
        index.check(number)


def test_exact_and_chroma_agree(tmp_path: Path) -> None:
    exact, stored = ExactIndex(ClauseVectors(ENCODER)), chroma(tmp_path)
    exact.build(CLAUSES)
    stored.build(CLAUSES)
    question = vector("erase my account")
    expected = exact.nearest(question, language="en", count=3)
    found = stored.nearest(question, language="en", count=3)
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=1e-4)
    stored.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    first, second = chroma(tmp_path), chroma(tmp_path)
    first.build(CLAUSES)
    with pytest.raises(IndexUnavailable, match="another process"):
        second.build(CLAUSES)
    with pytest.raises(IndexUnavailable, match="not open"):
        second.nearest(vector("card"), language="en", count=1)
    first.close()
    second.build(CLAUSES)
    assert second.nearest(vector("card"), language="en", count=1)[0][0] == "card"
    second.close()


def test_opened_again_it_encodes_only_its_canaries(tmp_path: Path) -> None:
    first = chroma(tmp_path)
    first.build(CLAUSES)
    first.close()
    encoded: list[str] = []

    def counted(clauses: object) -> Vectors:
        assert isinstance(clauses, list)
        encoded.extend(one.clause_id for one in clauses)
        return ClauseVectors(ENCODER)(clauses)

    many = [clause(f"c{number}", f"Clause number {number}.") for number in range(30)]
    again = ChromaIndex(ChromaStore(tmp_path / "vectors"), counted, encoder_name=ENCODER.name)
    again.build(many)
    again.close()
    encoded.clear()
    again.build(many)
    assert len(encoded) == CANARIES
    again.close()


def test_another_encoder_makes_it_anew(tmp_path: Path) -> None:
    first = chroma(tmp_path)
    first.build(CLAUSES)
    first.close()
    wider = FakeEncoder(512)
    second = chroma(tmp_path, wider)
    second.build(CLAUSES)
    assert second.nearest(wider.encode(["card"], ["en"])[0], language="en", count=1)[0][0] == "card"
    second.close()


def _overwrite_database(directory: Path) -> None:
    for file in directory.rglob("chroma.sqlite3"):
        file.write_bytes(b"this is no database" * 100)


def _empty_database(directory: Path) -> None:
    for file in directory.rglob("chroma.sqlite3"):
        file.write_bytes(b"")


def _remove(directory: Path) -> None:
    shutil.rmtree(directory)


@pytest.mark.parametrize("damage", [_overwrite_database, _empty_database, _remove])
def test_a_damaged_directory_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    index = chroma(tmp_path)
    index.build(CLAUSES)
    index.close()
    damage(tmp_path / "vectors")
    index.build(CLAUSES)
    assert index.nearest(vector("card charged"), language="en", count=1)[0][0] == "card"
    index.close()


def test_a_directory_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    index = chroma(tmp_path)
    (tmp_path / "vectors").write_text("a file where a folder should be")
    with pytest.raises(IndexUnavailable, match="failed"):
        index.build(CLAUSES)
    index.close()


def test_a_short_collection_is_noticed(tmp_path: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    index = chroma(tmp_path)
    index.build(CLAUSES)
    index.close()
    (store,) = (tmp_path / "vectors").glob("store-*")
    client = chromadb.PersistentClient(path=str(store), settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        if collection.name.startswith("clauses-en"):
            collection.delete(ids=["erase"])
    client.close()  # type: ignore[attr-defined]
    index.build(CLAUSES)
    names = [name for name, _ in index.nearest(vector("erase"), language="en", count=9)]
    assert sorted(names) == ["card", "erase", "seat"]
    index.close()


def test_a_collection_with_other_vectors_is_noticed(tmp_path: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    index = chroma(tmp_path)
    index.build(CLAUSES)
    index.close()
    (store,) = (tmp_path / "vectors").glob("store-*")
    client = chromadb.PersistentClient(path=str(store), settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        if collection.name.startswith("clauses-en"):
            lie = vector("nothing of the kind at all").tolist()
            collection.update(ids=["card", "erase", "seat"], embeddings=[lie, lie, lie])
    client.close()  # type: ignore[attr-defined]
    index.build(CLAUSES)
    assert index.nearest(vector("erase accounts"), language="en", count=1)[0][0] == "erase"
    index.close()


def test_a_fault_while_asked_is_unavailable(tmp_path: Path) -> None:
    index = chroma(tmp_path)
    index.build(CLAUSES)
    wrong: Vectors = FakeEncoder(16).encode(["card"], ["en"])[0]
    with pytest.raises(IndexUnavailable, match="failed"):
        index.nearest(wrong, language="en", count=1)
    index.close()
