"""Which of the product's languages a short message is written in."""

import re
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from bot.config import LANGUAGES
from bot.routing.folding import CYRILLIC, words
from bot.routing.lexicon import Lexicon, lexicon

if TYPE_CHECKING:
    from lingua import LanguageDetector

_LONGEST_READ = 600
_LETTERS = re.compile(r"[^\W\d_]")
_FOREIGN_CYRILLIC = re.compile(r"[ыэёєіїґўђјљњћџќѓѕ]", re.IGNORECASE)
_CERTAIN_SCRIPT = {
    "lt": re.compile(r"[ąęėįų]", re.IGNORECASE),
    "et": re.compile(r"[õ]", re.IGNORECASE),
}
# Close to one of ours and far likelier a slip of the guesser than a customer writing it: a support desk of
# these five languages rather meets Slovenian without diacritics than Croatian.
_TAKEN_FOR = {"hr": "sl", "mk": "bg"}
_CONFUSABLE = ("hr", "sk", "pl", "lv", "fi", "ru", "mk", "uk", "de")
_ENOUGH_WORDS = 2
_LEAST_CONFIDENCE = 0.45
_FEWEST_LETTERS = 4
_BRIEF = 4
_COURTESIES = ("greeting", "thanks", "bye", "please", "chitchat", "person", "filler")


class ProductLanguages:
    """Implements `bot.ports.LanguageGuesser`. The words of the lexicons decide first; they need no loading.

    Lingua is asked only where they leave it open, and is loaded by the first such message.
    """

    def __init__(self) -> None:
        self._loading = Lock()

    def guess(self, text: str) -> str | None:
        """One of `bot.config.LANGUAGES`; None for other languages, names, codes and bare keywords."""
        sample = text[:_LONGEST_READ]
        if len(_LETTERS.findall(sample)) < 2:
            return None
        if CYRILLIC.search(sample):
            return self._cyrillic(sample)
        return (
            self._by_words(sample)
            or _by_courtesy(sample)
            or _latin_bulgarian(sample)
            or self._by_lingua(sample)
        )

    def warm(self) -> None:
        """Load lingua now, behind the prompt, rather than at the first message that needs it."""
        with self._loading:
            # Words of five letters and more, of each script, are what brings in all the models.
            for text in ("warming up", "затопляне"):
                self._detector.detect_language_of(text)

    def _cyrillic(self, text: str) -> str | None:
        return (
            None
            if _FOREIGN_CYRILLIC.search(text)
            else ("bg" if _russian_free(text) else self._by_lingua(text))
        )

    def _by_words(self, text: str) -> str | None:
        """The language that knows clearly the most of the small words, where one does."""
        weights = {code: _weight(text, code) for code in LANGUAGES}
        ranked = sorted(weights, key=lambda code: weights[code], reverse=True)
        first, second = ranked[0], ranked[1]
        if weights[first] >= _ENOUGH_WORDS and weights[first] >= weights[second] * 1.6:
            return first
        return None

    def _by_lingua(self, text: str) -> str | None:
        if len(_LETTERS.findall(text)) < _FEWEST_LETTERS or _only_names(text):
            return None
        with self._loading:
            values = self._detector.compute_language_confidence_values(text)
        scores: dict[str, float] = {}
        for value in values:
            code = value.language.iso_code_639_1.name.lower()
            scores[_TAKEN_FOR.get(code, code)] = scores.get(_TAKEN_FOR.get(code, code), 0.0) + value.value
        best = max(scores, key=lambda code: scores[code])
        return best if best in LANGUAGES and scores[best] >= _LEAST_CONFIDENCE else None

    @cached_property
    def _detector(self) -> "LanguageDetector":
        from lingua import IsoCode639_1, LanguageDetectorBuilder

        codes = [getattr(IsoCode639_1, code.upper()) for code in (*LANGUAGES, *_CONFUSABLE)]
        return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def _weight(text: str, language: str) -> float:
    """How many of a text's words are the language's own small words; its own letters count as one more."""
    book = lexicon(language)
    own = sum(_telling(book, word) for word in words(text, language))
    script = _CERTAIN_SCRIPT.get(language)
    return own + (1.5 if script and script.search(text) else 0.0)


def _small(book: Lexicon, word: str) -> bool:
    return any(pattern.concept == "small" for pattern in book.exact.get(word, ()))


def _telling(book: Lexicon, word: str) -> float:
    if len(word) < 2:
        return 0.0
    if _small(book, word):
        return 1.0
    return 0.7 if len(word) > 4 and word in book.exact else 0.0


def _russian_free(text: str) -> bool:
    """Whether a Cyrillic text has a Bulgarian word that Russian, Ukrainian and Macedonian do not write so."""
    book = lexicon("bg")
    return any(_small(book, word) or (len(word) > 3 and book.knows(word)) for word in words(text, "bg"))


def _by_courtesy(text: str) -> str | None:
    """The language of a brief greeting, thanks, "please" or goodbye that only one of ours has."""
    if len(text.split()) > _BRIEF:
        return None
    kept = [code for code in LANGUAGES if _courteous(text, code)]
    return kept[0] if len(kept) == 1 else None


def _courteous(text: str, language: str) -> bool:
    hits = lexicon(language).hits(tokens := words(text, language))
    inside = {at for kind in _COURTESIES for start, end in hits.get(kind, ()) for at in range(start, end)}
    return any(kind in hits for kind in _COURTESIES[:-1]) and len(inside) == len(tokens)


def _latin_bulgarian(text: str) -> str | None:
    """Bulgarian in Latin letters, which lingua does not know: by the words of the lexicon alone."""
    if not text.isascii():
        return None
    known = {code: sum(lexicon(code).knows(word) for word in _long_words(text, code)) for code in LANGUAGES}
    others = max(count for code, count in known.items() if code != "bg")
    return "bg" if known["bg"] >= _ENOUGH_WORDS and known["bg"] >= 2 * others else None


def _long_words(text: str, language: str) -> list[str]:
    return [word for word in words(text, language) if len(word) > 3]


def _only_names(text: str) -> bool:
    """Whether every word is a name, an acronym or a number: "ISO 27001", "OpenAI", "Brightside Ltd"."""
    return (
        all(not word[:1].islower() for word in text.split() if _LETTERS.search(word))
        and len(text.split()) <= 3
    )
