"""Texts as arrays: each text a run of word numbers, each word a run of rows in the weights."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.encoder.pieces import Pieces, tokens

Floats = npt.NDArray[np.float32]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runs:
    """Many short runs of numbers in one array; run i is `values[starts[i] : starts[i + 1]]`."""

    values: Longs
    starts: Longs

    @classmethod
    def of(cls, runs: Iterable[Sequence[int]]) -> "Runs":
        kept = [np.asarray(run, dtype=np.int64) for run in runs]
        starts = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum([len(run) for run in kept], out=starts[1:])
        return cls(np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, which: Longs) -> tuple[Longs, Longs, Longs]:
        """Return (values, starts without the last, places of the values) of the runs asked for, in order."""
        lengths = self.starts[which + 1] - self.starts[which]
        ends = np.cumsum(lengths)
        firsts = ends - lengths
        places = np.arange(ends[-1] if len(ends) else 0) - np.repeat(firsts - self.starts[which], lengths)
        return self.values[places], firsts, places


class Words:
    """Numbers words as they come, so that a word met in many texts is composed once in a batch."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def read(self, texts: Iterable[str]) -> Runs:
        numbers = self.numbers
        return Runs.of(
            [numbers.setdefault(word, len(numbers)) for word in tokens(text)] or [self._empty()]
            for text in texts
        )

    def _empty(self) -> int:
        """A text without a word still needs a vector."""
        return self.numbers.setdefault("", len(self.numbers))

    def pieces(self, vocabulary: Pieces) -> tuple[Runs, Floats]:
        """Return the rows of every word numbered so far, and what each row counts in it."""
        found = [vocabulary.of(word) for word in self.numbers]
        shares = np.concatenate([np.asarray(share, dtype=np.float32) for _, share in found])
        return Runs.of(rows for rows, _ in found), shares
