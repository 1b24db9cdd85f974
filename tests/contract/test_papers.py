"""Papers in the store: made with the effect or not at all, without gaps, on SQLite and PostgreSQL."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pypdf import PdfReader

import actions.policies
from actions.model import ActionKind, Denied, Receipt, Step
from actions.papers import layout
from actions.papers.filing import file_name, is_intact, paper_by_number, paper_index, papers_of
from actions.papers.sheet import Party, Sheet
from actions.papers.tables import Paper
from actions.policies import parse
from actions.service import ActionService
from actions.store.tables import Counter, CreditNote, Invoice
from tests.contract.acting import OWNER, PREPAID_OWNER, FakeClauses, World, make_world
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server
from tests.unit.test_papers import SELLER, printed

CORRECT = ActionKind.INVOICE_CORRECTION


def service(world: World, seller: Party = SELLER, *, staff: bool = False) -> ActionService:
    text = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")
    tier = "staff" if staff else "auto"
    policies = parse(text.replace('invoice_correction = "auto"', f'invoice_correction = "{tier}"'))
    return ActionService(
        world.database, world.clock, FakeClauses(), seal=world.seal, policies=policies, seller=seller
    )


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = None if request.param == "sqlite" else await fresh_postgresql(request.getfixturevalue("server"))
    world = await make_world(tmp_path, url)
    world.service = service(world)
    yield world
    await world.database.close()


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[World]:
    world = await make_world(tmp_path)
    world.service = service(world)
    yield world
    await world.database.close()


def text_of(paper: Paper) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)


async def test_a_correction_makes_two_papers_that_say_what_the_rows_hold(world: World) -> None:
    name = "Teapots & Daughters " * 14 + "x" * 20
    receipt = await world.done(OWNER, CORRECT, company=name, vat_id="IE6433435F")
    async with world.database.read() as session:
        first, second = await papers_of(session, receipt.action_id)
        index = await paper_index(session)
    assert [paper.number for paper in index] == [second.number, first.number]
    [note] = await world.rows(CreditNote)
    invoices = {row.id: row for row in await world.rows(Invoice)}
    old = invoices[note.invoice_id]
    [new] = [row for row in invoices.values() if row.corrects_id == old.id]
    assert (first.kind, first.number, second.kind, second.number) == (
        "credit_note",
        note.number,
        "invoice",
        new.number,
    )
    for paper in (first, second):
        assert is_intact(paper)
        assert paper.made_at == world.clock.now()
        assert SELLER.vat_id
        assert SELLER.vat_id in text_of(paper)
        assert f"{old.number} of " in text_of(paper)
    shown, sums = printed(second.content, "en"), (new.net_cents, new.vat_cents, new.total_cents)
    assert (shown.net_cents, shown.vat_cents, shown.total_cents, shown.currency) == (*sums, new.currency)
    assert printed(first.content, "en") == shown.negated()
    assert old.billed_company in text_of(first)
    assert "".join(new.billed_company.split()) in "".join(text_of(second).split())
    assert "IE6433435F" in text_of(second)
    assert "IE6433435F" not in text_of(first)
    assert file_name(first) == "credit-note-CN-2026-000001.pdf"
    await world.verified()


async def test_the_papers_speak_the_language_of_the_customer(local: World) -> None:
    receipt = await local.done(PREPAID_OWNER, CORRECT, company="Čajniki d.o.o.")
    async with local.database.read() as session:
        first, second = await papers_of(session, receipt.action_id)
    assert text_of(first).startswith("Dobropis")
    assert text_of(second).startswith("Popravljeni račun")
    assert first.language == second.language == "sl"


async def test_every_number_has_its_paper_and_none_is_left_out(local: World) -> None:
    for n in range(1, 8):
        await local.done(OWNER, CORRECT, company=f"Name {n} Ltd")
    papers = await local.rows(Paper)
    numbers = sorted(paper.number for paper in papers if paper.kind == "credit_note")
    assert numbers == [f"CN-2026-{n:06d}" for n in range(1, 8)]
    assert numbers == sorted(note.number for note in await local.rows(CreditNote))
    corrections = sorted(row.number for row in await local.rows(Invoice) if row.corrects_id)
    assert sorted(paper.number for paper in papers if paper.kind == "invoice") == corrections
    assert corrections == [f"2026-{n:06d}" for n in range(11, 18)]


async def test_without_its_papers_there_is_no_correction_and_no_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = layout.render
    made: list[str] = []

    def breaks_at_the_second(sheet: Sheet) -> bytes:
        if made:
            raise OSError("no space left on device")
        made.append(sheet.number)
        return render(sheet)

    with monkeypatch.context() as patch:
        patch.setattr(layout, "render", breaks_at_the_second)
        receipt = await world.done(OWNER, CORRECT, company="New")
    assert receipt.step is Step.FAILED
    assert await world.rows(Paper) == []
    assert await world.rows(CreditNote) == []
    assert {row.name: row.value for row in await world.rows(Counter)} == {"invoice-2026": 10}
    again = await world.done(OWNER, CORRECT, company="New")
    assert [line.values["number"] for line in again.lines] == [*made, "2026-000011"]
    await world.verified()


async def test_a_second_correction_waits_for_the_first(local: World) -> None:
    local.service = service(local, staff=True)
    first = await local.done(OWNER, CORRECT, company="First Ltd")
    assert first.step is Step.AWAITING_APPROVAL
    denied = await local.propose(OWNER, CORRECT, company="Second Ltd")
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "correction-open"
    assert denied.verdict.values == {"reference": first.reference}
    assert await local.rows(Paper) == []
    refused = await local.service.refuse(first.action_id, "local", "wrong company")
    assert isinstance(refused, Receipt), refused
    assert await local.rows(Paper) == []
    await local.card(OWNER, CORRECT, company="Second Ltd")


async def test_a_paper_is_found_by_its_number_however_it_is_typed(local: World) -> None:
    await local.done(OWNER, CORRECT, company="New")
    async with local.database.read() as session:
        for number in ("CN-2026-000001", " cn-2026-000001 "):
            found = await paper_by_number(session, number)
            assert found is not None
            assert found.number == "CN-2026-000001"
        assert await paper_by_number(session, "2026-000001") is None


async def test_a_company_without_address_and_vat_id_still_gets_papers(local: World) -> None:
    local.service = service(local, Party("Quality Unit"))
    receipt = await local.done(OWNER, CORRECT, company="New")
    async with local.database.read() as session:
        for paper in await papers_of(session, receipt.action_id):
            assert "Quality Unit\nVAT ID: –" in text_of(paper)
