import ast
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from actions.correct_invoice import MOST_CHARACTERS
from actions.model import ActionKind, Right, Step
from bot.config import LANGUAGES
from bot.exports import SECTIONS
from bot.messages import LOCALES, PLACE, Messages, UnknownMessage, catalogue, product_language
from bot.model import HandoffReason

ROOT = Path(__file__).parents[2]
ENGLISH = catalogue("en").entries
KEYS = sorted(ENGLISH)
OTHERS = [language for language in LANGUAGES if language != "en"]

# Nothing but values and marks, so nothing to translate.
SAME_IN_EVERY_LANGUAGE = {"check.passed", "check.failed", "status.item", "handoff.person_label"}

KEY = re.compile(r"[a-z_]+(\.[A-Za-z0-9_-]+)+")
LINE_KEY = re.compile(r"(cancel|correct|gdpr|ended)\.[a-z-]+")
# What takes a rule, a key or a check as a literal in actions, and the prefixes of its sentence here.
NAMING_CALLS = {
    "Deny": "rule.",
    "Rejected": "rejected.",
    "_reject": "rejected.",
    "_void": "rejected.",
    "passed": "check.",
}
# These take the rule that ended an action. A later press of its button is answered with it, but for what the
# step says by itself.
ENDING_CALLS = ("move", "_call_off")
TOLD_BY_THE_STEP = {"effect-failed", "interrupted", "refused-by-staff"}


