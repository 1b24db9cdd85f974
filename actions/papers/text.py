"""Text as the papers' font can print it: unprintable characters shown as such, long lines broken."""

import unicodedata
from functools import cache
from importlib import resources

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "SourceSansPro-Regular"
BOLD = "SourceSansPro-Bold"
REPLACEMENT = "■"
"""Stands for a character that the font does not have; nothing is dropped unseen."""


@cache
def load_fonts() -> frozenset[int]:
    """Make the fonts known to reportlab, once, and return the code points that they can print."""
    folder = resources.files("font_source_sans_pro") / "files"
    printable: set[int] | None = None
    for name in (REGULAR, BOLD):
        font = TTFont(name, str(folder / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        glyphs = {code for code, glyph in font.face.charToGlyph.items() if glyph}
        printable = glyphs if printable is None else printable & glyphs
    return frozenset(printable or ())


def printable(text: str) -> str:
    """Return one line, composed (NFC), with REPLACEMENT for each character that cannot be printed."""
    known = load_fonts()
    return "".join(_shown(character, known) for character in unicodedata.normalize("NFC", text))


def _shown(character: str, known: frozenset[int]) -> str:
    category = unicodedata.category(character)
    if category == "Zs":
        return character if ord(character) in known else " "
    return character if ord(character) in known and category[0] != "C" else REPLACEMENT


def width(text: str, font: str, size: float) -> float:
    load_fonts()
    return float(pdfmetrics.stringWidth(text, font, size))


def wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    """Break `text` at its own line breaks, at spaces, and inside a word that is wider than `room` alone."""
    return [line for part in text.splitlines() for line in _broken(printable(part), font, size, room)]


def _broken(text: str, font: str, size: float, room: float) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, font, size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, font, size, room)
        lines += full
    return [*lines, line] if line else lines


def _cut(word: str, font: str, size: float, room: float) -> list[str]:
    """Cut a word into pieces that fit; a piece has at least one character."""
    pieces, piece = [], ""
    for character in word:
        if piece and width(piece + character, font, size) > room:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
