"""Whether a question is of the kind that terms and policies settle at all.

How to connect a mailbox, what the next version brings, who founded the company: a library may hold
clauses with all of these words, and still none of them answers. Learned from questions of both kinds.
"""

from functools import cache
from pathlib import Path

import numpy as np

from knowledge.encoder.static import WEIGHTS
from knowledge.errors import EncoderUnavailable
from knowledge.ports import Vectors

FILE = "kind.npy"


@cache
def _weights(folder: Path) -> Vectors:
    try:
        weights: Vectors = np.load(folder / FILE)
    except (OSError, ValueError) as fault:
        raise EncoderUnavailable(
            f"{folder / FILE} cannot be read ({fault}): install the package again"
        ) from fault
    return weights


def settled_kind(direction: Vectors, folder: Path = WEIGHTS) -> float:
    """Return the log odds that a clause would settle a question with this direction; 0 is undecided."""
    weights = _weights(folder)
    return float(direction @ weights[:-1] + weights[-1])
