"""Plain text -> blocks: headings, paragraphs, list items and the rows of tables that lost their grid."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.dates import is_dated_line
from knowledge.fused import Names
from knowledge.segments import (
    Segment,
    is_item,
    is_numbered,
    is_title_like,
    segments,
    squeeze,
    without_marker,
)
from knowledge.tables_of_text import rows_of

Kind = Literal["heading", "paragraph", "item", "header", "row"]

_NUMBER = re.compile(r"^(?:§\s*|(?:article|section|art\.)\s+)?(\d{1,3}(?:\.\d{1,3})*)[.):]?\s+(?=\S)", re.I)


@dataclass(frozen=True, slots=True)
class Block:
    """`header` is the head row of a table. `level` is a heading's depth, 1 the outermost, 0 not known.

    `label` is a run-in heading where the markup itself shows one.
    """

    kind: Kind
    text: str
    level: int = 0
    anchor: str | None = None
    label: str = ""


def blocks_of_text(text: str) -> list[Block]:
    parts = segments(text.split("\n"))
    names = Names(parts)
    followers: list[Segment | None] = [*parts[1:], None] if parts else []
    found: list[Block] = []
    for part, following in zip(parts, followers, strict=True):
        introduced = bool(found) and found[-1].kind == "paragraph" and found[-1].text.endswith(":")
        found += _blocks(part, following, names, introduced=introduced)
    return found


def _blocks(part: Segment, following: Segment | None, names: Names, *, introduced: bool) -> Iterator[Block]:
    if rows := rows_of(part, names):
        yield from (Block("header" if row.is_header else "row", row.text) for row in rows)
    elif _is_heading(part, following, names, introduced=introduced):
        yield Block("heading", part.text, level=number_depth(part.text))
    elif _opens_with_heading(part):
        yield Block("heading", squeeze(part.lines[0]), level=number_depth(part.lines[0]))
        yield Block("paragraph", squeeze(" ".join(part.lines[1:])))
    else:
        yield from _prose(part.lines)


def _prose(lines: tuple[str, ...]) -> Iterator[Block]:
    """A segment's paragraph and the items after it. A line without a marker goes on with the one above."""
    kind: Kind = "paragraph"
    gathered: list[str] = []
    for line in lines:
        if is_item(line):
            if gathered:
                yield Block(kind, squeeze(" ".join(gathered)))
            kind, gathered = "item", [line]
        else:
            gathered.append(line)
    yield Block(kind, squeeze(" ".join(gathered)))


def number_depth(heading: str) -> int:
    """Return 1 for "2. Fees", 2 for "2.1 Refunds", 0 for a heading without a number."""
    match = _NUMBER.match(squeeze(heading))
    return match.group(1).count(".") + 1 if match else 0


def _is_heading(part: Segment, following: Segment | None, names: Names, *, introduced: bool) -> bool:
    if len(part.lines) != 1 or following is None:
        return False
    text = part.text
    if is_item(text):
        goes_on = not is_item(following.lines[0]) or number_depth(text) == 0
        return is_numbered(text) and goes_on and is_title_like(without_marker(text)) and text[-1] not in ".:"
    if not is_title_like(text) or is_dated_line(text) or _is_code(text):
        return False
    words = len(text.split())
    if introduced and not number_depth(text) and following.text[:1].islower():
        return False
    if text.endswith(":"):
        return words <= 5 and not is_item(following.lines[0]) and len(following.text) > 80
    return not (words > 8 and rows_of(following, names))


def _is_code(text: str) -> bool:
    """Whether a line is made of codes, such as those of a compact policy."""
    codes = re.findall(r"\b[A-Z]{2,}[a-z]?\b", text)
    return len(codes) >= 4 and any(code[-1].islower() for code in codes)


def _opens_with_heading(part: Segment) -> bool:
    """A title with its paragraph on the very next line. A wrapped paragraph's first line is longer."""
    if len(part.lines) < 2 or is_item(part.lines[0]) or is_item(part.lines[1]):
        return False
    first, second = squeeze(part.lines[0]), squeeze(part.lines[1])
    return (
        len(first) <= 50
        and is_title_like(first, words=7)
        and first[-1] not in ":."
        and len(second) >= 60
        and second[0].isupper()
        and not is_dated_line(first)
    )
