"""First lesson: every sentence, in any language, lands where the teacher puts its English side."""

import logging

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from knowledge.encoder.training.bags import Longs
from knowledge.encoder.training.lessons import Lessons
from knowledge.encoder.training.student import Student

log = logging.getLogger(__name__)

EPOCHS = 5.0
BATCH = 4096
RATE = 0.01
DROP = 0.1
TEMPERATURE = 0.05
# How much telling sentences apart counts beside landing at the right place.
APART = 0.3


def distil(lessons: Lessons, *, epochs: float = EPOCHS, batch: int = BATCH) -> Student:
    """Return a student that was taught on all pairs; about 20 minutes an epoch-quintet on two cores."""
    torch.manual_seed(0)
    student = Student(len(lessons.names), *lessons.words.pieces(lessons.pieces))
    optimiser = torch.optim.Adam(student.parameters(), lr=RATE, betas=(0.9, 0.99), eps=1e-10, fused=True)
    chance = np.random.default_rng(0)
    steps = max(int(epochs * len(lessons.other) / batch), 1)
    order: Longs = np.zeros(0, dtype=np.int64)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 50) * max(0.02, 1 - step / steps)
        if len(order) < batch:
            order = chance.permutation(len(lessons.other))
        which, order = order[:batch], order[batch:]
        loss = translation_loss(student, lessons, which)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        if step % 50 == 0:
            log.info("distil: step %d of %d, loss %.3f", step, steps, loss.item())
    return student


def translation_loss(student: Student, lessons: Lessons, which: Longs) -> Tensor:
    """Return how far sentences are from their places, and how badly they are told from one another."""
    which = which[np.unique(lessons.english_of[which], return_index=True)[1]]
    sources = lessons.english_of[which]
    target = torch.from_numpy(lessons.target[sources])
    other = student(lessons.other, which, drop=DROP)
    english = student(lessons.english, sources, drop=DROP)
    place = (2 - (other * target).sum(1) - (english * target).sum(1)).mean()
    label = torch.arange(len(which))
    # Half-width floats are enough for what is only compared, and twice as fast.
    among = (other.bfloat16() @ english.bfloat16().T).float() / TEMPERATURE
    targets = (other.bfloat16() @ target.bfloat16().T).float() / TEMPERATURE
    apart = functional.cross_entropy(among, label) + functional.cross_entropy(among.T, label)
    loss: Tensor = place + APART * (apart / 2 + functional.cross_entropy(targets, label))
    return loss
