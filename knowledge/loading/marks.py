"""Blocks of a document -> Markdown, as `knowledge.markdown` reads it back."""

import re
from collections.abc import Sequence

_MARKS = re.compile(
    r"\\(?=[\\`*_{}\[\]()#+.!|<>~-])|[`*]|(?<![^\W_])_|_(?![^\W_])|\[(?=[^\]]*\]\()|<(?=[!/a-zA-Z])|\{(?=#)"
)
_LINE_START = re.compile(r"^(?=#{1,6}\s|>|~~~|=+\s*$|-{3,}\s*$)", re.M)
_WHITE = re.compile(r"[^\S\n]+")
_LONGEST_BOLD = 80


def escape(text: str) -> str:
    """Return text that stands for itself in Markdown: its own stars, hashes and brackets are no marks."""
    return _LINE_START.sub(r"\\", _MARKS.sub(r"\\\g<0>", text))


def tidy(text: str) -> str:
    """Return text with each run of white space made one space; a line break stays one line break."""
    lines = (_WHITE.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class Writer:
    """Gathers blocks. Items of a list stand line under line, everything else between blank lines."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._in_list = False

    @property
    def text(self) -> str:
        return "".join(self._parts).strip("\n") + "\n" if self._parts else ""

    def heading(self, text: str, level: int) -> None:
        if line := tidy(text).replace("\n", " "):
            self._add(f"{'#' * max(1, min(level, 6))} {escape(line)}")

    def paragraph(self, text: str, *, bold: int = 0) -> None:
        """Add a paragraph whose first `bold` characters are bold: a title, or a heading run into the text."""
        text = text.strip()
        lead, rest = tidy(text[:bold]), tidy(text[bold:])
        if 1 < len(lead) <= _LONGEST_BOLD and "\n" not in lead and not _MARKS.search(lead):
            # a sentence in bold is a warning, not a title
            if rest and text[:bold][-1:] + text[bold:][:1] != (text[:bold][-1:] + text[bold:][:1]).strip():
                self._add(f"**{lead}** {escape(rest)}")
                return
            if not rest and lead[-1] not in ".;,":
                self._add(f"**{lead}**")
                return
        if whole := tidy(text):
            self._add(escape(whole))

    def item(self, text: str, marker: str = "-") -> None:
        """Add an item of a list, on one line. `marker` is a dash, or a number with its point."""
        if line := tidy(text).replace("\n", " "):
            self._parts.append(f"{marker} {escape(line)}\n")
            self._in_list = True

    def table(self, rows: Sequence[Sequence[str]], *, headed: bool) -> None:
        """Add a table. Without a head row each row is a paragraph, for Markdown knows no such table."""
        lines = [" | ".join(escape(tidy(cell).replace("\n", " ")) for cell in row) for row in rows]
        lines = [line for line in lines if line.replace("|", "").strip()]
        if headed and len(lines) > 1:
            lines = [f"| {line} |" for line in lines]
            columns = max(len(row) for row in rows)
            self._add("\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]]))
        else:
            for line in lines:
                self._add(line)

    def lines(self, text: str) -> None:
        """Add a text whose lines and blank lines are its own."""
        self._add("\n".join(escape(line.rstrip()) for line in text.split("\n")).strip("\n"))

    def end(self) -> None:
        """End a list, so that what comes is no part of its last item."""
        if self._in_list:
            self._parts.append("\n")
        self._in_list = False

    def _add(self, block: str) -> None:
        if block:
            self.end()
            self._parts.append(block + "\n\n")
