"""Every sentence a customer sees, by language and key, and the figures in it as that language writes them.

The catalogues are gettext files, `locales/*.po`, read as they are. `msgid` is a key; `msgid_plural` names
the value that is counted. A place for a value is its name in braces.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config import LANGUAGES
from bot.errors import BotError

FALLBACK = "en"
LOCALES = Path(__file__).with_name("locales")
PLACE = re.compile(r"\{([a-z_]+)\}")
_PLACE_AND_STOP = re.compile(PLACE.pattern + r"(\.?)")

# Babel's own locale for each language; a European company writes 1 February 2026 and not February 1, 2026.
_BABEL = {"en": "en_GB"}
# Where the long form would have to be inflected in a sentence, the form in figures is the one that is right.
_DAY_PATTERNS = {"sl": "d. M. y", "et": "dd.MM.y"}

_log = logging.getLogger(__name__)


class UnknownMessage(BotError):  # noqa: N818
    """A key or a value of a sentence is missing; only tests see this."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sentence. `forms` has one for each plural form of the language, or only one; `counted` is the
    name of the value that chooses among them."""

    forms: tuple[str, ...]
    counted: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All sentences of one language. `choose` maps a whole number, 0 or more, to its plural form."""

    entries: Mapping[str, Entry]
    choose: Callable[[int], int]


@cache
def catalogue(language: str) -> Catalogue:
    """Read one language's file. `language` is one of the product's."""
    from gettext import c2py

    from babel.messages.pofile import read_po

    with (LOCALES / f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    entries = {}
    for message in read:
        if not message.id:
            continue
        key, counted = message.id if isinstance(message.id, tuple | list) else (message.id, None)
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        entries[str(key)] = Entry(tuple(str(form) for form in forms), counted)
    return Catalogue(entries, c2py(read.plural_expr))


def product_language(language: str | None) -> str:
    """Return the product's language for a code such as "sl-SI"; English where there is none."""
    base = re.split(r"[-_]", language or "")[0].lower()
    return base if base in LANGUAGES else FALLBACK


class Messages:
    """Speaks the product's languages. With `strict` a gap raises; without, it is logged and bridged, because
    a customer is better served by an English sentence than by none."""

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict

    def say(self, language: str, key: str, /, **values: object) -> str:
        """Return a sentence with its values put in as they are: a value is text and never a pattern."""
        language, entry = self._entry(language, key)
        form = entry.forms[0]
        if entry.counted is not None:
            form = entry.forms[self._form(language, key, values.get(entry.counted))]
        return _PLACE_AND_STOP.sub(lambda place: self._value(key, place[1], place[2], values), form)

    def plural(self, language: str, key: str, count: int, /, **values: object) -> str:
        """Return the form of a sentence that goes with `count`, which fills the counted place."""
        counted = self._entry(language, key)[1].counted or "count"
        return self.say(language, key, **{**values, counted: count})

    def has(self, key: str) -> bool:
        return key in catalogue(FALLBACK).entries

    def money(self, language: str, amount: str) -> str:
        """Return an amount such as "12.34 EUR" as the language writes it; anything else unchanged."""
        from babel.numbers import format_currency

        number, _, currency = amount.partition(" ")
        try:
            return str(format_currency(Decimal(number), currency, locale=_locale(language)))
        except InvalidOperation:
            return amount

    def day(self, language: str, iso: str | date) -> str:
        """Return a day, ISO 8601 or a date, as the language writes it."""
        from babel.dates import format_date

        value = date.fromisoformat(iso) if isinstance(iso, str) else iso
        pattern = _DAY_PATTERNS.get(product_language(language), "long")
        # Bulgarian's narrow no-break space is a box in many a terminal; the common one reads the same.
        return str(format_date(value, pattern, locale=_locale(language))).replace("\u202f", "\u00a0")

    def weekday(self, language: str, day: date) -> str:
        """Return the name of the day of the week, as it stands by itself."""
        from babel.dates import format_date

        return str(format_date(day, "cccc", locale=_locale(language)))

    def moment(self, language: str, iso: str | datetime, zone: str) -> str:
        """Return a moment, ISO 8601 or aware, in the IANA zone `zone`; a naive one is taken as UTC."""
        value = datetime.fromisoformat(iso) if isinstance(iso, str) else iso
        local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))
        day = self.day(language, local.date())
        return self.say(language, "format.moment", day=day, time=f"{local:%H:%M}", zone=f"{local:%Z}")

    def join(self, language: str, items: Iterable[str]) -> str:
        """Return a list in words: "a, b and c"."""
        from babel.lists import format_list

        return str(format_list(list(items), locale=_locale(language)))

    def language_name(self, language: str, code: str) -> str:
        """Return what `language` calls the language `code`, ISO 639-1; the code where it has no name."""
        from babel import Locale

        if code in LANGUAGES:
            return self.say(language, f"language_name.{code}")
        return str(Locale.parse(_locale(language)).languages.get(code, code))

    def _entry(self, language: str, key: str) -> tuple[str, Entry]:
        for candidate in dict.fromkeys((product_language(language), FALLBACK)):
            entry = catalogue(candidate).entries.get(key)
            if entry is not None and all(entry.forms):
                return candidate, entry
            self._gap(f"no sentence {key!r} in {candidate}")
        return FALLBACK, Entry((key.rpartition(".")[2].replace("-", " ").replace("_", " "),))

    def _form(self, language: str, key: str, count: object) -> int:
        try:
            return catalogue(language).choose(abs(int(str(count))))
        except ValueError:
            self._gap(f"{key!r} needs a whole number and got {count!r}")
            return -1

    def _value(self, key: str, name: str, stop: str, values: Mapping[str, object]) -> str:
        """The value and the full stop behind it, needless where the value ends in one ("2026 г.")."""
        if name not in values:
            self._gap(f"{key!r} needs a value for {name!r}")
        value = str(values.get(name, "…"))
        return value if value.endswith(".") else value + stop

    def _gap(self, reason: str) -> None:
        if self._strict:
            raise UnknownMessage(reason)
        _log.error(reason)


def _locale(language: str) -> str:
    language = product_language(language)
    return _BABEL.get(language, language)
