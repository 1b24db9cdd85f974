"""Which language a text is in."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector as _Lingua

EUROPEAN = (
    "en", "sl", "hr", "sr", "bs", "sk", "cs", "pl", "lt", "lv", "et",
    "fi", "bg", "mk", "ru", "uk", "de", "fr", "es", "it", "ro", "hu",
)  # fmt: skip
"""Those of the product and those that are easily taken for one of them."""

_SAMPLE = 12_000
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+")


class LinguaDetector:
    """`knowledge.ports.LanguageDetector` by lingua. Its models load at the first text, not before.

    Few languages make it quicker, smaller and surer on short messages: give it those that can occur.
    """

    def __init__(self, languages: Iterable[str] = EUROPEAN) -> None:
        self.languages = tuple(languages)

    def detect(self, text: str) -> str | None:
        """Return an ISO 639-1 code of one of `languages`; None without at least three letters to go by.

        Of a long text only a part is read, taken from its beginning, middle and end.
        """
        sample = _ADDRESS.sub(" ", _sample(text))
        if sum(letter.isalpha() for letter in sample) < 3:
            return None
        found = self._detector.detect_language_of(sample)
        return found.iso_code_639_1.name.lower() if found else None

    @cached_property
    def _detector(self) -> "_Lingua":
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, code.upper()) for code in self.languages]
        return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    third = _SAMPLE // 3
    middle = len(text) // 2
    return " ".join((text[:third], text[middle : middle + third], text[-third:]))
