"""The encoder while it learns, in torch. What ships is numpy; `export.py` goes from here to there."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from knowledge.encoder.training.bags import Floats, Longs, Runs

DIMENSIONS = 256


# Without torch, which is no dependency, a module is of no known type.
class Student(nn.Module):  # type: ignore[misc, unused-ignore]
    """A word is the weighted sum of its pieces' rows, a text the direction of the sum of its words."""

    def __init__(self, pieces: int, words: Runs, shares: Floats, *, dimensions: int = DIMENSIONS) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.randn(pieces, dimensions) * 0.02)
        self._words, self._shares = words, shares

    def word_vectors(self, words: Longs) -> Tensor:
        """Return one vector a word, float32 of shape (words, dimensions)."""
        rows, starts, places = self._words.take(words)
        return functional.embedding_bag(
            torch.from_numpy(rows),
            self.rows,
            torch.from_numpy(starts),
            mode="sum",
            per_sample_weights=torch.from_numpy(self._shares[places]),
        )

    def bags(self, texts: Runs, which: Longs, *, drop: float = 0.0) -> tuple[Tensor, Tensor, Tensor, Longs]:
        """Return (text vectors of length 1, vectors of the distinct words, the words' numbers among
        these in text order, where each text starts). `drop` is the share of words left out at random.
        """
        values, starts, _ = texts.take(which)
        if drop:
            values, starts = _thinned(values, starts, drop)
        distinct, inverse = np.unique(values, return_inverse=True)
        vectors = self.word_vectors(distinct)
        numbers = torch.from_numpy(inverse)
        sums = functional.embedding_bag(numbers, vectors, torch.from_numpy(starts), mode="sum")
        return functional.normalize(sums, dim=1), vectors, numbers, starts

    def forward(self, texts: Runs, which: Longs, *, drop: float = 0.0) -> Tensor:
        return self.bags(texts, which, drop=drop)[0]


def _thinned(values: Longs, starts: Longs, drop: float) -> tuple[Longs, Longs]:
    """Leave words out, but never the first of a text, so that no text becomes empty."""
    keep = np.random.default_rng().random(len(values)) >= drop
    keep[starts] = True
    before = np.concatenate([[0], np.cumsum(keep)])
    return values[keep], before[starts].astype(np.int64)
