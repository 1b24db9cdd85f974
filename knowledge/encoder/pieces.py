"""A word as the encoder reads it: the whole word where it is known, and its character n-grams.

Inflected forms share most of their n-grams, so that a form nobody taught still lies near its sisters,
and so does a slip of the finger. Folding is the same for every language, at training and at use.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from knowledge.folding import fold_word, words

Ids = npt.NDArray[np.int32]

SIZES = (3, 4, 5, 6)
# A longer "word" is an address or noise; its beginning tells enough.
LONGEST = 24


def tokens(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    return [fold_word(word, "")[:LONGEST] for word in words(text)]


def grams(word: str) -> list[str]:
    """Return the character n-grams of a folded word, its ends marked; a number has none.

    >>> grams("dan")
    ['<da', 'dan', 'an>', '<dan', 'dan>', '<dan>']
    """
    if word.isdigit():
        return []
    marked = f"<{word}>"
    return [marked[at : at + size] for size in SIZES for at in range(len(marked) - size + 1)]


class Pieces:
    """The vocabulary: what has a row in the weights. A whole word is kept as ` word`, an n-gram as it is."""

    def __init__(self, names: Iterable[str]) -> None:
        self._rows: Mapping[str, int] = {name: row for row, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, word: str) -> tuple[list[int], list[float]]:
        """Return the rows of a folded word and what each counts; empty for a word of which nothing is known.

        The n-grams together count as much as one row and the square root of their number, so that
        neither long words nor known ones drown the rest.
        """
        parts = [self._rows[gram] for gram in grams(word) if gram in self._rows]
        share = [max(len(parts), 1) ** -0.5] * len(parts)
        whole = self._rows.get(f" {word}")
        return (parts, share) if whole is None else ([whole, *parts], [1.0, *share])
