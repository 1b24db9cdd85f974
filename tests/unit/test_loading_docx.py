"""DOCX -> Markdown. The tests make the documents with python-docx, and break them by hand."""

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import docx
import pytest
from docx.document import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

from knowledge.errors import LoadError
from knowledge.loading import load
from knowledge.loading.word import read_docx


def saved(document: Document) -> bytes:
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def text_of(document: Document) -> str:
    return read_docx(saved(document))[0]


def number(paragraph: Paragraph, list_id: int, depth: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="{list_id}"/></w:numPr>')
    )


def legal_list(document: Document) -> int:
    """Define the list of a contract: 1., 1.1, (a)."""
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>'
        f'<w:lvlText w:val="{shown}"/></w:lvl>'
        for depth, (form, shown) in enumerate(
            [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("upperRoman", "%4)")]
        )
    )
    first = numbering.find(qn("w:num"))
    abstract = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="99">{levels}</w:abstractNum>'
    first.addprevious(parse_xml(abstract))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="99"><w:abstractNumId w:val="99"/></w:num>'))
    return 99


def test_headings_paragraphs_and_lists() -> None:
    document = docx.Document()
    document.add_heading("Общи условия", 0)
    document.add_heading("Plačilo", 1)
    paragraph = document.add_paragraph("Račun je treba ")
    paragraph.add_run("plačati").bold = True
    paragraph.add_run(" v petnajstih dneh.")
    document.add_paragraph("prvi", style="List Bullet")
    document.add_paragraph("drugi", style="List Bullet")
    document.add_heading("Rok", 2)
    document.add_paragraph("ena", style="List Number")
    document.add_paragraph("dve", style="List Number")
    document.add_paragraph().add_run("Krepki naslov").bold = True
    document.add_paragraph("Z *zvezdico* in __črtama__.")
    assert text_of(document).split("\n") == [
        "# Общи условия",
        "",
        "## Plačilo",
        "",
        "Račun je treba plačati v petnajstih dneh.",
        "",
        "- prvi",
        "- drugi",
        "",
        "### Rok",
        "",
        "1. ena",
        "2. dve",
        "",
        "**Krepki naslov**",
        "",
        r"Z \*zvezdico\* in \_\_črtama\_\_.",
        "",
    ]


def test_numbers_are_counted_as_word_counts_them() -> None:
    document = docx.Document()
    contract = legal_list(document)
    for text, depth, style in (
        ("Predmet", 0, "Heading 1"),
        ("Ponudnik da storitev.", 1, None),
        ("Naročnik plača:", 1, None),
        ("mesečno", 2, None),
        ("letno", 2, None),
        ("Trajanje", 0, "Heading 1"),
        ("Pogodba velja leto dni.", 1, None),
        ("tudi naprej", 2, None),
    ):
        number(document.add_paragraph(text, style=style), contract, depth)
    assert [line for line in text_of(document).split("\n") if line] == [
        "# 1. Predmet",
        "1.1 Ponudnik da storitev.",
        "1.2 Naročnik plača:",
        "- (a) mesečno",
        "- (b) letno",
        "# 2. Trajanje",
        "2.1 Pogodba velja leto dni.",
        "- (a) tudi naprej",
    ]


def test_tables() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=2, style="Light Grid Accent 1")
    for row, cells in zip(
        table.rows, [("Ime", "Kraj"), ("Gostitelj", "Nemčija"), ("", "Irska")], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    plain = document.add_table(rows=1, cols=2)
    plain.cell(0, 0).text, plain.cell(0, 1).text = "Naslov", "Ulica 1"
    assert [line for line in text_of(document).split("\n") if line] == [
        "| Ime | Kraj |",
        "| --- | --- |",
        "| Gostitelj | Nemčija |",
        "| Gostitelj | Irska |",
        "Naslov | Ulica 1",
    ]


def test_text_in_links_fields_insertions_and_controls_stays_and_deleted_text_goes() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Začetek ")
    relation = document.part.relate_to(
        "https://zgled.si/p",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
        is_external=True,
    )
    parts = (
        f'<w:hyperlink {nsdecls("w", "r")} r:id="{relation}"><w:r><w:t>pravilnik</w:t></w:r></w:hyperlink>',
        f'<w:ins {nsdecls("w")}><w:r><w:t xml:space="preserve"> dodano</w:t></w:r></w:ins>',
        f"<w:del {nsdecls('w')}><w:r><w:delText> brisano</w:delText></w:r></w:del>",
        f'<w:sdt {nsdecls("w")}><w:sdtContent><w:r><w:t xml:space="preserve"> polje</w:t></w:r>'
        "</w:sdtContent></w:sdt>",
    )
    for part in parts:
        paragraph._p.append(parse_xml(part))
    control = OxmlElement("w:sdt")
    content = OxmlElement("w:sdtContent")
    control.append(content)
    document.element.body.insert(1, control)
    content.append(document.add_paragraph("V okviru.")._p)
    assert text_of(document).split("\n\n") == [
        "Začetek pravilnik (https://zgled.si/p) dodano polje",
        "V okviru.\n",
    ]


def test_a_table_of_contents_is_left_out_and_said() -> None:
    document = docx.Document()
    document.styles.add_style("toc 1", 1)
    document.add_paragraph("Plačilo\t3", style="toc 1")
    document.add_paragraph("Račun plačate.")
    text, notes = read_docx(saved(document))
    assert text == "Račun plačate.\n"
    assert notes == ("left out the table of contents",)


def rewritten(data: bytes, name: str, change: bytes, into: bytes) -> bytes:
    """The document with something in one of its parts replaced."""
    stream = BytesIO()
    with ZipFile(BytesIO(data)) as before, ZipFile(stream, "w", ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            after.writestr(part, content.replace(change, into) if part.filename == name else content)
    return stream.getvalue()


def zip_bomb() -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as package, package.open("word/document.xml", "w") as part:
        for _ in range(300):
            part.write(bytes(1024 * 1024))
    return stream.getvalue()


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE d [<!ENTITY l0 "ha">{entities}]>'.encode()
    document = docx.Document()
    document.add_paragraph("LAUGHS")
    data = rewritten(saved(document), "word/document.xml", b"LAUGHS", b"&l9;")
    return rewritten(data, "word/document.xml", b"<w:document", doctype + b"<w:document")


def empty_document() -> bytes:
    return saved(docx.Document())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zip_bomb(), "unpacks to 300 MB"),
        (billion_laughs(), "entities"),
        (empty_document(), "no text"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "password"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"plain text", "no Word document"),
        (rewritten(empty_document(), "word/document.xml", b"<w:body>", b"<w:bod"), "damaged"),
        (b"", "empty"),
    ],
    ids=["zip bomb", "billion laughs", "no text", "encrypted", "broken zip", "text", "broken xml", "empty"],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    file = tmp_path / "a.docx"
    file.write_bytes(data)
    with pytest.raises(LoadError, match=says):
        load(file)
