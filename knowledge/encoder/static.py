"""The embedded sentence encoder: a text is the sum of its words, a word the sum of its pieces.

The weights ship with the package and were made by `knowledge.encoder.training`. A text has the same
vector on every platform to 1e-3, in whatever language it is; nothing but numpy runs.
"""

import json
import threading
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.encoder.pieces import Pieces, tokens
from knowledge.errors import EncoderUnavailable
from knowledge.ports import Vectors

WEIGHTS = Path(__file__).parent / "weights"
# So many words are remembered with their vectors, half a kilobyte each.
MOST_REMEMBERED = 40_000
# So many texts are summed at once, which bounds memory and not speed.
CHUNK = 256
# What stands for nothing in the four bits of a number.
MIDDLE = 8

Packed = npt.NDArray[np.uint8]


class StaticEncoder:
    """An `Encoder`. Languages are not asked for: folding is the same for all of them."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        try:
            about = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
            # Read from the file as it is needed; as a plain array, since a memmap is slow to index.
            self._rows: Packed = np.asarray(np.load(folder / "rows.npy", mmap_mode="r"))
            self._scales: Vectors = np.load(folder / "scales.npy")
            self._pieces = Pieces((folder / "pieces.txt").read_text(encoding="utf-8").split("\n"))
        except (OSError, ValueError) as fault:
            raise EncoderUnavailable(
                f"the encoder's weights in {folder} cannot be read ({fault}): install the package again"
            ) from fault
        if not len(self._pieces) == len(self._rows) == len(self._scales):
            raise EncoderUnavailable(f"the encoder's files in {folder} do not belong together")
        self._name = str(about["name"])
        # Searches run in threads, and forgetting in one must not pull rows from under another.
        self._using = threading.Lock()
        self._remembered: dict[str, int] = {}
        self._table = np.zeros((1024, self.dimensions), dtype=np.float16)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return 2 * int(self._rows.shape[1])

    def encode(self, texts: Sequence[str], languages: Sequence[str] = ()) -> Vectors:
        """Return unit vectors; a text without a known word gets a vector that is near nothing."""
        found = [
            self.encode_words([tokens(text) for text in texts[at : at + CHUNK]])
            for at in range(0, len(texts), CHUNK)
        ]
        return np.concatenate(found) if found else np.zeros((0, self.dimensions), dtype=np.float32)

    def encode_words(self, texts: Sequence[Sequence[str]]) -> Vectors:
        """Return unit vectors of texts that are already folded words."""
        vectors = self.word_vectors([word for text in texts for word in text])
        result = sums(vectors, np.cumsum([0, *map(len, texts)]))
        lengths = np.linalg.norm(result, axis=1, keepdims=True)
        result[lengths[:, 0] == 0.0, 0] = 1.0
        result /= np.where(lengths == 0.0, 1.0, lengths)
        return result

    def word_vectors(self, folded: Sequence[str]) -> Vectors:
        """Return float32 of shape (words, dimensions); the length of a vector is the word's weight."""
        with self._using:
            if len(self._remembered) + len(folded) > MOST_REMEMBERED:
                self._remembered.clear()
            places = [self._place(word) for word in folded]
            return self._table[places].astype(np.float32)

    def _place(self, word: str) -> int:
        place = self._remembered.get(word)
        if place is None:
            place = self._remembered[word] = len(self._remembered)
            if place >= len(self._table):
                self._table = np.concatenate([self._table, np.zeros_like(self._table)])
            self._table[place] = self._composed(word)
        return place

    def _composed(self, word: str) -> Vectors:
        rows, shares = self._pieces.of(word)
        if not rows:
            return np.zeros(self.dimensions, dtype=np.float32)
        weights: Vectors = np.asarray(shares, dtype=np.float32) * self._scales[rows]
        composed: Vectors = weights @ unpacked(self._rows[rows])
        return composed


def packed(whole: npt.NDArray[np.int8]) -> Packed:
    """Return numbers from -7 to 7, shape (rows, dimensions), two to a byte: shape (rows, dimensions / 2)."""
    shifted = (whole + MIDDLE).astype(np.uint8)
    both: Packed = shifted[:, 0::2] | (shifted[:, 1::2] << np.uint8(4))
    return both


def unpacked(rows: Packed) -> Vectors:
    """Return what `packed` was given, as float32."""
    halves = np.stack([rows & np.uint8(15), rows >> np.uint8(4)], axis=-1)
    wide: Vectors = halves.reshape(len(rows), -1).astype(np.float32)
    wide -= MIDDLE
    return wide


def sums(vectors: Vectors, edges: Sequence[int] | npt.NDArray[np.int64]) -> Vectors:
    """Return the sum of each run `vectors[edges[i] : edges[i + 1]]`; a loop is faster here than reduceat."""
    result = np.zeros((len(edges) - 1, vectors.shape[1]), dtype=np.float32)
    for place, (start, end) in enumerate(pairwise(edges)):
        np.add.reduce(vectors[start:end], axis=0, out=result[place])
    return result


@cache
def shipped() -> StaticEncoder:
    """Return the encoder of the package, loaded once in a process."""
    return StaticEncoder()
