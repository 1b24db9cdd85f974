"""HTML -> Markdown -> clauses."""

from pathlib import Path

import pytest

from knowledge.errors import LoadError
from knowledge.loading import load
from knowledge.loading.html import read_html
from knowledge.markdown import blocks_of_markdown

PAGE = """<!doctype html><html lang="sl"><head><meta charset="utf-8">
<style>p { color: red }</style><script>var secret = 1;</script></head><body>
<a class="skip-link" href="#main">Na vsebino</a>
<header><nav><ul><li><a href="/">Domov</a></li><li><a href="/cenik">Cenik</a></li></ul></nav></header>
<div id="cookie-banner"><p>Uporabljamo piškotke.</p><button>Sprejmem</button></div>
<main>BODY</main>
<footer><a href="/kontakt">Kontakt</a> © Podjetje</footer></body></html>"""


def blocks(body: str) -> list[tuple[str, str]]:
    text, _ = read_html(PAGE.replace("BODY", body).encode())
    return [(block.kind, block.text) for block in blocks_of_markdown(text)]


def test_what_surrounds_a_document_is_left_out_and_said() -> None:
    text, notes = read_html(PAGE.replace("BODY", "<h1>Pogoji</h1><p>Pogodba velja.</p>").encode())
    assert text == "# Pogoji\n\nPogodba velja.\n"
    assert "surrounds the document" in notes[0]


def test_headings_paragraphs_and_loose_text() -> None:
    body = """<h1>Pogoji <em>storitve</em></h1>Brez ovojnice <span>stoji</span> tudi.
        <h2>Plačilo</h2><div>Prvi <b>del</b>.<br>Drugi del.<br><br>Nov odstavek.</div>
        <p><strong>Vračilo denarja</strong></p><p><strong>Rok.</strong> Petnajst dni.</p>"""
    assert blocks(body) == [
        ("heading", "Pogoji storitve"),
        ("paragraph", "Brez ovojnice stoji tudi."),
        ("heading", "Plačilo"),
        ("paragraph", "Prvi del. Drugi del."),
        ("paragraph", "Nov odstavek."),
        ("heading", "Vračilo denarja"),
        ("paragraph", "Rok. Petnajst dni."),
    ]


def test_lists_nested_and_numbered() -> None:
    body = """<ul><li>Ena<ul><li>Ena a</li><li>Ena b</li></ul>in konec</li><li><p>Dva.</p><p>Še.</p></li></ul>
        <ol start="3"><li>Tri</li><li>Štiri<ol type="a"><li>prvič</li><li>drugič</li></ol></li></ol>
        <ol><li>1.1. S svojo številko</li></ol>"""
    assert [text for _, text in blocks(body)] == [
        "- Ena",
        "- Ena a",
        "- Ena b",
        "- in konec",
        "- Dva. Še.",
        "3. Tri",
        "4. Štiri",
        "- a. prvič",
        "- b. drugič",
        "- 1.1. S svojo številko",
    ]


def test_a_numbered_list_of_sections() -> None:
    body = "<ol><li><h2>Plačilo</h2><p>V osmih dneh.</p></li><li><h2>Odpoved</h2><p>Kadar koli.</p></li></ol>"
    assert blocks(body) == [
        ("heading", "1. Plačilo"),
        ("paragraph", "V osmih dneh."),
        ("heading", "2. Odpoved"),
        ("paragraph", "Kadar koli."),
    ]


def test_tables() -> None:
    body = """<table><caption>Obdelovalci</caption><thead><tr><th>Ime</th><th>Kraj</th></tr></thead>
        <tr><td rowspan="2">Gostitelj</td><td>Nemčija</td></tr><tr><td>Irska</td></tr></table>
        <table><tr><td>Podjetje</td><td>Zgled d.o.o.</td></tr>
        <tr><td>Naslov</td><td>Ulica 1</td></tr></table>"""
    assert blocks(body) == [
        ("heading", "Obdelovalci"),
        ("header", "Ime | Kraj"),
        ("row", "Gostitelj | Nemčija"),
        ("row", "Gostitelj | Irska"),
        ("paragraph", "Podjetje | Zgled d.o.o."),
        ("paragraph", "Naslov | Ulica 1"),
    ]


