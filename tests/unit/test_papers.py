"""What a credit note and a corrected invoice look like, whatever stands on them."""

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from babel.numbers import list_currencies
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pypdf import PdfReader

from actions.billing import InvoiceFacts, issue_correction
from actions.log import pseudonyms
from actions.papers import wording as wordings
from actions.papers.filing import correction_sheets
from actions.papers.layout import FOOT, MARGIN, PAGE_HEIGHT, RIGHT, VALUES, pages, render
from actions.papers.sheet import PaperKind, Party, Sheet, Sums
from actions.papers.text import REPLACEMENT, printable
from actions.papers.wording import wording
from actions.store.tables import Account, Action, Invoice
from actions.store.unit import Unit
from bot.config import LANGUAGES, Settings
from bot.database import Database
from bot.migrations import migrate

SELLER = Party("Selling Teapots a.s.", "Invented Street 1, 811 01 Bratislava", "SK2022749619")
CUSTOMER = Party("Invented Teapots Ltd", "1 Nowhere Lane, Dublin", "IE6433435F")
SHEET = Sheet(
    kind=PaperKind.INVOICE,
    number="2026-000011",
    issued_on=date(2026, 11, 24),
    language="en",
    seller=SELLER,
    customer=CUSTOMER,
    original_number="2026-000007",
    original_day=date(2026, 10, 20),
    sums=Sums(1_234_567, 283_950, 1_518_517, "EUR"),
    is_paid=True,
)
NOTE = replace(SHEET, kind=PaperKind.CREDIT_NOTE, number="CN-2026-000001", sums=SHEET.sums.negated())


def lines_of(content: bytes) -> list[str]:
    """The lines of a PDF, in the order in which they were written."""
    found = PdfReader(io.BytesIO(content)).pages
    return [line for page in found for line in page.extract_text().splitlines() if line]


def printed(content: bytes, language: str) -> Sums:
    """The sums that a PDF shows, read digit by digit: an amount always has two decimals."""
    lines = lines_of(content)
    words = wording(language).words
    amounts = [lines[lines.index(words[key]) + 1] for key in ("net", "vat", "total")]
    cents = [int(re.sub(r"\D", "", text)) * (-1 if re.search("[-−]", text) else 1) for text in amounts]
    [currency] = {"".join(re.findall("[A-Z]", text)) for text in amounts}
    return Sums(cents[0], cents[1], cents[2], currency)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_word(language: str) -> None:
    texts = wordings._texts()
    assert set(texts) == set(LANGUAGES)
    assert set(texts[language]) == set(texts["en"])
    for key, text in texts[language].items():
        assert text.strip(), key
        places = re.findall(r"\{\w+\}", text)
        assert sorted(places) == sorted(re.findall(r"\{\w+\}", texts["en"][key])), key
        if key != "day":
            assert REPLACEMENT not in printable(text), key


@pytest.mark.parametrize(
    ("language", "title", "day", "total"),
    [
        ("en", "Corrected invoice", "24 November 2026", "EUR 15,185.17"),
        ("sl", "Popravljeni račun", "24. 11. 2026", "15.185,17 EUR"),
        ("lt", "Patikslinta sąskaita faktūra", "2026 m. lapkričio 24 d.", "15 185,17 EUR"),
        ("et", "Parandatud arve", "24.11.2026", "15 185,17 EUR"),
        ("bg", "Коригирана фактура", "24 ноември 2026 г.", "15 185,17 EUR"),
        ("sl-SI", "Popravljeni račun", "24. 11. 2026", "15.185,17 EUR"),
        ("fr", "Corrected invoice", "24 November 2026", "EUR 15,185.17"),
    ],
)
def test_a_paper_in_each_language(language: str, title: str, day: str, total: str) -> None:
    lines = [re.sub(r"\s", " ", line) for line in lines_of(render(replace(SHEET, language=language)))]
    assert lines[0] == title
    assert day in lines
    assert total in lines
    for party in (SELLER, CUSTOMER):
        assert party.name in lines
        assert party.address in lines
        assert any(line.endswith(f": {party.vat_id}") for line in lines)
    assert sum(SHEET.original_number in line for line in lines) == 2


