"""Files -> source texts."""

import unicodedata
from pathlib import Path

from knowledge.errors import LoadError
from knowledge.loading.files import Discovery, Found, Refused, discover
from knowledge.loading.text import decode
from knowledge.model import SourceText

__all__ = ["Discovery", "Found", "Refused", "discover", "load"]


def load(path: Path) -> SourceText:
    """Read one file. Raises LoadError, whose message says what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LoadError(f"Cannot be read ({error.strerror}). Check the file and its permissions.") from error
    text, notes = decode(data)
    return SourceText(document_name(path), text, notes)


def document_name(path: Path) -> str:
    """The name a document goes by: the file's own, in NFC however the file system spells it."""
    return unicodedata.normalize("NFC", path.name)
