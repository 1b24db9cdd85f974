"""Tables whose cells lost their borders: cells are told apart, names are never torn."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.clauses import split
from knowledge.fused import Names
from knowledge.segments import segments
from knowledge.tables_of_text import Row, rows_of

LONG = (
    "The provider keeps the data for as long as the account is open, and then for thirty days in a backup "
    "that nobody reads and that lies in another place."
)
WRITTEN = """
    LiveAgent AppSumo PayPal MailChimp iPhone GmbH eBay JavaScript YouTube LinkedIn GitHub WordPress OpenAI
    HubSpot CloudFlare SendGrid DocuSign MySQL PostgreSQL GraphQL TypeScript WhatsApp TikTok FedEx BlackBerry
    MasterCard TransferWise NextCloud OneDrive SharePoint PowerPoint QuickBooks FreshDesk ZenDesk DigitalOcean
    WooCommerce BigCommerce macOS watchOS openSUSE easyJet airBaltic mobilePay phpMyAdmin reCAPTCHA deviantART
    QualityUnit s.r.o. McDonald DeLorean VoIP IoT DevOps SaaS eMail VKontakte СберБанк ВКонтакте ПриватБанк
"""
NAMES = WRITTEN.split()


def rows(text: str, document: str = "") -> list[Row]:
    parts = segments(f"{text}\n\n{document}".split("\n"))
    return rows_of(parts[0], Names(parts))


def texts(text: str, document: str = "") -> list[str]:
    return [row.text for row in rows(text, document)]


def test_rows_of_a_flattened_table() -> None:
    lines = ("CP= This is the head of the policy.", "NOIData is not collected.", "DELaData goes to carriers.")
    lead = "The table explains every field of the compact policy."
    text = "\n\n".join(("Compact policy", lead, "\n".join(("FieldMeaning", *lines)), LONG))
    assert [piece.text for piece in split(text, markdown=False, language="en").pieces] == [
        f"{lead}\nField\nMeaning",
        lines[0],
        "NOI\nData is not collected.",
        "DELa\nData goes to carriers.",
        LONG,
    ]


def test_codes_that_the_document_declares() -> None:
    table = "NOINothing is collected.\nBUSPractice decides.\nONL Contacts are collected.\nPHYIt is sent on."
    assert texts(table, "CP=X NOI BUS ONL PHY DELa") == [
        "NOI\nNothing is collected.",
        "BUS\nPractice decides.",
        "ONL\nContacts are collected.",
        "PHY\nIt is sent on.",
    ]


def test_codes_before_another_script() -> None:
    assert texts("ПолеЗначение\nNOIНе се събира нищо.\nCURaДанните се ползват.\nBUSПрактиката решава.") == [
        "Поле\nЗначение",
        "NOI\nНе се събира нищо.",
        "CURa\nДанните се ползват.",
        "BUS\nПрактиката решава.",
    ]


def test_products_that_begin_with_capitals_are_no_codes() -> None:
    table = "HTTPServer answers requests.\nXMLReader reads what came.\nPDFViewer shows it."
    assert texts(table) == table.split("\n")


def test_labels_down_a_column() -> None:
    table = (
        "ServersExample, LLC (EU)\nServers are kept in certified halls.\n"
        "ServersExample, LLC (US)\nServers are kept in other halls.\n"
        "ServersMailChimp, Inc.\nServers are kept in yet other halls.\n"
        "SupportOpenAI\nAnswers are written with it."
    )
    document = "Where the servers stand. Who gives support. MailChimp is a company, and OpenAI is another."
    assert texts(table, document) == [
        "Servers\nExample, LLC (EU)\nServers are kept in certified halls.",
        "Servers\nExample, LLC (US)\nServers are kept in other halls.",
        "Servers\nMailChimp, Inc.\nServers are kept in yet other halls.",
        "Support\nOpenAI\nAnswers are written with it.",
    ]


def test_two_tables_with_the_same_labels() -> None:
    one = "ServersExample, LLC\nIn the EU.\nServersOther, Inc.\nIn the US."
    two = "ServersThird, Ltd\nIn Asia.\nServersOther, Inc.\nIn Africa."
    parts = segments(f"{one}\n\n{two}\n\nThe servers are ours.".split("\n"))
    names = Names(parts)
    assert [row.text.split("\n")[0] for part in parts[:2] for row in rows_of(part, names)] == ["Servers"] * 4


def test_labels_of_several_words() -> None:
    table = (
        "First party useThird party use\n"
        "Lasting cookiesLow: they are taken.\nHigh: they are refused.\n"
        "Session cookiesLow: they are taken.Low: Nothing is offered.\nHigh: they are taken."
    )
    document = "The cookies are judged. The level is Low or High. The use by a third party."
    assert texts(table, document) == [
        "First party use\nThird party use",
        "Lasting cookies\nLow: they are taken.\nHigh: they are refused.",
        "Session cookies\nLow: they are taken.\nLow: Nothing is offered.\nHigh: they are taken.",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_torn(name: str) -> None:
    """As a label's neighbour, as a row's own first word, inside a row, and alone down a column."""
    document = (
        f"Mail, cloud, pay, live, sales, page, word, post, mobile, easy and the servers. We use {name}."
    )
    for table in (
        f"Servers{name}, LLC\nThey are in the EU.\nServersExample, LLC\nThey are in the US.",
        f"{name}, LLC\nWe send with {name}.\n{name}, Inc.\nWe pay {name}.",
        f"ServersExample at {name}\nIn the EU.\nServersOther at {name}.\nIn the US.",
        f"{name} sends.\n{name} keeps.\nMegaMail sends.\nMegaDrive keeps.",
    ):
        for mentioned in ("", document):
            assert not any(_is_torn(name, text) for text in texts(table, mentioned))


def _is_torn(name: str, text: str) -> bool:
    return text.replace("\n", "").count(name) != text.count(name)


@pytest.mark.parametrize("stem", ["Mail", "Cloud", "Fresh", "Sales", "Word", "Live", "Pay"])
def test_names_of_one_family_are_not_labels(stem: str) -> None:
    table = f"{stem}Flare, Inc.\nIt is a host.\n{stem}Front\nIt is another.\n{stem}Press, Ltd\nIt is a third."
    document = f"We keep {stem.casefold()} and more {stem.casefold()}, at the front and in the press."
    assert not any(f"{stem}\n" in text for text in texts(table, document))


def test_names_with_a_capital_inside_make_no_table() -> None:
    assert not rows("SuperHost is ours.\nMegaMail is not.", "SuperHost and MegaMail are names.")


def test_a_paragraph_broken_at_a_width_is_no_table() -> None:
    text = (
        "SuperHost keeps the servers of the provider in a hall that was\n"
        "certified last year. MegaMail sends the letters and the notices\n"
        "that a customer has asked for, and GigaPay takes the payments as\n"
        "they are due."
    )
    assert not rows(text)


def test_a_head_row_never_goes_missing() -> None:
    row = "DELaData " + "goes to carriers and " * 120 + "no further."
    text = f"Policy\n\nFieldMeaning\n{row}\nNOIData is not collected.\n\n{LONG}"
    found = split(text, markdown=False, language="en").pieces
    assert found[0].text.startswith("Field\nMeaning\nDELa\nData goes")


CELL = st.sampled_from(
    ["Servers", "Data", "NOI", "DELa", "cookies", "Ниско", "данни", "CP=", "MailChimp", "a.B", "."]
)
LINE = st.lists(CELL, min_size=1, max_size=6).flatmap(
    lambda cells: st.lists(st.sampled_from(["", " "]), min_size=len(cells), max_size=len(cells)).map(
        lambda gaps: "".join(cell + gap for cell, gap in zip(cells, gaps, strict=True))
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINE, min_size=2, max_size=6), st.lists(LINE, max_size=4))
def test_only_white_space_changes(lines: list[str], others: list[str]) -> None:
    found = texts("\n".join(lines), "\n\n".join(others))
    if found:
        assert "".join("".join(found).split()) == "".join("".join(lines).split())
        assert all(text == text.strip() and "\n\n" not in text for text in found)
