"""The cells of an HTML table, row by row, and whether it is a table at all."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MOST_SPAN = 1000
_LONGEST_LABEL = 60
_HOLDING = ("table", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section")


def rows_of(table: "HtmlElement") -> Iterator[list["HtmlElement"]]:
    """Give the cells of each row. A cell that spans rows stands in each of them, for a row is cited alone."""
    hanging: dict[int, tuple[HtmlElement, int]] = {}
    for row in table.iterdescendants("tr"):
        if next(row.iterancestors("table"), None) is not table:
            continue
        cells: list[HtmlElement] = []
        for cell in row.iterchildren("td", "th"):
            _hung(cells, hanging)
            if (span := _span(cell, "rowspan")) > 1:
                hanging[len(cells)] = (cell, span - 1)
            cells.append(cell)
        _hung(cells, hanging)
        if cells:
            yield cells


def _hung(cells: list["HtmlElement"], hanging: dict[int, tuple["HtmlElement", int]]) -> None:
    while len(cells) in hanging:
        place = len(cells)
        cell, rest = hanging.pop(place)
        cells.append(cell)
        if rest > 1:
            # kept out of this row's own look-ups by the place, which is taken now
            hanging[place] = (cell, rest - 1)


def is_layout(table: "HtmlElement") -> bool:
    """Whether a table only arranges a page: it has one column, or its cells hold sections or tables."""
    if table.get("role") == "presentation" or next(table.iterdescendants(*_HOLDING), None) is not None:
        return True
    return all(len(list(row.iterchildren("td", "th"))) < 2 for row in table.iterdescendants("tr"))


def is_headed(table: "HtmlElement", rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: by its elements, or by bold labels over longer cells."""
    first = next(table.iterdescendants("tr"), None)
    if first is None or len(rows) < 2:
        return False
    cells = list(first.iterchildren("td", "th"))
    if first.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells):
        return True
    labels = [cell.text_content().strip() for cell in cells]
    bold = [sum(len(part.text_content().strip()) for part in cell.iter("b", "strong")) for cell in cells]
    return all(
        0 < len(text) <= _LONGEST_LABEL and marked >= len(text)
        for text, marked in zip(labels, bold, strict=True)
    )


def _span(cell: "HtmlElement", name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(int(value), _MOST_SPAN) if value.isdecimal() else 1
