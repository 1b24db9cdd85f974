"""Files that customers send: kept for staff, or said why not; and papers that go out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from actions.exporting import DataSubject
from actions.store.tables import Action, Member
from bot.app import App
from bot.attachment_tables import TelegramButtonRow
from bot.person_data import PersonData
from tests.bot_api import FakeBotApi, Fault
from tests.fakes import MovingClock
from tests.make import mailed_code
from tests.telegram_live import ANA, BOR, REFUND, conversation, evidence, live, quiet, said, settled, until

PDF = b"%PDF-1.7\n%fake"
OWNER = "olivia.owner@example.com"


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock, api: FakeBotApi) -> AsyncIterator[App]:
    async with live(data_dir, api, clock, evidence_max_mb=1) as running:
        yield running


async def test_a_document_is_kept_for_staff_and_its_caption_answered(app: App, api: FakeBotApi) -> None:
    await api.user_sends(ANA, "document", PDF, name="../../Vertrag\u202e.pdf", caption=REFUND)
    answer = await said(api, ANA, 2)
    assert app.messages.say("en", "media.file") in api.sent(ANA)[0].text
    assert answer.marked("blockquote")
    (row,) = await settled(app, 1, status="kept")
    assert (row.name, row.mime, row.size) == ("Vertrag.pdf", "application/pdf", len(PDF))
    stored = app.settings.data_dir / "evidence" / row.stored
    assert stored.read_bytes() == PDF
    assert stored.stat().st_mode & 0o077 == 0
    await api.user_says(ANA, "/person")
    await said(api, ANA, 3)
    (case,) = await app.handoff.waiting()
    assert any(f"[Vertrag.pdf, {row.id[:12]}]" in line.text for line in case.lines)


async def test_what_is_not_kept_is_said(app: App, api: FakeBotApi) -> None:
    await api.user_sends(ANA, "document", b"MZ\x90\x00program", name="bill.pdf")
    refused = await said(api, ANA, 2)
    assert "bill.pdf" in refused.text
    assert "DOCX" in refused.text
    await api.user_sends(BOR, "document", PDF, name="big.pdf", size=3_000_000)
    told = await said(api, BOR, 1)
    assert app.messages.say("sl", "media.file_too_big") in told.text
    await api.user_sends(BOR, "document", PDF + bytes(1_100_000), name="sly.pdf", size=900)
    assert "sly.pdf" in (await said(api, BOR, 3)).text
    assert [row.status for row in await evidence(app)] == ["refused", "refused"]
    assert not list((app.settings.data_dir / "evidence").glob("*"))


async def test_an_album_is_one_message_with_all_its_files(app: App, api: FakeBotApi) -> None:
    for number in range(3):
        content = b"\xff\xd8\xff" + bytes([number])
        await api.user_sends(ANA, "photo", content, mime="image/jpeg", media_group_id="7")
    rows = await settled(app, 3, status="kept")
    assert len({row.message_id for row in rows}) == 1
    assert {row.mime for row in rows} == {"image/jpeg"}
    await quiet(api, ANA, 1)


async def test_a_file_that_did_not_come_is_fetched_again(
    data_dir: Path, clock: MovingClock, api: FakeBotApi
) -> None:
    api.fail("getFile", Fault(502, "Bad Gateway"))
    async with live(data_dir, api, clock) as app:
        sent = await api.user_sends(ANA, "document", PDF)
        await said(api, ANA, 1)
        await until(app, lambda rows: any(row.attempts for row in rows))
    async with live(data_dir, api, clock) as app:
        await api.again(sent, renumbered=True)
        clock.move(minutes=30)
        (row,) = await settled(app, 1, status="kept")
        assert row.attempts > 1
        await quiet(api, ANA, 1)


async def test_papers_come_into_the_chat_and_an_erasure_takes_everything(
    app: App, api: FakeBotApi, clock: MovingClock
) -> None:
    say = app.messages.say
    await api.user_sends(ANA, "document", PDF, name="proof.pdf")
    await said(api, ANA, 1)
    await settled(app, 1, status="kept")
    await api.user_says(ANA, "please correct our last invoice\ncompany: Renamed Teapots Ltd")
    await said(api, ANA, 2)
    await api.user_says(ANA, OWNER)
    await said(api, ANA, 3)
    await api.user_says(ANA, mailed_code(app))
    count = 5
    shown = await said(api, ANA, count)
    while any(label == say("en", "button.skip") for label, _ in shown.buttons):
        await api.user_presses(ANA, say("en", "button.skip"), message_id=shown.message_id)
        count += 1
        shown = await said(api, ANA, count)
    await api.user_presses(ANA, say("en", "button.confirm.invoice_correction"))
    await said(api, ANA, count + 1)
    await api.until(lambda: not any(m.buttons for m in api.sent(ANA)))
    await app.worker.tick()
    await api.until(lambda: len(api.sent(ANA)) == count + 4)
    documents = [message for message in api.sent(ANA) if message.document is not None]
    assert [m.document[:5] for m in documents if m.document] == [b"%PDF-", b"%PDF-"]
    assert [(m.file_name or "").split("-")[0] for m in documents] == ["credit", "invoice"]

    place = await conversation(app, str(ANA))
    async with app.database.write() as session:
        action = (await session.exec(select(Action).where(Action.conversation_id == place.id))).one()
        member = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        who = DataSubject(email=OWNER, member=member)
        listed = (await PersonData().sections(session, who))["evidence"]
        assert [row["name"] for row in listed] == ["proof.pdf"]
        await PersonData().forget(session, who, [action.id])
        assert (await session.exec(select(TelegramButtonRow))).all() == []
    folder = app.settings.data_dir / "evidence"
    await until(app, lambda rows: not rows)
    assert list(folder.glob("*")) == []
