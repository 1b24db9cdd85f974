"""A text as its segments: the runs of lines between blank lines, each knowing where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Every marker needs white space behind it.
MARKER = re.compile(r"^\s*(?:[•‣▪▫●○◦·∙*+–—-]|\(?\d{1,3}[.)]|\(?[a-zа-я]\)|\(?[ivx]{1,5}\))\s+(?=\S)")
_NUMBERED = re.compile(r"^\s*\(?\d{1,3}[.)]\s")
_BULLETED = re.compile(r"^\s*[•‣▪▫●○◦·∙*+–—-]\s")
_WHITE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Segment:
    """`start` and `end` are line numbers of the text, `end` excluded. No line is blank."""

    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(_WHITE.sub(" ", line).strip() for line in self.lines)


def segments(lines: list[str]) -> list[Segment]:
    return list(_segments(lines))


def _segments(lines: list[str]) -> Iterator[Segment]:
    start: int | None = None
    for number, line in enumerate([*lines, ""]):
        if line.strip():
            start = number if start is None else start
        elif start is not None:
            yield Segment(start, number, tuple(lines[start:number]))
            start = None


def squeeze(text: str) -> str:
    """Return text with each run of white space made one space, and none at the ends."""
    return _WHITE.sub(" ", text).strip()


def is_item(line: str) -> bool:
    """Whether a line begins an item of a list by its marker alone."""
    return MARKER.match(line) is not None


def is_bullet(line: str) -> bool:
    return _BULLETED.match(line) is not None


def is_numbered(line: str) -> bool:
    return _NUMBERED.match(line) is not None


def without_marker(line: str) -> str:
    return squeeze(MARKER.sub("", line, count=1))


def is_title_like(text: str, *, words: int = 14) -> bool:
    """Whether one line could be a heading: short, not a sentence, and made of words."""
    text = squeeze(text)
    if (
        not text
        or len(text) > 110
        or len(text.split()) > words
        or "=" in text
        or "://" in text
        or "@" in text
    ):
        return False
    first = text.lstrip("\"'“„”«»‘‚(§¶ ")
    if not first or not (first[0].isupper() or first[0].isdigit() or _is_caseless(first[0])):
        return False
    numbered = text[0].isdigit() and len(text.split()) <= 3
    if text[-1] in ";,…–—-" or (text[-1] in ".!" and not numbered):
        return False
    return sum(letter.isalpha() for letter in text) * 2 > len(text.replace(" ", ""))


def _is_caseless(letter: str) -> bool:
    return letter.isalpha() and letter.lower() == letter.upper()
