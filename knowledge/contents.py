"""A table of contents: a list that only repeats the document's later headings."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice

from knowledge.page_words import plain
from knowledge.segments import Segment, is_bullet, is_numbered, is_title_like, squeeze, without_marker

LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")

_NUMBER = re.compile(r"^\(?\d{1,3}(?:\.\d{1,3})*[.)]?\s+")
_ALIKE = 0.8
_MOST_ENTRIES = 200
_MOST_HEADINGS = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """Its lines, `end` excluded, its own heading among them; `section` is the heading it stands under."""

    start: int
    end: int
    section: str
    entries: tuple[str, ...]


def tables_of_contents(parts: Sequence[Segment]) -> list[Contents]:
    if not any(_is_list(part) for part in parts):
        return []
    headings = [_heading(part) for part in parts]
    return [found for place in range(len(parts)) if (found := _contents(parts, headings, place))]


def lists(contents: Contents, heading: str) -> bool:
    """Whether a table of contents names a heading, if in somewhat other words."""
    return any(_alike(plain(entry), plain(heading)) for entry in contents.entries)


def _contents(parts: Sequence[Segment], headings: Sequence[str], place: int) -> Contents | None:
    part = parts[place]
    if not _is_list(part):
        return None
    entries = tuple(squeeze(LINK.sub(r"\1", without_marker(line))) for line in part.lines)
    later = islice((heading for heading in islice(headings, place + 1, None) if heading), _MOST_HEADINGS)
    if not _repeats(entries, later):
        return None
    above = headings[place - 1] if place else ""
    first = place - 1 if above and len(above.split()) <= 6 else place
    section = next((heading for heading in reversed(headings[:first]) if heading), "")
    return Contents(parts[first].start, part.end, section, entries)


def _is_list(part: Segment) -> bool:
    return 3 <= len(part.lines) <= _MOST_ENTRIES and (
        all(map(is_bullet, part.lines)) or all(map(is_numbered, part.lines))
    )


def _repeats(entries: Sequence[str], later: Iterable[str]) -> bool:
    headings = {plain(_NUMBER.sub("", heading)) for heading in later}
    wanted = [plain(entry) for entry in entries]
    matched = sum(
        entry in headings or any(_alike(entry, heading) for heading in headings) for entry in wanted
    )
    return matched >= 3 and matched * 10 >= len(entries) * 7


def _heading(part: Segment) -> str:
    """The text of a segment that could be a heading, else nothing."""
    if len(part.lines) != 1:
        return ""
    text = squeeze(re.sub(r"\{#[^}]*\}", "", part.text).strip("#*_ "))
    return text if is_title_like(text) else ""


def _alike(entry: str, heading: str) -> bool:
    if entry == heading:
        return True
    if abs(len(entry) - len(heading)) > 0.4 * max(len(entry), len(heading)):
        return False
    matcher = SequenceMatcher(None, entry, heading, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
