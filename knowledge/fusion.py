"""What speaks for a clause, and how much each of it weighs.

The weights were learned, none was set by hand: `python -m tests.bench.weigh` learns them anew, as the
odds that a clause is the one that settles a question, and prints what each left-out document scores.
"""

from dataclasses import astuple, dataclass, fields

import numpy as np
import numpy.typing as npt

from knowledge.bm25 import Scores
from knowledge.lexical import LexicalScores
from knowledge.semantic import SemanticScores

Features = npt.NDArray[np.float64]

# How n-grams and lemmas count against each other where the best of a section is looked for.
LEMMA_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Weights:
    """One weight for each feature, in the order of the columns of `features`, in units of log odds."""

    grams: float = 1.21
    lemmas: float = 0.99
    section: float = 1.0
    sentence: float = 3.29
    whole: float = 3.56
    heading: float = 1.72
    path: float = 1.68
    words: float = 2.58
    together: float = 2.09
    headings: float = 0.91

    def __call__(self, features: Features) -> Scores:
        """Return a score for each row of `features`; differences of scores are log odds."""
        scores: Scores = features @ np.array(astuple(self))
        return scores

    @property
    def total(self) -> float:
        """The score that no clause exceeds."""
        return float(sum(astuple(self)))


NAMES = tuple(field.name for field in fields(Weights))


def column(name: str) -> int:
    return NAMES.index(name)


# What a clause in another language than the question's loses: where both languages have the clause, the
# customer's own comes first, and a clearly better one in another language is still found.
OTHER_LANGUAGE = 2.5


def features(lexical: LexicalScores, section: Scores, semantic: SemanticScores | None) -> Features:
    """Return a row for each clause, a column for each weight; `section` is the best lexical score under
    the same headings. Without a word that the encoder knows, only words as they are written speak.
    """
    count = len(lexical.grams)
    meaning = (
        [np.zeros(count)] * 7
        if semantic is None
        else [
            semantic.sentence,
            semantic.whole,
            semantic.heading,
            semantic.path,
            semantic.words,
            semantic.together,
            semantic.headings,
        ]
    )
    return np.column_stack([lexical.grams, lexical.lemmas, section, *meaning])


def lexical_mean(lexical: LexicalScores) -> Scores:
    """Return n-grams and lemmas as one score in 0..1."""
    return (lexical.grams + LEMMA_SHARE * lexical.lemmas) / (1 + LEMMA_SHARE)
