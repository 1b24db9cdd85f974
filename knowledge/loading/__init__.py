"""Files -> source texts. What is more than a text of ordinary size is read in a process of its own."""

import unicodedata
from pathlib import Path

from knowledge.errors import LoadError
from knowledge.loading.apart import Reading, read_apart
from knowledge.loading.files import Discovery, Found, Refused, discover
from knowledge.loading.formats import TEXTS, read
from knowledge.model import SourceText

__all__ = ["Discovery", "Found", "Refused", "discover", "load"]

_READ_HERE = 4 * 1024 * 1024


def load(path: Path) -> SourceText:
    """Read one file. Raises LoadError, whose message says what to do."""
    try:
        reading = _read(path)
    except OSError as error:
        raise LoadError(f"Cannot be read ({error.strerror}). Check the file and its permissions.") from error
    return SourceText(document_name(path), reading.text, reading.notes, reading.markdown)


def _read(path: Path) -> Reading:
    if path.suffix.lower() in TEXTS and path.stat().st_size <= _READ_HERE:
        return read(path)
    return read_apart(path)


def document_name(path: Path) -> str:
    """The name a document goes by: the file's own, in NFC however the file system spells it."""
    return unicodedata.normalize("NFC", path.name)
