"""What Word's styles say of a paragraph: heading or not, in which list, bold or not."""

import re
from typing import TYPE_CHECKING

from knowledge.loading.word_lists import W, value

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_HEADING = re.compile(r"heading (\d)", re.I)
_OFF = {"0", "false", "off", "none"}
_DEEPEST = 10


class Styles:
    """A style takes from the one that it is based on what it does not say itself."""

    def __init__(self, styles: "Element | None") -> None:
        children = styles.iterchildren(f"{W}style") if styles is not None else ()
        self._by_id: dict[str, Element] = {style.get(f"{W}styleId", ""): style for style in children}

    def chain(self, style_id: str) -> list["Element"]:
        """A style and those under it, its own first."""
        found: list[Element] = []
        while style_id in self._by_id and len(found) < _DEEPEST:
            found.append(self._by_id[style_id])
            style_id = value(found[-1], "basedOn")
        return found

    def name(self, style_id: str) -> str:
        """The style's name as Word stores it, English for its own styles in every language."""
        style = self._by_id.get(style_id)
        return value(style, "name").lower()

    def level(self, paragraph: "Element") -> int:
        """A heading's depth, 1 the outermost; 0 for a title, -1 for any other paragraph."""
        properties = paragraph.find(f"{W}pPr")
        chain = self.chain(value(properties, "pStyle"))
        for style in chain:
            if match := _HEADING.fullmatch(value(style, "name")):
                return int(match.group(1))
            if value(style, "name").lower() == "title":
                return 0
        for holder in (properties, *(style.find(f"{W}pPr") for style in chain)):
            outline = value(holder, "outlineLvl")
            if outline:
                return int(outline) + 1 if int(outline) < 9 else -1
        return -1

    def list_of(self, paragraph: "Element") -> tuple[str, int] | None:
        """The id of the list that a paragraph is in, and how deep; None where it is in none."""
        properties = paragraph.find(f"{W}pPr")
        list_id, depth = "", ""
        for holder in (properties, *self._properties(properties)):
            numbers = holder.find(f"{W}numPr") if holder is not None else None
            list_id = list_id or value(numbers, "numId")
            depth = depth or value(numbers, "ilvl")
        return (list_id, int(depth or 0)) if list_id and list_id != "0" else None

    def is_bold(self, run: "Element", paragraph: "Element") -> bool:
        own = run.find(f"{W}rPr")
        styled = [style.find(f"{W}rPr") for style in self.chain(value(own, "rStyle"))]
        around = self.chain(value(paragraph.find(f"{W}pPr"), "pStyle"))
        for holder in (own, *styled, *(style.find(f"{W}rPr") for style in around)):
            bold = holder.find(f"{W}b") if holder is not None else None
            if bold is not None:
                return bold.get(f"{W}val", "1") not in _OFF
        return False

    def _properties(self, properties: "Element | None") -> list["Element | None"]:
        return [style.find(f"{W}pPr") for style in self.chain(value(properties, "pStyle"))]
