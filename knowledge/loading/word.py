"""DOCX -> Markdown: headings by style, Word's own numbers, lists, tables and footnotes."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from knowledge.errors import LoadError
from knowledge.loading.elements import address
from knowledge.loading.marks import Writer, tidy
from knowledge.loading.package import check_package
from knowledge.loading.runs import Runs
from knowledge.loading.word_lists import Lists, W
from knowledge.loading.word_styles import Styles

if TYPE_CHECKING:
    from docx.document import Document
    from lxml.etree import _Element as Element

_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = frozenset({f"{W}del", f"{W}moveFrom", f"{W}rPr", f"{W}pPr", f"{W}instrText"})
_SINGLE = re.compile(r"\(?\d{1,3}[.)]")
_LONGEST_TITLE = 80


def read_docx(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the document's body as Markdown. Headers, footers, comments and deletions are no part of it."""
    check_package(data)
    import docx

    try:
        document = docx.Document(BytesIO(data))
    except (KeyError, ValueError) as error:
        raise LoadError("This is no Word document, or a damaged one. Save it again as .docx.") from error
    reader = _Reader(document)
    reader.body(document.element.body)
    return reader.writer.text, reader.notes()


class _Reader:
    def __init__(self, document: "Document") -> None:
        self.writer = Writer()
        self._part = document.part
        self._styles = Styles(self._related("styles"))
        self._lists = Lists(self._related("numbering"))
        self._footnotes = _texts_of_notes(self._related("footnotes"))
        self._shift = 0
        self._contents = 0
        self._hanging: list[str] = []

    def notes(self) -> tuple[str, ...]:
        return ("left out the table of contents",) if self._contents else ()

    def body(self, element: "Element") -> None:
        for child in element:
            if child.tag == f"{W}p":
                self._paragraph(child)
            elif child.tag == f"{W}tbl":
                self._table(child)
            elif child.tag not in _GONE:
                self.body(child)
        self._drop_footnotes()

    def _related(self, kind: str) -> "Element | None":
        """The root of a part that the document refers to, such as its styles."""
        from docx.oxml import parse_xml

        for relation in self._part.rels.values():
            if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
                root: Element = parse_xml(relation.target_part.blob)
                return root
        return None

    def _paragraph(self, element: "Element") -> None:
        runs = Runs()
        self._runs(element, element, runs)
        number = self._number(element) if runs.text.strip() else None
        level = self._styles.level(element)
        if self._styles.name(_style(element)).startswith(("toc ", "table of figures")):
            self._contents += 1
        elif level >= 0 and runs.text.strip():
            self._drop_footnotes()
            self._shift = 1 if level == 0 else self._shift
            shown = number if number not in (None, "-") else ""
            self.writer.heading(f"{shown} {runs.text}", level + self._shift)
        else:
            self._text(runs, number)
        for box in _boxes(element):
            self.body(box)

    def _text(self, runs: Runs, number: str | None) -> None:
        for text, bold in runs.take():
            titled = bold >= len(text) and len(text) <= _LONGEST_TITLE and text[-1:] not in ".;,"
            if number is None or (titled and number != "-"):
                self._drop_footnotes()
                whole = f"{number} {text}" if number else text
                self.writer.paragraph(whole, bold=bold + len(whole) - len(text) if bold else 0)
            elif number == "-" or _SINGLE.fullmatch(number):
                self.writer.item(text, number)
            elif number[:1].isdigit():
                self._drop_footnotes()
                self.writer.paragraph(f"{number} {text}")
            else:
                self.writer.item(f"{number} {text}")
            number = None

    def _number(self, element: "Element") -> str | None:
        place = self._styles.list_of(element)
        return self._lists.next(*place) if place else None

    def _runs(self, element: "Element", paragraph: "Element", runs: Runs) -> None:
        """Gather the text of a paragraph, through links, fields, insertions and content controls."""
        bold = element.tag == f"{W}r" and self._styles.is_bold(element, paragraph)
        start = len(runs)
        for child in element:
            tag = child.tag
            if tag == f"{W}t":
                runs.add(child.text or "", bold=bold)
            elif tag in (f"{W}tab", f"{W}ptab"):
                runs.add(" ", bold=bold)
            elif tag in (f"{W}br", f"{W}cr"):
                runs.line_break()
            elif tag == f"{W}noBreakHyphen":
                runs.add("-", bold=bold)
            elif tag == f"{W}footnoteReference":
                self._refer(child.get(f"{W}id", ""), runs)
            elif tag not in _GONE and tag not in (f"{W}drawing", f"{W}pict") and not tag.startswith(_CHOICE):
                self._runs(child, paragraph, runs)
        if element.tag == f"{W}hyperlink" and (target := self._target(element, runs.text[start:])):
            runs.add(f" ({target})", bold=False)

    def _target(self, link: "Element", shown: str) -> str:
        relation = self._part.rels.get(link.get(_RELATED, ""))
        return address(relation.target_ref, shown) if relation is not None and relation.is_external else ""

    def _refer(self, footnote: str, runs: Runs) -> None:
        if text := self._footnotes.get(footnote):
            runs.add(f" [{footnote}]", bold=False)
            self._hanging.append(f"[{footnote}] {text}")

    def _drop_footnotes(self) -> None:
        """Write footnotes behind the paragraph or the list that refers to them."""
        hanging, self._hanging = self._hanging, []
        for text in hanging:
            self.writer.paragraph(text)

    def _table(self, table: "Element") -> None:
        from knowledge.loading.word_tables import is_headed, is_layout, rows_of

        self._drop_footnotes()
        rows = rows_of(table)
        if is_layout(table, rows, self._styles):
            for row in table.iterchildren(f"{W}tr"):
                for cell in row.iter(f"{W}tc"):
                    if next(cell.iterancestors(f"{W}tbl"), None) is table:
                        self.body(cell)
            return
        headed = is_headed(table, rows, self._styles)
        self.writer.table([[self._cell(cell) for cell in row] for row in rows], headed=headed)
        self._drop_footnotes()

    def _cell(self, cell: "Element") -> str:
        texts: list[str] = []
        for paragraph in cell.iter(f"{W}p"):
            runs = Runs()
            self._runs(paragraph, paragraph, runs)
            number = self._number(paragraph) if runs.text.strip() else None
            texts.append(f"{number or ''} {runs.text}".strip())
        return tidy(" ".join(text for text in texts if text))


def _style(paragraph: "Element") -> str:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    return style.get(f"{W}val", "") if style is not None else ""


def _boxes(paragraph: "Element") -> Iterator["Element"]:
    """Text boxes that are anchored in a paragraph. Each is stored twice, for older readers; once is taken."""
    for box in paragraph.iter(f"{W}txbxContent"):
        ups = list(box.iterancestors())
        fallback = any(up.tag == f"{_CHOICE}Fallback" for up in ups)
        inner = next(up for up in ups if up.tag == f"{W}p") is not paragraph
        if not fallback and not inner:
            yield box


def _texts_of_notes(footnotes: "Element | None") -> dict[str, str]:
    """Footnote id -> text; separators and other drawings of Word's have no text."""
    found: dict[str, str] = {}
    for footnote in footnotes.iterchildren(f"{W}footnote") if footnotes is not None else ():
        text = "".join(part.text or "" for part in footnote.iter(f"{W}t"))
        if text.strip():
            found[footnote.get(f"{W}id", "")] = text.strip()
    return found
