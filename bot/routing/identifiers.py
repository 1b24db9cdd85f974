"""Addresses, codes, VAT ids and labelled details in what a customer typed; the forms fill in from them."""

import re
from itertools import zip_longest

from bot.routing.folding import fold

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])"
)
_CODE = re.compile(r"(?<![\d.,+/-])(\d{3})[ \u00a0-]?(\d{3})(?![\d/-]|[.,]\d)")
_MOST_WORDS_AROUND_A_CODE = 5
_LONGEST_CODE_MESSAGE = 60

_VAT_COUNTRIES = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"
_VAT = re.compile(
    rf"(?<![A-Z0-9])({_VAT_COUNTRIES})[ \u00a0.-]?([0-9A-Z](?:[ \u00a0.-]?[0-9]|[A-Z]){{6,11}})(?![A-Z0-9])",
    re.IGNORECASE,
)
_FEWEST_VAT_DIGITS = 6

# Folded as fold() folds; the longer labels stand before the shorter ones that begin them.
_LABELS = {
    "company": (
        "company name", "name of the company", "company", "business name", "firm", "billing name",
        "bill to", "ime podjetja", "naziv podjetja", "podjetje", "naziv", "firma",
        "imones pavadinimas", "pavadinimas", "imone", "ettevotte nimi", "firma nimi", "ettevote",
        "arinimi", "име на фирмата", "име на фирма", "фирма", "дружество", "наименование",
        "компания", "ime na firmata", "ime na firma",
    ),
    "address": (
        "billing address", "new address", "registered office", "address", "naslov podjetja",
        "novi naslov", "nov naslov", "naslov", "sedez", "buveines adresas", "naujas adresas",
        "adresas", "uus aadress", "aadress", "адрес на фирмата", "нов адрес", "адрес", "седалище",
        "adres",
    ),
    "vat_id": (
        "vat registration number", "vat number", "vat id", "vat no", "vat reg", "vat", "tax number",
        "tax id", "identifikacijska stevilka za ddv", "id stevilka za ddv", "id za ddv",
        "ddv stevilka", "davcna stevilka", "davcna", "ddv", "pvm moketojo kodas", "pvm kodas",
        "pvm numeris", "pvm", "kaibemaksukohustuslase number", "kaibemaksunumber", "kmkr number",
        "kmkr nr", "kmkr", "ин по ддс", "ддс номер", "номер по ддс", "ддс №", "ддс", "ид по ддс",
        "dds nomer", "in po dds", "dds",
    ),
}  # fmt: skip
_KEYS = {label: key for key, labels in _LABELS.items() for label in labels}
_ALTERNATIVES = "|".join(re.escape(label) for label in sorted(_KEYS, key=len, reverse=True))
_LABEL = re.compile(
    r"(?:(?<=^)|(?<=[\n,;.(•*]))[ \t\u00a0\-–*]{0,8}"
    r"(?:(?:my|our|the|nase|nas|moj|musu|mano|meie|minu|нашият|нашата)[ ])?"
    rf"({_ALTERNATIVES})[ \t.]{{0,3}}[:=][ \t]*"
)
_LONGEST_DETAIL = 300
# The end of a sentence, not of an abbreviation such as "d.o.o." or "Ltd.".
_FULL_STOP = re.compile(r"(?:(?<=\w{5})|(?<=\d))\.$")


def find_email(text: str) -> str | None:
    """The first e-mail address in a text, lower-cased, without the punctuation around it."""
    found = _EMAIL.search(text)
    return found.group().lower() if found else None


def find_code(text: str) -> str | None:
    """A six-digit one-time code, where the message is the code and hardly anything else."""
    trimmed = text.strip()
    if len(trimmed) > _LONGEST_CODE_MESSAGE:
        return None
    found = _CODE.findall(trimmed)
    rest = _CODE.sub(" ", trimmed)
    if len(found) != 1 or any(letter.isdigit() for letter in rest):
        return None
    return "".join(found[0]) if len(rest.split()) <= _MOST_WORDS_AROUND_A_CODE else None


def vat_candidates(text: str) -> tuple[str, ...]:
    """What looks like a European VAT id, upper case without spaces ("SI12345678"). Not yet checked."""
    found = []
    for country, rest in _VAT.findall(text):
        digits = re.sub(r"[^0-9A-Z]", "", rest.upper())
        if sum(digit.isdigit() for digit in digits) >= _FEWEST_VAT_DIGITS:
            found.append(country.upper() + digits)
    return tuple(dict.fromkeys(found))


def labelled_details(text: str) -> dict[str, str]:
    """Billing details that a message labels ("company: X, address: Y"), under company, address and vat_id.

    A value runs to the next label or the end of its line; the last of two values for one label counts. A VAT
    id without a label is found too, when there is exactly one.
    """
    shape = _same_length_fold(text)
    found = list(_LABEL.finditer(shape))
    details = {}
    for label, following in zip_longest(found, found[1:]):
        end = following.start() if following else len(text)
        value = re.split(r"[\n;]", text[label.end() : end], maxsplit=1)[0].strip(" \t\u00a0,-–*•(")
        value = _FULL_STOP.sub("", value)
        if value:
            details[_KEYS[label.group(1)]] = value[:_LONGEST_DETAIL]
    return _with_vat(details, text)


def _with_vat(details: dict[str, str], text: str) -> dict[str, str]:
    candidates = vat_candidates(details.get("vat_id", text))
    if len(candidates) == 1:
        details["vat_id"] = candidates[0]
    elif "vat_id" in details:
        details["vat_id"] = re.sub(r"[\s.-]", "", details["vat_id"]).upper()
    return details


def _same_length_fold(text: str) -> str:
    """The text folded letter by letter, so that positions in it are positions in the text."""
    return "".join(folded if len(folded := fold(letter)) == 1 else letter for letter in text)
