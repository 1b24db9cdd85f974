"""The reader's two lessons: to understand a sentence in any language, and to tell what answers.

First every sentence lands where the teacher puts its English side; the layers, which know English, learn
the static encoder's words instead of their own. Then question and clause are read together, while the first
lesson goes on beside, lest it is forgotten.
"""

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from knowledge.encoder.pieces import tokens
from knowledge.encoder.training.bags import Floats, Longs
from knowledge.encoder.training.reader_student import ReaderStudent, Vocabulary
from knowledge.encoder.training.reading import Exercise

log = logging.getLogger(__name__)

# Steps, texts in a step and rates: of the layers, and of what is new.
SENTENCE_STEPS, SENTENCES, SENTENCE_RATES = 900, 512, (2e-4, 1e-3)
PAIR_STEPS, PAIRS, PAIR_RATES = 16_000, 32, (1.2e-4, 3.6e-4)
LONGEST = 40
TEMPERATURE, APART = 0.05, 0.2
# So many batches are drawn at once and sorted by length, so that little is filled up.
POOL = 40
# Of the steps of the second lesson, one in five is of the first, and one in twelve of parallel text.
BESIDE, CONTAINING = 0.2, 0.08
# What is kept of the second lesson is a running mean of the weights, taken every so many steps.
MEAN_EVERY, MEAN_OF = 8, 125


@dataclass(frozen=True, slots=True)
class Sentences:
    """The teacher puts `texts[i]` at `target[sources[i]]`."""

    texts: Sequence[str]
    sources: Longs
    target: Floats

    def batches(self, size: int) -> Iterator[Longs]:
        """Yield places of texts of about the same length, without end."""
        chance = np.random.default_rng(0)
        lengths = np.array([len(text) for text in self.texts])
        while True:
            pool = chance.permutation(len(lengths))[: POOL * size]
            pool = pool[np.argsort(lengths[pool], kind="stable")]
            batches = np.array_split(pool, max(len(pool) // size, 1))
            chance.shuffle(batches)
            yield from batches

    def loss(self, student: ReaderStudent, words: Vocabulary, which: Longs) -> Tensor:
        """Return how far the student's texts lie from their places, and how badly they are told apart."""
        read: list[tuple[list[str], list[str]]] = [
            (tokens(self.texts[place])[:LONGEST] or [""], []) for place in which
        ]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = student.sentence(*words.batch(read)).float()
        sources = self.sources[which]
        goal = torch.from_numpy(self.target[sources])
        same = torch.from_numpy(sources[:, None] == sources[None])
        near = found @ goal.T / TEMPERATURE
        near = near.masked_fill(same & ~torch.eye(len(which), dtype=torch.bool), -1e4)
        loss: Tensor = (1 - (found * goal).sum(1)).mean()
        return loss + APART * functional.cross_entropy(near, torch.arange(len(which)))


def teach_sentences(
    student: ReaderStudent,
    words: Vocabulary,
    sentences: Sentences,
    *,
    steps: int = SENTENCE_STEPS,
    size: int = SENTENCES,
) -> float:
    """Teach a student where sentences lie. Return the last loss."""
    optimiser, rate = _optimiser(student, SENTENCE_RATES, steps)
    batches = sentences.batches(size)
    last = 0.0
    for step in range(steps):
        last = _learn(student, optimiser, rate(step), sentences.loss(student, words, next(batches)))
        if step % 50 == 0:
            log.info("sentences: step %d of %d, loss %.3f", step, steps, last)
    return last


def teach_pairs(
    student: ReaderStudent,
    words: Vocabulary,
    written: Callable[[random.Random], Iterator[Exercise]],
    parallel: Callable[[random.Random], Iterator[Exercise]],
    sentences: Sentences,
    *,
    steps: int = PAIR_STEPS,
    size: int = PAIRS,
) -> float:
    """Teach a student to tell what answers; each callable draws one round. Leave in it the running mean of
    its weights, and return the last loss.
    """
    chance = random.Random(0)
    optimiser, rate = _optimiser(student, PAIR_RATES, steps)
    beside = sentences.batches(SENTENCES // 2)
    sources = [_batches(written, size, chance), _batches(parallel, size, chance)]
    mean = {name: weight.detach().clone() for name, weight in student.named_parameters()}
    losses: list[float] = []
    for step in range(steps):
        drawn = chance.random()
        if drawn < BESIDE:
            _learn(student, optimiser, rate(step), sentences.loss(student, words, next(beside)))
        else:
            loss = _pair_loss(student, words, next(sources[int(drawn < BESIDE + CONTAINING)]))
            losses.append(_learn(student, optimiser, rate(step), loss))
        if step % MEAN_EVERY == 0:
            share = 1 / min(step // MEAN_EVERY + 2, MEAN_OF)
            with torch.no_grad():
                for name, weight in student.named_parameters():
                    mean[name].lerp_(weight, share)
        if step % 100 == 0:
            log.info("pairs: step %d of %d, loss %.3f", step, steps, _last(losses))
    student.load_state_dict(mean, strict=False)
    return _last(losses)


def _pair_loss(student: ReaderStudent, words: Vocabulary, given: Sequence[Exercise]) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = student.answers(*words.batch([words.pair(one.question, one.clause) for one in given]))
    return functional.binary_cross_entropy_with_logits(
        found.float(),
        torch.tensor([float(one.answers) for one in given]),
        weight=torch.tensor([one.counts for one in given]),
    )


def _last(losses: Sequence[float]) -> float:
    return float(np.mean(losses[-100:])) if losses else float("nan")


def _batches(
    draw: Callable[[random.Random], Iterator[Exercise]], size: int, chance: random.Random
) -> Iterator[list[Exercise]]:
    """Yield batches of about the same length each, round after round."""
    while True:
        drawn = list(draw(chance))
        chance.shuffle(drawn)
        rows = iter(drawn)
        while pool := sorted(islice(rows, POOL * size), key=lambda one: len(one.clause) + len(one.question)):
            batches = [pool[first : first + size] for first in range(0, len(pool), size)]
            chance.shuffle(batches)
            yield from batches


def _optimiser(
    student: ReaderStudent, rates: tuple[float, float], steps: int
) -> tuple[torch.optim.Optimizer, Callable[[int], list[float]]]:
    layers = list(student.layers.parameters())
    known = {id(parameter) for parameter in layers}
    rest = [parameter for parameter in student.parameters() if id(parameter) not in known]
    optimiser = torch.optim.AdamW(
        [{"params": layers}, {"params": rest}], lr=rates[0], weight_decay=0.02, betas=(0.9, 0.98)
    )

    def at(step: int) -> list[float]:
        share = min(1.0, (step + 1) / 50) * max(0.02, 1 - step / steps)
        return [rate * share for rate in rates]

    return optimiser, at


def _learn(
    student: ReaderStudent, optimiser: torch.optim.Optimizer, rates: list[float], loss: Tensor
) -> float:
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
    optimiser.step()
    return float(loss.item())