def test_a_table_that_only_arranges_the_page() -> None:
    body = "<table><tr><td><h1>Pogoji</h1><p>Prvi.</p></td><td><ul><li>Drugi</li></ul></td></tr></table>"
    assert blocks(body) == [("heading", "Pogoji"), ("paragraph", "Prvi."), ("item", "- Drugi")]


def test_definitions_and_details() -> None:
    body = """<dl><dt>Naročnik</dt><dd>oseba, ki sklene pogodbo</dd>
        <dt>Storitev</dt><dd><p>To in ono.</p><p>In še to.</p></dd></dl>
        <details><summary>Kdaj plačam?</summary>Vnaprej.</details>"""
    assert blocks(body) == [
        ("paragraph", "Naročnik: oseba, ki sklene pogodbo"),
        ("heading", "Storitev"),
        ("paragraph", "To in ono."),
        ("paragraph", "In še to."),
        ("heading", "Kdaj plačam?"),
        ("paragraph", "Vnaprej."),
    ]


def test_links_say_where_they_lead_only_where_the_words_do_not() -> None:
    body = """<p>Glejte <a href="https://zgled.si/zasebnost">pravilnik</a>, <a href="https://www.zgled.si/">zgled.si</a>,
        <a href="mailto:a_b@zgled.si">pišite nam</a> ali <a href="#rok">rok</a>.</p>"""
    assert blocks(body) == [
        (
            "paragraph",
            "Glejte pravilnik (https://zgled.si/zasebnost), zgled.si, pišite nam (a_b@zgled.si) ali rok.",
        )
    ]


def test_characters_that_are_marks_in_markdown_stay() -> None:
    said = "* Cena *brez* DDV je __10__ [evrov](1) in <5> `x` a_b_c \\* | konec"
    written = said.replace("<", "&lt;").replace(">", "&gt;")
    assert blocks(f"<p>{written}</p><p># ni naslov</p><pre>--- \n  a\n\nb</pre>") == [
        ("paragraph", said),
        ("paragraph", "# ni naslov"),
        ("paragraph", "--- a"),
        ("paragraph", "b"),
    ]


def test_a_section_on_cookies_is_no_banner() -> None:
    body = (
        '<h1>Zasebnost</h1><section id="cookie-policy"><h2>Piškotki</h2><p>Piškotek traja leto.</p></section>'
    )
    assert ("paragraph", "Piškotek traja leto.") in blocks(body)


def test_when_all_would_be_left_out_it_stays() -> None:
    page = (
        '<body><div class="sidebar"><p>Celotno besedilo pogodbe stoji v tem stolpcu strani.</p></div></body>'
    )
    assert "stolpcu" in read_html(page.encode())[0]


def test_without_a_heading_the_page_s_title_is_one() -> None:
    page = PAGE.replace("<style>", "<title>Pogoji | Podjetje</title><style>")
    for body, title in (
        ("<p>Pogodba velja.</p>", "Pogoji | Podjetje"),
        ("<h1>Splošno</h1><p>Velja.</p>", "Splošno"),
    ):
        assert read_html(page.replace("BODY", body).encode())[0].startswith(f"# {title}\n")


@pytest.mark.parametrize("page", ["cp1250", "iso8859_2", "utf-8", "utf-16"])
def test_the_page_says_its_encoding(page: str) -> None:
    stated = f"<meta http-equiv=content-type content='text/html; charset={page}'>"
    html = f"<html><head>{stated}</head><p>Člen šest</p>"
    assert "Člen šest" in read_html(html.encode(page))[0]


def test_a_deep_page_loses_nothing() -> None:
    depth = 400
    assert "na dnu" in read_html(f"<body>{'<div>' * depth}na dnu{'</div>' * depth} konec</body>".encode())[0]


def test_entities_of_entities_do_not_grow(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    file = tmp_path / "bomb.xhtml"
    file.write_text(
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY l0 "ha">{levels}]><html><body>'
        "<p>Besedilo &l9;</p></body></html>"
    )
    assert len(load(file).text) < 10_000


@pytest.mark.parametrize(
    "page", [b"<html><body><script>1</script></body></html>", b"<!-- nothing -->", b"\x00\x01"]
)
def test_a_page_without_text_is_refused(tmp_path: Path, page: bytes) -> None:
    file = tmp_path / "a.html"
    file.write_bytes(page)
    with pytest.raises(LoadError):
        load(file)
