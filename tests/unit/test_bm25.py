"""BM25 against the formula by hand, and what its bounds promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bm25 import BM25

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
