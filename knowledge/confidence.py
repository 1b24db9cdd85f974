"""How likely it is that the first passages answer: from what was found and from reading it, learned on
questions with and without an answer (`python -m tests.bench.weigh`).
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import numpy.typing as npt

from knowledge.answer_types import asks_for, gives
from knowledge.bm25 import Scores
from knowledge.folding import words
from knowledge.fusion import Features, column
from knowledge.kinds import shipped_kinds
from knowledge.model import Clause
from knowledge.semantic import QuestionMeaning

# So many of the first passages are looked through for the form that the answer must have.
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question and its first passages show. More was tried (leads over the next, how much of the
    question is said); it told no more about documents that it had not been fitted to.
    """

    best: float = 0.0
    """The first passage's score, in log odds; of what it is made of, its best sentence and its n-grams."""
    sentence: float = 0.0
    grams: float = 0.0
    length: float = 0.0
    """The logarithm of one more than the number of words asked with."""
    kind: float = 0.0
    """The log odds that a clause would settle such a question, whatever the library."""
    lacking: float = 0.0
    """1 where the answer must be a price, a time or the like and the first passages hold none."""
    reading: float = 0.0
    """The log odds, by the reader, that the first passage answers, and of the likeliest of those read."""
    likeliest: float = 0.0


NAMES = tuple(field.name for field in fields(Evidence))


def evidence(
    meaning: QuestionMeaning | None,
    question: str,
    shown: Sequence[Clause],
    table: Features,
    scores: Scores,
    odds: Scores,
    kind: float | None = None,
) -> Evidence:
    """Read the evidence off the first rows. `shown` are the first SHOWN clauses; `table` and `scores` begin
    with the best passage's, `odds` are the reader's of the first; `kind` is taken for the kind's log odds.
    """
    if meaning is None or not shown:
        return Evidence()
    forms = asks_for(question)
    return Evidence(
        best=float(scores[0]),
        sentence=float(table[0, column("sentence")]),
        grams=float(table[0, column("grams")]),
        length=math.log1p(len(words(question))),
        kind=shipped_kinds().log_odds(meaning.direction) if kind is None else kind,
        lacking=float(bool(forms) and not any(gives(clause.headed, forms) for clause in shown)),
        reading=float(odds[0]),
        likeliest=float(odds.max()),
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic function of the evidence, and where the answers begin and the doubt ends."""

    weights: Evidence = Evidence(
        best=0.270,
        sentence=1.744,
        grams=5.883,
        length=0.561,
        kind=0.761,
        lacking=-1.239,
        reading=0.558,
        likeliest=0.265,
    )
    bias: float = -1.788
    answers_from: float = 0.5
    doubts_from: float = 0.3

    def __call__(self, seen: Evidence) -> float:
        """Return a calibrated probability in 0..1."""
        total = self.bias + sum(w * x for w, x in zip(astuple(self.weights), astuple(seen), strict=True))
        return 1.0 / (1.0 + math.exp(-min(max(total, -50.0), 50.0)))


def as_row(seen: Evidence) -> npt.NDArray[np.float64]:
    return np.array(astuple(seen))
