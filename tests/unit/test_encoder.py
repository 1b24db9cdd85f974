"""The hashed encoder: the same vector everywhere, near for what shares words or parts of words."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.encoder.hashed import HashedEncoder
from knowledge.ports import Encoder, Vectors

ENCODER: Encoder = HashedEncoder()


def encode(text: str, language: str = "en") -> Vectors:
    (row,) = ENCODER.encode([text], [language])
    return np.asarray(row, dtype=np.float32)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_unit_vectors_of_the_promised_shape(texts: list[str]) -> None:
    vectors = ENCODER.encode(texts, ["en"] * len(texts))
    assert vectors.shape == (len(texts), ENCODER.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_the_vector_is_the_same_on_every_platform() -> None:
    expected = np.zeros(64)
    for feature, weight in (
        (" xy", 1),
        ("xyz", 1),
        ("yz ", 1),
        (" xyz", 1),
        ("xyz ", 1),
        (" xyz ", 1),
        ("\0xyz", 2),
    ):
        code = zlib.crc32(feature.encode())
        expected[code % 64] += (1 if code >> 31 else -1) * weight
    vector = HashedEncoder(64).encode(["xyz"], ["xx"])[0]
    assert np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)


def test_inflected_and_mistyped_words_are_near() -> None:
    invoice = encode("izdani račun", "sl")
    assert invoice @ encode("izdanega racuna", "sl") > 0.3
    assert invoice @ encode("izdani račnu", "sl") > 0.3
    assert abs(float(invoice @ encode("zaščita podatkov", "sl"))) < 0.2


def test_latin_bulgarian_is_near_cyrillic() -> None:
    assert encode("моля за нова фактура", "bg") @ encode("molq za nova faktura", "bg") > 0.7


def test_words_without_a_subject_count_less() -> None:
    subject = encode("when is the invoice")
    assert subject @ encode("invoice") > subject @ encode("when is the")


def test_the_name_tells_dimensions_apart() -> None:
    assert HashedEncoder(128).name != HashedEncoder(256).name
    with pytest.raises(ValueError, match="at least 2"):
        HashedEncoder(1)
