"""Odd input: nothing crashes, and the time grows with the length and no faster."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import LANGUAGES
from bot.model import Intent, IntentKind
from bot.routing.folding import bulgarian, fold, words
from bot.routing.router import RuleRouter, reading_language

ROUTER = RuleRouter()


@given(st.text(max_size=300), st.sampled_from([*LANGUAGES, None, "xx"]))
@settings(max_examples=200, deadline=None)
def test_any_text_gets_a_decision_with_a_reason(text: str, language: str | None) -> None:
    intent = ROUTER.route(text, language)
    assert isinstance(intent, Intent)
    assert intent.reason


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\x00\x07\x1b", "👍👍", "...", "?"])
def test_no_words_is_other(text: str) -> None:
    assert ROUTER.route(text, "en") == Intent(IntentKind.OTHER, reason="other:no-words")


@pytest.mark.parametrize(
    "part", ["a", "ne ", "please, ", '"', "'", "a@", "could you ", "ą, ", "- ", "close my account, "]
)
def test_ten_thousand_characters_take_a_moment(part: str) -> None:
    text = (part * 10_000)[:10_000]
    ROUTER.route("hello", "en")
    started = time.perf_counter()
    ROUTER.route(text, "en")
    assert time.perf_counter() - started < 5.0


def test_control_characters_do_not_hide_the_words() -> None:
    assert ROUTER.route("please close\u00a0my account\x07", "en").kind is IntentKind.CANCEL_ACCOUNT


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [("затворете", "zatvorete"), ("моля", "molq"), ("моля", "molya"), ("защо", "zashto"), ("защо", "za6to"),
     ("закрийте", "zakrijte"), ("закрийте", "zakriyte"), ("желая", "zhelaq"), ("човек", "4ovek")],
)  # fmt: skip
def test_chat_spellings_meet_the_cyrillic_ones(cyrillic: str, latin: str) -> None:
    assert bulgarian(fold(cyrillic)) == bulgarian(fold(latin))


def test_folding_drops_case_diacritics_and_apostrophes() -> None:
    assert words("Don't CLOSE: Račun, sąskaitą, õigus", "sl") == (
        "dont",
        "close",
        "racun",
        "saskaita",
        "oigus",
    )


def test_the_words_outweigh_a_wrong_hint_where_they_are_clear() -> None:
    assert reading_language("prosim zaprite moj račun", "en") == "sl"
    assert reading_language("моля закрийте акаунта", "en") == "bg"
    assert reading_language("please close it", "en") == "en"
