"""What the reader learns from: pairs of a question and a clause that answers it, or only seems to.

Three sources: the written topics, whose hardest wrong clauses are those that the static encoder brings near;
the written contrasts; and parallel text, where the "clause" is a few sentences of which one translates the
"question" or only resembles it, so that reading two texts together is learned from more than was written.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.encoder.static import StaticEncoder
from knowledge.encoder.training.bags import Floats, Longs
from knowledge.encoder.training.contrast import Contrast
from knowledge.encoder.training.corpus import FIRST, Pair
from knowledge.encoder.training.outside import kept_out, read_outside
from knowledge.encoder.training.spelling import in_latin, with_slips
from knowledge.encoder.training.topics import LANGUAGES, Topic

# The nearest wrong clauses of a question, of which a few are drawn each time.
HARD = 10
HARD_CONTRASTS, ELSEWHERE = 6, 0.7
# How often a question is asked of clauses in another language, and a clause has lost its heading.
CROSSED, BARE = 0.3, 0.2
# Real clauses are longer than written ones: how often one stands among others, and among two.
AMID, AMID_TWO = 0.5, 0.2
# Of the others, so many are near the question.
NEAR = 0.5
SLIPS, IN_LATIN = 0.15, 0.25
# A topic's nearest wrong clause may answer after all: what it says counts less.
UNSURE = 0.8
SENTENCES, NEIGHBOURS, SAME = 8000, 12, 0.93


@dataclass(frozen=True, slots=True)
class Exercise:
    """`counts` is how much it weighs in the loss."""

    question: str
    clause: str
    answers: bool
    counts: float = 1.0


def typed(question: str, language: str, chance: random.Random) -> str:
    """Return a question as it may be typed: sometimes with slips, Bulgarian sometimes in Latin letters."""
    drawn = chance.random()
    if drawn < SLIPS:
        return with_slips(question, chance)
    if language == "bg" and drawn < SLIPS + IN_LATIN:
        return in_latin(question, chance)
    return question


class Topical:
    """Draws exercises from the topics that may be learned, and from questions outside all of them."""

    def __init__(self, topics: Sequence[Topic], encoder: StaticEncoder) -> None:
        learned = [topic for topic in topics if not topic.kept_out]
        self._clauses = {
            language: [
                (number, heading, text)
                for number, topic in enumerate(learned)
                for heading, text in topic.sides[language].clauses
            ]
            for language in LANGUAGES
        }
        self._asked = [
            (number, language, question, answered)
            for number, topic in enumerate(learned)
            for language in LANGUAGES
            for answered, questions in (
                (True, topic.sides[language].questions),
                (False, topic.sides[language].beside),
            )
            for question in questions
        ]
        self._asked += [
            (-1, language, text, False) for language, text in read_outside() if not kept_out(text)
        ]
        vectors = encoder.encode([question for _, _, question, _ in self._asked])
        self._hard = {
            language: self._nearest(
                vectors, encoder.encode([f"{heading} {text}" for _, heading, text in clauses]), language
            )
            for language, clauses in self._clauses.items()
        }

    def _nearest(self, asked: Floats, clauses: Floats, language: str) -> Longs:
        near = asked @ clauses.T
        owners = np.array([number for number, _, _ in self._clauses[language]])
        near[np.array([number for number, *_ in self._asked])[:, None] == owners[None]] = -2.0
        order: Longs = np.argsort(-near, axis=1)[:, :HARD]
        return order

    def draw(self, chance: random.Random) -> Iterator[Exercise]:
        """Yield one round: every question once, in one language's clauses."""
        for place, (number, language, question, answered) in enumerate(self._asked):
            clauses = language
            if chance.random() < CROSSED:
                clauses = chance.choice([other for other in LANGUAGES if other != language])
            own = [at for at, (owner, _, _) in enumerate(self._clauses[clauses]) if owner == number]
            hard = list(self._hard[clauses][place])
            asked = typed(question, language, chance)
            if answered:
                yield from (Exercise(asked, self.clause(clauses, at, chance, hard), True) for at in own)
                for at in chance.sample(hard, 2):
                    yield Exercise(asked, self.clause(clauses, at, chance, hard), False, UNSURE)
            else:
                wrong = [chance.choice(own), chance.choice(hard)] if own else chance.sample(hard, 2)
                yield from (Exercise(asked, self.clause(clauses, at, chance, hard), False) for at in wrong)

    def clause(self, language: str, at: int, chance: random.Random, near: Sequence[int]) -> str:
        """Return a clause, sometimes without its heading, often among others, of which some are `near`."""
        _, heading, text = self._clauses[language][at]
        return self.amid(text if chance.random() < BARE else f"{heading}. {text}", language, chance, near)

    def amid(self, clause: str, language: str, chance: random.Random, near: Sequence[int] = ()) -> str:
        """Return a clause, often before, between or after others."""
        drawn, whole = chance.random(), [clause]
        for _ in range((drawn < AMID) + (drawn < AMID_TWO)):
            places = near if near and chance.random() < NEAR else range(len(self._clauses[language]))
            _, heading, text = self._clauses[language][chance.choice(places)]
            whole.append(f"{heading}. {text}")
        chance.shuffle(whole)
        return " ".join(whole)


