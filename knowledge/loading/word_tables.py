"""The cells of a Word table, row by row, and whether it is a table at all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowledge.loading.word_lists import W, value
from knowledge.loading.word_styles import Styles

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_PLAIN = frozenset({"", "table grid", "normal table", "table normal"})
_LONGEST_LABEL = 60


def rows_of(table: "Element") -> list[list["Element"]]:
    """Give the cells of each row. A cell merged over rows stands in each, for a row is cited alone."""
    rows: list[list[Element]] = []
    above: dict[int, Element] = {}
    for row in table.iter(f"{W}tr"):
        if next(row.iterancestors(f"{W}tbl"), None) is not table:
            continue
        cells: list[Element] = []
        column = 0
        for cell in row.iter(f"{W}tc"):
            if next(cell.iterancestors(f"{W}tr"), None) is not row:
                continue
            properties = cell.find(f"{W}tcPr")
            merged = properties.find(f"{W}vMerge") if properties is not None else None
            goes_on = merged is not None and merged.get(f"{W}val", "continue") == "continue"
            above[column] = above.get(column, cell) if goes_on else cell
            cells.append(above[column])
            column += int(value(properties, "gridSpan") or 1)
        if cells:
            rows.append(cells)
    return rows


def is_layout(table: "Element", rows: Sequence[Sequence["Element"]], styles: Styles) -> bool:
    """Whether a table only arranges a page: it has one column, or its cells hold headings or tables."""
    if all(len(row) < 2 for row in rows) or next(table.iterdescendants(f"{W}tbl"), None) is not None:
        return True
    return any(styles.level(paragraph) >= 0 for paragraph in table.iter(f"{W}p"))


def is_headed(table: "Element", rows: Sequence[Sequence["Element"]], styles: Styles) -> bool:
    """Whether the first row names the columns: marked so, by the table's style, or by bold labels."""
    if len(rows) < 2:
        return False
    first = next(table.iter(f"{W}tr"))
    if first.find(f"{W}trPr/{W}tblHeader") is not None:
        return True
    properties = table.find(f"{W}tblPr")
    look = properties.find(f"{W}tblLook") if properties is not None else None
    styled = styles.name(value(properties, "tblStyle")) not in _PLAIN
    if styled and look is not None and look.get(f"{W}firstRow", "0") not in ("0", "false"):
        return True
    return all(_is_label(cell, styles) for cell in rows[0])


def _is_label(cell: "Element", styles: Styles) -> bool:
    text = "".join(part.text or "" for part in cell.iter(f"{W}t")).strip()
    runs = [(run, up) for up in cell.iter(f"{W}p") for run in up.iter(f"{W}r")]
    return 0 < len(text) <= _LONGEST_LABEL and all(styles.is_bold(run, up) for run, up in runs)
