"""The parallel text as arrays: what the student reads, and where the teacher puts its English side."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.encoder.pieces import Pieces
from knowledge.encoder.training.bags import Floats, Longs, Runs, Words
from knowledge.encoder.training.corpus import FIRST, Pair, read_pairs
from knowledge.encoder.training.spelling import in_latin, with_slips
from knowledge.encoder.training.student import DIMENSIONS
from knowledge.encoder.training.teacher import Halves, teacher_vectors
from knowledge.encoder.training.vocabulary import choose

# Of the product's languages, so many sentences are read once more as people type them.
IN_LATIN, WITH_SLIPS = 0.4, 0.25
# How much a word of another language, and one of English, counts when rows are given out.
OTHER_COUNTS, ENGLISH_COUNTS = 0.35, 3.0


@dataclass(frozen=True, slots=True)
class Lessons:
    """`english_of[i]` is the place in `english` of the sentence that `other[i]` translates.

    `target` holds the teacher's unit vectors of the English sentences, turned into the directions in
    which they differ most: float32 of shape (english, DIMENSIONS).
    """

    names: list[str]
    words: Words
    english: Runs
    other: Runs
    english_of: Longs
    target: Floats

    @property
    def pieces(self) -> Pieces:
        return Pieces(self.names)


def prepare(parallel: Path, kept: Path) -> Lessons:
    """Read the pairs in the folder `parallel`; the teacher's vectors are kept in the folder `kept`."""
    pairs = read_pairs(parallel)
    sentences = sorted({pair.english for pair in pairs})
    place = {sentence: number for number, sentence in enumerate(sentences)}
    read = [*((pair.other, pair) for pair in pairs), *as_typed(pairs)]
    words = Words()
    english, other = words.read(sentences), words.read(text for text, _ in read)
    names = choose(_counts(words, english, other, [pair.language for _, pair in read]))
    english_of = np.array([place[pair.english] for _, pair in read])
    target = turned(teacher_vectors(sentences, kept / "teacher.npz"))
    return Lessons(names, words, english, other, english_of, target)


def as_typed(pairs: Sequence[Pair]) -> list[tuple[str, Pair]]:
    """Return some sentences once more, with slips and Bulgarian in Latin letters, with their pairs."""
    chance = random.Random(5)
    more: list[tuple[str, Pair]] = []
    for pair in pairs:
        if pair.language == "bg" and chance.random() < IN_LATIN:
            more.append((in_latin(pair.other, chance), pair))
        if pair.language in FIRST and chance.random() < WITH_SLIPS:
            more.append((with_slips(pair.other, chance), pair))
    return more


def _counts(words: Words, english: Runs, other: Runs, languages: Sequence[str]) -> dict[str, float]:
    counts = np.zeros(len(words.numbers))
    weights = [1.0 if language in FIRST else OTHER_COUNTS for language in languages]
    np.add.at(counts, other.values, np.repeat(weights, np.diff(other.starts)))
    np.add.at(counts, english.values, ENGLISH_COUNTS)
    return {word: float(count) for word, count in zip(words.numbers, counts, strict=True) if word}


def turned(vectors: Halves) -> Floats:
    """Return unit vectors along the first principal directions; they keep 97 % of the squared length."""
    wide = vectors.astype(np.float32)
    _, directions = np.linalg.eigh(wide.T @ wide)
    short = wide @ directions[:, ::-1][:, :DIMENSIONS]
    unit: Floats = (short / np.linalg.norm(short, axis=1, keepdims=True)).astype(np.float32)
    return unit
