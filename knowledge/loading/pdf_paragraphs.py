"""Lines of a PDF -> paragraphs, lists, rows and headings."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from knowledge.loading.marks import Writer
from knowledge.loading.pdf_lines import Line

_ITEM = re.compile(r"^(?:[•–*-]|\(?\d{1,3}[.)]|\(?[a-zа-я]\)|\(?[ivx]{1,5}\))\s+\S")
_ARTICLE = re.compile(r"^(?:§\s*)?\d{1,3}(?:\.\d{1,3})+\.?\s+\S")
_HYPHENATED = re.compile(r"([^\W\d_]{2,})[-\u00ad‐]$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDS = (".", "!", "?", ":", ";", "”", "“", ")")
_LARGER = 1.08
_LONGEST_HEADING = 200
_LONGEST_BOLD = 80


@dataclass(slots=True)
class _Paragraph:
    lines: list[Line] = field(default_factory=list)

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def last(self) -> Line:
        return self.lines[-1]


def write_paragraphs(pages: Sequence[Sequence[Line]]) -> tuple[str, bool]:
    """Return the document, and whether it is Markdown: without a heading told by type it is plain text."""
    lines = [line for page in pages for line in page]
    shape = _Shape(lines)
    words = Counter(word.casefold() for line in lines for word in _WORD.findall(line.text))
    paragraphs = list(_paragraphs(pages, shape))
    levels = _levels(paragraphs, shape)
    headed = bool(levels) or any(_is_bold_title(paragraph) for paragraph in paragraphs)
    texts = [_joined(paragraph.lines, words) for paragraph in paragraphs]
    if not headed:
        return "\n\n".join(texts) + "\n", False
    writer = Writer()
    for paragraph, text in zip(paragraphs, texts, strict=True):
        _write(writer, paragraph, text, levels)
    return writer.text, True


class _Shape:
    """What is usual in a document: its type's size, the distance of its lines, how long they are."""

    def __init__(self, lines: Sequence[Line]) -> None:
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
        self.size = sizes.most_common(1)[0][0]
        body = [line for line in lines if abs(line.size - self.size) <= 0.5]
        gaps = Counter(
            round(above.y - below.y, 0)
            for above, below in pairwise(body)
            if 0 < above.y - below.y < 4 * self.size
        )
        self.gap = gaps.most_common(1)[0][0] if gaps else 1.2 * self.size
        self.length = median(sorted((len(line.text) for line in body), reverse=True)[: len(body) // 2 + 1])


def _paragraphs(pages: Sequence[Sequence[Line]], shape: _Shape) -> Iterator[_Paragraph]:
    current = _Paragraph()
    for page in pages:
        for number, line in enumerate(page):
            turned = number == 0
            if current.lines and not _goes_on(current, line, shape, turned=turned):
                yield current
                current = _Paragraph()
            current.lines.append(line)
    if current.lines:
        yield current


def _goes_on(paragraph: _Paragraph, line: Line, shape: _Shape, *, turned: bool) -> bool:
    """Whether a line belongs to the paragraph above; `turned`: it is the first of its page."""
    above = paragraph.last
    if line.cells > 1 or above.cells > 1 or _ITEM.match(line.text) or _ARTICLE.match(line.text):
        return False
    if abs(above.size - line.size) > 0.6 or above.bold != line.bold:
        return not turned and _is_run_in(paragraph, line, shape)
    gap = above.y - line.y
    ended = above.text.endswith(_ENDS)
    if turned or gap < 0:
        # the next page or column
        return not ended and not _is_large(above, shape) and line.text[:1].islower()
    usual = max(shape.gap, 1.1 * line.size) * (line.size / shape.size)
    if gap > 1.35 * usual:
        return False
    short = len(above.text) < 0.75 * shape.length and not _is_large(above, shape)
    return not (short and above.text.endswith((".", "!", "?", ";", ":")))


def _is_run_in(paragraph: _Paragraph, line: Line, shape: _Shape) -> bool:
    """Whether a sentence goes on in other type: only in the middle of a full line."""
    above = paragraph.last
    close = 0 < above.y - line.y <= 1.35 * shape.gap and abs(above.size - line.size) <= 0.6
    return close and len(above.text) > 0.8 * shape.length and not above.text.endswith(_ENDS)


def _is_large(line: Line, shape: _Shape) -> bool:
    return line.size >= _LARGER * shape.size


def _levels(paragraphs: Sequence[_Paragraph], shape: _Shape) -> dict[float, int]:
    """The sizes of type that headings have, each with its depth; the largest is the outermost."""
    sizes = {
        round(paragraph.first.size, 0)
        for paragraph in paragraphs
        if _is_large(paragraph.first, shape)
        and sum(len(line.text) for line in paragraph.lines) <= _LONGEST_HEADING
        and round(paragraph.first.size, 0) > round(shape.size, 0)
    }
    return {size: min(rank, 6) for rank, size in enumerate(sorted(sizes, reverse=True), start=1)}


def _is_bold_title(paragraph: _Paragraph) -> bool:
    text = " ".join(line.text for line in paragraph.lines)
    return (
        all(line.bold and line.cells == 1 for line in paragraph.lines)
        and 1 < len(text) <= _LONGEST_BOLD
        and text[-1] not in ".;,"
        and any(map(str.isalpha, text))
    )


def _write(writer: Writer, paragraph: _Paragraph, text: str, levels: dict[float, int]) -> None:
    first = paragraph.first
    level = levels.get(round(first.size, 0))
    if level and len(text) <= _LONGEST_HEADING and first.cells == 1:
        writer.heading(text, level)
    elif _is_bold_title(paragraph):
        writer.paragraph(text, bold=len(text))
    elif _ITEM.match(text):
        marker, rest = text.split(None, 1)
        if marker[0] in "•–*-":
            writer.item(rest, "-")
        elif any(map(str.isdigit, marker)):
            writer.item(rest, marker)
        else:
            writer.item(text)
    else:
        writer.paragraph(text)


def _joined(lines: Sequence[Line], words: Counter[str]) -> str:
    """Join lines, and words that were divided at a line's end, unless their hyphen is their own."""
    text = lines[0].text
    for line in lines[1:]:
        match = _HYPHENATED.search(text)
        following = _WORD.match(line.text)
        if match and following and line.text[0].islower():
            whole = (match.group(1) + following.group()).casefold()
            hyphened = f"{match.group(1)}-{following.group()}".casefold()
            keep = words[hyphened] > words[whole]
            text = (text if keep else text[:-1]) + line.text
        else:
            text = f"{text} {line.text}"
    return text
