"""One common form for what customers type and what documents say.

Case and diacritics go in every language. Bulgarian is written in Cyrillic by documents and often in
Latin letters by customers, with no agreed spelling; `fold(..., "bg")` brings both to one form. That
form is for matching only and merges some sounds that Bulgarian keeps apart.
"""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

# Letters that have no decomposition into a base letter and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "’": "'"}
)

# The official transliteration (Transliteration Act of 2009), but ц and щ as they are said.
_CYRILLIC = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "j", "з": "z", "и": "i",
        "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
        "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a",
        "ь": "y", "ю": "yu", "я": "ya", "ы": "i", "э": "e", "ё": "yo", "і": "i", "ї": "i", "є": "e",
        "ј": "y", "љ": "l", "њ": "n", "ќ": "k", "ѓ": "g", "џ": "j", "ѕ": "z",
    }
)  # fmt: skip

# The order matters: digraphs before the single letters that they contain.
_BULGARIAN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?<=[a-z])4|4(?=[a-z])", "ch"),
        (r"(?<=[a-z])6|6(?=[a-z])", "sh"),
        (r"zh", "j"),
        (r"kh", "h"),
        (r"ts", "c"),
        (r"w", "v"),
        (r"x", "ks"),
        (r"q", "ya"),
        (r"(?<=[aeiou])j$", "y"),
        (r"y(?=[aeiou])|(?<=[aeiou])y", "i"),
        # ъ is written a, y or u; the three are one sound here.
        (r"[yu]", "a"),
        (r"(.)\1+", r"\1"),
    )
)


@lru_cache(maxsize=65536)
def fold_word(word: str, language: str) -> str:
    """Return the form under which a word is matched in texts of `language`."""
    lowered = unicodedata.normalize("NFKC", word).casefold().translate(_CYRILLIC)
    decomposed = unicodedata.normalize("NFKD", lowered)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LETTERS)
    if language != "bg":
        return plain
    for pattern, replacement in _BULGARIAN:
        plain = pattern.sub(replacement, plain)
    return plain


def words(text: str) -> list[str]:
    """Return the words and numbers of a text as they are written, in order."""
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def fold(text: str, language: str) -> str:
    """Return the folded words of a text, joined by single spaces."""
    return " ".join(fold_word(word, language) for word in words(text))
