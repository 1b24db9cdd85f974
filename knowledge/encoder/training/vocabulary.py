"""Which words and n-grams get a row in the weights: the frequent ones, the product's languages first."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from knowledge.encoder.pieces import grams

WORDS = 60_000
GRAMS = 80_000


def choose(counts: Mapping[str, float], *, words: int = WORDS, parts: int = GRAMS) -> list[str]:
    """Return the names of the rows: ` word` for whole words, then n-grams, the most frequent first.

    `counts` are occurrences of folded words, weighted by language. An n-gram is worth the dampened
    count of the words that it stands in: one in many words is worth more than one in a frequent word.
    """
    worth: defaultdict[str, float] = defaultdict(float)
    for word, count in counts.items():
        weight = math.sqrt(count)
        for gram in set(grams(word)):
            worth[gram] += weight
    whole = _most(((word, count) for word, count in counts.items()), words)
    return [*(f" {word}" for word in whole), *_most(worth.items(), parts)]


def _most(counted: Iterable[tuple[str, float]], number: int) -> list[str]:
    ordered = sorted(counted, key=lambda item: (-item[1], item[0]))
    return [name for name, _ in ordered[:number]]
