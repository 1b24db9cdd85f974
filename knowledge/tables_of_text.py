"""Tables whose grid was lost when a page was made into text: cells fused, one line or more to a row.

"DELaData is given to carriers." and "ServersExample, LLC" are two cells each. What shows it is a word
with a capital inside that nothing else in the document spells so; product names are spelled so elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.fused import Cells, Names, is_fused
from knowledge.segments import Segment, is_item, squeeze

_GRID = re.compile(r"\t| {3,}|\s\|\s|^\s*\|")
_WRAPPED = 60
"""Characters. A shorter line was hardly broken for want of room."""


@dataclass(frozen=True, slots=True)
class Row:
    """`text` has a line break where a cell ends, and where the source has one inside the row."""

    text: str
    is_header: bool = False


def rows_of(part: Segment, names: Names) -> list[Row]:
    """Return the rows of a segment that is such a table, and nothing for any other segment."""
    if len(part.lines) < 2 or any(is_item(line) for line in part.lines):
        return []
    lines = [squeeze(line) for line in part.lines]
    if all(_GRID.search(line.strip()) for line in part.lines):
        return [Row(line, index == 0 and _is_header(line)) for index, line in enumerate(lines)]
    if sum(is_fused(line, names) for line in lines) < 2 or _is_wrapped(lines):
        return []
    cells = Cells(lines, names)
    fused = [is_fused(line, names) or cells.split(line) != line for line in lines]
    return _rows(lines, fused, cells) if fused[0] else []


def _rows(lines: Sequence[str], fused: Sequence[bool], cells: Cells) -> list[Row]:
    each = sum(fused) * 10 >= len(lines) * 7
    rows: list[Row] = []
    for index, line in enumerate(lines):
        if index == 0 and (each or fused[1]) and _is_header(line):
            rows.append(Row(cells.split(line, header=True), is_header=True))
        elif each or fused[index] or (rows and rows[-1].is_header):
            rows.append(Row(cells.split(line)))
        else:
            rows[-1] = Row(f"{rows[-1].text}\n{line}")
    return rows


def _is_wrapped(lines: Sequence[str]) -> bool:
    """Whether the lines are one paragraph's, broken at a width: names with capitals may stand in it."""
    broken = sum(
        len(line) >= _WRAPPED and line[-1] not in ".!?:;" and following[0].islower()
        for line, following in pairwise(lines)
    )
    return broken * 3 >= len(lines) - 1


def _is_header(line: str) -> bool:
    return len(line) <= 100 and not re.search(r"[.:;]|\d", line)
