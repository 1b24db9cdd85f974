"""What the encoder and the words together make of a message: a chance for every kind of intent.

A multinomial logistic regression over three blocks: the encoder's vector of the text, the concepts that
the lexicon found, and the rule that decided. `bot.routing.learning` makes the weights.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.model import IntentKind
from bot.routing.labelled import UNNAMED
from bot.routing.reading import Message
from knowledge.encoder.static import shipped as shipped_encoder
from knowledge.errors import EncoderUnavailable

FOLDER = Path(__file__).parent / "learned"
Matrix = npt.NDArray[np.float32]
# A longer text is a story, and its beginning says what it is about.
LONGEST_JUDGED = 2_000
_TINY = 3
_LONG = 20
_SUREST_RIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Judgement:
    """`chances` sum to one over the kinds. `right` is the likeliest right, None where none stands out."""

    chances: Mapping[IntentKind, float]
    right: str | None

    def best(self, *without: IntentKind) -> tuple[IntentKind, float]:
        left = {kind: chance for kind, chance in self.chances.items() if kind not in without}
        kind = max(left, key=lambda one: left[one])
        return kind, left[kind]


@dataclass(frozen=True, slots=True)
class Weights:
    """`table` has a row a feature, the last for the bias, and a column a label.

    `concepts` and `rules` name the rows that follow those of the vector. `overrule` is the chance from
    which on a judgement counts more than a rule that is usually right.
    """

    encoder: str
    concepts: tuple[str, ...]
    rules: tuple[str, ...]
    labels: tuple[str, ...]
    overrule: float
    learned_from: str
    table: Matrix

    def save(self, folder: Path = FOLDER) -> None:
        folder.mkdir(exist_ok=True)
        about = {name: getattr(self, name) for name in _ABOUT}
        text = json.dumps(about, ensure_ascii=False, indent=1)
        (folder / "about.json").write_text(text + "\n", encoding="utf-8")
        np.save(folder / "weights.npy", self.table)

    @property
    def version(self) -> str:
        """Twelve digits that are others for other weights, features, thresholds or another encoder."""
        about = json.dumps({name: getattr(self, name) for name in _ABOUT}, sort_keys=True)
        return hashlib.sha256(about.encode() + self.table.tobytes()).hexdigest()[:12]


_ABOUT = ("encoder", "concepts", "rules", "labels", "overrule", "learned_from")


@cache
def weights(folder: Path = FOLDER) -> Weights:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    return Weights(
        encoder=about["encoder"],
        concepts=tuple(about["concepts"]),
        rules=tuple(about["rules"]),
        labels=tuple(about["labels"]),
        overrule=about["overrule"],
        learned_from=about["learned_from"],
        table=np.load(folder / "weights.npy"),
    )


def vectors(texts: Sequence[str]) -> Matrix:
    """The encoder's vectors of texts as they are judged, one a row."""
    return shipped_encoder().encode([text[:LONGEST_JUDGED] for text in texts])


def traits(message: Message) -> frozenset[str]:
    """The concepts of a message and, with a plus, what its shape says; none of it names a language."""
    shape = {
        "+asks": message.asks,
        "+mark": any(sentence.mark == "?" for sentence in message.sentences),
        "+hypothetical": any(sentence.hypothetical for sentence in message.sentences),
        "+tiny": message.size <= _TINY,
        "+long": message.size > _LONG,
    }
    return message.concepts | {name for name, holds in shape.items() if holds}


def flags(found: frozenset[str], rule: str, concepts: Sequence[str], rules: Sequence[str]) -> Matrix:
    """The rows of a message after its vector: its concepts, of length one together, and its rule."""
    known = np.array([concept in found for concept in concepts], dtype=np.float32)
    known /= max(1.0, float(np.sqrt(known.sum())))
    return np.concatenate([known, np.array([rule == one for one in rules], dtype=np.float32)])


def chances(table: Matrix, features: Matrix) -> Matrix:
    """The chance of every label; `features` has a row a message, without the bias."""
    scores = features @ table[:-1] + table[-1]
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Matrix = scores / scores.sum(axis=1, keepdims=True)
    return result


def judgement(labels: Sequence[str], row: Matrix) -> Judgement:
    """Read one row of chances."""
    kinds = dict.fromkeys(IntentKind, 0.0)
    rights: dict[str, float] = {}
    for label, chance in zip(labels, row.tolist(), strict=True):
        kind, _, right = label.partition(".")
        kinds[IntentKind(kind)] += chance
        if right:
            rights[right] = chance
    named = max(rights, key=lambda right: rights[right])
    clear = rights[named] >= _SUREST_RIGHT * sum(rights.values()) and named != UNNAMED
    return Judgement(kinds, named if clear else None)


class Judge:
    """Judges messages with the shipped weights; `usable` tells whether they fit the shipped encoder."""

    def __init__(self) -> None:
        self._weights = weights()

    @property
    def overrule(self) -> float:
        return self._weights.overrule

    @cached_property
    def name(self) -> str:
        """As the action log names it, such as model:routing@4f0c3b9a71de."""
        return f"model:routing@{self._weights.version}"

    def usable(self) -> bool:
        try:
            return shipped_encoder().name == self._weights.encoder
        except EncoderUnavailable:
            return False

    def judge(self, text: str, message: Message, rule: str) -> Judgement:
        known = self._weights
        row = np.concatenate([vectors([text])[0], flags(traits(message), rule, known.concepts, known.rules)])
        return judgement(known.labels, chances(known.table, row[None, :])[0])
