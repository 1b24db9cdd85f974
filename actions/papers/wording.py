"""The words, days and amounts of a paper in one language; the words stand in `actions/papers.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

TEXTS = Path(__file__).parents[1] / "papers.toml"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """`language` is the one that is spoken, which is English for a customer whose own is not there."""

    language: str
    words: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """Return a text with its values. A value is never a pattern: what braces it has stay as they are."""
        return self.words[key].format(**values)

    def day(self, day: date) -> str:
        from babel.dates import format_date

        return str(format_date(day, self.words["day"], locale=self.words["locale"]))

    def amount(self, cents: int, currency: str) -> str:
        """Return an amount with two decimals, whatever is usual for the currency, and its ISO code."""
        from babel import Locale
        from babel.numbers import format_decimal

        locale = Locale.parse(self.words["locale"])
        # scaleb and not a division: the context's 28 digits must not round what the row holds
        number = format_decimal(
            Decimal(cents).scaleb(-2), "#,##0.00", locale=locale, decimal_quantization=False
        )
        code_first = locale.currency_formats["standard"].pattern.startswith("¤")
        return f"{currency}\u00a0{number}" if code_first else f"{number}\u00a0{currency}"


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def wording(language: str) -> Wording:
    """Return the wording for a code such as "sl" or "sl-SI"."""
    spoken = language.replace("_", "-").partition("-")[0].lower()
    spoken = spoken if spoken in _texts() else FALLBACK
    return Wording(spoken, _texts()[spoken])
