"""Two wordings of a text beside one another, with what differs marked, for a terminal."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from textwrap import wrap

NARROWEST = 24
_GAP = " | "
_PARTS = re.compile(r"\S+|\n")


def differences(old: str, new: str) -> list[tuple[str, str, str]]:
    """Return what became of the text in order, as (what, old words, new words); what is equal, replace,
    delete or insert.
    """
    before, after = old.split(), new.split()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(what, " ".join(before[a:b]), " ".join(after[c:d])) for what, a, b, c, d in matcher.get_opcodes()]


def marked(old: str, new: str) -> tuple[str, str]:
    """Return both texts, their line breaks kept, with [-what is gone-] and {+what is new+}."""
    before, after = _PARTS.findall(old), _PARTS.findall(new)
    left: list[str] = []
    right: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        left += before[a:b] if what == "equal" else _between("[-", before[a:b], "-]")
        right += after[c:d] if what == "equal" else _between("{+", after[c:d], "+}")
    return _text(left), _text(right)


def side_by_side(old: str, new: str, *, width: int, heads: tuple[str, str]) -> Iterator[str]:
    """Yield lines of at most `width` characters (but 51 at least): the old text to the left, the new to
    the right.
    """
    column = max((width - len(_GAP)) // 2, NARROWEST)
    left, right = marked(old, new)
    yield f"{heads[0]:<{column}}{_GAP}{heads[1]}".rstrip()
    yield "-" * column + _GAP + "-" * column
    for one, other in zip_longest(_lines(left, column), _lines(right, column), fillvalue=""):
        yield f"{one:<{column}}{_GAP}{other}".rstrip()


def _between(opening: str, words: list[str], closing: str) -> list[str]:
    """Mark every line on its own, so that no mark runs over a break."""
    marks: list[str] = []
    for number, line in enumerate(" ".join(words).split("\n")):
        if number:
            marks.append("\n")
        if line.strip():
            marks.append(f"{opening}{line.strip()}{closing}")
    return marks


def _text(parts: list[str]) -> str:
    return " ".join(parts).replace(" \n", "\n").replace("\n ", "\n")


def _lines(text: str, width: int) -> list[str]:
    return [part for line in text.split("\n") for part in (wrap(line, width) or [""])]
