"""The zip file that a Word document is: whether it can be opened without harm."""

from io import BytesIO
from zipfile import BadZipFile, ZipFile

from knowledge.errors import LoadError

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_PARTS = 5000
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def check_package(data: bytes) -> None:
    """Raise LoadError for what is no Word document, is encrypted, or unpacks to more than a document is."""
    if data.startswith(_OLE):
        raise LoadError(
            "The file is encrypted with a password, or in Word's old format. "
            "Open it in Word and save it as .docx without a password."
        )
    try:
        with ZipFile(BytesIO(data)) as package:
            _check_parts(package)
    except BadZipFile:
        raise LoadError("This is no Word document, or a damaged one. Save it again as .docx.") from None


def _check_parts(package: ZipFile) -> None:
    parts = package.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise LoadError("The file is encrypted. Save it as .docx without a password.")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _MOST_UNPACKED or len(parts) > _MOST_PARTS:
        raise LoadError(
            f"The file unpacks to {unpacked // 1024**2} MB in {len(parts)} parts, which no document needs. "
            "If it is one, save it as plain text."
        )
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            text = package.read(part)
            # a Word document never declares entities: they are how a small file becomes a huge one
            if any(doctype in text for doctype in _DOCTYPES):
                raise LoadError("The file declares XML entities, which no Word document does. Save it again.")
