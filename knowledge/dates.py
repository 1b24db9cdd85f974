"""The date of a document's wording, from a line such as "Last updated: 2 October 2023"."""

import re
from collections.abc import Iterable
from datetime import date

# Beginnings of month names in the forms that dates take; the longest that fits decides. A name that
# means different months in two languages (listopad) is left out.
_MONTHS: dict[int, str] = {
    1: "jan január januar jaanuar sausi janvār януари январ januára siječ styczn leden ledna січ janvier "
    "enero gennaio ianuarie tammi јануар",
    2: "feb februar február vasari februār veebruar февруари феврал veljač lut únor února лют févr fevr febr "
    "helmi фебруар",
    3: "mar märts maart március kovo kovas marts март ožujk březen března marzec берез mars marzo "
    "maalis märz",
    4: "apr balandž aprīl aprill април апрел travanj travnj kwiec dub dubna квіт avril abril huhti",
    5: "maj may gegu maij mai май мая svibanj svibnj květ трав mayo maggio máj touko мај",
    6: "jun birž jūnij juuni юни июн lipanj lipnj červen června czerw черв juin giugno iunie jún kesä јун",
    7: "jul liep jūlij juuli юли июл srpanj srpnj červenec července lip lipc лип juil luglio iulie júl "
    "heinä јул",
    8: "aug rugpjū август kolovoz srpen srpna sierp серп août aout agosto elo avgust август",
    9: "sep rugsėj septembr септем сентяб rujan rujn září wrzes wrześ верес set syys",
    10: "oct okt spal oktob oktoob октом октяб říjen října paźdz жовт octobre octubre ottobre loka",
    11: "nov lapkri ноем нояб studen листоп noviembre novembro marras",
    12: "dec gruod detsem декем декаб prosin grudz груд déc dic dez joulu",
}
_STEMS = sorted(
    ((stem, month) for month, stems in _MONTHS.items() for stem in stems.split()), key=lambda s: -len(s[0])
)

_SAYS = re.compile(
    r"updated|effective|revised|version|as of|last (?:change|modif)|in force|valid from|dated?\b|"
    r"posodobljen|velja|različica|sprememb|atnaujint|įsigalioj|galioja|redakcij|versija|uuendat|kehti|"
    r"muudet|"
    r"versioon|redaktsioon|актуализ|обновен|в сила|валидн|редакция|версия|изменен|действует|оновлен|чинн|"
    r"ažurira|izmijenjen|verzij|na snazi|vrijedi|aktualiz|účinn|platn|verzia|verze|zmien|obowiązuj|wersja|"
    r"atjaunin|spēkā|päivitet|voimassa|stand\b|aktualisiert|gültig|fassung|mise à jour|vigueur|actualiza|"
    r"vigor|"
    r"aggiorna|vigore|versión|versione|versiune|frissít|hatály|verzió|bijgewerkt|ажуриран|верзија",
    re.I,
)
_ISO = re.compile(r"\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b")
_NUMERIC = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?((?:19|20)\d\d)\b")
_DAY_FIRST = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|\.|er)?\s+(?:de\s+)?([^\W\d_]{3,})\.?,?\s+(?:de\s+)?((?:19|20)\d\d)\b"
)
_MONTH_FIRST = re.compile(r"\b([^\W\d_]{3,})\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)\b")
_YEAR_FIRST = re.compile(
    r"\b((?:19|20)\d\d)\s*(?:m\.|metų|\.\s?gada)?\s+(?:gada\s+)?([^\W\d_]{3,})\s+(\d{1,2})\b"
)
_LATVIAN = re.compile(r"\b((?:19|20)\d\d)\.\s*gada\s+(\d{1,2})\.\s+([^\W\d_]{3,})")


def parse_date(text: str) -> date | None:
    """Return the first date written in `text`, or None. Dates with slashes are ambiguous and not read."""
    if match := _ISO.search(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.search(text):
        return _date(int(match[3]), int(match[2]), int(match[1]))
    if match := _LATVIAN.search(text):
        return _date(int(match[1]), _month(match[3]), int(match[2]))
    if match := _YEAR_FIRST.search(text):
        return _date(int(match[1]), _month(match[2]), int(match[3]))
    if match := _DAY_FIRST.search(text):
        return _date(int(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_FIRST.search(text):
        return _date(int(match[3]), _month(match[1]), int(match[2]))
    return None


def is_dated_line(line: str) -> bool:
    """Whether a short line states the date of the document's wording."""
    return len(line) <= 120 and _SAYS.search(line) is not None and parse_date(line) is not None


def stated_date(lines: Iterable[str]) -> date | None:
    """Return the date that the first dated line states. Give it the document's first and last lines."""
    return next((parse_date(line) for line in lines if is_dated_line(line)), None)


def _month(name: str) -> int:
    lowered = name.casefold()
    return next((month for stem, month in _STEMS if lowered.startswith(stem)), 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