def test_a_credit_note_says_what_it_cancels_and_is_negative() -> None:
    lines = lines_of(render(NOTE))
    assert lines[:3] == ["Credit note", "Number", "CN-2026-000001"]
    assert "Invoice 2026-000007 of 20 October 2026 is cancelled in full by this credit note." in lines
    assert wording("en").words["paid"] not in lines
    assert printed(render(NOTE), "en") == SHEET.sums.negated()


def test_an_invoice_says_what_it_replaces_and_whether_anything_is_to_be_paid() -> None:
    paid = wording("en").words["paid"]
    assert "Invoice 2026-000007 of 20 October 2026 is replaced by this invoice." in lines_of(render(SHEET))
    assert paid in lines_of(render(SHEET))
    assert paid not in lines_of(render(replace(SHEET, is_paid=False)))


def test_a_party_without_vat_id_has_a_dash() -> None:
    assert "VAT ID: –" in lines_of(render(replace(SHEET, customer=Party("A", "B"))))


def test_the_same_sheet_gives_the_same_bytes_in_any_process() -> None:
    first = render(SHEET)
    render(NOTE)
    assert render(SHEET) == first
    code = (
        "from hashlib import sha256; from tests.unit.test_papers import SHEET, render;"
        "print(sha256(render(SHEET)).hexdigest())"
    )
    for seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": seed, "TZ": f"Etc/GMT-{seed}"},
        )
        assert other.stdout.strip() == sha256(first).hexdigest()


async def test_papers_made_at_the_same_time_do_not_mix() -> None:
    sheets = [replace(SHEET, number=f"2026-{n:06d}", language=LANGUAGES[n % 5]) for n in range(20)]
    alone = [render(sheet) for sheet in sheets]
    assert await asyncio.gather(*(asyncio.to_thread(render, sheet) for sheet in sheets)) == alone


def assert_nothing_runs_over(sheet: Sheet) -> None:
    for page in pages(sheet):
        *body, foot = page
        assert all(span.x >= MARGIN and span.end <= RIGHT + 0.01 for span in page)
        assert all(FOOT <= span.y <= PAGE_HEIGHT - MARGIN for span in body)
        assert foot.y == MARGIN
        ends: dict[float, float] = {}
        for span in body:
            assert span.x >= ends.get(span.y, 0), f"{span.text!r} stands on its neighbour"
            ends[span.y] = span.end


LONG = [
    "W" * 300,
    "Ж" * 300,
    "■" * 300,
    "株" * 300,
    "i" * 300,
    "Spojené čajové kanvice a dcéry " * 9,
    ("a" * 149 + " ") * 2,
    "x " * 150,
    "🫖" * 300,
]


@pytest.mark.parametrize("name", LONG, ids=range(len(LONG)))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_name_wraps_and_loses_nothing(name: str, language: str) -> None:
    sheet = replace(SHEET, language=language, customer=Party(name, name[:200] * 2, "1" * 40))
    assert_nothing_runs_over(sheet)
    bold = "".join(span.text for page in pages(sheet) for span in page if span.font.endswith("Bold"))
    assert printable(name).replace(" ", "") in bold.replace(" ", "")
    text = "".join("".join(lines_of(render(sheet))).split())
    assert "".join(printable(name).split()) in text


def test_what_needs_more_than_a_page_gets_another() -> None:
    sheet = replace(SHEET, seller=Party("W" * 1000, "M" * 2000), customer=Party("W" * 1000, "M" * 2000))
    assert_nothing_runs_over(sheet)
    assert len(pages(sheet)) > 1
    feet = [line for line in lines_of(render(sheet)) if "Page" in line]
    assert feet == [f"2026-000011 · Page {n} of {len(pages(sheet))}" for n in range(1, len(pages(sheet)) + 1)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Čebelica", "Čebelica"),
        ("C\u030cebelica", "Čebelica"),
        ("Чебурашка ООД", "Чебурашка ООД"),
        ("株式会社", "■■■■"),
        ("שלום", "■■■■"),
        ("Tea 🫖 Ltd", "Tea ■ Ltd"),
        ("a\u200bb", "a■b"),
        ("a\u202eb", "a■b"),
        ("a\u0007b", "a■b"),
        ("a\ud800b", "a■b"),
        ("a\u3000b", "a b"),
        ("a\tb", "a■b"),
        ("<b>&amp;</b> {total} %s", "<b>&amp;</b> {total} %s"),
    ],
)
def test_what_cannot_be_printed_is_seen(text: str, shown: str) -> None:
    assert printable(text) == shown
    line = next(line for line in lines_of(render(replace(SHEET, customer=Party(text, "B")))) if shown in line)
    assert line == shown


