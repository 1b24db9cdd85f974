"""Which language a text is in."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from knowledge.folding import words

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


# Common words of Bulgarian typed in Latin letters that no neighbour writes so, in their usual spellings.
_BULGARIAN_WORDS = """
kakvo kakwo kakva kakuv kakyv kakav koga kogato koi koito koqto koyto koyato kolko kude kyde zashto zashtoto
iskam iskame iskate moga mojem mojete mozhete mozhe moje6 molq molya molia trqbva tryabva triabva
imame nqma nyama niama nqmam nyamam sum sym shte 6te bih bihte sus sys predi
smetka smetkata fakturata fakturi akaunt akaunta akauntut
dannite danni lichni lichnite moite moqta moyata
vashata vashite vashiqt vashiyat tozi tazi tova tezi neshto ne6to zdravei zdraveite zdravejte dobur dobar
blagodarq blagodarya blagodaria mersi poveche oshte o6te vsichki vsi4ki vsichko plashtane plashtam
plashta platq platya pari parite parola abonament izpratite izpratete iztriete iztriq iztrija izbrisha
izbrishete sprete prekratq prekratya otkaja otkazha dogovora chovek 4ovek kompaniqta uslugata
raboti poluchih poluchavam syobshtenie suobshtenie bqh byah beshe pomognete pomosht kum kym
sushto syshto tuk teq mejdu mezhdu tvurde polzvam izpolzvam izpolzvate suhranqvate suhranyavate
"""
# Words that Bulgarian shares with its neighbours: they support, but do not decide.
_SHARED_WORDS = """
i na za ot do v s se da ne li mi vi si po pri kak faktura imam imate samo sam sas problem dogovor ima
moje ste sme ako dali sled rabota uslugi
"""
# Words that tell of another language in the same letters.
_OTHER_WORDS = """
kako kaj ali lahko sem bom bi je so smo moj moja prosim molim zelim hocem hočem želim racun račun
kada gdje gde zasto zašto sta šta sto mogu mozem možem mozete možete treba nije nisem nimam vas vaš vasa vase
kdaj kje zakaj koliko ker tudi ni bil bila jaz ja the is my you how what can of to and please want account
jak kdy proc proč jsem jste mam mám chcem chci mojego jest czy nie kiedy kaip kas kada ar man kuidas mis
mul minu kas ei ma on saan
"""
_BULGARIAN = frozenset(_BULGARIAN_WORDS.split())
_SHARED = frozenset(_SHARED_WORDS.split())
_OTHER = frozenset(_OTHER_WORDS.split())
_ARTICLE = re.compile(r"^[a-z]{4,}(?:ata|qta|yata|iata|eto|oto|ite|ut|yt)$")
_STYLE = re.compile(r"[a-z]q[a-z]?\b|[a-z]*[46][a-z]+|^q[a-z]|sht|[a-z]+(?:qt|qm|qh)\b")


def latin_bulgarian(text: str) -> bool:
    """Whether a short message is Bulgarian typed in Latin letters.

    Words decide, and habits of that spelling (q for я, 4 for ч, 6 for ш, endings of the definite article)
    support them. A neighbour's language, Slovenian and Croatian above all, must not be taken for it.
    """
    tokens = [word.casefold() for word in words(_ADDRESS.sub(" ", text))]
    if not tokens or any("а" <= letter <= "я" for token in tokens for letter in token):
        return False
    decided = sum(token in _BULGARIAN and token not in _OTHER for token in tokens)
    habits = sum(bool(_STYLE.search(token) or _ARTICLE.match(token)) for token in tokens if token.isascii())
    shared = sum(token in _SHARED for token in tokens)
    others = sum(token in _OTHER for token in tokens)
    score = 2 * decided + habits + 0.5 * shared - 2 * others
    return decided > 0 and decided + habits >= 1 and score >= 2 and score >= 0.25 * len(tokens)
