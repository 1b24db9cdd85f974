"""Guessing the language of short messages; the first ones without waiting for lingua to load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import LANGUAGES
from bot.language import ProductLanguages

CASES = Path(__file__).parents[1] / "routing_cases.jsonl"
GUESSER = ProductLanguages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_phrasings_are_told_apart(language: str) -> None:
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    guesses = [(GUESSER.guess(row["text"]), row["text"]) for row in rows if row["lang"] == language]
    wrong = [(guess, text) for guess, text in guesses if guess not in (language, None)]
    right = sum(guess == language for guess, _ in guesses)
    # "Stric, zapri mi account" is Slovenian to a person and as much English to anything that counts words
    assert len(wrong) <= 0.005 * len(guesses), wrong
    assert right >= 0.95 * len(guesses)


@pytest.mark.parametrize(
    "text", ["", "  ", "👍", "123456", "ISO 27001", "OpenAI", "GDPR", "Brightside Ltd", "SLA", "a"]
)
def test_names_codes_and_keywords_give_no_ground(text: str) -> None:
    assert GUESSER.guess(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Wie kann ich mein Konto schließen?",
        "Jak zamknąć moje konto?",
        "Как мне закрыть мой аккаунт?",
        "Miten suljen tilini?",
    ],
)
def test_other_languages_are_none_of_ours(text: str) -> None:
    assert GUESSER.guess(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("molq zatvorete mi akaunta", "bg"), ("iskam da si zakriq profila", "bg"), ("Živjo", "sl"),
     ("Labas rytas", "lt"), ("Tere hommikust", "et"), ("Kako da zatvorim račun?", "sl")],
)  # fmt: skip
def test_short_and_latin_messages_are_recognised(text: str, language: str) -> None:
    assert GUESSER.guess(text) == language


def test_a_clear_message_does_not_load_lingua() -> None:
    code = (
        "import sys; from bot.language import ProductLanguages; guesser = ProductLanguages();"
        "print(guesser.guess('How do I close my account?'), 'lingua' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["en", "False"]


@pytest.mark.parametrize(
    "text",
    [
        "kak moga da spra akaunta si",
        "iskam faktura s nov adres molq",
        "kakvo stava s dannite mi sled kato zatvorq akaunta",
        "Zdraveite, koga 6te mi vurnete parite?",
        "moje li da govorq s chovek",
        "iskam da iztriete lichnite mi danni",
        "Trqbva li da platya sled kraya na mesetsa?",
        "как да спра акаунта си",
    ],
)
def test_bulgarian_is_known_in_either_script(text: str) -> None:
    assert GUESSER.guess(text) == "bg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kako lahko prekličem račun",
        "a mi lahko izbrišete moje podatke prosim",
        "moje podatke prosim prenesite",
        "kada mogu otkazati račun i da li se vraća novac",
        "molim vas ispravite moj račun",
        "mozem li dobiti fakturu za prosli mesec",
        "how can I delete my account",
        "kaip galiu panaikinti paskyrą",
        "kaip man gauti saskaita faktura",
        "kuidas ma saan konto kustutada",
        "jak mogę usunąć moje dane",
        "chcem zmenit fakturu a adresu",
        "I do not want to pay",
        "mi",
        "ok",
    ],
)
def test_other_languages_are_not_taken_for_bulgarian(text: str) -> None:
    assert GUESSER.guess(text) != "bg"
