"""What a scraped page carries around its document, cut away.

Every rule needs words and place together: a cookie banner is one only at the page's end or before its
first heading, "related articles" only as a line of its own behind the document. When in doubt a line
stays: junk in the library is a nuisance, a lost clause is a wrong answer.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from knowledge.contents import LINK, Contents, tables_of_contents
from knowledge.page_words import CALL, CLOSE, CONSENT, COOKIE, FAILED, FEEDBACK, MENU, RELATED, plain
from knowledge.segments import Segment, is_bullet, is_title_like, segments

_NUMBERED_HEADING = re.compile(r"^(?:#+\s*)?(?:§|article\b|section\b|\d{1,2}(?:\.\d{1,2})*[.)]?)\s+\S", re.I)


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines that were left out: `start` to `end` (excluded) of the source, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The document alone. Lines that were cut are blank in `text`, so that line numbers still hold."""

    text: str
    cuts: tuple[Cut, ...] = ()
    contents: tuple[Contents, ...] = ()


def clean(text: str) -> Cleaned:
    """Cut away menus, calls to action, banners, related articles, forms, error sentences and contents."""
    lines = text.split("\n")
    parts = segments(lines)
    behind = _behind(parts)
    failures = [cut for cut in _failures(parts) if not behind or cut.start < behind[0].start]
    cuts = [*_before(parts), *failures, *behind]
    kept = [part for part in parts if not any(cut.start <= part.start < cut.end for cut in cuts)]
    listed = tables_of_contents(kept)
    cuts += [Cut(contents.start, contents.end, "a table of contents") for contents in listed]
    if not cuts:
        return Cleaned(text)
    for cut in cuts:
        lines[cut.start : cut.end] = [""] * (cut.end - cut.start)
    return Cleaned("\n".join(lines), tuple(sorted(cuts, key=_start)), tuple(listed))


def _start(cut: Cut) -> int:
    return cut.start


def notes(cuts: Iterable[Cut]) -> tuple[str, ...]:
    """Say in words what was cut, one note a place, for the report of an ingestion."""
    return tuple(f"cut {cut.reason}, lines {cut.start + 1}-{cut.end}" for cut in cuts)


def _bare(line: str) -> str:
    """A line without Markdown's markup, as the patterns of page words expect it."""
    return plain(LINK.sub(r"\1", line).strip().strip("#*_>|-•× ").strip()).strip(":»› ")


def is_related(line: str) -> bool:
    return RELATED.fullmatch(_bare(line)) is not None


def is_banner(part: Segment) -> bool:
    """Whether a segment speaks as a cookie banner does: cookies, and consent by going on or pressing."""
    said = plain(part.text)
    return len(said) <= 600 and COOKIE.search(said) is not None and CONSENT.search(said) is not None


def is_call(line: str) -> bool:
    """Whether a line is a button or a form's line: short, no sentence of a document, with a call to act."""
    said = _bare(line)
    return len(said) <= 60 and not said.endswith((".", ";", ":")) and CALL.search(said) is not None


def is_close(line: str) -> bool:
    said = plain(line).strip("[]() ")
    return CLOSE.fullmatch(said) is not None or said in {"×", "✕"}


def is_failure(part: Segment) -> bool:
    said = plain(part.text)
    return len(said) <= 300 and FAILED.match(said) is not None


def is_menu(part: Segment) -> bool:
    """Whether a segment is a site's menu: short entries, most of which menus have."""
    entries = [_bare(entry) for line in part.lines for entry in re.split(r"[|»›>•·\t]| {2,}", line)]
    entries = [entry for entry in entries if entry]
    if not entries or max(map(len, entries)) > 40:
        return False
    hits = sum(MENU.fullmatch(entry) is not None for entry in entries)
    return hits >= 2 and hits * 2 >= len(entries)


def _every(part: Segment, test: Callable[[str], bool]) -> bool:
    return all(test(line) for line in part.lines)


def _before(parts: list[Segment]) -> list[Cut]:
    """Menus, buttons, banners and close signs that stand before the document's first own line."""
    cuts: list[Cut] = []
    for part, following in pairwise(parts):
        if is_menu(part) or _is_lone_menu_entry(part, parts):
            reason = "a menu"
        elif _every(part, lambda line: is_call(line) or is_close(line)) and not _heads(part, following):
            reason = "a call to action"
        elif is_banner(part) and any(is_call(line) or is_close(line) for line in following.lines):
            reason = "a cookie banner"
        else:
            break
        cuts.append(Cut(part.start, part.end, reason))
    return cuts


