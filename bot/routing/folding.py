"""One form for every way of writing a word: lower case, no diacritics, Bulgarian in Latin letters."""

import re
import unicodedata

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "j", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "", "ю": "iu",
    "я": "ia", "ы": "i", "э": "e", "ѝ": "i",
}  # fmt: skip
_TO_LATIN = str.maketrans(_CYRILLIC)
_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
# How people write Bulgarian with a Latin keyboard; the longer spellings come first.
_CHAT_SPELLINGS = (
    ("6t", "sht"), ("zh", "j"), ("6", "sh"), ("4", "ch"), ("q", "ia"), ("y", "i"), ("w", "v"), ("ts", "c"),
    ("kh", "h"), ("x", "h"),
)  # fmt: skip
_SHORT_I = re.compile(r"(?<=[aei])j(?=te?\b|$)")
CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def fold(text: str) -> str:
    """Lower case without diacritics; Cyrillic letters stay as they are."""
    lowered = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).lower()
    composed = lowered.replace("й", "и").replace("ѝ", "и")
    parts = unicodedata.normalize("NFKD", composed)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def bulgarian(word: str) -> str:
    """A folded word in the Latin form that Cyrillic and chat spellings share."""
    if CYRILLIC.search(word):
        word = word.translate(_TO_LATIN)
    elif word.isdigit():
        return word
    for spelling, letters in _CHAT_SPELLINGS:
        word = word.replace(spelling, letters)
    return _SHORT_I.sub("i", word)


def words(text: str, language: str) -> tuple[str, ...]:
    """The folded words of a text, in the form that the language's lexicon is kept in."""
    found = _LETTERS_AND_DIGITS.findall(fold(text))
    return tuple(bulgarian(word) for word in found) if language == "bg" else tuple(found)


def spellings(word: str, language: str) -> tuple[str, ...]:
    """The folded forms of a lexicon's word: one, or several where ъ has no single Latin letter."""
    folded = fold(word)
    if language != "bg":
        return (folded,)
    if "ъ" not in folded:
        return (bulgarian(folded),)
    return tuple(dict.fromkeys(bulgarian(folded.replace("ъ", vowel)) for vowel in ("ъ", "у", "и")))
