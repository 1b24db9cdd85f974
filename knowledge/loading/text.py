"""Bytes of a file -> text: which encoding, and what was changed on the way."""

import codecs
import re

from knowledge.errors import LoadError
from knowledge.loading.code_pages import NAMES, guess_page

_LEGACY = (("windows-1257", "Baltic"), ("windows-1250", "Central European"), ("windows-1251", "Cyrillic"))
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_AROUND = 50_000
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LINE_ENDS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text with line ends made equal, and notes on what a reader should know.

    UTF-8 with or without a byte order mark, UTF-16 and UTF-32 with one are read, and older encodings whose
    letters and words leave no doubt. Anything else is refused with a LoadError: a wrong guess would put
    wrong letters into a quote.
    """
    if not data:
        raise LoadError("The file is empty. Put the document's text into it, or leave it out.")
    text, notes = _decode(data)
    if CONTROL.search(text):
        raise LoadError("This is not a text file. Save the document as plain text (UTF-8) or Markdown.")
    if not text.strip():
        raise LoadError("The file holds white space only. Put the document's text into it, or leave it out.")
    return _LINE_ENDS.sub("\n", text), notes


def _decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    if data.startswith(_UTF_32) or data.startswith(_UTF_16):
        encoding = "utf-32" if data.startswith(_UTF_32) else "utf-16"
        try:
            return data.decode(encoding), (f"read as {encoding.upper()}, as its byte order mark says",)
        except UnicodeDecodeError as error:
            raise LoadError(
                f"The file begins as {encoding.upper()} but is damaged. Save it again as UTF-8."
            ) from error
    notes: tuple[str, ...] = ()
    if data.startswith(codecs.BOM_UTF8):
        data, notes = (
            data.removeprefix(codecs.BOM_UTF8),
            ("the byte order mark at the beginning was removed",),
        )
    try:
        return data.decode("utf-8"), notes
    except UnicodeDecodeError as error:
        return _decode_legacy(data, error)


def _decode_legacy(data: bytes, error: UnicodeDecodeError) -> tuple[str, tuple[str, ...]]:
    if b"\x00" in data:
        raise LoadError(
            "This is not a text file. Save the document as plain text (UTF-8) or Markdown."
        ) from error
    line = data.count(b"\n", 0, error.start) + 1
    if _is_damaged_utf8(data[max(0, error.start - _AROUND) : error.start + _AROUND]):
        raise LoadError(
            f"The text is UTF-8 but damaged (line {line}). Save it again as UTF-8, or correct that line."
        ) from error
    page = guess_page(data)
    if page is None:
        raise LoadError(_not_utf8(line)) from error
    return data.decode(page), (f"not UTF-8: read as {NAMES[page]}, which its letters and words fit",)


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether nearly all bytes beyond ASCII are UTF-8. In an older encoding hardly any of them are."""
    high = sum(map(data.count, range(0x80, 0x100)))
    lost = len(data) - len(data.decode("utf-8", "ignore").encode())
    return 0 < lost * 10 <= high


def _not_utf8(line: int) -> str:
    looks = ", ".join(f"{name} ({what})" for name, what in _LEGACY)
    return (
        f"The text is not UTF-8 (line {line}); it may be an older encoding such as {looks}, but none fits "
        "beyond doubt. Open it in an editor, choose the encoding that shows the letters right, and save it "
        "as UTF-8."
    )
