"""`python -m bot.routing.learning`: learn the weights again, after new phrasings, rules or a new encoder.

Learned from the phrasings that are not held out and, in the repository, from the labelled rows of the tests
but for their "check" half. The rules were written with those rows in view, so how reliable a rule is can
only be learned from the phrasings: for the rows the rule's block stays empty.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.model import Intent, IntentKind
from bot.routing.combining import SILENT, combined
from bot.routing.judging import Matrix, Weights, chances, flags, judgement, traits, vectors
from bot.routing.labelled import UNNAMED, Phrasing, phrasings
from bot.routing.reading import Message
from bot.routing.router import decided, read_message
from knowledge.encoder.static import shipped

TESTS = Path(__file__).parents[2] / "tests"
Places = npt.NDArray[np.int64]
# Both measured by cross-validation; neither matters within a factor of three.
PENALTY = 0.2
STEPS = 400
FOLDS = 5
OVERRULES = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Example:
    phrasing: Phrasing
    message: Message
    rule: Intent


def examples(labelled: Sequence[Phrasing]) -> list[Example]:
    read = [(one, read_message(one.text, one.language)) for one in labelled]
    return [Example(one, message, decided(message)) for one, message in read]


def rows(folder: Path = TESTS) -> list[Phrasing]:
    """The labelled rows of the tests that may be learned from. Raises SystemExit where they are missing."""
    found = sorted([*folder.glob("routing/cases.*.jsonl"), *folder.glob("routing_cases.jsonl")])
    if not found:
        raise SystemExit(f"no labelled rows in {folder}: learn in the repository, not from an installed copy")
    lines = [json.loads(line) for path in found for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Phrasing(line["lang"], line["text"], kind, line["slots"].get("right", UNNAMED if gdpr else ""))
        for line in lines
        if line.get("half") != "check"
        for kind in (IntentKind(line["intent"]),)
        for gdpr in (kind is IntentKind.GDPR_REQUEST,)
    ]


def fingerprint(learned: Sequence[Phrasing]) -> str:
    text = "\n".join(f"{one.language} {one.label} {one.text}" for one in learned)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Table:
    """The examples as numbers, and what their columns are."""

    concepts: tuple[str, ...]
    rules: tuple[str, ...]
    labels: tuple[str, ...]
    features: Matrix
    answers: Places


def table(phrased: Sequence[Example], others: Sequence[Example]) -> Table:
    """The features of both, `others` last and without their rules."""
    everything = [*phrased, *others]
    concepts = tuple(sorted({name for one in everything for name in traits(one.message)}))
    rules = tuple(sorted({one.rule.reason for one in phrased}))
    labels = tuple(sorted({one.phrasing.label for one in everything}))
    reasons = [one.rule.reason for one in phrased] + [""] * len(others)
    beside = [
        flags(traits(one.message), reason, concepts, rules)
        for one, reason in zip(everything, reasons, strict=True)
    ]
    features = np.hstack([vectors([one.phrasing.text for one in everything]), np.array(beside)])
    answers = np.array([labels.index(one.phrasing.label) for one in everything])
    return Table(concepts, rules, labels, features, answers)


def fitted(features: Matrix, answers: Places, labels: int) -> Matrix:
    """The weights of least loss with the penalty, by accelerated gradient descent; the same every time."""
    inputs = np.hstack([features, np.ones((len(features), 1), dtype=np.float32)]).astype(np.float64)
    wanted = np.eye(labels)[answers]
    step = 1.0 / (0.5 * float(np.linalg.norm(inputs, 2)) ** 2 + PENALTY)
    found = np.zeros((inputs.shape[1], labels))
    ahead, pace = found, 1.0
    for _ in range(STEPS):
        scores = inputs @ ahead
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        slope = inputs.T @ (scores / scores.sum(axis=1, keepdims=True) - wanted) + PENALTY * ahead
        following = ahead - step * slope
        next_pace = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = following + (pace - 1) / next_pace * (following - found)
        found, pace = following, next_pace
    return found.astype(np.float32)


def macro_f1(pairs: Sequence[tuple[IntentKind, IntentKind]]) -> float:
    """Mean F1 over the kinds; pairs of (expected, decided)."""
    scores = []
    for kind in IntentKind:
        right = sum(expected is decided is kind for expected, decided in pairs)
        either = sum((expected is kind) + (decided is kind) for expected, decided in pairs)
        scores.append(2 * right / max(1, either))
    return sum(scores) / len(scores)


def cross_validated(phrased: Sequence[Example], numbers: Table) -> Matrix:
    """The chances of every phrasing, from weights that did not see it or its sisters in other languages."""
    folds = np.array([one.phrasing.group // FOLDS % FOLDS for one in phrased])
    result = np.zeros((len(phrased), len(numbers.labels)), dtype=np.float32)
    for fold in range(FOLDS):
        left_out = np.flatnonzero(folds == fold)
        learned = np.setdiff1d(np.arange(len(numbers.answers)), left_out)
        weights = fitted(numbers.features[learned], numbers.answers[learned], len(numbers.labels))
        result[left_out] = chances(weights, numbers.features[left_out])
    return result


def best_overrule(phrased: Sequence[Example], numbers: Table) -> tuple[float, float]:
    """The threshold that cross-validates best, the highest of equals, and its macro-F1."""
    judged = [judgement(numbers.labels, row) for row in cross_validated(phrased, numbers)]

    def score(threshold: float) -> float:
        return macro_f1([
            (one.phrasing.kind, one.rule.kind if one.rule.reason in SILENT
             else combined(one.message, one.rule, verdict, threshold).kind)
            for one, verdict in zip(phrased, judged, strict=True)
        ])  # fmt: skip

    scores = {threshold: score(threshold) for threshold in OVERRULES}
    best = max(scores, key=lambda threshold: (round(scores[threshold], 3), threshold))
    return best, scores[best]


def main() -> None:
    learned, others = [one for one in phrasings() if not one.held_out], rows()
    phrased = examples(learned)
    numbers = table(phrased, examples(others))
    overrule, score = best_overrule(phrased, numbers)
    found = fitted(numbers.features, numbers.answers, len(numbers.labels))
    source = fingerprint([*learned, *others])
    Weights(shipped().name, numbers.concepts, numbers.rules, numbers.labels, overrule, source, found).save()
    rules_alone = macro_f1([(one.phrasing.kind, one.rule.kind) for one in phrased])
    print(f"learned from {len(learned)} phrasings and {len(others)} rows, encoder {shipped().name}")
    print(f"cross-validated macro-F1 {score:.3f} (rules alone {rules_alone:.3f}), overrule from {overrule}")


if __name__ == "__main__":
    main()
