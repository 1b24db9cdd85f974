"""What carries over: questions of topics that were kept out of training, against all topics' clauses."""

from dataclasses import dataclass

import numpy as np
import torch

from knowledge.encoder.training.bags import Floats, Longs
from knowledge.encoder.training.exercises import Exercises
from knowledge.encoder.training.lessons import Lessons
from knowledge.encoder.training.student import Student
from knowledge.encoder.training.topics import LANGUAGES

PROBE = 2000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Shares in 0..1. `translation` is how often a sentence's nearest among 2,000 is its own English."""

    translation: float
    same_at_1: float
    same_at_5: float
    english_at_1: float
    english_at_5: float

    def __str__(self) -> str:
        return (
            f"translations {self.translation:.3f}; kept-out topics, hit@1/hit@5: same language "
            f"{self.same_at_1:.3f}/{self.same_at_5:.3f}, English questions "
            f"{self.english_at_1:.3f}/{self.english_at_5:.3f}"
        )


def judge(student: Student, lessons: Lessons, given: Exercises) -> Judgement:
    student.eval()
    with torch.no_grad():
        questions = np.flatnonzero(~given.questions.learned)
        asked: Floats = student(given.questions.runs, questions).numpy()
        clauses: Floats = student(given.clauses.runs, np.arange(len(given.clauses))).numpy()
        probe = np.random.default_rng(2).choice(len(lessons.other), PROBE, replace=False)
        probe = probe[np.unique(lessons.english_of[probe], return_index=True)[1]]
        other: Floats = student(lessons.other, probe).numpy()
        english: Floats = student(lessons.english, lessons.english_of[probe]).numpy()
    student.train()
    translation = float(((other @ english.T).argmax(1) == np.arange(len(probe))).mean())
    near = asked @ clauses.T
    spoken = given.questions.languages[questions]
    own = [_ranks(near, given, questions, number, spoken == number) for number in range(len(LANGUAGES))]
    from_english = spoken == LANGUAGES.index("en")
    foreign = [_ranks(near, given, questions, number, from_english) for number in range(len(LANGUAGES) - 1)]
    same, crossed = np.concatenate(own), np.concatenate(foreign)
    return Judgement(
        translation,
        float((same == 1).mean()),
        float((same <= 5).mean()),
        float((crossed == 1).mean()),
        float((crossed <= 5).mean()),
    )


def _ranks(
    near: Floats,
    given: Exercises,
    questions: Longs,
    language: int,
    rows: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Longs:
    """Return, counted from 1, where the first clause of a question's topic stands in one language."""
    columns = np.flatnonzero(given.clauses.languages == language)
    scores = near[np.ix_(np.flatnonzero(rows), columns)]
    own = given.questions.topics[questions[rows]][:, None] == given.clauses.topics[columns][None]
    best = np.where(own, scores, -2.0).max(axis=1, keepdims=True)
    ranks: Longs = 1 + (scores > best).sum(axis=1)
    return ranks
