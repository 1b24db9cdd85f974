"""Second lesson: a question lies near the clauses that settle it and far from those that nearly do.

Every clause of every learned topic is a negative for the others' questions, so that the hardest are
always among them; and "none of them" is one more choice, the right one for questions that no clause
settles, so that a score means the same from question to question. The first lesson goes on beside, lest
what the topics do not speak of is forgotten.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from knowledge.encoder.training.bags import Floats, Longs
from knowledge.encoder.training.distil import translation_loss
from knowledge.encoder.training.exercises import Exercises
from knowledge.encoder.training.lessons import Lessons
from knowledge.encoder.training.student import Student
from knowledge.encoder.training.topics import LANGUAGES

log = logging.getLogger(__name__)

STEPS = 260
QUESTIONS = 512
CLAUSES = 1000
PAIRS = 2048
RATE = 0.0006
DROP = 0.1
SHARPNESS = 15.0
# What a question counts against clauses of its own language, and of another; English asks most of these.
OWN, FROM_ENGLISH, OTHER = 2.0, 1.0, 0.5
# The same for questions that nothing settles.
OPEN_OWN, OPEN_OTHER = 1.0, 0.25
# Where the choice of none begins, and how fast it moves.
NONE, NONE_RATE = 7.0, 0.02


@dataclass(frozen=True, slots=True)
class Variant:
    """One way through the lesson: after which round of the first, for how many times the steps, with how
    many questions that nothing settles in a step, and how much these count beside the others.
    """

    after: int
    longer: float
    open: int
    open_counts: float


# Three students that learned a little differently; their mean is steadier than each.
VARIANTS = (Variant(0, 1.0, 256, 1.5), Variant(1, 1.0, 256, 1.5), Variant(1, 1.25, 512, 2.5))


def taught(
    student: Student, rounds: Sequence[Floats], lessons: Lessons, given: Exercises, steps: int
) -> None:
    """Leave in `student` the mean of the variants."""
    total = np.zeros_like(rounds[0])
    for variant in VARIANTS:
        student.rows.data = torch.from_numpy(rounds[variant.after].copy())
        finetune(student, lessons, given, variant, steps=round(steps * variant.longer))
        total += student.rows.detach().numpy() / len(VARIANTS)
    student.rows.data = torch.from_numpy(total)


def finetune(student: Student, lessons: Lessons, given: Exercises, variant: Variant, *, steps: int) -> None:
    none = torch.nn.Parameter(torch.tensor(NONE))
    groups = [{"params": list(student.parameters())}, {"params": [none], "lr": NONE_RATE}]
    optimiser = torch.optim.Adam(groups, lr=RATE, betas=(0.9, 0.98), eps=1e-10, fused=True)
    chance = np.random.default_rng(1)
    questions = np.flatnonzero(given.questions.learned)
    clauses = np.flatnonzero(given.clauses.learned)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 20) * max(0.05, 1 - step / steps)
        asked = chance.choice(questions, min(QUESTIONS, len(questions)), replace=False)
        among = chance.choice(clauses, min(CLAUSES, len(clauses)), replace=False)
        left_open = chance.choice(len(given.open), min(variant.open, len(given.open)), replace=False)
        pairs = chance.choice(len(lessons.other), min(PAIRS, len(lessons.other)), replace=False)
        settled, unsettled = settling_loss(student, given, asked, among, left_open, none)
        loss = settled + variant.open_counts * unsettled + translation_loss(student, lessons, pairs)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0:
            log.info(
                "finetune: step %d of %d, loss %.3f + %.3f", step, steps, settled.item(), unsettled.item()
            )


def settling_loss(
    student: Student, given: Exercises, asked: Longs, among: Longs, left_open: Longs, none: Tensor
) -> tuple[Tensor, Tensor]:
    """Return how seldom a question's own clauses win, and how seldom none does where none should.

    The choice is among the clauses of one language at a time, and none of them.
    """
    questions = student(given.questions.runs, asked, drop=DROP)
    clauses = student(given.clauses.runs, among, drop=DROP)
    opened = student(given.open.runs, left_open, drop=DROP)
    near, near_open = questions @ clauses.T * SHARPNESS, opened @ clauses.T * SHARPNESS
    own = torch.from_numpy(given.questions.topics[asked][:, None] == given.clauses.topics[among][None])
    spoken, spoken_open = given.questions.languages[asked], given.open.languages[left_open]
    total, weight, unsettled = torch.zeros(()), 0.0, torch.zeros(())
    for language in range(len(LANGUAGES)):
        columns = np.flatnonzero(given.clauses.languages[among] == language)
        settled = own[:, columns]
        wins = torch.logsumexp(near[:, columns].masked_fill(~settled, -1e9), 1)
        lost = _with_none(near[:, columns], none) - wins
        counts, rows = torch.from_numpy(_counts(spoken, language)), settled.any(1)
        total = total + (lost * counts)[rows].sum()
        weight += float(counts[rows].sum())
        shares = torch.from_numpy(np.where(spoken_open == language, OPEN_OWN, OPEN_OTHER).astype(np.float32))
        wrong = _with_none(near_open[:, columns], none) - none
        unsettled = unsettled + (wrong * shares).sum() / shares.sum() / len(LANGUAGES)
    return total / max(weight, 1e-9), unsettled


def _with_none(near: Tensor, none: Tensor) -> Tensor:
    return torch.logsumexp(torch.cat([near, none.expand(len(near), 1)], 1), 1)


def _counts(spoken: Longs, language: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    other = np.where(spoken == LANGUAGES.index("en"), FROM_ENGLISH, OTHER)
    return np.where(spoken == language, OWN, other).astype(np.float32)
