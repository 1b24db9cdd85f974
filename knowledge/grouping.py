"""The blocks of one section -> the texts of its clauses: what belongs together stays together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from knowledge.blocks import Block, number_depth
from knowledge.dates import is_dated_line

LIMIT = 2000
"""Characters. Only a single paragraph, or a single row of a table with its head, may be longer."""

_SHORT_SECTION = 300
_LIST_WITH_PARAGRAPH = 800
_SENTENCE_ITEM = 60
_DATE_WORDS = 8


@dataclass(frozen=True, slots=True)
class Group:
    """One clause's blocks in order, and the run-in heading of the paragraph that it is, if any."""

    blocks: tuple[Block, ...]
    label: str = ""

    @property
    def text(self) -> str:
        return _text(self.blocks)

    @property
    def is_single(self) -> bool:
        return len(self.blocks) == 1


@dataclass(slots=True)
class _Section:
    blocks: Sequence[Block]
    labels: Sequence[str]
    at: int = 0
    groups: list[Group] = field(default_factory=list)


def group(
    blocks: Sequence[Block], labels: Sequence[str], *, whole: bool = False, headed: bool = True
) -> list[Group]:
    """Group a section's blocks, none of which is a heading. `labels` are their run-in headings.

    `whole` keeps a section in one piece if the limit lets it: its author has given it an anchor.
    """
    if not blocks:
        return []
    tabular = any(block.kind in ("row", "header") for block in blocks)
    length = len(_text(blocks))
    if whole and not tabular and length <= LIMIT:
        return [Group(tuple(blocks))]
    if headed and not tabular and not any(labels) and length <= _SHORT_SECTION and not _is_articles(blocks):
        return [Group(tuple(blocks))]
    section = _Section(blocks, labels)
    while section.at < len(blocks):
        section.groups += _next(section)
    return _with_lone_lines(section.groups)


def _next(section: _Section) -> list[Group]:
    block = section.blocks[section.at]
    if block.kind == "item":
        return _items(section, _take(section, "item"))
    if block.kind in ("row", "header"):
        return _rows(section)
    return _paragraph(section)


def _paragraph(section: _Section) -> list[Group]:
    block, label = section.blocks[section.at], section.labels[section.at]
    section.at += 1
    following = section.blocks[section.at] if section.at < len(section.blocks) else None
    if not block.text.endswith(":") or following is None:
        return [Group((block,), label)]
    if following.kind == "item":
        return _led_list(block, label, _take(section, "item"))
    if following.kind == "paragraph" and _is_introduced(following) and _fits((block, following)):
        section.at += 1
        return [Group((block, following), label)]
    previous = section.groups[-1] if section.groups else None
    if (
        previous
        and all(part.kind == "paragraph" for part in previous.blocks)
        and _fits((*previous.blocks, block))
        and following.kind == "paragraph"
        and not label
    ):
        section.groups.pop()
        return [Group((*previous.blocks, block), previous.label)]
    return [Group((block,), label)]


def _with_lone_lines(groups: list[Group]) -> list[Group]:
    """Nobody cites a date or "You have these rights:" alone: such a line goes with what it stands over.

    Where a run-in heading follows, or nothing, a date goes with the paragraph above it.
    """
    kept: list[Group] = []
    lone: Group | None = None
    for part in groups:
        if lone and not part.label and _goes_over(lone, part):
            part = Group((*lone.blocks, *part.blocks))
        elif lone:
            kept.append(lone)
        lone = part if _is_lone(part) else None
        kept += [] if lone else [part]
    if lone and kept and _is_date(lone.blocks[0]) and _goes_over(kept[-1], lone):
        return [*kept[:-1], Group((*kept[-1].blocks, *lone.blocks), kept[-1].label)]
    return [*kept, lone] if lone else kept


def _goes_over(one: Group, other: Group) -> bool:
    return (
        one.blocks[-1].kind == "paragraph"
        and other.blocks[0].kind in ("paragraph", "row")
        and _fits((*one.blocks, *other.blocks))
    )


