"""Papers reach the customer with the receipt, and staff by `clausewise papers`."""

import asyncio
import io
from hashlib import sha256
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import create_engine, text
from sqlmodel import select

from actions.papers.tables import Paper
from bot.app import App, open_app
from tests.commands import clausewise
from tests.fakes import MovingClock
from tests.make import Customer, mails, settings

OWNER = "olivia.owner@example.com"
NOTE = "CN-2026-000001"


async def corrects(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says("there is a wrong company name on our last invoice, please correct it")
    await customer.says("Renamed Teapots Ltd")
    await customer.presses("skip")
    await customer.presses("skip")
    await customer.presses("confirm")


@pytest.fixture
async def corrected(app: App, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """A store with one correction, which commands find too."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    await corrects(app)
    return app


async def test_the_receipt_mail_brings_both_papers(corrected: App) -> None:
    await corrected.worker.tick()
    [mail] = [mail for mail in mails(corrected) if list(mail.iter_attachments())]
    assert mail["To"] == OWNER
    parts = list(mail.iter_attachments())
    assert [(part.get_filename(), part.get_content_type()) for part in parts] == [
        ("credit-note-CN-2026-000001.pdf", "application/pdf"),
        ("invoice-2026-000011.pdf", "application/pdf"),
    ]
    async with corrected.database.read() as session:
        stored = {paper.number: paper.content for paper in (await session.exec(select(Paper))).all()}
    assert [part.get_content() for part in parts] == [stored[NOTE], stored["2026-000011"]]
    first = PdfReader(io.BytesIO(parts[1].get_content())).pages[0].extract_text()
    assert "Renamed Teapots Ltd" in first
    await corrected.worker.tick()
    assert len([mail for mail in mails(corrected) if list(mail.iter_attachments())]) == 1


async def test_a_receipt_of_another_kind_has_no_attachment(app: App, clock: MovingClock) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    clock.move(days=3)
    await app.worker.tick()
    assert mails(app)
    assert not [mail for mail in mails(app) if list(mail.iter_attachments())]


@pytest.fixture
def store(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same store, for commands, which run loops of their own."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))

    async def work() -> None:
        async with open_app(settings(data_dir), clock=MovingClock()) as app:
            await corrects(app)

    asyncio.run(work())
    return data_dir


def test_staff_list_papers_and_get_them_byte_for_byte(store: Path, tmp_path: Path) -> None:
    listed = clausewise("papers", "list", "--json").lines
    assert [(paper["number"], paper["kind"]) for paper in listed] == [
        ("2026-000011", "invoice"),
        (NOTE, "credit_note"),
    ]
    shown = clausewise("papers", "list").out
    assert NOTE in shown
    assert "Teapots" not in shown
    out = tmp_path / "note.pdf"
    assert clausewise("papers", "get", NOTE.lower(), "--out", out).status == 0
    opened = clausewise("log", "show", "--kind", "access", "--json").lines
    assert [(entry["rule"], entry["action_id"]) for entry in opened] == [
        ("opened-by-staff", listed[0]["action_id"])
    ]
    assert sha256(out.read_bytes()).hexdigest() == listed[1]["sha256"]
    assert clausewise("papers", "list", "--action", listed[0]["action_id"], "--json").lines == listed


def test_what_goes_wrong_is_said(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.pdf"
    ran = clausewise("papers", "get", "CN-1999-000001", "--out", out)
    assert (ran.status, out.exists()) == (1, False)
    assert "clausewise papers list" in ran.err
    ran = clausewise("papers", "get", NOTE, "--out", out, "--as", "mallory")
    assert (ran.status, out.exists()) == (1, False)
    assert "STAFF" in ran.err
    assert clausewise("log", "show", "--kind", "access", "--json").lines == []
    out.write_bytes(b"mine")
    ran = clausewise("papers", "get", NOTE, "--out", out)
    assert (ran.status, out.read_bytes()) == (2, b"mine")
    assert "exists already" in ran.err
    ran = clausewise("papers", "get", NOTE, "--out", tmp_path / "no" / "folder.pdf")
    assert ran.status == 2
    assert "cannot be written" in ran.err
    assert clausewise("papers", "list", "--action", "nobody").err.strip() == "there are no such papers"


def test_a_paper_that_was_changed_in_the_store_is_not_given_out(store: Path, tmp_path: Path) -> None:
    with create_engine(f"sqlite:///{store / 'clausewise.sqlite'}").begin() as connection:
        connection.execute(text("UPDATE paper SET content = :other"), {"other": b"%PDF-1.4"})
    ran = clausewise("papers", "get", NOTE, "--out", tmp_path / "note.pdf")
    assert ran.status == 1
    assert "SHA-256" in ran.err
    assert not (tmp_path / "note.pdf").exists()
