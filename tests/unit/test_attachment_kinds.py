"""What a file is, by its content."""

import io
import zipfile

import pytest

from bot.attachment_kinds import DOCX, LONGEST_NAME, ODT, cleaned, kind_of


def packed(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


WORD = (("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n", "application/pdf"),
        (b" " * 1019 + b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\x89PNG\r\n\x1a", None),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
        (b"\x00\x00\x00\x18ftypheic\x00", "image/heic"),
        (b"\x00\x00\x00\x18ftypisom\x00", None),
        (packed(*WORD), DOCX),
        (packed(*WORD, ("word/vbaProject.bin", b"x")), None),
        (packed(("mimetype", ODT.encode()), ("content.xml", b"<o/>")), ODT),
        (packed(("content.xml", b"<o/>"), ("mimetype", ODT.encode())), None),
        (packed(("run.exe", b"MZ")), None),
        (b"PK\x03\x04 broken", None),
        ("Račun je napačen.".encode(), "text/plain"),
        ("Račun".encode("utf-16"), "text/plain"),
        (b"From: a@example.com\r\nSubject: bill\r\n\r\nwords", "message/rfc822"),
        (b"Dear all,\n\nFrom: me\nTo: you", "text/plain"),
        (b"MZ\x90\x00", None),
        (b"text\x00", None),
        (b"", None),
        (b" \n", None),
    ],
)
def test_kind_of(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\bill.pdf", "bill.pdf"),
        ("gpj.\u202efdp.exe\x00", "gpj.fdp.exe"),
        ("  a \n b.txt ", "a b.txt"),
        ("..", ""),
        ("", ""),
        ("x" * 300, "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_cleaned(name: str, shown: str) -> None:
    assert cleaned(name) == shown
