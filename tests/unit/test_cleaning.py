"""What a page carries around its document goes; what is the document's own stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.cleaning import clean, is_banner, is_call, is_close, is_menu, is_related
from knowledge.segments import Segment

BODY = """Acceptance

By opening an account you accept these terms, which bind your company as well.

Refunds

A paid month is not refunded once it has begun, whatever the reason may be.

Contact

Write to office@example.com, and a person will answer within two days."""


def kept(text: str) -> list[str]:
    return [line for line in clean(text).text.split("\n") if line.strip()]


OWN = [line for line in BODY.split("\n") if line]


@pytest.mark.parametrize(
    "before",
    [
        "Free trial",
        "Brezplačen preizkus",
        "Home | Pricing | Blog | Contact",
        "Home\nPricing\nFeatures\nLogin",
        "Avaleht\n\nHinnakiri\n\nMeist\n\nLogi sisse",
        "We use cookies. By continuing you agree to them.\n\nClose",
        "Start free trial\n\nHome > Legal > Support > Help",
    ],
)
def test_what_stands_before_the_document_is_cut(before: str) -> None:
    assert kept(f"{before}\n\n{BODY}") == OWN


@pytest.mark.parametrize(
    "behind",
    [
        "Related Articles\nRead how others answer their customers.\n\nBest answers\n\nAnother teaser.",
        "Susiję straipsniai\nSužinokite daugiau apie tai.\n\nKitas puslapis",
        "Was this article helpful?\nYes No\n\nRelated posts\n\nAnother post",
        "Свързани статии\nНаучете повече за това.",
        "Seotud artiklid\n\nLugege edasi.\n\nStart Free Trial x",
        "Our site uses cookies. By continuing you accept them.\n\n×\nBook a call with us.\n\nSchedule a demo",
        "We use cookies. By continuing you accept them.\n\n×\nNorunājiet sarunu\n\nSarunu laiki",
        "Naše spletišče uporablja piškotke. Z nadaljevanjem se strinjate.",
        "Close\nSchedule a demo\n\n • Tour of it\n • Answers to your questions\n\nStart Free Trial x",
    ],
)
def test_what_follows_the_document_is_cut(behind: str) -> None:
    assert kept(f"{BODY}\n\n{behind}") == OWN


def test_a_machine_s_error_sentence_is_cut_wherever_it_stands() -> None:
    text = BODY.replace("Refunds\n", "Sorry, I cannot fulfill this request.\n\nRefunds\n")
    assert kept(text) == OWN
    assert clean(text).cuts[0].reason == "an error sentence"


def test_a_table_of_contents_goes_and_tells_whose_headings_it_lists() -> None:
    listed = " 1. Acceptance\n 2. Refunds\n 3. Contact"
    cleaned = clean(
        f"Data processing\n\nWe take care of data, as the law demands.\n\nContents\n\n{listed}\n\n{BODY}"
    )
    assert "Contents" not in cleaned.text
    assert cleaned.text.count("Refunds") == 1
    assert cleaned.contents[0].section == "Data processing"
    assert cleaned.contents[0].entries == ("Acceptance", "Refunds", "Contact")


@pytest.mark.parametrize(
    "own",
    [
        "Cookies\n\nOur site uses cookies. By continuing to use it you agree that we store them.",
        "# Cookies\n\nWe use cookies. By staying you accept them.",
        "Related articles of this contract are 4 and 5.",
        "Cookies\n\nCookies are small files. By continuing you accept them.\n\nLiability\n\nFor intent only.",
        "Cookies are kept for a year.\n\nBy continuing on our site you accept cookies.",
        "You can\n\n • log in\n • sign up\n • close the account",
        "Free trial\n\nThe trial ends after 14 days, and nothing is charged before that.",
        "Related articles\n\n4. Payment is due in fourteen days after the invoice was issued.",
        "Subscribe to the register of subprocessors, and we write to you before each change.",
        "Sign up",
    ],
)
def test_nothing_of_the_document_is_lost(own: str) -> None:
    text = f"{BODY}\n\n{own}"
    assert clean(text).text == text
    assert not clean(text).cuts


def test_a_heading_that_reads_like_a_button_stays_above_its_text() -> None:
    text = f"Free trial\n\nThe trial ends after 14 days, and nothing is charged before that.\n\n{BODY}"
    assert clean(text).text == text


def test_markdown_without_junk_is_untouched() -> None:
    text = "# Terms\n\n## Free trial {#trial}\n\nIt ends soon.\n\n## Cookies\n\n- login\n- demo cookie\n"
    assert clean(text).text == text


@given(st.text(alphabet="aB .\n•×#|1", max_size=300))
def test_cutting_only_blanks_lines(text: str) -> None:
    lines, left = text.split("\n"), clean(text).text.split("\n")
    assert len(lines) == len(left)
    cuts = clean(text).cuts
    for number, (before, after) in enumerate(zip(lines, left, strict=True)):
        inside = any(cut.start <= number < cut.end for cut in cuts)
        assert after == ("" if inside else before)


def part(text: str) -> Segment:
    lines = tuple(text.split("\n"))
    return Segment(0, len(lines), lines)


@pytest.mark.parametrize(
    ("line", "related"),
    [
        ("Related Articles", True),
        ("## Related articles", True),
        ("Sorodni članki", True),
        ("Seotud Artiklid:", True),
        ("Articles related to payment", False),
        ("Related documents", False),
    ],
)
def test_related(line: str, related: bool) -> None:
    assert is_related(line) is related


@pytest.mark.parametrize(
    ("text", "banner"),
    [
        ("We use cookies. By continuing you accept.", True),
        ("Сайтът използва бисквитки. Ако останете, сте съгласни.", True),
        ("Cookies are kept for a year.", False),
        ("By continuing you accept the price.", False),
    ],
)
def test_banner(text: str, banner: bool) -> None:
    assert is_banner(part(text)) is banner


def test_buttons_menus_and_signs() -> None:
    assert is_call("Start Free Trial x")
    assert not is_call("The free trial lasts for fourteen days.")
    assert is_close("×")
    assert is_close("Close")
    assert not is_close("Closed accounts")
    assert is_menu(part("Home\nPricing\nBlog"))
    assert not is_menu(part("Support"))
    assert not is_menu(part("Support is given by e-mail to every customer that pays for it"))
