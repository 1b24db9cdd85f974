"""PDF -> text. The tests make the files with reportlab."""

from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table

from knowledge.errors import LoadError
from knowledge.loading import load
from knowledge.loading.pdf import read_pdf

SLOVENIAN = (
    "Naročnik lahko od pogodbe odstopi kadar koli, če to ponudniku sporoči pisno, in odstop začne učinkovati "
    "z dnem, ko ga je ponudnik prejel, razen če zakon v posameznem primeru določa drugače. "
)
BULGARIAN = (
    "Клиентът може да прекрати договора по всяко време, ако уведоми доставчика писмено, а прекратяването "
    "започва да действа от деня, в който доставчикът е получил уведомлението. "
)


@pytest.fixture(scope="module", autouse=True)
def _faces() -> None:
    """Typefaces with all letters: reportlab's own, with one shape for every letter that it lacks.

    What is read back is what the file says of its letters, not how they look.
    """
    for name, file in (("Face", "Vera.ttf"), ("Face-Bold", "VeraBd.ttf")):
        font = TTFont(name, file)
        glyphs, widths = font.face.charToGlyph, font.face.charWidths
        for letter in {*SLOVENIAN, *BULGARIAN, *"ОбщиусловияСрокЧленŠČŽ"}:
            glyphs.setdefault(ord(letter), glyphs[ord("x")])
            widths.setdefault(ord(letter), widths[ord("x")])
        pdfmetrics.registerFont(font)


def style(size: float, *, bold: bool = False, after: float = 6) -> ParagraphStyle:
    face = "Face-Bold" if bold else "Face"
    return ParagraphStyle(f"{face}{size}", fontName=face, fontSize=size, leading=1.2 * size, spaceAfter=after)


BODY = style(10)
BOLD = style(10, bold=True)
TITLE = style(18, bold=True)
HEADING = style(13, bold=True)


def pdf(*flowables: Flowable, header: str = "", footer: str = "") -> bytes:
    def edges(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont("Face", 8)
        canvas.drawString(72, 815, header)
        canvas.drawString(280, 30, footer.replace("#", str(document.page)))

    stream = BytesIO()
    SimpleDocTemplate(stream, pageCompression=1).build(list(flowables), onFirstPage=edges, onLaterPages=edges)
    return stream.getvalue()


def lines(data: bytes) -> list[str]:
    return [line for line in read_pdf(data)[0].split("\n") if line]


def test_paragraphs_are_whole_again_and_headings_are_told_by_their_type() -> None:
    data = pdf(
        Paragraph("Splošni pogoji", TITLE),
        Paragraph("1. Odstop", HEADING),
        Paragraph(SLOVENIAN * 2, BODY),
        Paragraph(SLOVENIAN, BODY),
        Paragraph("2. Срок", HEADING),
        Paragraph(BULGARIAN * 3, BODY),
        Paragraph("Posebna pravila", BOLD),
        Paragraph("a) Prvo pravilo.", BODY),
        Paragraph("b) Drugo pravilo.", BODY),
    )
    text, notes, markdown = read_pdf(data)
    assert markdown
    assert not notes
    assert [line for line in text.split("\n") if line] == [
        "# Splošni pogoji",
        "## 1. Odstop",
        (SLOVENIAN * 2).strip(),
        SLOVENIAN.strip(),
        "## 2. Срок",
        (BULGARIAN * 3).strip(),
        "**Posebna pravila**",
        "- a) Prvo pravilo.",
        "- b) Drugo pravilo.",
    ]


def test_headers_footers_and_page_numbers_are_left_out_and_paragraphs_go_on_over_pages() -> None:
    parts = [Paragraph(f"{number}. Člen", HEADING) for number in range(1, 13)]
    flowables: list[Flowable] = [part for head in parts for part in (head, Paragraph(SLOVENIAN * 6, BODY))]
    data = pdf(*flowables, header="Podjetje d.o.o. – Splošni pogoji", footer="Stran #")
    found = lines(data)
    assert found == [line for n in range(1, 13) for line in (f"# {n}. Člen", (SLOVENIAN * 6).strip())]
    assert "left out headers, footers and page numbers" in read_pdf(data)[1][0]


def test_bare_page_numbers_of_a_short_document() -> None:
    found = lines(pdf(*[Paragraph(SLOVENIAN * 3, BODY)] * 9, footer="#"))
    assert not [line for line in found if line.strip().isdecimal()]


def test_a_figure_at_the_foot_that_is_no_page_s_stays() -> None:
    assert "2016" in lines(pdf(Paragraph(SLOVENIAN, BODY), footer="2016"))


def test_words_divided_at_a_line_s_end() -> None:
    stream = BytesIO()
    canvas = Canvas(stream)
    canvas.setFont("Face", 10)
    for number, line in enumerate(
        (
            "Naročnik lahko od pogodbe odstopi kadar koli, če to ponudniku spo-",
            "roči pisno, in odstop začne učinkovati z dnem prejema na e-",
            "naslov. Slovensko-angleški slovar in drugi slovensko-",
            "angleški priročniki niso del te pogodbe, ki velja za stranke.",
        )
    ):
        canvas.drawString(72, 700 - 12 * number, line)
    canvas.save()
    text = " ".join(lines(stream.getvalue()))
    assert "sporoči pisno" in text
    assert "slovensko-angleški priročniki" in text
    assert "na e- naslov" in text or "na e-naslov" in text


def test_rows_of_a_table_stay_rows() -> None:
    rows = [["Name", "Place"], ["Hosting Ltd", "Germany"], ["Mailer Inc", "Ireland"]]
    found = lines(pdf(Paragraph(SLOVENIAN * 3, BODY), Table(rows)))
    assert found[1:] == [" | ".join(row) for row in rows]


def test_without_larger_or_bold_type_it_is_plain_text() -> None:
    text, _, markdown = read_pdf(pdf(Paragraph(SLOVENIAN, BODY), Paragraph("Z *zvezdico*.", BODY)))
    assert not markdown
    assert "Z *zvezdico*." in text


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(BytesIO(pdf(Paragraph(SLOVENIAN, BODY))))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def blank(pages: int) -> bytes:
    """A PDF of blank pages, written by hand: a library takes its time with thousands."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + pages))
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        *[b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"] * pages,
    ]
    written, places, at = [b"%PDF-1.4\n"], list[int](), 9
    for number, part in enumerate(parts, start=1):
        places.append(at)
        written.append(b"%d 0 obj\n%s\nendobj\n" % (number, part))
        at += len(written[-1])
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(parts) + 1
    trailer = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
        f"startxref\n{at}\n%%EOF\n"
    )
    return b"".join(written) + trailer.encode()


def test_encryption_without_a_password_to_open_is_read() -> None:
    text, notes, _ = read_pdf(encrypted(""))
    assert SLOVENIAN.strip() in text
    assert "encrypted" in notes[0]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    whole = pdf(Paragraph(SLOVENIAN, BODY))
    for data, says in (
        (encrypted("secret"), "password"),
        (blank(3), "scan"),
        (blank(10_000), "10000 pages, more than 2000"),
        (whole[: len(whole) // 3], "damaged"),
        (b"%PDF-1.7\nnothing", "damaged"),
        (b"no PDF", "no PDF"),
        (b"", "empty"),
    ):
        file = tmp_path / "a.pdf"
        file.write_bytes(data)
        with pytest.raises(LoadError, match=says):
            load(file)