@given(st.text(min_size=1, max_size=300), st.text(max_size=500), st.sampled_from(LANGUAGES))
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_name_and_address_can_be_printed(name: str, address: str, language: str) -> None:
    sheet = replace(NOTE, language=language, customer=Party(name, address))
    assert_nothing_runs_over(sheet)
    content = render(sheet)
    assert content == render(sheet)
    assert len(PdfReader(io.BytesIO(content)).pages) == len(pages(sheet))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Database]]:
    """A migrated store, and the loop that it lives in."""
    with asyncio.Runner() as runner:
        database = Database(f"sqlite:///{tmp_path_factory.mktemp('papers') / 'store.sqlite'}")
        runner.run(migrate(database))
        yield runner, database
        runner.run(database.close())


@given(
    st.integers(0, 2_000_000_000),
    st.integers(0, 30_00),
    st.sampled_from(sorted(list_currencies())),
    st.sampled_from(LANGUAGES),
    st.sampled_from(("open", "paid")),
)
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_original_credit_note_and_correction_are_over_the_same_sums(
    store: tuple[asyncio.Runner, Database], net: int, rate: int, currency: str, language: str, status: str
) -> None:
    """`rate` is in hundredths of a percent."""
    runner, database = store
    vat = (net * rate + 5_000) // 10_000
    original = Sums(net, vat, net + vat, currency)
    note, correction = runner.run(corrected(database, original, language, status))
    assert printed(render(note), language) == note.sums == original.negated()
    assert printed(render(correction), language) == correction.sums == original
    for name in ("net_cents", "vat_cents", "total_cents"):
        assert getattr(original, name) + getattr(note.sums, name) == 0
    assert correction.sums.net_cents + correction.sums.vat_cents == correction.sums.total_cents


async def corrected(database: Database, sums: Sums, language: str, status: str) -> tuple[Sheet, Sheet]:
    """The papers of correcting an invoice over these sums, in a store that forgets it again."""
    now = datetime(2026, 11, 24, 10, tzinfo=UTC)
    async with database.read() as session:
        account = Account(company="A", country="IE", address="B", created_at=now, last_active_at=now)
        session.add(account)
        await session.flush()
        old = Invoice(
            number="2026-900000",
            account_id=account.id,
            issued_on=now.date(),
            status=status,
            net_cents=sums.net_cents,
            vat_cents=sums.vat_cents,
            total_cents=sums.total_cents,
            currency=sums.currency,
            billed_company="A",
            billed_address="B",
        )
        action = Action(
            kind="invoice_correction",
            step="EXECUTING",
            account_id=account.id,
            conversation_id="chat",
            origin="message",
            reference="CW-1",
            proposed_at=now,
        )
        session.add_all((old, action))
        await session.flush()
        unit = Unit(session, now, await pseudonyms(session), seller=SELLER)
        facts = InvoiceFacts(invoice_id=old.id, number=old.number)
        note, new = await issue_correction(
            unit, action, facts, now.date(), company="New", address="B", vat_id=None, told={}
        )
        await session.flush()
        await session.refresh(note)
        await session.refresh(new)
        return correction_sheets(old, note, new, unit.seller, language)


def test_labels_end_before_values_begin() -> None:
    for language in LANGUAGES:
        for kind in PaperKind:
            [page] = pages(replace(SHEET, language=language, kind=kind))
            beside = {span.y for span in page if span.x == VALUES}
            assert all(span.end < VALUES for span in page if span.y in beside and span.x == MARGIN)


@pytest.mark.parametrize(
    ("given_as", "country", "printed_as"),
    [
        ("", "SK", ""),
        ("  ", "SK", ""),
        ("sk 2022749619", "SK", "SK2022749619"),
        ("2022749619", "SK", "SK2022749619"),
    ],
)
def test_the_sellers_vat_id_is_written_as_on_an_invoice(given_as: str, country: str, printed_as: str) -> None:
    made = Settings(_env_file=None, company_country=country, company_vat_id=given_as)
    assert made.company_vat_id == printed_as


def test_a_wrong_vat_id_of_the_seller_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="is no VAT ID"):
        Settings(_env_file=None, company_vat_id="SK2022749618")
