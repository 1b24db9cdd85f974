"""Two numbers of four bits in a byte: what goes in comes out, and rows lose little on the way."""

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge.encoder.static import StaticEncoder, packed, unpacked
from knowledge.encoder.training.export import MOST, in_four_bits, write_weights


def test_every_pair_of_numbers_comes_back() -> None:
    span = np.arange(-MOST, MOST + 1, dtype=np.int8)
    whole = np.array([[first, second] for first in span for second in span], dtype=np.int8)
    stored = packed(whole)
    assert stored.dtype == np.uint8
    assert stored.shape == (len(span) ** 2, 1)
    assert len(np.unique(stored)) == len(whole)
    assert (unpacked(stored) == whole).all()


def test_dimensions_keep_their_order() -> None:
    whole = np.array([[1, -2, 3, -4, 5, -6]], dtype=np.int8)
    assert unpacked(packed(whole)).tolist() == whole.tolist()


@pytest.mark.parametrize("shape", ["normal", "one that stands out", "zero", "alike"])
def test_a_row_loses_little(shape: str) -> None:
    """A row of 256 as the training makes them; one that stands out must not press the others to nothing."""
    row = np.random.default_rng(3).normal(size=(1, 256)).astype(np.float32)
    if shape == "one that stands out":
        row[0, 7] = 30.0
    elif shape == "zero":
        row[:] = 0.0
    elif shape == "alike":
        row[:] = 0.25
    whole, scales = in_four_bits(row)
    lost = float(np.square(whole * scales[:, None] - row).sum())
    assert np.abs(whole).max() <= MOST
    assert lost <= {"normal": 0.02, "one that stands out": 0.25, "zero": 0.0, "alike": 1e-6}[shape] * float(
        np.square(row).sum()
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    names = [" invoice", " refund", " receipt"]  # a space begins a whole word
    rows = np.random.default_rng(4).normal(size=(3, 16)).astype(np.float32)
    name = write_weights(tmp_path, names, rows)
    encoder = StaticEncoder(tmp_path)
    assert (encoder.name, encoder.dimensions) == (name, 16)
    assert json.loads((tmp_path / "encoder.json").read_text())["pieces"] == 3
    near = encoder.encode(["invoice", "refund"]) @ (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T
    assert near[0].argmax() == 0
    assert near[1].argmax() == 1
    assert near.max(axis=1).min() > 0.97