def _is_lone_menu_entry(part: Segment, parts: list[Segment]) -> bool:
    """One of a run of menu entries that blank lines keep apart, at the very beginning."""
    run = 0
    for other in parts[:40]:
        if len(other.lines) > 1 or len(other.text) > 40:
            break
        run += MENU.fullmatch(_bare(other.text)) is not None
    return run >= 3 and MENU.fullmatch(_bare(part.text)) is not None


def _heads(part: Segment, following: Segment) -> bool:
    """Whether a line that calls to act is the heading of what follows, such as "Free trial" in the terms."""
    marked = part.lines[0].lstrip().startswith("#")
    return marked or not (len(following.lines) == 1 and is_title_like(following.text))


def _failures(parts: list[Segment]) -> list[Cut]:
    return [Cut(part.start, part.end, "an error sentence") for part in parts if is_failure(part)]


def _behind(parts: list[Segment]) -> list[Cut]:
    """What follows the document: from "related articles" on, or what the page's end is made of."""
    first = _first_related(parts)
    if first is not None:
        while first > 1 and _strength(parts[first - 1]) == 2 and not _titled(parts, first - 1):
            first -= 1
        return [Cut(parts[first].start, parts[-1].end, "related articles and what follows them")]
    first = _first_of_tail(parts)
    if first is None:
        return []
    return [Cut(parts[first].start, parts[-1].end, "a banner or a form at the page's end")]


def _first_related(parts: list[Segment]) -> int | None:
    """Index of the segment that a "related articles" line begins, if only advertising can follow it."""
    total = sum(len(part.text) for part in parts) or 1
    behind = 0
    for index in range(len(parts) - 1, 0, -1):
        part = parts[index]
        behind += len(part.text)
        if is_related(part.lines[0]):
            goes_on = any(_NUMBERED_HEADING.match(other.lines[0]) for other in parts[index + 1 :])
            return None if goes_on or behind > total / 2 else index
    return None


def _first_of_tail(parts: list[Segment]) -> int | None:
    """Index of the segment where the page's end begins, walking back from the last line.

    A banner, a button or a close sign is taken; so is a short line that is no sentence, if one of those
    stands on both of its sides, or if it ends the page and a banner or a close sign stands right above.
    A sentence on cookies alone proves nothing where the document speaks of cookies too.
    """
    first: int | None = None
    strength = 0
    for index in range(len(parts) - 1, 0, -1):
        part = parts[index]
        strong = _strength(part)
        if strong:
            strength += strong
            first = index
        elif index <= len(parts) - 12 or not _may_be_between(part, parts, index, least=1 if first else 2):
            break
    if first is None or strength < 2:
        return None
    if is_banner(parts[first]) and strength < 3 and (_titled(parts, first) or _on_cookies(parts[:first])):
        return None
    return first


def _strength(part: Segment) -> int:
    """How surely a segment is no part of a document that ends here: 2 surely, 1 with another's help."""
    if is_banner(part) or (len(part.text) <= 120 and FEEDBACK.match(plain(part.text))):
        return 2
    if is_bullet(part.lines[0]) or part.lines[0].lstrip().startswith(("#", "|")):
        return 0
    if is_close(part.lines[0]) and len(part.text) <= 400:
        return 2
    if is_menu(part) or (
        len(part.text) <= 140 and _every(part, lambda line: is_call(line) or is_close(line))
    ):
        return 1
    return 0


def _may_be_between(part: Segment, parts: list[Segment], index: int, *, least: int) -> bool:
    listed = all(is_bullet(line) for line in part.lines)
    short = len(part.text) <= 120 and not part.text.endswith((".", ";", ":"))
    return (short or (listed and len(part.text) <= 400)) and any(
        _strength(other) >= least for other in parts[max(0, index - 3) : index]
    )


def _on_cookies(parts: list[Segment]) -> bool:
    return any(COOKIE.search(plain(part.text)) for part in parts)


def _titled(parts: list[Segment], index: int) -> bool:
    """Whether a heading stands right above: then a sentence on cookies is the document's own."""
    above = parts[index - 1]
    return above.lines[0].lstrip().startswith("#") or (len(above.lines) == 1 and is_title_like(above.text))
