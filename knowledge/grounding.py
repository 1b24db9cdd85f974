"""Does an answer say only what its clauses say? Quotes are verbatim, and every figure stands in a clause.

Figures are compared by value and not by spelling: `1,000.50` is `1 000,50`, `2024-05-03` is `3. 5. 2024`.
Where a number can be read in two ways (`1.000`), it counts as standing in the clause if any reading does.
A date with its month as a word counts as its day and year. Numbers written as words are not checked.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from knowledge.model import Citation

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"'“”„»«)\]]+", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:/[^\s<>\"'“”„»«)\]]*)?", re.IGNORECASE)
_ISO_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_POINT_DATE = re.compile(r"(?<!\d)(\d{1,2})[./]\s?(\d{1,2})[./]\s?(\d{4})(?!\d)")
# Groups of three behind a space or an apostrophe belong to the number; so do inner points and commas.
_NUMBER = re.compile(r"\d{1,3}(?:[\u00a0\u202f '’]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*")
_UNIT = re.compile(r"\s?(%|‰|[$€£¥]|\b(?:EUR|USD|GBP|CHF|BGN|CZK|PLN)\b)")
_CURRENCY_BEFORE = re.compile(r"([$€£¥]|\b(?:EUR|USD|GBP|CHF|BGN|CZK|PLN))\s?$")
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
# A street and its number: a word with a capital letter, then a number with a letter or a stroke.
_HOUSE = re.compile(r"([^\W\d_]{3,})\s+(\d+\s?(?:/\s?)?[A-Za-z]\b|\d+/\d+[A-Za-z]?)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that must stand in a clause. `readings` are the values it may have."""

    kind: str
    shown: str
    readings: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grounding:
    """Whether an answer may be shown; the reasons say, for the log, what is not in the clauses."""

    reasons: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.reasons


def check(text: str, citations: Sequence[Citation], current: Collection[str]) -> Grounding:
    """Check an answer against the clauses it cites; `current` holds the library's clause ids."""
    reasons = [] if citations else ["no-citation"]
    for citation in citations:
        if citation.clause.clause_id not in current:
            reasons.append(f"not-in-library: {citation.clause.clause_id}")
        if not is_verbatim(citation.quote, citation.clause.text):
            reasons.append(f"not-verbatim: {citation.clause.clause_id}")
    sources = [f"{citation.clause.heading}\n{citation.clause.text}" for citation in citations]
    reasons += [
        f"{figure.kind} not in a cited clause: {figure.shown}" for figure in ungrounded(text, sources)
    ]
    return Grounding(tuple(reasons))


def is_verbatim(quote: str, source: str) -> bool:
    """Say whether a quote that is not empty stands in the source, white space aside."""
    wanted = _collapsed(quote)
    return bool(wanted) and wanted in _collapsed(source)


def ungrounded(text: str, sources: Iterable[str]) -> list[Figure]:
    """Return the figures, dates, amounts, addresses, e-mails and URLs that no source holds."""
    held: set[tuple[str, str]] = set()
    for source in sources:
        held |= {(figure.kind, reading) for figure in figures(source) for reading in figure.readings}
    missing = (
        figure for figure in figures(text) if not any((figure.kind, one) in held for one in figure.readings)
    )
    return list(dict.fromkeys(missing))


def figures(text: str) -> list[Figure]:
    """Return everything in a text that only a document may vouch for."""
    rest = unicodedata.normalize("NFKC", text)
    found: list[Figure] = []
    for kind, pattern in (("e-mail", _EMAIL), ("url", _URL), ("url", _HOST)):
        for match in pattern.finditer(rest):
            found.append(Figure(kind, match[0], frozenset({_plain_address(match[0])})))
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    for pattern, order in ((_ISO_DATE, (1, 2, 3)), (_POINT_DATE, (3, 2, 1))):
        for match in pattern.finditer(rest):
            year, month, day = (int(match[part]) for part in order)
            found.append(Figure("date", match[0], frozenset({f"{year:04}-{month:02}-{day:02}"})))
        rest = pattern.sub(lambda match: " " * len(match[0]), rest)
    for match in _HOUSE.finditer(rest):
        if match[1][0].isupper():
            place = f"{match[1]} {match[2]}".casefold()
            found.append(Figure("address", match[0], frozenset({_SPACE.sub("", place)})))
    found.extend(_numbers(rest))
    return found


def _plain_address(address: str) -> str:
    bare = address.casefold().rstrip(".,;:!?")
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", bare).rstrip("/")


def _numbers(text: str) -> list[Figure]:
    """Return numbers, each also with its unit where it has one: 50 % is not grounded by 50 days."""
    found = []
    for match in _NUMBER.finditer(text):
        readings = _values(match[0])
        found.append(Figure("number", match[0], readings))
        after = _UNIT.match(text, match.end())
        before = _CURRENCY_BEFORE.search(text, 0, match.start())
        sign = after[1] if after else before[1] if before else None
        if sign is not None:
            unit = _SIGNS.get(sign, sign)
            amounts = frozenset(f"{reading} {unit}" for reading in readings)
            found.append(Figure("amount", f"{match[0]} {sign}", amounts))
    return found


def _values(number: str) -> frozenset[str]:
    """Return the values that a spelling may stand for, each as plain digits with a decimal point."""
    compact = re.sub(r"[\s'’]", "", number)
    readings = {_value(re.sub(r"[.,]", "", compact), "")} if _is_grouped(compact) else set()
    whole, mark, decimals = _last_mark(compact)
    if mark and not re.fullmatch(r"\d+(?:[.,]\d{3})+[.,]\d{3}", compact):
        readings.add(_value(re.sub(r"[.,]", "", whole), decimals))
    return frozenset(readings or {_value(re.sub(r"[.,]", "", compact), "")})


def _is_grouped(compact: str) -> bool:
    return re.fullmatch(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", compact) is not None


def _last_mark(compact: str) -> tuple[str, str, str]:
    at = max(compact.rfind("."), compact.rfind(","))
    return (compact, "", "") if at < 0 else (compact[:at], compact[at], compact[at + 1 :])


def _value(whole: str, decimals: str) -> str:
    whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _collapsed(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
