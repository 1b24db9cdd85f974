"""PDF -> Markdown: paragraphs joined again from lines, headings told by their type, page marks left out."""

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from knowledge.errors import LoadError
from knowledge.loading.pdf_lines import Line, LineMaker, without_page_marks
from knowledge.loading.pdf_paragraphs import write_paragraphs

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MOST_PAGES = 2000
_LEAST_LETTERS_A_PAGE = 5
_LEADERS = re.compile(r"(?:\. ?){4,}\s*(?:\| )?(?:\d{1,4}|[ivx]{1,5})$")
_LEAST_CONTENTS = 3
_MOST_UNREADABLE = 0.05


def read_pdf(data: bytes) -> tuple[str, tuple[str, ...], bool]:
    """Return the text, notes, and whether headings are marked in it: not every PDF shows which they are."""
    import pypdf

    if b"%PDF-" not in data[:1024]:
        raise LoadError("This is no PDF file, or a damaged one. Save it again as PDF.")
    reader = pypdf.PdfReader(BytesIO(data))
    notes: list[str] = []
    if reader.is_encrypted:
        if not reader.decrypt(""):
            raise LoadError("The PDF is encrypted with a password. Save it without one.")
        notes.append("the PDF is encrypted without a password to open it, and was read")
    _check_length(reader)
    pages = [_lines(page) for page in reader.pages]
    _check_text(pages)
    kept, dropped = without_page_marks(pages)
    if dropped:
        notes.append(f"left out headers, footers and page numbers, {dropped} lines on {len(pages)} pages")
    kept, contents = _without_contents(kept)
    if contents:
        notes.append(f"left out a table of contents, {contents} lines")
    text, markdown = write_paragraphs(kept)
    return text, tuple(notes), markdown


def _check_length(reader: "PdfReader") -> None:
    # the file's own count first, for to walk through a huge tree of pages is what must not happen
    tree: Any = reader.root_object["/Pages"].get_object()
    stated = int(tree.get("/Count", 0))
    count = stated if stated > MOST_PAGES else len(reader.pages)
    if count > MOST_PAGES:
        raise LoadError(f"The PDF has {count} pages, more than {MOST_PAGES}. Split it into files.")
    if count == 0:
        raise LoadError("The PDF has no page. Save it again as PDF.")


def _lines(page: "PageObject") -> list[Line]:
    maker = LineMaker()
    page.extract_text(visitor_text=maker.add)
    return maker.finish()


def _without_contents(pages: list[list[Line]]) -> tuple[list[list[Line]], int]:
    """Take away lines that lead the eye over dots to a page's number; fewer than three are no contents."""
    count = sum(_LEADERS.search(line.text) is not None for page in pages for line in page)
    if count < _LEAST_CONTENTS:
        return pages, 0
    return [[line for line in page if not _LEADERS.search(line.text)] for page in pages], count


def _check_text(pages: list[list[Line]]) -> None:
    text = "".join(line.text for page in pages for line in page)
    letters = sum(map(str.isalpha, text))
    if letters < _LEAST_LETTERS_A_PAGE * len(pages):
        raise LoadError(
            "The PDF holds pictures of its pages and no text (a scan). "
            "Make the text with an OCR program, and save that."
        )
    unreadable = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" for letter in text)
    if unreadable > _MOST_UNREADABLE * len(text):
        raise LoadError("The PDF does not say which letters its glyphs are. Save the document as plain text.")
