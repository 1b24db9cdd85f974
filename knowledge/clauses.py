"""A cleaned document -> its clauses, without identity: `identity.py` gives the ids."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.blocks import Block, blocks_of_text
from knowledge.contents import Contents, lists
from knowledge.grouping import group
from knowledge.markdown import blocks_of_markdown
from knowledge.run_in import Capitals, behind, labels, marked

_TITLE = 0
_UNKNOWN = 99


@dataclass(frozen=True, slots=True)
class Piece:
    """A clause as it stands in the document: see `knowledge.model.Clause` for the fields."""

    heading: str
    path: tuple[str, ...]
    anchor: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Split:
    """`title` is the document's own, empty where it shows none."""

    pieces: tuple[Piece, ...]
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Section:
    path: tuple[str, ...]
    anchor: str | None
    blocks: list[Block] = field(default_factory=list)


def split(text: str, *, markdown: bool, language: str = "", contents: Sequence[Contents] = ()) -> Split:
    """Split a document that has been cleaned. The same text always gives the same pieces."""
    blocks = blocks_of_markdown(text) if markdown else blocks_of_text(text)
    notes: list[str] = []
    sections = _sections(blocks, contents, notes)
    capitals = Capitals(block.text for block in blocks if block.kind != "heading")
    pieces = [
        piece for section in sections for piece in _pieces(section, capitals, language, markdown=markdown)
    ]
    return Split(tuple(pieces), _title(blocks, markdown=markdown), tuple(notes))


def _sections(blocks: Sequence[Block], contents: Sequence[Contents], notes: list[str]) -> list[_Section]:
    sections = [_Section((), None)]
    anchors: set[str] = set()
    above: list[tuple[int, str]] = []
    previous: Block | None = None
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            is_title = index == 0 and _has_title(blocks)
            above = [(_TITLE, block.text)] if is_title else _above(above, block, previous, contents)
            anchor = block.anchor
            if anchor in anchors:
                notes.append(f'the anchor "{anchor}" stands twice; "{block.text}" goes without it')
                anchor = None
            anchors.update({anchor} if anchor else ())
            sections.append(_Section(tuple(heading for _, heading in above), anchor))
        else:
            sections[-1].blocks.append(block)
        previous = block
    return sections


def _above(
    above: list[tuple[int, str]], block: Block, previous: Block | None, contents: Sequence[Contents]
) -> list[tuple[int, str]]:
    """Return the headings over what follows `block`, itself last, each with its depth.

    Where a heading's depth is not known, a heading right above it is its parent, and so is the section
    whose table of contents lists it.
    """
    if block.level:
        return [*(pair for pair in above if pair[0] < block.level), (block.level, block.text)]
    if previous is not None and previous.kind == "heading" and len(above) < 4:
        return [*above, (_UNKNOWN, block.text)]
    title = [pair for pair in above if pair[0] == _TITLE]
    section = next((listed.section for listed in contents if lists(listed, block.text)), "")
    parents = [(_UNKNOWN, section)] if section and (_TITLE, section) not in title else []
    return [*title, *parents, (_UNKNOWN, block.text)]


def _has_title(blocks: Sequence[Block]) -> bool:
    """Whether the first heading, of no known depth, stands over the whole document."""
    if len(blocks) < 2 or blocks[0].kind != "heading" or blocks[0].level:
        return False
    numbered = sum(block.kind == "heading" and block.level == 1 for block in blocks)
    return blocks[1].kind == "heading" or numbered >= 2


def _pieces(section: _Section, capitals: Capitals, language: str, *, markdown: bool) -> Iterator[Piece]:
    prose = [block for block in section.blocks if block.kind == "paragraph"]
    if markdown:
        found = {id(block): marked(block.label, block.text) for block in prose}
    else:
        texts = [block.text for block in prose]
        found = dict(zip(map(id, prose), labels(texts, capitals, language), strict=True))
    groups = group(
        section.blocks,
        [found.get(id(block), "") for block in section.blocks],
        whole=section.anchor is not None,
        headed=bool(section.path),
    )
    heading = section.path[-1] if section.path else ""
    # Rules of dashes and stars say nothing: no clause is made of them alone.
    groups = [part for part in groups if any(letter.isalnum() for letter in part.text)]
    for number, part in enumerate(groups, start=1):
        anchor = section.anchor if number == 1 or not section.anchor else f"{section.anchor}.{number}"
        own = part.label if part.label.casefold() != heading.casefold() else ""
        path = (*section.path, own) if own else section.path
        text = behind(part.label or heading, part.text, capitals, is_label=bool(part.label))
        yield Piece(own or heading, path, anchor, text)


def _title(blocks: Sequence[Block], *, markdown: bool) -> str:
    """The first heading, if the document begins with it or has little before it."""
    first = next((index for index, block in enumerate(blocks) if block.kind == "heading"), None)
    if first is None or (first > 2 and not markdown):
        return ""
    return re.sub(r"^\d+(?:\.\d+)*[.)]?\s+", "", blocks[first].text).rstrip(":")
