"""A library of any size, made of the samples: sentences are recombined and rare words put among them.

Common words stay as common as they are and the vocabulary grows with the library, so that postings have
lengths as in a large library of real terms. The same seed makes the same library.
"""

import random
import re
from collections.abc import Iterator
from datetime import date
from hashlib import blake2b
from itertools import islice

from bot.shelf import SAMPLES
from knowledge.model import Clause

LANGUAGES = ("en", "sl", "lt", "et", "bg")
CLAUSES_PER_DOCUMENT = 250
CLAUSES_PER_SECTION = 4
# One word in so many is a rare one.
RARE = 9


class _Language:
    """Sentences and headings of one language's samples, and an endless supply of words like theirs."""

    def __init__(self, language: str, chance: random.Random) -> None:
        self._chance = chance
        lines = [
            line
            for file in sorted((SAMPLES / language).glob("*.md"))
            for line in file.read_text("utf-8").splitlines()
        ]
        text = [line for line in lines if line.strip() and not line.startswith(("#", "|"))]
        self.headings = [
            line.lstrip("# ").partition("{")[0].strip() for line in lines if line.startswith("#")
        ]
        self.sentences = [part for line in text for part in re.split(r"(?<=[.;])\s+", line) if len(part) > 20]
        words = {word.lower() for part in self.sentences for word in re.findall(r"[^\W\d_]{4,}", part)}
        self._heads = sorted({word[:3] for word in words})
        self._tails = sorted({word[at : at + 3] for word in words for at in range(1, len(word) - 2)})
        self._rare: list[str] = []

    def rare_word(self) -> str:
        """Return a new word now and then, else one of those before, the older the likelier."""
        if not self._rare or self._chance.random() < 0.05:
            tails = self._chance.choices(self._tails, k=self._chance.randint(1, 2))
            self._rare.append(self._chance.choice(self._heads) + "".join(tails))
            return self._rare[-1]
        return self._rare[int(len(self._rare) * self._chance.random() ** 3)]

    def text(self) -> str:
        """Return one to three sentences with rare words among them."""
        words = " ".join(self._chance.choices(self.sentences, k=self._chance.randint(1, 3))).split()
        return " ".join(self.rare_word() if self._chance.randrange(RARE) == 0 else word for word in words)


def clauses(count: int, *, seed: int = 1) -> list[Clause]:
    """Return `count` clauses in five languages, a fifth in each."""
    chance = random.Random(seed)
    per_language = [count // 5 + (number < count % 5) for number in range(5)]
    return [
        clause
        for language, share in zip(LANGUAGES, per_language, strict=True)
        for clause in islice(_endless(language, chance), share)
    ]


def _endless(language: str, chance: random.Random) -> Iterator[Clause]:
    source = _Language(language, chance)
    number, document, heading = 0, "", ""
    while True:
        place = number % CLAUSES_PER_DOCUMENT
        if place == 0:
            document = f"{language}-{number // CLAUSES_PER_DOCUMENT}.md"
        if place % CLAUSES_PER_SECTION == 0:
            heading = f"{chance.choice(source.headings)} {source.rare_word()}"
        text = source.text()
        name = blake2b(f"{document}\0{place}\0{text}".encode(), digest_size=12).hexdigest()
        path = (document, heading)
        day = date(2026, 1, 1)
        yield Clause(name, document, document, 1, day, None, heading, path, place, language, text, name)
        number += 1


def questions(library: list[Clause], count: int, *, seed: int = 2) -> list[tuple[str, str]]:
    """Return (question, language): some words of a clause, in order, four to twelve of them."""
    chance = random.Random(seed)
    asked = []
    for clause in chance.choices(library, k=count):
        words = re.findall(r"\w+", clause.text)
        start = chance.randrange(max(1, len(words) - 12))
        asked.append((" ".join(words[start : start + chance.randint(4, 12)]) + "?", clause.language))
    return asked
