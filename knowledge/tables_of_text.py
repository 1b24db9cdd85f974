"""Tables whose grid was lost when a page was made into text: cells fused, one line or more to a row.

"DELaData is given to carriers." and "ServersExample, LLC" are two cells each. What shows it is a word
with a capital inside that nothing else in the document spells so; product names are spelled so elsewhere.
"""

import re
from collections import Counter
from dataclasses import dataclass

from knowledge.segments import Segment, is_item, squeeze

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĢĪĮĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЄІЇЈЉЊЋЌЎЏҐ"
_LOWER = "a-zß-öø-ÿāăąćčďđēėęěģīįķĺļľłńņňōőœŕřśşšţťūůűųźżžа-яёєіїјљњћќўџґѝ"
_WORD = re.compile(rf"[{_UPPER}{_LOWER}]{{4,}}")
# A word of at least three small letters that a capital follows, or a code such as "CURa" that a word follows.
_FUSED = re.compile(rf"[{_LOWER}]{{3}}[{_UPPER}][{_LOWER}]{{2}}|^[A-Z]{{2,}}[a-z]?[{_UPPER}][{_LOWER}]{{2}}")
_GRID = re.compile(r"\t| {3,}|\s\|\s|^\s*\|")
_STEM = 8


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    is_header: bool = False


class Names:
    """How often a word with a capital inside occurs in a document: names recur, fused cells do not."""

    def __init__(self, parts: list[Segment]) -> None:
        self._counts: Counter[str] = Counter()
        for part in parts:
            self._counts.update(set(_fused_stems(part)))

    def has(self, word: str) -> bool:
        """Whether another segment of the document spells a word this way."""
        return self._counts[_stem(word)] > 1


def _stem(word: str) -> str:
    return word[:_STEM].casefold()


def _fused_stems(part: Segment) -> list[str]:
    return [_stem(word) for line in part.lines for word in _WORD.findall(line) if _FUSED.search(word)]


def rows_of(part: Segment, names: Names) -> list[Row]:
    """Return the rows of a segment that is such a table, and nothing for any other segment."""
    if len(part.lines) < 2 or any(is_item(line) for line in part.lines):
        return []
    lines = [squeeze(line) for line in part.lines]
    if all(_GRID.search(line.strip()) for line in part.lines):
        return [Row(line, index == 0 and _is_header(line)) for index, line in enumerate(lines)]
    fused = [_is_fused(line, names) for line in lines]
    if sum(fused) < 2 or not fused[0]:
        return []
    each = sum(fused) * 10 >= len(lines) * 7
    rows: list[Row] = []
    for index, line in enumerate(lines):
        if index == 0 and (each or fused[1]) and _is_header(line):
            rows.append(Row(line, is_header=True))
        elif each or fused[index] or (rows and rows[-1].is_header):
            rows.append(Row(line))
        else:
            rows[-1] = Row(f"{rows[-1].text}\n{line}")
    return rows


def _is_fused(line: str, names: Names) -> bool:
    """Whether two cells meet without a space among the first words of a line."""
    return any(
        _FUSED.search(word) and not names.has(word)
        for part in line.split()[:7]
        for word in _WORD.findall(part)
    )


def _is_header(line: str) -> bool:
    return len(line) <= 100 and not re.search(r"[.:;]|\d", line)