def _trees(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _strings(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _named_in_actions() -> set[str]:
    """The keys of everything that actions name by a literal."""
    found = set()
    for _, tree in _trees("actions"):
        found |= {f"line.{text}" for text in _strings(tree) if LINE_KEY.fullmatch(text)}
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        endings = {id(arg) for call in calls if _name(call) in ENDING_CALLS for arg in call.args}
        for call in calls:
            named = {text for arg in call.args[:3] for text in _choices(arg)}
            if _name(call) == "Deny" and id(call) in endings:
                found |= {f"rejected.{rule}" for rule in named - TOLD_BY_THE_STEP}
            elif _name(call) in NAMING_CALLS:
                found |= {NAMING_CALLS[_name(call)] + rule for rule in named if rule}
    return found


def _choices(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _choices(node.body) | _choices(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _computed() -> set[str]:
    """Keys that are put together from an enumeration or a table."""
    fields = [name.replace("_", "-") for name in MOST_CHARACTERS]
    return {
        *(f"kind.{kind}" for kind in ActionKind),
        *(f"card.title.{kind}" for kind in ActionKind),
        *(f"button.confirm.{kind}" for kind in ActionKind),
        *(f"button.confirm.{right}" for right in (Right.OBJECTION, Right.WITHDRAW_CONSENT)),
        *(f"right.{right}" for right in Right),
        *(f"button.right.{right}" for right in Right),
        *(f"receipt.step.{step}" for step in Step),
        *(f"language_name.{language}" for language in LANGUAGES),
        *(f"export.section.{name}" for name in SECTIONS),
        *(f"handoff.why.{reason}" for reason in HandoffReason if reason is not HandoffReason.ASKED),
        *(f"form.{name}" for name in MOST_CHARACTERS),
        *(f"line.correct.{name}" for name in fields),
        *(f"problem.{name}-{what}" for name in fields for what in ("too-long", "unreadable")),
        *("problem.vat-id-invalid", "problem.right-unknown", "rule.denied"),
    }


def _used_in_bot() -> set[str]:
    """The keys that stand in bot's code as they are."""
    return {text for _, tree in _trees("bot") for text in _strings(tree) if KEY.fullmatch(text)}


def _said() -> Iterator[tuple[Path, str]]:
    """Every key that is given as a literal to something that speaks."""
    for path, tree in _trees("bot"):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if _name(call) in ("say", "tell", "plural", "button", "_tell", "_say", "_patiently"):
                for argument in call.args[:3]:
                    if isinstance(argument, ast.Constant) and KEY.fullmatch(str(argument.value)):
                        yield path, str(argument.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_exactly_the_keys_of_english(language: str) -> None:
    assert set(catalogue(language).entries) == set(ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_or_fuzzy_or_given_twice(language: str) -> None:
    path = LOCALES / f"{language}.po"
    with path.open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    assert not [message.id for message in read if message.id and message.fuzzy]
    assert not [
        key for key, entry in catalogue(language).entries.items() if not all(map(str.strip, entry.forms))
    ]
    ids = re.findall(r'^msgid "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_form_of_the_language_is_there(language: str) -> None:
    with (LOCALES / f"{language}.po").open("rb") as file:
        forms = read_po(file, locale=language).num_plurals
    counted = {key: entry for key, entry in catalogue(language).entries.items() if entry.counted}
    assert counted
    assert {key: len(entry.forms) for key, entry in counted.items()} == dict.fromkeys(counted, forms)
    assert {key: entry.counted for key, entry in counted.items()} == {
        key: entry.counted for key, entry in ENGLISH.items() if entry.counted
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_has_the_places_of_english(language: str) -> None:
    differing = [
        key
        for key, entry in catalogue(language).entries.items()
        if any(set(PLACE.findall(form)) != set(PLACE.findall(ENGLISH[key].forms[0])) for form in entry.forms)
    ]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_braces_only_mark_places(language: str) -> None:
    stray = [
        key
        for key, entry in catalogue(language).entries.items()
        if any(set(PLACE.sub("", form)) & set("{}") for form in entry.forms)
    ]
    assert stray == []


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    entries = catalogue(language).entries
    same = {key for key in KEYS if entries[key].forms[0] == ENGLISH[key].forms[0]}
    assert same == SAME_IN_EVERY_LANGUAGE


def test_bulgarian_is_written_in_cyrillic_throughout() -> None:
    addresses = re.compile(r"\{[a-z_]+\}|\S+@\S+")
    commands = re.compile(r"/[a-z]+|Ctrl-C|Shift\+Enter|Enter")
    latin = [
        key
        for key, entry in catalogue("bg").entries.items()
        if any(re.search(r"[A-Za-z]", commands.sub("", addresses.sub("", form))) for form in entry.forms)
    ]
    assert latin == []


def test_every_key_that_the_code_says_exists() -> None:
    missing = {(path.name, key) for path, key in _said() if key not in ENGLISH}
    assert missing == set()


def test_every_rule_and_line_of_the_actions_has_its_sentence() -> None:
    named = _named_in_actions()
    assert {"rule.not-owner", "line.cancel.closes", "check.owner", "rejected.foreign"} <= named
    assert (named | _computed()) - set(ENGLISH) == set()


def test_every_sentence_is_used() -> None:
    assert set(KEYS) - _used_in_bot() - _named_in_actions() - _computed() == set()


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("en", 1, "1 try left"),
        ("en", 0, "0 tries left"),
        ("sl", 1, "1 poskus."),
        ("sl", 2, "2 poskusa."),
        ("sl", 3, "3 poskuse."),
        ("sl", 5, "5 poskusov."),
        ("sl", 102, "102 poskusa."),
        ("lt", 1, "1 bandymas."),
        ("lt", 21, "21 bandymas."),
        ("lt", 2, "2 bandymai."),
        ("lt", 11, "11 bandymų."),
        ("lt", 0, "0 bandymų."),
        ("et", 1, "1 katse."),
        ("et", 2, "2 katset."),
        ("bg", 1, "1 опит."),
        ("bg", 4, "4 опита."),
    ],
)
def test_a_counted_value_chooses_the_form(language: str, count: int, expected: str) -> None:
    messages = Messages(strict=True)
    assert expected in messages.plural(language, "identity.wrong_code", count)
    assert expected in messages.say(language, "identity.wrong_code", count=str(count))


def test_a_value_is_never_a_pattern() -> None:
    said = Messages(strict=True).say("en", "handoff.taken", name="{company} %s {0} \\1 {name}")
    assert said == "{company} %s {0} \\1 {name} from our team is now writing."


def test_a_value_that_ends_in_a_full_stop_gets_no_second_one() -> None:
    said = Messages(strict=True).say("bg", "receipt.withdraw_until", moment="1 март 2026 г.")
    assert said.endswith("1 март 2026 г.")
    assert not said.endswith("..")


def test_values_may_have_the_names_of_parameters() -> None:
    said = Messages(strict=True).say("en", "handoff.taken", name="Ana", key="x", language="y", self="z")
    assert said == "Ana from our team is now writing."


def test_tests_hear_of_a_gap() -> None:
    strict = Messages(strict=True)
    with pytest.raises(UnknownMessage, match=r"no\.such"):
        strict.say("en", "no.such")
    with pytest.raises(UnknownMessage, match="name"):
        strict.say("en", "handoff.taken")
    with pytest.raises(UnknownMessage, match="whole number"):
        strict.say("en", "identity.wrong_code", count="many")


def test_customers_do_not_hear_of_a_gap_and_the_log_does(caplog: pytest.LogCaptureFixture) -> None:
    lenient = Messages()
    with caplog.at_level(logging.ERROR, logger="bot.messages"):
        assert lenient.say("sl", "rule.some-new-rule") == "some new rule"
        assert lenient.say("en", "handoff.taken") == "… from our team is now writing."
        assert lenient.say("en", "identity.wrong_code", count="many").endswith("many tries left.")
    assert "rule.some-new-rule" in caplog.text
    assert "handoff.taken" in caplog.text


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("sl", "sl"),
        ("sl-SI", "sl"),
        ("BG_bg", "bg"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
        ("english", "en"),
    ],
)
def test_an_unknown_language_falls_back_to_english(code: str | None, language: str) -> None:
    assert product_language(code) == language


def test_figures_are_written_as_the_language_writes_them() -> None:
    messages = Messages(strict=True)
    written = {
        language: (
            messages.money(language, "1234.50 EUR").replace("\u00a0", " "),
            messages.day(language, "2026-02-01").replace("\u00a0", " "),
            messages.moment(language, "2026-07-01T13:05:00+00:00", "Europe/Bratislava").replace(
                "\u00a0", " "
            ),
        )
        for language in LANGUAGES
    }
    assert written == {
        "en": ("€1,234.50", "1 February 2026", "1 July 2026 at 15:05 (CEST)"),
        "sl": ("1.234,50 €", "1. 2. 2026", "1. 7. 2026 ob 15:05 (CEST)"),
        "lt": ("1 234,50 €", "2026 m. vasario 1 d.", "2026 m. liepos 1 d. 15:05 (CEST)"),
        "et": ("1 234,50 €", "01.02.2026", "01.07.2026 kell 15:05 (CEST)"),
        "bg": ("1 234,50 €", "1 февруари 2026 г.", "1 юли 2026 г. в 15:05 ч. (CEST)"),
    }


def test_dates_and_moments_may_come_as_values() -> None:
    messages = Messages(strict=True)
    assert messages.day("en", date(2026, 2, 1)) == "1 February 2026"
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert messages.moment("en", late, "Europe/Bratislava") == "1 February 2026 at 00:30 (CET)"
    assert messages.moment("en", "2026-01-31T23:30:00", "UTC") == "31 January 2026 at 23:30 (UTC)"


def test_what_is_no_amount_stays_as_it_is() -> None:
    assert Messages().money("en", "a lot of EUR") == "a lot of EUR"


def test_lists_and_languages_are_named_in_words() -> None:
    messages = Messages(strict=True)
    assert messages.join("lt", ["anglų", "estų", "bulgarų"]) == "anglų, estų ir bulgarų"
    assert messages.join("sl", ["a"]) == "a"
    assert messages.language_name("et", "sl") == "sloveeni"
    assert messages.language_name("sl", "de") == "nemščina"
    assert messages.language_name("en", "xx") == "xx"
