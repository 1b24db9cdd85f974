"""BM25 against the formula by hand, and what its bounds promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bm25 import BM25, best
from knowledge.lexical import LexicalIndex
from tests.bench.corpus import clauses, questions
from tests.bm25_by_hand import PlainBM25, counted, shares

DOCUMENTS: list[dict[str, float]] = [
    {"card": 1, "charge": 2},
    {"card": 1},
    {"data": 3, "erase": 1, "card": 1},
]


def test_the_formula() -> None:
    model = BM25(DOCUMENTS, k1=1.2, b=0.75)
    lengths = [3, 1, 5]
    norm = 1.2 * (0.25 + 0.75 * lengths[0] / 3)
    idf = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert model.scores({"charge": 1.0})[0] == pytest.approx(idf * 2 * 2.2 / (2 + norm))
    assert model.scores({"charge": 1.0})[1] == 0.0


def test_rare_terms_count_more_and_unknown_ones_most() -> None:
    model = BM25(DOCUMENTS)
    assert 0 < model.idf("card") < model.idf("erase") < model.idf("never said")


def test_a_term_weighs_what_the_question_says() -> None:
    model = BM25(DOCUMENTS)
    assert np.allclose(model.scores({"card": 0.5}), model.scores({"card": 1.0}) / 2)


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcdef"), st.floats(0.5, 50), min_size=1), min_size=1, max_size=8
    ),
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.1, 1), min_size=1),
)
def test_no_document_passes_the_ceiling(
    documents: list[dict[str, float]], question: dict[str, float]
) -> None:
    model = BM25(documents)
    scores = model.scores(question)
    assert (scores >= 0).all()
    assert (scores < model.ceiling(question)).all()


@pytest.mark.parametrize("documents", [[], [{}], [{}, {"a": 1.0}]])
def test_empty_documents(documents: list[dict[str, float]]) -> None:
    model = BM25(documents)
    assert model.scores({"a": 1.0}).shape == (len(documents),)
    assert np.isfinite(model.scores({"a": 1.0})).all()
    assert model.ceiling({}) == 0.0


TERMS = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.25, 50), max_size=6)


@given(
    st.lists(TERMS, max_size=9),
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.1, 1), max_size=8),
)
def test_arrays_agree_with_dictionaries(
    documents: list[dict[str, float]], question: dict[str, float]
) -> None:
    model, plain = BM25(documents, k1=0.8, b=0.4), PlainBM25(documents, k1=0.8, b=0.4)
    assert model.scores(question) == pytest.approx(plain.scores(question), rel=1e-5, abs=1e-6)
    assert model.ceiling(question) == pytest.approx(plain.ceiling(question))


def test_a_library_is_scored_as_if_counted_clause_by_clause(monkeypatch: pytest.MonkeyPatch) -> None:
    """More clauses of a language than are counted at a time, so that parts are put together."""
    monkeypatch.setattr("knowledge.lexical.PART", 25)
    library = clauses(300)
    index = LexicalIndex(library)
    for asked, language in questions(library, 3):
        found = index.scores(asked, language)
        for own in index.languages:
            members = [one for one in library if one.language == own]
            lemmas, parts = zip(*map(counted, members), strict=True)
            terms = index.terms(asked, own, language)
            assert found.lemmas[index.places(own)] == pytest.approx(shares(lemmas, terms.lemmas), abs=1e-6)
            assert found.grams[index.places(own)] == pytest.approx(shares(parts, terms.grams), abs=1e-6)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3]), max_size=40), st.integers(-1, 50))
def test_the_best_stand_first_and_equal_ones_in_order(values: list[float], count: int) -> None:
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[: max(count, 0)]
    assert best(np.array(values), count).tolist() == expected


def test_the_best_of_a_section() -> None:
    library = clauses(200)
    index = LexicalIndex(library)
    scores = np.random.default_rng(1).random(len(library))
    highest: dict[tuple[str, ...], float] = {}
    for clause, score in zip(library, scores, strict=True):
        key = (clause.document, *clause.path)
        highest[key] = max(highest.get(key, 0.0), score)
    expected = [highest[(clause.document, *clause.path)] for clause in library]
    assert index.best_of_section(scores).tolist() == expected
