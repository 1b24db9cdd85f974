"""The whole application on a real PostgreSQL: rights, retention, codes and webhooks, as on SQLite.

What SQLite does not show: types that are not guessed, JSON in queries, rows locked FOR UPDATE.
"""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from actions.audit import verify
from actions.casework import Case
from actions.log import subjects_of
from actions.model import Rejected, Right
from actions.store.demo import fill
from actions.store.tables import Account, ActionLog, Invoice, Member, Outbox
from actions.subjects import SubjectKey
from bot.app import App, open_app
from bot.outside import webhooks
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture
from tests.fakes import A_TUESDAY, MovingClock
from tests.flow.test_rights import KEPT_COLUMNS, KEPT_TABLES
from tests.make import Customer, mails, settings, words
from tests.planting import Planting, email_of
from tests.receivers import receiving

OWNER, ALIVE, STRANGER = "olivia.owner@example.com", "savininkas.pavyzdys@example.org", "stranger@example.net"
Opening = Callable[..., Awaitable[App]]


@pytest.fixture
async def opening(server: str, tmp_path: Path, clock: MovingClock) -> AsyncIterator[Opening]:
    """Opens the application, with settings of the test's own, on an empty database."""
    async with AsyncExitStack() as stack:

        async def opened(**given: Any) -> App:
            address = await fresh_postgresql(server)
            app: AbstractAsyncContextManager[App] = open_app(
                settings(tmp_path / "data", database_url=address, **given), clock=clock
            )
            return await stack.enter_async_context(app)

        yield opened


async def planted(app: App, number: int, right: Right) -> Planting:
    planting = Planting(app, number, right)
    await planting.plant()
    return planting


async def unpacked(app: App, planting: Planting) -> dict[str, str]:
    found = await app.rights.export(planting.reference, "local")
    assert not isinstance(found, Rejected), found
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def everything(app: App) -> str:
    """Every row of every table, as the database writes it."""
    async with app.database.engine.connect() as connection:
        tables = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        found = [
            (await connection.execute(text(f'SELECT "{name}"::text FROM "{name}"'))).scalars().all()
            for name in tables.scalars().all()
        ]
    return "\n".join(row for rows in found for row in rows)


async def entries(app: App, rule: str) -> list[ActionLog]:
    async with app.database.read() as session:
        query = select(ActionLog).where(ActionLog.rule == rule).order_by(col(ActionLog.seq))
        return list((await session.exec(query)).all())


async def verified(app: App) -> None:
    report = await verify(app.database, app.seal)
    assert report.ok, report


def go_to(clock: MovingClock, after: timedelta) -> None:
    clock.move(seconds=(A_TUESDAY + after - clock.now()).total_seconds())


async def test_a_package_holds_all_of_ones_own_and_nothing_of_others(opening: Opening) -> None:
    app = await opening()
    plantings = [await planted(app, number, Right.ACCESS) for number in range(3)]
    for planting in plantings:
        files = await unpacked(app, planting)
        assert set(files) == {"data.json", "data.html"}
        for written in files.values():
            assert not {marker for marker in planting.markers if marker not in written}
            assert set(re.findall(r"canary(\d\d)x", written)) == {f"{planting.number:02d}"}
    await verified(app)


