"""One case whose mail breaks does not keep the others from theirs, and is tried again itself."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, delete, select
from structlog.testing import capture_logs

from actions.casework import Case
from actions.model import Right
from actions.store.tables import GdprCase, Outbox
from bot.app import App, open_app
from bot.backoff import next_wait
from tests.fakes import MovingClock
from tests.flow.test_rights import SITE, planted
from tests.make import mails, settings
from tests.planting import email_of


@pytest.fixture
async def app(tmp_path: Path, clock: MovingClock) -> AsyncIterator[App]:
    async with open_app(settings(tmp_path / "data", public_url=SITE, port=0), clock=clock) as opened:
        yield opened


async def rights_rows(app: App) -> list[Outbox]:
    query = select(Outbox).where(col(Outbox.topic).startswith("rights."))
    async with app.database.read() as session:
        return list((await session.exec(query.order_by(col(Outbox.created_at), Outbox.id))).all())


async def settled(app: App, number: int, right: Right) -> None:
    planting = await planted(app, number, right)
    assert isinstance(await app.cases.done(planting.reference, "local"), Case)
    app.clock.move(seconds=1)  # type: ignore[attr-defined]


async def test_a_folder_of_mails_that_cannot_be_read_stops_nobody_else(
    app: App, clock: MovingClock, tmp_path: Path
) -> None:
    await settled(app, 1, Right.ERASURE)
    await settled(app, 2, Right.ACCESS)
    broken = app.settings.outbox_dir / "000-broken.eml"
    broken.mkdir(parents=True)  # a mail that cannot be read, whoever reads
    with capture_logs() as logged:
        await app.rights_mail.deliver()
    assert "rights-mail-broke" in {line["event"] for line in logged}
    first, second = await rights_rows(app)
    assert (first.done_at, first.attempts) == (None, 1)
    assert first.payload["to"] == email_of(1)
    assert first.not_before == clock.now() + (next_wait(1) or timedelta())
    assert second.done_at is not None
    broken.rmdir()
    assert [mail["To"] for mail in mails(app)] == [email_of(2)]
    clock.move(minutes=2)
    await app.rights_mail.deliver()
    assert {mail["To"] for mail in mails(app)} == {email_of(1), email_of(2)}
    assert (await rights_rows(app))[0].done_at is not None


async def test_a_case_that_is_gone_stops_nobody_else_and_ends_with_staff(
    app: App, clock: MovingClock
) -> None:
    await settled(app, 1, Right.ACCESS)
    await settled(app, 2, Right.PORTABILITY)
    async with app.database.write() as session:
        await session.exec(delete(GdprCase).where(col(GdprCase.email) == email_of(1)))
    tries = 0
    while not tries or next_wait(tries):
        await app.rights_mail.deliver()
        tries += 1
        clock.move(seconds=(next_wait(tries) or timedelta()).total_seconds())
    assert [mail["To"] for mail in mails(app)] == [email_of(2)]
    first, second = await rights_rows(app)
    assert (first.attempts, second.attempts) == (tries, 1)
    assert first.done_at is not None
    async with app.database.read() as session:
        query = select(Outbox.topic).where(col(Outbox.topic).startswith("staff.mail-failed."))
        assert (await session.exec(query)).all() == ["staff.mail-failed.export"]


async def test_a_file_without_a_recipient_is_left_where_it_is(app: App) -> None:
    await settled(app, 1, Right.ERASURE)
    strange = app.settings.outbox_dir / "000-strange.eml"
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.write_bytes(b"Subject: no recipient\r\n\r\nhello\r\n")
    await app.rights_mail.deliver()
    [row] = await rights_rows(app)
    assert row.done_at is not None
    assert strange.exists()


async def test_a_mail_that_is_a_file_is_its_owners_alone(app: App) -> None:
    await settled(app, 1, Right.ERASURE)
    await app.rights_mail.deliver()
    folder = app.settings.outbox_dir
    modes = {path.stat().st_mode & 0o777 for path in folder.glob("*.eml")}
    assert (folder.stat().st_mode & 0o777, modes) == (0o700, {0o600})