def _is_lone(part: Group) -> bool:
    block = part.blocks[0]
    announces = block.text.endswith(":") and len(block.text) <= _SHORT_SECTION
    return part.is_single and not part.label and block.kind == "paragraph" and (announces or _is_date(block))


def _is_date(block: Block) -> bool:
    """Whether a paragraph is but the date of the wording. "Valid until 1 May 2025." may be a rule."""
    text = block.text
    is_rule = text[-1] in ".;!?" and ":" not in text
    return len(text.split()) <= _DATE_WORDS and not is_rule and is_dated_line(text)


def _is_introduced(block: Block) -> bool:
    """Whether a paragraph is no sentence of its own but what the line above it, with its colon, announces."""
    return len(block.text) <= 160 and block.text[-1] not in ".:!?"


def _led_list(lead: Block, label: str, items: list[Block]) -> list[Group]:
    groups: list[Group] = []
    gathered: tuple[Block, ...] = (lead,)
    for item in items:
        if _fits((*gathered, item)):
            gathered = (*gathered, item)
        else:
            groups.append(Group(gathered, label))
            gathered = (item,)
    return [*groups, Group(gathered, label)]


def _items(section: _Section, items: list[Block]) -> list[Group]:
    """A list without a lead-in: sentences stand alone, short items belong to the paragraph above."""
    enumerated = _is_enumeration(items)
    if not enumerated and sum(len(item.text) for item in items) >= _SENTENCE_ITEM * len(items):
        return [Group((item,)) for item in items]
    previous = section.groups[-1] if section.groups else None
    if previous and previous.is_single and previous.blocks[0].kind == "paragraph":
        together = (*previous.blocks, *items)
        if len(_text(together)) <= (LIMIT if enumerated else _LIST_WITH_PARAGRAPH):
            section.groups.pop()
            return [Group(together, previous.label)]
    return _led_list(items[0], "", items[1:])


def _is_enumeration(items: Sequence[Block]) -> bool:
    """Whether the items are parts of one sentence: nearly all but the last end as such parts do."""
    parts = sum(item.text.endswith((";", ",")) for item in items)
    return parts > 0 and parts * 3 >= (len(items) - 1) * 2


def _rows(section: _Section) -> list[Group]:
    """Each row is a clause. A head row belongs to the paragraph that announces the table, else to row one."""
    groups: list[Group] = []
    heads: tuple[Block, ...] = ()
    while section.at < len(section.blocks) and section.blocks[section.at].kind in ("row", "header"):
        block = section.blocks[section.at]
        section.at += 1
        if block.kind == "header":
            heads = (*heads, block)
        elif heads and not groups and (announced := _announced(section, heads)):
            groups += [announced, Group((block,))]
            heads = ()
        else:
            groups.append(Group((*heads, block)))
            heads = ()
    if not heads:
        return groups
    return [*groups, (None if groups else _announced(section, heads)) or Group(heads)]


def _announced(section: _Section, heads: tuple[Block, ...]) -> Group | None:
    previous = section.groups[-1] if section.groups else None
    if previous is None or previous.blocks[-1].kind != "paragraph" or not _fits((*previous.blocks, *heads)):
        return None
    section.groups.pop()
    return Group((*previous.blocks, *heads), previous.label)


def _take(section: _Section, kind: str) -> list[Block]:
    def run() -> Iterator[Block]:
        while section.at < len(section.blocks) and section.blocks[section.at].kind == kind:
            yield section.blocks[section.at]
            section.at += 1

    return list(run())


def _fits(blocks: Sequence[Block]) -> bool:
    return len(_text(blocks)) <= LIMIT


def _is_articles(blocks: Sequence[Block]) -> bool:
    """Whether the paragraphs are numbered, and so cited one by one."""
    return sum(number_depth(block.text) >= 2 for block in blocks) >= 2


def _text(blocks: Sequence[Block]) -> str:
    parts: list[str] = []
    for block in blocks:
        if parts:
            parts.append("\n\n" if block.kind == "paragraph" else "\n")
        parts.append(block.text)
    return "".join(parts)
