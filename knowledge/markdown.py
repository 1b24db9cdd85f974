"""Markdown -> blocks. Markup is left out of the text; every other character stays, in order."""

import re
from collections.abc import Iterator

from knowledge.blocks import Block
from knowledge.segments import squeeze

_ATX = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-+)\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,3}[.)])\s+\S")
_RULE = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
_DELIMITER = re.compile(r"^\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_ANCHOR_TAG = re.compile(r"^\s*<a\s+(?:id|name)=[\"']([^\"']+)[\"']\s*(?:/>|>\s*</a>)\s*")
_ANCHOR_MARK = re.compile(r"\s*\{#([^}\s]+)\}\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_BOLD_LINE = re.compile(r"^(\*\*|__)([^*_]{2,80})\1:?$")
_BOLD_START = re.compile(r"^(?:\*\*|__)([^*_]{2,80}?)[.:]?(?:\*\*|__)[.:]?\s+\S")

_INLINE = (
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]+)\]\((?:mailto:|#)[^)]*\)"), r"\1"),
    (re.compile(r"\[(https?://[^\]]+|www\.[^\]]+)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)"), r"\1 (\2)"),
    (re.compile(r"<(?:mailto:)?((?:https?://)?[^\s<>@]+(?:@|\.)[^\s<>]+)>"), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"`([^`]+)`"), r"\1"),
    (re.compile(r"<br\s*/?>"), " "),
)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_HIDING = 0x10FF00
_HIDDEN = re.compile("[\U0010ff00-\U0010ff7f]")


def blocks_of_markdown(text: str) -> list[Block]:
    return list(_Reader(_COMMENT.sub(_blank_lines, text).split("\n")))


def inline(text: str) -> str:
    """Return text without emphasis, links and code marks. A web address in a link stays, in brackets."""
    # an escaped character is out of the patterns' sight until they are done
    text = _ESCAPED.sub(lambda match: chr(_HIDING + ord(match.group(1))), text)
    for pattern, replacement in _INLINE:
        text = pattern.sub(replacement, text)
    return squeeze(_HIDDEN.sub(lambda match: chr(ord(match.group()) - _HIDING), text))


def _blank_lines(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")


class _Reader:
    """One pass over the lines. A block is given out as soon as the line that ends it is seen."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._open: list[str] = []
        self._kind = "paragraph"
        self._anchor: str | None = None

    def __iter__(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if match := _ANCHOR_TAG.match(line):
                yield from self._close()
                self._anchor = match.group(1)
                line = self._lines[self._at] = line[match.end() :]
            yield from self._take(line)
            self._at += 1
        yield from self._close()

    def _take(self, line: str) -> Iterator[Block]:
        stripped = re.sub(r"^\s*(?:>\s?)+", "", line)
        if _FENCE.match(line):
            yield from self._close()
            yield from self._code()
        elif match := _ATX.match(stripped):
            yield from self._close()
            yield self._heading(match.group(2), len(match.group(1)))
        elif self._is_setext(stripped):
            yield self._heading(self._open.pop(), 1 if stripped.strip().startswith("=") else 2)
        elif not stripped.strip() or _RULE.match(stripped):
            yield from self._close()
        elif self._starts_table():
            yield from self._close()
            yield from self._table()
        elif _ITEM.match(stripped):
            yield from self._close()
            self._kind, self._open = "item", [stripped]
        else:
            self._open.append(stripped)

    def _is_setext(self, line: str) -> bool:
        return self._kind == "paragraph" and len(self._open) == 1 and _SETEXT.match(line) is not None

    def _close(self) -> Iterator[Block]:
        if self._open:
            raw = squeeze(" ".join(self._open))
            if self._kind == "item":
                yield Block("item", inline(raw))
            elif match := _BOLD_LINE.match(raw):
                yield self._heading(match.group(2), 7)
            else:
                label = _BOLD_START.match(raw)
                yield Block("paragraph", inline(raw), label=inline(label.group(1)) if label else "")
        self._open, self._kind = [], "paragraph"

    def _heading(self, raw: str, level: int) -> Block:
        anchor, self._anchor = self._anchor, None
        if match := _ANCHOR_MARK.search(raw):
            anchor, raw = match.group(1), raw[: match.start()]
        return Block("heading", inline(raw), level=level, anchor=anchor)

    def _code(self) -> Iterator[Block]:
        fence = self._lines[self._at].strip()[:3]
        inside: list[str] = []
        self._at += 1
        while self._at < len(self._lines) and not self._lines[self._at].strip().startswith(fence):
            inside.append(self._lines[self._at].rstrip())
            self._at += 1
        if code := "\n".join(inside).strip("\n"):
            yield Block("paragraph", code)

    def _starts_table(self) -> bool:
        following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        return "|" in self._lines[self._at] and "|" in following and _DELIMITER.match(following) is not None

    def _table(self) -> Iterator[Block]:
        yield Block("header", _cells(self._lines[self._at]))
        self._at += 2
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            yield Block("row", _cells(self._lines[self._at]))
            self._at += 1
        self._at -= 1


def _cells(line: str) -> str:
    """A row with its outer pipes left out; those between the cells stay."""
    return inline(line.strip().removeprefix("|").removesuffix("|").replace("|", " | "))
