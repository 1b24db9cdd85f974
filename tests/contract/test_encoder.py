"""What is asked of every `WordEncoder`: the one that ships, and the one that stands in for it in tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.encoder.pieces import tokens
from knowledge.encoder.static import shipped
from knowledge.ports import Vectors, WordEncoder
from tests.fakes import FakeEncoder

ENCODERS: list[WordEncoder] = [shipped(), FakeEncoder(512)]


@pytest.fixture(params=ENCODERS, ids=lambda encoder: type(encoder).__name__)
def encoder(request: pytest.FixtureRequest) -> WordEncoder:
    found: WordEncoder = request.param
    return found


def encode(encoder: WordEncoder, text: str, language: str = "en") -> Vectors:
    (row,) = encoder.encode([text], [language])
    return np.asarray(row, dtype=np.float32)


@pytest.mark.parametrize("number", range(len(ENCODERS)))
@given(texts=st.lists(st.text(max_size=60), max_size=4))
def test_unit_vectors_of_the_promised_shape(number: int, texts: list[str]) -> None:
    encoder = ENCODERS[number]
    vectors = encoder.encode(texts, ["en"] * len(texts))
    assert vectors.shape == (len(texts), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: WordEncoder) -> None:
    texts = ["Payment is due on the first day.", "", "Kdaj zapade račun?", "за фактура " * 40]
    together = encoder.encode(texts, ["en", "en", "sl", "bg"])
    for text, language, row in zip(texts, ["en", "en", "sl", "bg"], together, strict=True):
        assert np.allclose(encode(encoder, text, language), row, atol=1e-5)


def test_case_and_diacritics_make_no_difference(encoder: WordEncoder) -> None:
    assert np.allclose(
        encode(encoder, "IZBRIŠI MOJ RAČUN", "sl"), encode(encoder, "izbrisi moj racun", "sl"), atol=1e-5
    )


def test_inflected_and_mistyped_words_are_near(encoder: WordEncoder) -> None:
    invoice = encode(encoder, "izdani račun", "sl")
    assert invoice @ encode(encoder, "izdanega racuna", "sl") > 0.3
    assert invoice @ encode(encoder, "izdani račnu", "sl") > 0.3
    assert invoice @ encode(encoder, "zaščita podatkov", "sl") < 0.25


def test_a_text_points_where_the_sum_of_its_words_does(encoder: WordEncoder) -> None:
    text = "Stopped? We erase closed accounts within 30 days."
    together = encoder.word_vectors(tokens(text)).sum(axis=0)
    assert np.allclose(together / np.linalg.norm(together), encode(encoder, text), atol=1e-5)


def test_a_word_has_the_same_vector_wherever_it_stands(encoder: WordEncoder) -> None:
    first, other, again = encoder.word_vectors(["invoice", "account", "invoice"])
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)
    assert encoder.word_vectors([]).shape == (0, encoder.dimensions)


def test_the_name_says_what_the_vectors_are_from(encoder: WordEncoder) -> None:
    assert encoder.name
    assert FakeEncoder(64).name != FakeEncoder(128).name
    assert len({encoder.name for encoder in ENCODERS}) == len(ENCODERS)


def test_the_shipped_encoder_reads_latin_bulgarian_as_cyrillic() -> None:
    cyrillic = encode(shipped(), "моля за нова фактура", "bg")
    assert cyrillic @ encode(shipped(), "molq za nova faktura", "bg") > 0.6


def test_to_the_shipped_encoder_words_without_a_subject_count_less() -> None:
    subject = encode(shipped(), "when is the invoice")
    assert subject @ encode(shipped(), "invoice") > subject @ encode(shipped(), "when is the")
