"""What time alone causes, by a clock that the test moves: every mail and entry on its day, once."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from actions.audit import verify
from actions.store.tables import Account, ActionLog, Invoice, Member, Outbox
from bot.app import App, open_app
from bot.tables import ConversationRow, MessageRow, OneTimeCodeRow
from tests.fakes import A_TUESDAY, MovingClock
from tests.make import Customer, mailed_code, mails, settings

OWNER = "olivia.owner@example.com"


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock) -> AsyncIterator[App]:
    """One that ends inactive accounts, which is off unless somebody says that activity is kept current."""
    async with open_app(settings(data_dir, end_inactive_accounts=True), clock=clock) as opened:
        yield opened


async def entries(app: App, *rules: str) -> list[tuple[str | None, date]]:
    async with app.database.read() as session:
        query = select(ActionLog).where(col(ActionLog.rule).in_(rules)).order_by(col(ActionLog.seq))
        return [(row.rule, row.at.date()) for row in (await session.exec(query)).all()]


async def account_of(app: App, email: str) -> str:
    async with app.database.read() as session:
        return (await session.exec(select(Member.account_id).where(Member.email == email))).one()


async def status(app: App, account_id: str) -> str:
    async with app.database.read() as session:
        return (await session.get_one(Account, account_id)).status


def day(weeks: float) -> date:
    return (A_TUESDAY + timedelta(weeks=weeks)).date()


def warned(app: App, email: str) -> list[datetime]:
    own = [mail for mail in mails(app) if mail["To"] == email]
    return [mail["Date"].datetime for mail in own if "will be deleted" in mail["Subject"]]


async def test_nine_weeks_day_by_day(app: App, clock: MovingClock) -> None:
    account = await account_of(app, OWNER)
    for _ in range(9 * 7 + 1):
        await app.worker.tick()
        await app.worker.tick()
        clock.move(days=1)
    assert [at.date() for at in warned(app, OWNER)] == [day(4)]
    assert await status(app, account) == "deleted"
    log = await entries(app, "inactivity-warned", "inactive-account-deleted")
    assert log.count(("inactivity-warned", day(4))) == log.count(("inactive-account-deleted", day(8))) == 4
    assert len(log) == 9, "the dormant one was warned before the demo began, and deleted on its own day"
    async with app.database.read() as session:
        assert (await session.exec(select(Member))).all() == []
        invoices = (await session.exec(select(Invoice).where(Invoice.account_id == account))).all()
    assert len(invoices) == 2
    clock.move(days=30)
    await app.worker.tick()
    await app.worker.tick()
    assert len(await entries(app, "backup-note-deleted")) == 5
    assert (await verify(app.database, app.seal)).ok


async def test_a_worker_that_was_down_warns_first_and_keeps_the_notice(data_dir: Path) -> None:
    clock = MovingClock()
    clock.move(weeks=9)
    async with open_app(settings(data_dir, end_inactive_accounts=True), clock=clock) as app:
        account = await account_of(app, OWNER)
        await app.worker.tick()
        assert len(warned(app, OWNER)) == 1
        clock.move(days=27)
        await app.worker.tick()
        assert await status(app, account) == "active"
        clock.move(days=1)
        await app.worker.tick()
        assert await status(app, account) == "deleted"


async def test_a_sign_of_life_voids_the_warning(app: App, clock: MovingClock) -> None:
    account = await account_of(app, OWNER)
    clock.move(weeks=5)
    await app.worker.tick()
    clock.move(minutes=1)
    customer = Customer(app)
    for text in ("please cancel my account", OWNER):
        await customer.says(text)
    await customer.says(mailed_code(app))
    clock.move(weeks=3, days=6)
    await app.worker.tick()
    assert await status(app, account) == "active"
    clock.move(days=1, hours=2)
    await app.worker.tick()
    assert len(warned(app, OWNER)) == 2
    assert [rule for rule, _ in await entries(app, "inactivity-over")] == ["inactivity-over"]


async def test_an_open_case_puts_the_deletion_off(app: App, clock: MovingClock) -> None:
    account = await account_of(app, OWNER)
    clock.move(weeks=4)
    await app.worker.tick()
    customer = Customer(app, email=OWNER)
    await customer.says("please send me a copy of my personal data")
    await customer.presses("confirm")
    for _ in range(3):
        clock.move(weeks=4, hours=2)
        await app.worker.tick()
    assert await status(app, account) == "active"


async def test_a_code_that_ran_out_is_logged_once(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await customer.says("please cancel my account")
    await customer.says(OWNER)
    clock.move(minutes=9)
    await app.worker.tick()
    assert await entries(app, "code-expired") == []
    clock.move(minutes=1)
    await app.worker.tick()
    await app.worker.tick()
    assert len(await entries(app, "code-expired")) == 1


async def test_a_closed_account_is_deleted_after_30_days_and_its_note_30_later(
    app: App, clock: MovingClock
) -> None:
    account = await account_of(app, OWNER)
    customer = Customer(app, email=OWNER)
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    clock.move(days=4)
    await app.worker.tick()
    assert await status(app, account) == "closed"
    async with app.database.read() as session:
        due = (await session.exec(select(Outbox).where(Outbox.topic == "account.delete"))).one().not_before
    clock.move(days=29, hours=23)
    await app.worker.tick()
    assert await status(app, account) == "closed"
    clock.move(hours=1)
    await app.worker.tick()
    assert clock.now() == due
    assert await entries(app, "closed-account-deleted") == [("closed-account-deleted", due.date())]
    assert await status(app, account) == "deleted"
    clock.move(days=30)
    await app.worker.tick()
    note = due.date() + timedelta(days=30)
    assert await entries(app, "backup-note-deleted") == [("backup-note-deleted", note)] * 2, (
        "and the dormant one"
    )
    assert (await verify(app.database, app.seal)).ok


async def test_no_account_ends_for_silence_unless_it_was_asked_for(data_dir: Path) -> None:
    clock = MovingClock()
    async with open_app(settings(data_dir), clock=clock) as app:
        account = await account_of(app, OWNER)
        clock.move(weeks=20)
        await app.worker.tick()
        assert warned(app, OWNER) == []
        assert await status(app, account) == "active"


async def test_an_ended_account_leaves_no_word_of_its_people(app: App, clock: MovingClock) -> None:
    account = await account_of(app, OWNER)
    customer = Customer(app)
    await customer.says("please cancel my account, signed Quillfeather")
    await customer.says(OWNER)
    await customer.says(mailed_code(app))
    clock.move(weeks=5)
    await app.worker.tick()
    clock.move(weeks=4, days=1)
    await app.worker.tick()
    assert await status(app, account) == "deleted"
    async with app.database.read() as session:
        said = (await session.exec(select(MessageRow.text, MessageRow.body))).all()
        talks = (await session.exec(select(ConversationRow.email))).all()
        codes = (await session.exec(select(OneTimeCodeRow).where(OneTimeCodeRow.email == OWNER))).all()
        invoices = (await session.exec(select(Invoice).where(Invoice.account_id == account))).all()
    assert "Quillfeather" not in repr(said)
    assert OWNER not in repr(said) + repr(talks)
    assert codes == []
    assert all(invoice.restricted_until for invoice in invoices)
    assert (await verify(app.database, app.seal)).ok
