"""Bytes in an older 8-bit encoding -> which one, told by the letters and words that it makes of them.

A wrong encoding seldom fails: it gives other letters. So a code page counts only together with a language
whose alphabet has every letter that it yields and whose commonest words the text uses. Where two code
pages stand the test and give different letters, neither is taken.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from knowledge.loading.alphabets import ALPHABETS, Alphabet

NAMES = {
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "cp1257": "windows-1257",
    "iso8859_2": "ISO 8859-2",
    "iso8859_5": "ISO 8859-5",
    "iso8859_13": "ISO 8859-13",
    "koi8_r": "KOI8-R",
    "cp866": "cp866",
}
"""Python's name of a code page -> what people call it."""

_SYMBOLS = frozenset("“”„‘’‚‹›«»–—…§©®™€£°•·№†‡¶¿¡‰±²³½¼¾µ×÷´¨\u00a0\u00ad")
_CONTROLS = frozenset(chr(code) for code in range(0x80, 0xA0))
_HIGH = range(0x80, 0x100)
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_LETTER = r"[^\W\d_¼½¾¹²³]"
_WORD = re.compile(rf"{_LETTER}+")
_INSIDE = re.compile(rf"(?<={_LETTER})(?:[¼½¾¹²³]|[^\w\s!-~’‘´·–—…\u00a0\u00ad])(?={_LETTER})")
_BEFORE = re.compile(rf"(?<!{_LETTER})[©¾½¼±×÷µ´¨²³£](?={_LETTER})")
_BEHIND = re.compile(rf"(?<={_LETTER})[¾½¼±×÷¨£€¿¡§](?!{_LETTER})")
_SAMPLE = 60_000
_WINDOWS = 20
_LEAST_SHARE = 0.06
_LEAST_WORDS = 3
_MOST_FOREIGN = 0.02
_CLEAR_LEAD = 0.6
_CLEAR_LEAD_OF_FEW = 0.3
_FEW = 4


@dataclass(frozen=True, slots=True)
class Guess:
    """`share` of the words, 0..1, are among the language's commonest, of which `distinct` occur.

    `likeness` is that share, less the more of the commonest words are missing. `letters` are those that
    the bytes beyond ASCII become: equal letters are no rival reading.
    """

    page: str
    share: float
    distinct: int
    likeness: float
    letters: str


def guess_page(data: bytes) -> str | None:
    """Return Python's name of the code page, or None where none or more than one is plausible.

    Every byte of the text counts; words are counted in a part of a long one.
    """
    counts = Counter({byte: count for byte in _HIGH if (count := data.count(byte))})
    if not counts:
        return None
    guesses = sorted(_plausible(counts, _sample(data)), key=lambda guess: -guess.likeness)
    if not guesses or guesses[0].share < _LEAST_SHARE or guesses[0].distinct < _LEAST_WORDS:
        return None
    best = guesses[0]
    lead = _CLEAR_LEAD if counts.total() >= _FEW else _CLEAR_LEAD_OF_FEW
    rivals = [guess for guess in guesses if guess.letters != best.letters]
    return best.page if all(rival.likeness <= best.likeness * lead for rival in rivals) else None


def _plausible(counts: Counter[int], sample: bytes) -> Iterator[Guess]:
    for alphabet in ALPHABETS:
        for page in alphabet.pages:
            letters = _letters_of(page)
            if not _fits(counts, letters, alphabet):
                continue
            text = sample.decode(page, "replace")
            words = [word.casefold() for word in _WORD.findall(text)]
            common = [word for word in words if word in alphabet.words]
            if common and _oddities(text) <= _MOST_FOREIGN * _high(text):
                seen = "".join(letters[byte] for byte in sorted(counts))
                share, distinct = len(common) / len(words), len(set(common))
                yield Guess(page, share, distinct, share * distinct / len(alphabet.words), seen)


@lru_cache(maxsize=16)
def _letters_of(page: str) -> dict[int, str]:
    """Byte -> character; what a code page does not define, and control characters, are missing."""
    found = {byte: bytes([byte]).decode(page, "ignore") for byte in _HIGH}
    return {byte: letter for byte, letter in found.items() if letter and letter not in _CONTROLS}


def _fits(counts: Counter[int], letters: dict[int, str], alphabet: Alphabet) -> bool:
    """Whether all bytes are defined and are the alphabet's letters or signs; a few names may be foreign."""
    if any(byte not in letters for byte in counts):
        return False
    foreign = sum(
        count
        for byte, count in counts.items()
        if letters[byte] not in _SYMBOLS and letters[byte].lower() not in alphabet.letters
    )
    return foreign <= _MOST_FOREIGN * counts.total()


def _oddities(text: str) -> int:
    """How often a sign stands in or at a word, or a capital behind small letters, where neither belongs."""
    odd = sum(len(pattern.findall(text)) for pattern in (_INSIDE, _BEFORE, _BEHIND))
    for word in _WORD.findall(text):
        capital = any(letter.isupper() and not letter.isascii() for letter in word[1:])
        odd += capital and any(letter.islower() for letter in word)
    return odd


def _high(text: str) -> int:
    return sum(not letter.isascii() for letter in text)


def _sample(data: bytes) -> bytes:
    """All of a short text; of a long one, parts from all over it that hold bytes beyond ASCII."""
    if len(data) <= _SAMPLE:
        return data
    parts: list[bytes] = []
    end = 0
    for at in range(0, len(data), len(data) // _WINDOWS):
        if match := _HIGH_BYTE.search(data, max(at, end)):
            start = max(end, match.start() - 500)
            end = start + _SAMPLE // _WINDOWS
            parts.append(data[start:end])
    return b"\n".join(parts)
