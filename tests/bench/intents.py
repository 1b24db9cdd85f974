"""`python -m tests.bench.intents [FILE...]`: routing's figures, by rules alone and by rules and encoder.

Without a file: the phrasings held out of learning, the half of the project's rows that is not learned from,
and every row of the project. A file holds one JSON object a line with lang, text, intent and slots.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bot.model import Intent, IntentKind
from bot.routing.combining import CombinedRouter
from bot.routing.judging import chances, judgement, vectors, weights
from bot.routing.labelled import UNNAMED, Phrasing, phrasings
from bot.routing.learning import Table, examples, fitted, macro_f1, rows, table
from bot.routing.router import RuleRouter

TESTS = Path(__file__).parents[1]
Route = Callable[[Phrasing], Intent]


def labelled(path: Path) -> list[tuple[str, Phrasing]]:
    """The rows of a file as (half, phrasing); the half is "" where the row names none."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        (line.get("half", ""), Phrasing(line["lang"], line["text"], IntentKind(line["intent"]), _right(line)))
        for line in lines
    ]


def _right(line: dict[str, dict[str, str]]) -> str:
    gdpr = str(line["intent"]) == IntentKind.GDPR_REQUEST.value
    return line.get("slots", {}).get("right", UNNAMED) if gdpr else ""


def encoder_alone() -> Route:
    """A router that hears nothing but the vector, learned from what the shipped weights learned from."""
    learned = [*(one for one in phrasings() if not one.held_out), *rows()]
    numbers: Table = table([], examples(learned))
    size = vectors(["size"]).shape[1]
    found = fitted(numbers.features[:, :size], numbers.answers, len(numbers.labels))

    def route(one: Phrasing) -> Intent:
        judged = judgement(numbers.labels, chances(found, vectors([one.text]))[0])
        return Intent(judged.best()[0], {"right": judged.right} if judged.right else {})

    return route


def report(name: str, asked: Sequence[Phrasing], routes: dict[str, Route]) -> None:
    print(f"\n{name}: {len(asked)} messages")
    for how, route in routes.items():
        started = time.perf_counter()
        intents = [route(one) for one in asked]
        each = 1000 * (time.perf_counter() - started) / len(asked)
        pairs = [(one.kind, intent.kind) for one, intent in zip(asked, intents, strict=True)]
        false = sum(got is IntentKind.CANCEL_ACCOUNT is not kind for kind, got in pairs)
        named = [
            (one.right.replace(UNNAMED, ""), intent.slots.get("right", ""))
            for one, intent in zip(asked, intents, strict=True)
            if one.kind is intent.kind is IntentKind.GDPR_REQUEST
        ]
        right = np.mean([wanted == got for wanted, got in named]) if named else 1.0
        print(
            f"  {how:<10} macro-F1 {macro_f1(pairs):.3f}, false starts {false}, "
            f"right {right:.2f}, {each:.2f} ms"
        )
        for kind in IntentKind:
            hits = sum(wanted is got is kind for wanted, got in pairs)
            precision = hits / max(1, sum(got is kind for _, got in pairs))
            recall = hits / max(1, sum(wanted is kind for wanted, _ in pairs))
            print(f"    {kind:<20} P {precision:.2f}  R {recall:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    files: list[Path] = parser.parse_args().files
    rules, both = RuleRouter(), CombinedRouter()
    routes: dict[str, Route] = {
        "rules": lambda one: rules.route(one.text, one.language),
        "encoder": encoder_alone(),
        "both": lambda one: both.route(one.text, one.language),
    }
    print(f"weights for {weights().encoder}")
    both.route("hello", "en")
    for file in files:
        report(file.name, [one for _, one in labelled(file)], routes)
    if not files:
        own = [pair for path in sorted(TESTS.rglob("*cases*.jsonl")) for pair in labelled(path)]
        report("held-out phrasings", [one for one in phrasings() if one.held_out], routes)
        report("rows not learned", [one for half, one in own if half == "check"], routes)
        report("all the project's rows", [one for _, one in own], routes)


if __name__ == "__main__":
    main()
