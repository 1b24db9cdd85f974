"""The first passages are read, each together with the question, and put in order anew.

What found them are sums over words. The reader knows which words belong together, but less of the library:
its judgement is added to the scores of the first few and moves nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.bm25 import Places, Scores
from knowledge.encoder.reader import log_odds
from knowledge.model import Clause

# So many are read; 3 ms each. Five put no more in the right order, and ten less.
READ = 3
# In a library so large that only the nearest clauses are compared, the search itself takes the time there is.
READ_AT_SIZE = 1
# What the reader's log odds count beside a score, which is in log odds too (`python -m tests.bench.weigh`).
WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Reread:
    """`order` says in which order the passages stand anew, `odds` are the reader's log odds in that order."""

    order: Places
    odds: Scores


def reread(question: str, clauses: Sequence[Clause], scores: Scores, *, weight: float = WEIGHT) -> Reread:
    """Read `clauses`, which stand best first; `scores` are theirs, and may be those of more behind them."""
    odds = np.array([log_odds(question, one.headed) for one in clauses])
    # Rounded, so that the last bits of a sum never decide between machines.
    order = np.argsort(-np.round(scores[: len(odds)] + weight * odds, 2), kind="stable")
    return Reread(order, odds[order])