class Contrasting:
    """Draws exercises from the contrasts that may be learned: of a clause its own questions, and of another
    clause that is near one that the first answers.
    """

    def __init__(self, items: Sequence[Contrast], topical: Topical, encoder: StaticEncoder) -> None:
        self._items = [item for item in items if not item.kept_out]
        self._topical = topical
        vectors = encoder.encode([item.text for item in self._items])
        languages = np.array([item.clause_language for item in self._items])
        self._hard: list[Longs] = []
        for number, item in enumerate(self._items):
            near = encoder.encode(item.answered) @ vectors.T
            same = [other.text == item.text for other in self._items]
            near[:, same | (languages != languages[number])] = -2.0
            self._hard.append(np.argsort(-near, axis=1)[:, :HARD_CONTRASTS])

    def draw(self, chance: random.Random) -> Iterator[Exercise]:
        """Yield one round: every question of its clause, most of the right ones of a wrong one too."""
        for item, hard in zip(self._items, self._hard, strict=True):
            for answers, questions in ((True, item.answered), (False, item.unanswered)):
                for number, question in enumerate(questions):
                    asked = typed(question, item.language, chance)
                    clause = self._topical.amid(item.text, item.clause_language, chance)
                    yield Exercise(asked, clause, answers)
                    if answers and chance.random() < ELSEWHERE:
                        wrong = self._items[chance.choice(list(hard[number]))]
                        text = self._topical.amid(wrong.text, wrong.clause_language, chance)
                        yield Exercise(asked, text, False, UNSURE)


class Containing:
    """Draws exercises from parallel text. `target` holds the teacher's unit vectors of `english`."""

    def __init__(self, pairs: Sequence[Pair], english: Sequence[str], target: Floats) -> None:
        lengths = np.array([len(sentence.split()) for sentence in english])
        fit = np.flatnonzero((lengths >= 6) & (lengths <= 30))
        chosen = np.random.default_rng(1).choice(fit, min(SENTENCES, len(fit)), replace=False)
        self._near: dict[int, list[int]] = {}
        for first in range(0, len(chosen), 500):
            part = chosen[first : first + 500]
            close = target[part] @ target[fit].T
            for sentence, row in zip(part, close, strict=True):
                order = fit[np.argsort(-row)[:NEIGHBOURS]]
                kept = [int(at) for at in order if at != sentence and target[sentence] @ target[at] < SAME]
                self._near[int(sentence)] = kept
        wanted = {english[at]: at for at in {*self._near, *(a for near in self._near.values() for a in near)}}
        self._texts: dict[int, dict[str, str]] = {at: {"en": text} for text, at in wanted.items()}
        for pair in pairs:
            if pair.english in wanted and pair.language in FIRST:
                self._texts[wanted[pair.english]].setdefault(pair.language, pair.other)

    def draw(self, chance: random.Random) -> Iterator[Exercise]:
        """Yield one round: every sentence once as a question, in one language asked of another."""
        places = list(self._near)
        chance.shuffle(places)
        for place in places:
            asked, said = chance.sample([*self._texts[place], "en", "en"], 2)
            near = [self._texts[at][said] for at in self._near[place] if said in self._texts[at]]
            others = [at for at in chance.sample(places, 2) if at != place]
            far = [self._texts[at][said] for at in others if said in self._texts[at]]
            question = self._texts[place][asked]
            if chance.random() < 0.5:
                words = question.split()
                question = " ".join(word for word in words if chance.random() < 0.7) or question
            around = chance.sample(near, min(chance.randint(0, 2), len(near)))
            around += chance.sample(far, min(chance.randint(0, 2), len(far)))
            if asked != said:
                yield Exercise(question, _joined([*around, self._texts[place][said]], chance), True, 0.7)
            if near:
                yield Exercise(question, _joined([*around, chance.choice(near)], chance), False, 0.7)


def _joined(sentences: list[str], chance: random.Random) -> str:
    chance.shuffle(sentences)
    return ". ".join(sentences)
