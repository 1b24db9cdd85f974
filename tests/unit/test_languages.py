"""Which language a text is in; models load only when the first text comes."""

import subprocess
import sys

import pytest

from knowledge.languages import EUROPEAN, LinguaDetector

DETECTOR = LinguaDetector(("en", "sl", "hr", "lt", "et", "bg"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The account is closed within one business day.", "en"),
        ("Račun bo zaprt v enem delovnem dnevu po prejemu zahteve.", "sl"),
        ("Paskyra bus uždaryta per vieną darbo dieną.", "lt"),
        ("Konto suletakse ühe tööpäeva jooksul.", "et"),
        ("Акаунтът се закрива в рамките на един работен ден.", "bg"),
        ("Moj račun još uvijek nije zatvoren, molim vas provjerite.", "hr"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert DETECTOR.detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "   ", "12 345,00", "?!", "a", "office@example.com", "https://example.com/terms"]
)
def test_nothing_to_go_by(text: str) -> None:
    assert DETECTOR.detect(text) is None


def test_of_a_long_text_a_part_is_enough() -> None:
    text = "Račun bo zaprt v enem delovnem dnevu po prejemu zahteve. " * 20_000
    assert DETECTOR.detect(text) == "sl"


def test_lingua_loads_with_the_first_text_only() -> None:
    script = (
        "import sys; from knowledge.languages import LinguaDetector; LinguaDetector(); "
        "sys.exit('lingua' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_product_s_languages_and_their_neighbours_are_known() -> None:
    assert {"en", "sl", "lt", "et", "bg", "hr", "lv", "fi", "mk"} <= set(EUROPEAN)
    assert len(set(EUROPEAN)) == len(EUROPEAN)
