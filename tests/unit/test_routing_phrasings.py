"""Phrasings that were first read by the router unseen, kept a language a file in tests/routing/."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.model import IntentKind
from bot.routing.router import RuleRouter
from tests.unit.test_routing_cases import macro_f1

FOLDER = Path(__file__).parents[1] / "routing"
LANGUAGES = sorted(path.name.split(".")[1] for path in FOLDER.glob("cases.*.jsonl"))
ROUTER = RuleRouter()


def cases(language: str) -> list[dict[str, Any]]:
    lines = (FOLDER / f"cases.{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_phrasings() -> None:
    assert LANGUAGES
    assert all(len(cases(language)) >= 100 for language in LANGUAGES)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_router_meets_its_floor(language: str, told: bool) -> None:
    decided = [
        (case, ROUTER.route(case["text"], language if told else None).kind.value) for case in cases(language)
    ]
    missed = [(case["text"], kind) for case, kind in decided if case["intent"] != kind]
    assert macro_f1([(case["intent"], kind) for case, kind in decided]) >= 0.93, missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_right_is_named_or_left_open(language: str) -> None:
    asked = [case for case in cases(language) if case["intent"] == "gdpr_request"]
    decided = [(case, ROUTER.route(case["text"], language)) for case in asked]
    wrong = [
        (case["text"], dict(intent.slots))
        for case, intent in decided
        if intent.kind is IntentKind.GDPR_REQUEST and intent.slots != case["slots"]
    ]
    assert wrong == []


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_else_starts_a_cancellation(language: str, told: bool) -> None:
    others = [case["text"] for case in cases(language) if case["intent"] != "cancel_account"]
    others += (FOLDER / f"not_cancelling.{language}.txt").read_text(encoding="utf-8").splitlines()
    hint = language if told else None
    assert [text for text in others if ROUTER.route(text, hint).kind is IntentKind.CANCEL_ACCOUNT] == []
