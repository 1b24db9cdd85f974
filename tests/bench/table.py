"""Figures as a Markdown table whose columns also stand in line in a terminal."""

from collections.abc import Sequence


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, its first column to the left and the rest to the right.

    A row may be shorter than the head: a reason why nothing was measured stands in its second cell, may be
    longer than the column, and widens it for no other row.
    """
    whole = [row for row in rows if len(row) == len(head)]
    widths = [max(3, *(len(row[place]) for row in (head, *whole))) for place in range(len(head))]
    widths[0] = max(len(row[0]) for row in (head, *rows))
    rule = ["-" * widths[0], *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in (head, rule, *rows))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    full = [*row, *[""] * (len(widths) - len(row))]
    cells = [full[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(full[1:], widths[1:], strict=True)]
    return f"| {' | '.join(cells)} |"


def share(value: float | None) -> str:
    """Write a share as .417, and as a dash where nothing was counted."""
    return "-" if value is None else f"{value:.3f}".removeprefix("0")


def at(ordered: Sequence[float], quantile: float) -> float:
    """Return a quantile of numbers that stand in order: one of them, never one between."""
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]
