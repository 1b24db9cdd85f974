"""What a file is by its content, never by its name."""

import io
import re
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

LONGEST_NAME = 100
KINDS = "PDF, PNG, JPEG, WebP, HEIC, TXT, DOCX, ODT, EML"
"""What `kind_of` knows, as a customer is told."""

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PDF_WITHIN = 1024
_MAIL_HEADER = re.compile(
    rb"^(?:From|To|Subject|Date|Received|Return-Path|Delivered-To|Message-ID|MIME-Version):", re.I | re.M
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNPRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def kind_of(content: bytes) -> str | None:
    """The MIME type of a kind that is taken, or None."""
    for beginning, mime in _BEGINNINGS:
        if content.startswith(beginning):
            return mime
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return "application/pdf"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        return "image/heic"
    if content.startswith(b"PK\x03\x04"):
        return _document(content)
    return _text(content)


def _document(content: bytes) -> str | None:
    """A word processor's zip, by the names in it; nothing is unpacked. One with macros is not taken."""
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if any("vbaProject" in name or name.startswith("Basic/") for name in names):
        return None
    if "word/document.xml" in names and "[Content_Types].xml" in names:
        return DOCX
    # the format's rule: the first member is called mimetype, and stored as it is
    if names[:1] == ["mimetype"] and content[38 : 38 + len(ODT) + 2] == ODT.encode() + b"PK":
        return ODT
    return None


def _text(content: bytes) -> str | None:
    try:
        wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not text.strip() or _CONTROLS.search(text):
        return None
    head = content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return "message/rfc822" if len(_MAIL_HEADER.findall(head)) >= 2 else "text/plain"


def cleaned(name: str) -> str:
    """A file's name without folders and without what is not seen."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    return " ".join(_UNPRINTED.sub("", last).split())[:LONGEST_NAME].strip(". ")
