"""A file's bytes -> text, by the kind that its name says it is."""

from pathlib import Path

from knowledge.errors import LoadError
from knowledge.loading.apart import Reading
from knowledge.loading.text import decode

PAGES = (".html", ".htm", ".xhtml")
TEXTS = (".txt", ".md")
MOST_BYTES = 100 * 1024 * 1024


def read(path: Path) -> Reading:
    """Read a file of a known kind. Raises LoadError, OSError, or whatever a damaged file brings about."""
    if path.stat().st_size > MOST_BYTES:
        raise LoadError(f"Larger than {MOST_BYTES // 1024**2} MB. Split the document into files.")
    data = path.read_bytes()
    if not data.strip(b"\0"):
        raise LoadError("The file is empty. Put the document's text into it, or leave it out.")
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        text, notes = decode(data)
        return Reading(text, notes, markdown=suffix == ".md")
    reading = _converted(data, suffix)
    if not reading.text.strip():
        raise LoadError("There is no text in it. Put the document's text into it, or leave it out.")
    return reading


def _converted(data: bytes, suffix: str) -> Reading:
    if suffix in PAGES:
        from knowledge.loading.html import read_html

        return Reading(*read_html(data), markdown=True)
    if suffix == ".docx":
        from knowledge.loading.word import read_docx

        return Reading(*read_docx(data), markdown=True)
    if suffix == ".pdf":
        from knowledge.loading.pdf import read_pdf

        return Reading(*read_pdf(data))
    raise LoadError("Not a kind of file that is read. Save the document as plain text (UTF-8) or Markdown.")
