"""How people type: Bulgarian in Latin letters with spellings of their own, and slips of the finger."""

import random
import re

# What each letter is typed as, the usual spelling first. Capitals follow from the small letters.
LATIN = {
    "а": "a", "б": "b", "в": "v|w", "г": "g", "д": "d", "е": "e", "ж": "zh|j", "з": "z", "и": "i",
    "й": "y|i|j", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "h|x", "ц": "ts|c", "ч": "ch|4", "ш": "sh|6", "щ": "sht|6t", "ъ": "a|u|y",
    "ь": "y|i", "ю": "yu|iu|u", "я": "ya|ia|q",
}  # fmt: skip
_CYRILLIC = re.compile("[а-я]")
_LETTERS = "abcdefghijklmnoprstuvz"


def in_latin(text: str, chance: random.Random) -> str:
    """Return Bulgarian text in Latin letters; one writer keeps to one spelling of each letter.

    >>> in_latin("моля за фактура", random.Random(1))
    'molya za faktura'
    """
    habits = {letter: chance.choice(ways.split("|")) for letter, ways in LATIN.items()}
    return _CYRILLIC.sub(lambda found: habits[found.group()], text.casefold())


def is_cyrillic(text: str) -> bool:
    return bool(_CYRILLIC.search(text.casefold()))


def with_slips(text: str, chance: random.Random, *, share: float = 0.15) -> str:
    """Return the text with a slip in about `share` of the words of four letters and more."""
    return " ".join(
        _slip(word, chance) if len(word) > 3 and chance.random() < share else word for word in text.split()
    )


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(_LETTERS) + word[at + 1 :]
