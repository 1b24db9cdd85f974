"""The written topics and contrasts as arrays: questions, and the clauses that settle them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from knowledge.encoder.training.bags import Longs, Runs, Words
from knowledge.encoder.training.contrast import Contrast
from knowledge.encoder.training.outside import kept_out, read_outside
from knowledge.encoder.training.spelling import in_latin, with_slips
from knowledge.encoder.training.topics import LANGUAGES, Topic

Marks = npt.NDArray[np.bool_]
# The topic, the place of the language, the text, and whether it may be learned.
Row = tuple[int, int, str, bool]
# Of the contrasts' Bulgarian questions, so many are read in Latin letters instead of with slips.
IN_LATIN = 0.5


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with the place of their topic and of their language; `learned` may be trained on. The clause of
    a contrast is a topic of its own.
    """

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


def exercises(topics: Sequence[Topic], contrasts: Sequence[Contrast], words: Words) -> Exercises:
    """Number the words of all topics, and of the contrasts that may be learned; topics' headings serve as
    questions, and questions are read with slips too.
    """
    chance = random.Random(0)
    questions: list[Row] = []
    clauses: list[Row] = []
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
    more, others = _of_contrasts(contrasts, len(topics), chance)
    questions, clauses = [*questions, *more], [*clauses, *others]
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


def _of_contrasts(
    items: Sequence[Contrast], first: int, chance: random.Random
) -> tuple[list[Row], list[Row]]:
    """Return the questions that the clauses answer, each also as it may be typed, and the clauses, which are
    numbered from `first`.
    """
    questions: list[Row] = []
    clauses: list[Row] = []
    numbers: dict[str, int] = {}
    for item in items:
        if item.kept_out:
            continue
        if item.text not in numbers:
            numbers[item.text] = first + len(numbers)
            clauses.append((numbers[item.text], LANGUAGES.index(item.clause_language), item.text, True))
        place = LANGUAGES.index(item.language)
        for question in item.answered:
            latin = item.language == "bg" and chance.random() < IN_LATIN
            typed = in_latin(question, chance) if latin else with_slips(question, chance)
            questions += [(numbers[item.text], place, text, True) for text in (question, typed)]
    return questions, clauses


def _texts(rows: Sequence[Row], words: Words) -> Texts:
    return Texts(
        words.read(text for _, _, text, _ in rows),
        np.array([number for number, _, _, _ in rows]),
        np.array([place for _, place, _, _ in rows]),
        np.array([learned for _, _, _, learned in rows]),
    )
