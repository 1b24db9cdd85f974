"""Pieces of running text, some of them bold -> paragraphs that know how much of their beginning is bold."""

from collections.abc import Iterator
from itertools import takewhile


class Runs:
    """White space is kept as it is added; a line break is a newline, and two of them end a paragraph."""

    def __init__(self) -> None:
        self._pieces: list[tuple[str, bool]] = []

    def __len__(self) -> int:
        return sum(len(text) for text, _ in self._pieces)

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self._pieces)

    def add(self, text: str, *, bold: bool) -> None:
        if text:
            self._pieces.append((text, bold))

    def line_break(self) -> None:
        self._pieces.append(("\n", False))

    def take(self) -> Iterator[tuple[str, int]]:
        """Give out the paragraphs, each with the length of its bold beginning, and forget them."""
        pieces, self._pieces = self._pieces, []
        paragraph: list[tuple[str, bool]] = []
        breaks = 0
        for text, bold in pieces:
            breaks = breaks + 1 if text == "\n" else (breaks if not text.strip() else 0)
            paragraph.append((text, bold))
            if breaks == 2:
                yield from _paragraph(paragraph)
                paragraph, breaks = [], 0
        yield from _paragraph(paragraph)


def _paragraph(pieces: list[tuple[str, bool]]) -> Iterator[tuple[str, int]]:
    while pieces and not pieces[0][0].strip():
        pieces = pieces[1:]
    text = "".join(text for text, _ in pieces)
    if text.strip():
        begun = len(text) - len(text.lstrip())
        lead = sum(len(text) for text, _ in takewhile(lambda piece: piece[1] or not piece[0].strip(), pieces))
        yield text.strip(), max(0, lead - begun)
