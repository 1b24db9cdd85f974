"""What a PDF shows on its pages -> lines, each with its place and type."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_BULLETS = "•‣▪▫●○◦·∙\x7f\uf0b7\uf0a7\u2043"
_MARKER = re.compile(rf"[{_BULLETS}–*-]|\(?(?:\d{{1,3}}(?:\.\d{{1,3}})*|[a-zA-Zа-яА-Я]|[ivx]{{1,5}})[.)]?")
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_DIGITS = re.compile(r"\d+")
_SAME_LINE = 0.4
_EDGE = 2
_LEAST_REPEATS = 3
_LEAST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Line:
    """`x` and `y` are where it begins, in points from the page's lower left; `size` is its type's height.

    `cells` counts what stands on it apart, as the cells of a table's row do.
    """

    text: str
    x: float
    y: float
    size: float
    bold: bool
    cells: int = 1


class LineMaker:
    """Takes a page's pieces of text in the order in which the page shows them."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._pieces: list[tuple[str, float, float, float, bool]] = []

    def add(self, text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        """One piece, as pypdf hands it out: text, the two matrices, the font's dictionary, its size."""
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        height = abs(size) * _scale(tm) * _scale(cm)
        bold = _BOLD.search(str((font or {}).get("/BaseFont", ""))) is not None
        first, *more = _clean(text).split("\n")
        self._pieces.append((first, x, y, height, bold))
        for part in more:
            self._close()
            self._pieces.append((part, x, y, height, bold))

    def finish(self) -> list[Line]:
        self._close()
        return self._lines

    def _close(self) -> None:
        pieces, self._pieces = [piece for piece in self._pieces if piece[0].strip()], []
        if not pieces:
            return
        text = " ".join("".join(piece[0] for piece in pieces).split())
        sizes: Counter[float] = Counter()
        for piece in pieces:
            sizes[round(piece[3], 1)] += len(piece[0].strip())
        _, x, y, _, _ = pieces[0]
        size = sizes.most_common(1)[0][0] or 1.0
        self._append(Line(text, x, y, size, all(piece[4] for piece in pieces)))

    def _append(self, line: Line) -> None:
        """Join what stands at one height: a marker with its item, the cells of a row, a raised figure."""
        last = self._lines[-1] if self._lines else None
        if last is None or abs(last.y - line.y) > _SAME_LINE * max(last.size, line.size) or line.x < last.x:
            self._lines.append(replace(line, text=_bulleted(line.text)))
            return
        if _MARKER.fullmatch(last.text):
            joined = replace(line, text=f"{_bulleted(last.text)} {line.text}", x=last.x)
        elif min(last.size, line.size) < 0.8 * max(last.size, line.size):
            joined = replace(last, text=f"{last.text} {line.text}")
        else:
            bold = last.bold and line.bold
            joined = replace(last, text=f"{last.text} | {line.text}", cells=last.cells + 1, bold=bold)
        self._lines[-1] = joined


def _bulleted(text: str) -> str:
    return "•" + text[1:] if text[0] in _BULLETS else text


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r", "\n").translate(_LIGATURES).replace("\u00a0", " "))


def _scale(matrix: Sequence[float]) -> float:
    return float((matrix[2] ** 2 + matrix[3] ** 2) ** 0.5) or 1.0


def without_page_marks(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], int]:
    """Take away lines that stand at the same place at the edge of many pages, and count them.

    The text must be the same, or differ only in one number that goes with the page's. Fewer than three
    pages prove nothing, but a lone number at an edge is a page's all the same.
    """
    edges = [_edges(page) for page in pages]
    places: dict[tuple[str, int], list[int]] = {}
    offsets: Counter[int] = Counter({1: _LEAST_REPEATS})
    for number, page in enumerate(pages):
        for at in edges[number]:
            places.setdefault(_place(page[at]), []).append(number)
            if page[at].text.isdecimal():
                offsets[int(page[at].text) - number] += 1
    often = max(_LEAST_REPEATS, _LEAST_SHARE * len(pages))
    kept: list[list[Line]] = []
    for number, page in enumerate(pages):
        marks = {
            at
            for at in edges[number]
            if _is_number_of(page[at], number, offsets) or _is_repeated(page[at], places, often)
        }
        kept.append([line for at, line in enumerate(page) if at not in marks])
    return kept, sum(map(len, pages)) - sum(map(len, kept))


def _edges(page: Sequence[Line]) -> set[int]:
    """The uppermost and the lowest lines, by where they stand and not by when they were drawn."""
    order = sorted(range(len(page)), key=lambda at: -page[at].y)
    return {*order[:_EDGE], *order[-_EDGE:]}


def _place(line: Line) -> tuple[str, int]:
    return _DIGITS.sub("#", line.text), round(line.y / 4)


def _is_repeated(line: Line, places: dict[tuple[str, int], list[int]], often: float) -> bool:
    shape, height = _place(line)
    near = {page for at in (height - 1, height, height + 1) for page in places.get((shape, at), [])}
    # a heading with a number, at the head of many pages, is in bold; what goes with the pages is not
    return len(near) >= often and ("#" not in shape or not line.bold or not any(map(str.isalpha, shape)))


def _is_number_of(line: Line, page: int, offsets: Counter[int]) -> bool:
    """Whether a line at the edge is the page's number, by how the document's pages are numbered."""
    numbers = _DIGITS.findall(line.text)
    if not numbers or any(map(str.isalpha, line.text)):
        return False
    return len(numbers[0]) < 5 and offsets[int(numbers[0]) - page] >= _LEAST_REPEATS
