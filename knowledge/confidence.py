"""How likely it is that the first passages answer: from what was found and from reading it, learned on
questions with and without an answer (`python -m tests.bench.weigh`).
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import numpy.typing as npt

from knowledge.answer_types import asks_for, gives
from knowledge.bm25 import Places, Scores
from knowledge.folding import words
from knowledge.fusion import Features, column
from knowledge.kinds import shipped_kinds
from knowledge.model import Clause
from knowledge.semantic import QuestionMeaning, SemanticIndex

# How near the nearest word of a clause must be for a word of the question to count as said there.
SAID = 0.6
# So many of the weightiest words of a question are looked at one by one.
HEAVY = 3
# The first passage is compared with so many that follow it.
RIVALS = 5
# So many of the first passages are looked through for the form that the answer must have.
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question and its first passages show; all but the first three are shares or small."""

    best: float = 0.0
    """The first passage's score, in log odds."""
    margin: float = 0.0
    """By how much it leads the second, and on average the next five."""
    lead: float = 0.0
    words: float = 0.0
    """How near its nearest words are to the question's on average; which share of them it says."""
    said: float = 0.0
    worst: float = 0.0
    """The least said of the question's weightiest words."""
    sentence: float = 0.0
    grams: float = 0.0
    length: float = 0.0
    """The logarithm of one more than the number of words asked with."""
    kind: float = 0.0
    """The log odds that a clause would settle such a question, whatever the library."""
    given: float = 0.0
    """1 where the answer must be a price, a time or the like and the first passages hold one; `lacking` is 1
    where it must and they do not."""
    lacking: float = 0.0
    reading: float = 0.0
    """The log odds, by the reader, that the first passage answers, and of the likeliest of those read."""
    likeliest: float = 0.0


NAMES = tuple(field.name for field in fields(Evidence))


def evidence(
    index: SemanticIndex,
    meaning: QuestionMeaning | None,
    question: str,
    clauses: Sequence[Clause],
    order: Places,
    table: Features,
    scores: Scores,
    odds: Scores,
    kind: float | None = None,
) -> Evidence:
    """Read the evidence off the first rows. `clauses` are the library's, `order` places among them, `table`
    theirs, best first, `scores` sorted; `odds` are the reader's of the first few, and `kind` is what is to be
    taken for the kind's log odds.
    """
    if meaning is None or not len(order):
        return Evidence()
    near = index.coverage(meaning, int(order[0]))
    heavy = np.argsort(-meaning.weights, kind="stable")[:HEAVY]
    rivals = scores[1 : 1 + RIVALS]
    best = float(scores[0])
    forms = asks_for(question)
    shown = [clauses[place] for place in order[:SHOWN]] if forms else []
    given = any(gives(clause.headed, forms) for clause in shown)
    return Evidence(
        best=best,
        margin=best - float(rivals[0]) if len(rivals) else 0.0,
        lead=best - float(rivals.mean()) if len(rivals) else 0.0,
        words=float(table[0, column("words")]),
        said=float(meaning.weights[near > SAID].sum()),
        worst=float(near[heavy].min()),
        sentence=float(table[0, column("sentence")]),
        grams=float(table[0, column("grams")]),
        length=math.log1p(len(words(question))),
        kind=shipped_kinds().log_odds(meaning.direction) if kind is None else kind,
        given=float(given),
        lacking=float(bool(forms) and not given),
        reading=float(odds[0]),
        likeliest=float(odds.max()),
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic function of the evidence, and where the answers begin and the doubt ends."""

    weights: Evidence = Evidence(
        best=0.093,
        margin=0.042,
        lead=0.157,
        words=0.392,
        said=0.655,
        worst=1.512,
        sentence=1.812,
        grams=0.810,
        length=0.375,
        kind=0.482,
        given=0.242,
        lacking=-0.678,
        reading=0.336,
        likeliest=0.191,
    )
    bias: float = -1.967
    answers_from: float = 0.45
    doubts_from: float = 0.3

    def __call__(self, seen: Evidence) -> float:
        """Return a calibrated probability in 0..1."""
        total = self.bias + sum(w * x for w, x in zip(astuple(self.weights), astuple(seen), strict=True))
        return 1.0 / (1.0 + math.exp(-min(max(total, -50.0), 50.0)))


def as_row(seen: Evidence) -> npt.NDArray[np.float64]:
    return np.array(astuple(seen))
