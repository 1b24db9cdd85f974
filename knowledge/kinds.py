"""Whether a question is of the kind that terms and policies settle at all.

How to connect a mailbox, what the next version brings, who founded the company: a library may hold
clauses with all of these words, and still none of them answers. The nearest of some twenty thousand
written questions tell, each of which is marked with how often companies' documents settle it.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.encoder.static import WEIGHTS
from knowledge.errors import EncoderUnavailable
from knowledge.ports import Vectors

FILE = "kinds.npz"
NEIGHBOURS = 40
SHARPNESS = 8.0
# Keeps the odds finite where all neighbours agree: as if one in two hundred were of either kind.
DOUBT = 0.005


class Kinds:
    """`directions`: (dimensions, few), which shorten a vector; `questions`: (count, few) in eight bits, with
    `scales` (few); `shares`: tenths, how often documents settle it; `groups`: questions of one topic.
    """

    def __init__(
        self,
        directions: Vectors,
        questions: npt.NDArray[np.int8],
        scales: Vectors,
        shares: npt.NDArray[np.uint8],
        groups: npt.NDArray[np.uint16],
    ) -> None:
        self._directions = directions.astype(np.float32)
        self._questions = questions.astype(np.float32) * scales
        self._shares = shares.astype(np.float32) / 10
        self._groups = groups

    def log_odds(self, direction: Vectors, *, apart_from: int | None = None) -> float:
        """Return the log odds that a clause would settle a question with this direction, whatever the
        library; 0 is undecided. `apart_from` leaves a group out, as when its own questions are judged.
        """
        short = direction @ self._directions
        near = self._questions @ (short / max(float(np.linalg.norm(short)), 1e-9))
        if apart_from is not None:
            near[self._groups == apart_from] = -1.0
        count = min(NEIGHBOURS, len(near))
        nearest = np.argpartition(-near, count - 1)[:count]
        weights = np.exp(SHARPNESS * (near[nearest] - near[nearest].max()))
        share = float(weights @ self._shares[nearest]) / float(weights.sum())
        share = DOUBT + (1 - 2 * DOUBT) * share
        return math.log(share / (1 - share))


@cache
def shipped_kinds(folder: Path = WEIGHTS) -> Kinds:
    """Return what ships beside the encoder's weights, loaded once in a process."""
    try:
        with np.load(folder / FILE) as kept:
            return Kinds(
                kept["directions"], kept["questions"], kept["scales"], kept["shares"], kept["groups"]
            )
    except (OSError, ValueError, KeyError) as fault:
        raise EncoderUnavailable(
            f"{folder / FILE} cannot be read ({fault}): install the package again"
        ) from fault
