"""HTML -> Markdown: headings, lists, tables and paragraphs in their order, and no text left behind."""

import re
from typing import TYPE_CHECKING

from knowledge.errors import LoadError
from knowledge.loading.elements import (
    BLOCKS,
    OWN_NUMBER,
    address,
    groups,
    holders,
    numbered,
    squeeze,
    style,
    whole,
)
from knowledge.loading.marks import Writer
from knowledge.loading.numbers import label
from knowledge.loading.page import decode_page, parse, strip_page, title_of
from knowledge.loading.runs import Runs

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BOLD = frozenset({"b", "strong"})
_HEADING = re.compile(r"h([1-6])")


def read_html(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the document of a page as Markdown, and notes on what was left out."""
    text, notes = decode_page(data)
    root = parse(text)
    title = title_of(root)
    notes += strip_page(root)
    writer = Writer()
    if title and next(root.iter("h1", "h2"), None) is None:
        writer.heading(title, 1)
    body = root.find("body")
    before = len(writer.text)
    Walk(writer, root).block(root if body is None else body)
    if len(writer.text) == before:
        raise LoadError(
            "The page holds no text; a script may put it there. Open it in a browser and save what it shows."
        )
    return writer.text, notes


class Walk:
    """One pass over a tree. Text between two blocks is a paragraph, whatever elements it stands in."""

    def __init__(self, writer: Writer, root: "HtmlElement") -> None:
        self._writer = writer
        self._with_blocks = holders(root)

    def block(self, element: "HtmlElement") -> None:
        """Write what an element holds, block after block."""
        runs = Runs()
        bold = element.tag in _BOLD
        runs.add(squeeze(element.text), bold=bold)
        for child in element:
            if self._is_block(child):
                self._flush(runs)
                self._one(child)
            else:
                self._inline(child, runs, bold=bold)
            runs.add(squeeze(child.tail), bold=bold)
        self._flush(runs)

    def _one(self, element: "HtmlElement") -> None:
        tag = element.tag
        if match := _HEADING.fullmatch(tag):
            self._heading(element, int(match.group(1)))
        elif tag in ("ul", "ol", "menu", "dir"):
            self._writer.end()
            self._list(element)
            self._writer.end()
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table":
            self._table(element)
        elif tag == "pre":
            self._writer.lines(element.text_content())
        elif tag in ("summary", "legend", "caption") and not self._holds_blocks(element):
            text = self._text(element)
            self._writer.paragraph(text, bold=len(text))
        else:
            self.block(element)

    def _heading(self, element: "HtmlElement", level: int) -> None:
        if self._holds_blocks(element):
            self.block(element)
        else:
            self._writer.heading(self._text(element), level)

    def _flush(self, runs: Runs) -> None:
        if not len(runs):
            return
        for text, bold in runs.take():
            self._writer.paragraph(text, bold=bold)

    def _is_block(self, element: "HtmlElement") -> bool:
        return element.tag in BLOCKS or self._holds_blocks(element)

    def _holds_blocks(self, element: "HtmlElement") -> bool:
        return element in self._with_blocks

    def _inline(self, element: "HtmlElement", runs: Runs, *, bold: bool) -> None:
        if element.tag == "br":
            runs.line_break()
            return
        bold = bold or element.tag in _BOLD or "font-weight:bold" in style(element)
        start = len(runs)
        runs.add(squeeze(element.text), bold=bold)
        for child in element:
            self._inline(child, runs, bold=bold)
            runs.add(squeeze(child.tail), bold=bold)
        if element.tag == "a" and (target := address(element.get("href", ""), runs.text[start:])):
            runs.add(f" ({target})", bold=False)

    def _text(self, element: "HtmlElement") -> str:
        """The text of an element and of all inside it, blocks set apart by spaces."""
        runs = Runs()
        self._gather(element, runs)
        return runs.text.strip()

    def _gather(self, element: "HtmlElement", runs: Runs) -> None:
        runs.add(squeeze(element.text), bold=False)
        for child in element:
            if self._is_block(child):
                runs.add(" ", bold=False)
                self._gather(child, runs)
                runs.add(" ", bold=False)
            else:
                self._inline(child, runs, bold=False)
            runs.add(squeeze(child.tail), bold=False)

    def _list(self, element: "HtmlElement") -> None:
        number = whole(element.get("start"), 1)
        self._stray(element.text)
        for child in element:
            if child.tag == "li":
                number = whole(child.get("value"), number)
                kind = element.get("type", "1") if element.tag == "ol" else ""
                self._item(child, f"{label(number, kind)}." if kind else "")
                number += 1
            elif child.tag in ("ul", "ol"):
                self._list(child)
            else:
                self._one(child)
            self._stray(child.tail)

    def _stray(self, text: str | None) -> None:
        if text and text.strip():
            self._writer.item(text)

    def _item(self, element: "HtmlElement", number: str) -> None:
        first = next(element.iter("h1", "h2", "h3", "h4", "h5", "h6"), None)
        if first is not None:
            # a list of whole sections: the number belongs to the section's heading
            first.text = f"{number} {first.text or ''}" if number and not numbered(first) else first.text
            self._writer.end()
            self.block(element)
            return
        gathered = Runs()
        gathered.add(squeeze(element.text), bold=False)
        for child in element:
            if child.tag in ("ul", "ol", "dl", "table", "pre"):
                self._write_item(gathered, number)
                gathered, number = Runs(), ""
                self._list(child) if child.tag in ("ul", "ol") else self._one(child)
            elif (
                self._is_block(child) and next(child.iter("ul", "ol", "dl", "table", "pre"), None) is not None
            ):
                self._write_item(gathered, number)
                gathered, number = Runs(), ""
                self._item(child, "")
            elif self._is_block(child):
                gathered.add(" ", bold=False)
                self._gather(child, gathered)
                gathered.add(" ", bold=False)
            else:
                self._inline(child, gathered, bold=False)
            gathered.add(squeeze(child.tail), bold=False)
        self._write_item(gathered, number)

    def _write_item(self, runs: Runs, number: str) -> None:
        text = runs.text.strip()
        if OWN_NUMBER.match(text) or not number:
            self._writer.item(text)
        elif number[0].isdigit():
            self._writer.item(text, number)
        else:
            self._writer.item(f"{number} {text}")

    def _definitions(self, element: "HtmlElement") -> None:
        """A term with one plain paragraph is a run-in heading; with more than that, a title."""
        terms: list[str] = []
        for child in groups(element):
            if child.tag == "dt":
                terms.append(self._text(child))
            elif child.tag == "dd":
                self._definition(", ".join(terms), child)
                terms = []
            else:
                self._one(child)
        for term in terms:
            self._writer.paragraph(term, bold=len(term))

    def _definition(self, term: str, element: "HtmlElement") -> None:
        if not term or self._holds_blocks(element):
            self._writer.paragraph(term, bold=len(term))
            self.block(element)
            return
        lead = term if term.endswith((":", ".", "?", "!")) else f"{term}:"
        self._writer.paragraph(f"{lead} {self._text(element)}", bold=len(lead))

    def _table(self, element: "HtmlElement") -> None:
        from knowledge.loading.grid import is_headed, is_layout, rows_of

        if is_layout(element):
            for cell in element.iterdescendants("td", "th", "caption"):
                if next(cell.iterancestors("table"), None) is element:
                    self.block(cell)
            return
        for caption in element.iterchildren("caption"):
            self._one(caption)
        rows = [[self._text(cell) for cell in row] for row in rows_of(element)]
        self._writer.table(rows, headed=is_headed(element, rows))
