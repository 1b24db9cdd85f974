"""The router on the project's own labelled phrasings: figures per half and language, and no false start.

"development" was written before the rules and "check" after them; "later" followed in two harder rounds.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.config import LANGUAGES
from bot.model import IntentKind
from bot.routing.router import RuleRouter

NOT_CANCELLING = Path(__file__).parents[1] / "routing_not_cancelling.txt"
CASES = Path(__file__).parents[1] / "routing_cases.jsonl"
FEWEST_A_LANGUAGE = 120


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines())


def chosen(half: str, language: str) -> list[dict[str, Any]]:
    return [case for case in cases() if case["half"] == half and case["lang"] == language]


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Mean F1 over the kinds that occur; pairs of (expected, decided)."""
    kinds = {kind for pair in pairs for kind in pair}
    scores = []
    for kind in kinds:
        right = sum(expected == decided == kind for expected, decided in pairs)
        either = sum(kind in pair for pair in pairs)
        scores.append(2 * right / (right + either))
    return sum(scores) / len(scores)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_phrasings_of_every_kind(language: str) -> None:
    own = [case for case in cases() if case["lang"] == language]
    assert len(own) >= FEWEST_A_LANGUAGE
    assert {case["intent"] for case in own} == set(IntentKind)


@pytest.mark.parametrize("half", ["development", "check"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("told", [True, False])
def test_the_router_meets_its_floor(half: str, language: str, told: bool) -> None:
    router = RuleRouter()
    rows = chosen(half, language)
    decided = [router.route(row["text"], language if told else None) for row in rows]
    pairs = [(row["intent"], intent.kind.value) for row, intent in zip(rows, decided, strict=True)]
    assert macro_f1(pairs) >= 0.9, [
        (row["text"], pair) for row, pair in zip(rows, pairs, strict=True) if pair[0] != pair[1]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_of_a_data_subject_is_named(language: str) -> None:
    router = RuleRouter()
    asked = [case for case in cases() if case["lang"] == language and case["intent"] == "gdpr_request"]
    wrong = []
    for case in asked:
        intent = router.route(case["text"], language)
        if intent.kind is IntentKind.GDPR_REQUEST and intent.slots.get("right") != case["slots"]["right"]:
            wrong.append((case["text"], dict(intent.slots)))
    assert len(wrong) <= len(asked) // 10, wrong


@pytest.mark.parametrize("hint", [*LANGUAGES, None, "de"])
def test_nothing_else_starts_a_cancellation_whatever_the_hint(hint: str | None) -> None:
    router = RuleRouter()
    others = [case["text"] for case in cases() if case["intent"] != "cancel_account"]
    assert [text for text in others if router.route(text, hint).kind is IntentKind.CANCEL_ACCOUNT] == []


def test_every_decision_names_its_rule() -> None:
    router = RuleRouter()
    assert all(router.route(case["text"], case["lang"]).reason for case in cases())


def test_no_line_of_the_ways_of_not_cancelling_starts_one() -> None:
    router, language, started = RuleRouter(), "en", []
    for line in NOT_CANCELLING.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            language = line.removeprefix("# ")
            continue
        text = line.replace("\\n", "\n")
        started += [
            line for hint in (language, None) if router.route(text, hint).kind is IntentKind.CANCEL_ACCOUNT
        ]
    assert started == []