async def test_after_an_erasure_no_marker_is_left_but_on_what_the_law_keeps(opening: Opening) -> None:
    app = await opening()
    planting, beside = await planted(app, 7, Right.ERASURE), await planted(app, 8, Right.ACCESS)
    before = await everything(app)
    assert "canary07xmessage.text" in before
    done = await app.cases.done(planting.reference, "local")
    assert isinstance(done, Case), done
    await app.rights_mail.deliver()
    assert mails(app)[-1]["To"] == email_of(7)
    assert "31. 12. 2036" in words(mails(app)[-1])
    left = (await everything(app)).encode()
    places = set(re.findall(rb"canary07x(\w+\.\w+)", left))
    assert {place for place in places if place.partition(b".")[0] not in KEPT_TABLES} <= KEPT_COLUMNS
    assert b"invoice.billed_company" in places
    assert b"canary08xmessage.text" in left
    async with app.database.read() as session:
        invoices = (await session.exec(select(Invoice))).all()
        keys = (await session.exec(select(SubjectKey))).all()
    assert [bool(row.restricted_until) for row in invoices].count(True) == 1
    assert len(keys) == 1
    assert len(await subjects_of(app.database, email_of(7))) < len(
        await subjects_of(app.database, email_of(8))
    )
    await verified(app)
    assert set(re.findall(r"canary\d\dx", (await unpacked(app, beside))["data.json"])) == {"canary08x"}


async def test_webhooks_are_collected_once_and_come_again_after_an_error(
    opening: Opening, clock: MovingClock
) -> None:
    async with receiving(answers=[500]) as receiver:
        app = await opening(webhook_url=receiver.url, webhook_secret="canary-secret")
        await app.worker.tick()
        customer = Customer(app, email=STRANGER)
        await customer.says("please send me a copy of my personal data")
        await customer.presses("confirm")
        hooks = webhooks(app.settings, app.database, clock)
        assert hooks
        await asyncio.gather(*(hooks.collect() for _ in range(4)))
        for _ in range(2):
            await app.worker.tick()
        assert len(receiver.calls) == 1
        clock.move(minutes=1)
        for _ in range(2):
            await app.worker.tick()
    first, again, second = receiver.events
    assert first == again != second
    done, opened = [json.loads(body) for _, body in receiver.calls[1:]]
    assert (done["type"], opened["type"]) == ("action.done", "case.opened")
    async with app.database.read() as session:
        rows = (await session.exec(select(Outbox).where(col(Outbox.topic).startswith("webhook.")))).all()
    assert len(rows) == 2
    assert all(row.done_at for row in rows)
    await verified(app)


async def test_an_unused_account_is_warned_after_4_weeks_and_deleted_after_8(
    opening: Opening, clock: MovingClock
) -> None:
    app = await opening(end_inactive_accounts=True)
    await fill(app.database, clock)
    async with app.database.read() as session:
        account = (await session.exec(select(Member.account_id).where(Member.email == OWNER))).one()
    for hours, warned in ((-1, 0), (0, 1)):
        go_to(clock, timedelta(weeks=4, hours=hours))
        await app.worker.tick()
        assert len([mail for mail in mails(app) if mail["To"] == OWNER]) == warned
    clock.move(minutes=1)
    await Customer(app, email=ALIVE).says("hello")
    for hours, status in ((-1, "active"), (0, "deleted")):
        go_to(clock, timedelta(weeks=8, hours=hours))
        await app.worker.tick()
        async with app.database.read() as session:
            assert (await session.get_one(Account, account)).status == status
    async with app.database.read() as session:
        left = (await session.exec(select(Member.email))).all()
        kept = (await session.exec(select(Invoice).where(Invoice.account_id == account))).all()
    assert ALIVE in left
    assert OWNER not in await everything(app)
    assert all(invoice.restricted_until for invoice in kept)
    assert len(await entries(app, "inactivity-over")) == 1
    clock.move(days=30)
    await app.worker.tick()
    assert len(await entries(app, "backup-note-deleted")) == len(
        await entries(app, "inactive-account-deleted")
    )
    await verified(app)


async def test_a_code_that_ran_out_is_logged_once(opening: Opening, clock: MovingClock) -> None:
    app = await opening()
    await fill(app.database, clock)
    customer = Customer(app)
    for said in ("please cancel my account", OWNER):
        await customer.says(said)
    for minutes, count in ((9, 0), (1, 1), (1, 1)):
        clock.move(minutes=minutes)
        await app.worker.tick()
        assert len(await entries(app, "code-expired")) == count
    await verified(app)
