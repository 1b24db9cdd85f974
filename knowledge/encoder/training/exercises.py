"""The written topics as arrays: questions, and the clauses that settle them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.encoder.training.bags import Longs, Runs, Words
from knowledge.encoder.training.outside import kept_out, read_outside
from knowledge.encoder.training.spelling import in_latin, with_slips
from knowledge.encoder.training.topics import LANGUAGES, Topic

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with the place of their topic and of their language; `learned` may be trained on."""

    runs: Runs
    topics: Longs
    languages: Longs
    learned: Marks

    def __len__(self) -> int:
        return len(self.topics)


@dataclass(frozen=True, slots=True)
class Exercises:
    """`open` are questions that no clause settles; their topics mean nothing."""

    questions: Texts
    clauses: Texts
    open: Texts


def exercises(topics: Sequence[Topic], words: Words) -> Exercises:
    """Number the words of all topics; headings serve as questions, and questions are read with slips too."""
    chance = random.Random(0)
    questions: list[tuple[int, int, str, bool]] = []
    clauses: list[tuple[int, int, str, bool]] = []
    for number, topic in enumerate(topics):
        for place, language in enumerate(LANGUAGES):
            side = topic.sides[language]
            learned = not topic.kept_out
            asked = list(side.questions)
            if learned:
                asked += [with_slips(question, chance) for question in side.questions]
                asked += [heading for heading, _ in side.clauses]
            if learned and language == "bg":
                asked += [in_latin(question, chance) for question in side.questions]
            questions += [(number, place, question, learned) for question in asked]
            clauses += [(number, place, f"{heading} {text}", learned) for heading, text in side.clauses]
    none = [(LANGUAGES.index(language), text) for language, text in read_outside() if not kept_out(text)]
    for topic in topics:
        if not topic.kept_out:
            none += [
                (LANGUAGES.index(language), text)
                for language in LANGUAGES
                for text in topic.sides[language].beside
            ]
    none += [(place, with_slips(text, chance)) for place, text in none]
    return Exercises(
        _texts(questions, words),
        _texts(clauses, words),
        _texts([(-1, place, text, True) for place, text in none], words),
    )


def _texts(rows: Sequence[tuple[int, int, str, bool]], words: Words) -> Texts:
    return Texts(
        words.read(text for _, _, text, _ in rows),
        np.array([number for number, _, _, _ in rows]),
        np.array([place for _, place, _, _ in rows]),
        np.array([learned for _, _, _, learned in rows]),
    )
