"""Mails of the product through a real server: codes that cannot be sent, notices tried again or given up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from actions.store.tables import Action, Outbox
from bot.app import App, open_app
from bot.backoff import IN_ALL, next_wait
from bot.config import LANGUAGES, Settings
from bot.doctor import examine
from bot.errors import MailError
from bot.model import ConversationState, TurnResult
from bot.ports import Mail
from tests.fakes import MovingClock
from tests.make import Customer, all_text, settings, words
from tests.smtp_servers import Mailroom, dies_in_the_middle, listening, says_nothing, smtp_server

OWNER = "olivia.owner@example.com"
ERASE = "please delete all personal data you have about me"


@pytest.fixture
def room() -> Mailroom:
    return Mailroom()


@pytest.fixture
async def port(room: Mailroom) -> AsyncIterator[int]:
    async with smtp_server(room) as port:
        yield port


def sending(data_dir: Path, port: int) -> Settings:
    """Settings under which mail goes to that server."""
    url = f"smtp://127.0.0.1:{port}"
    return settings(data_dir, smtp_url=url, mail_from="Support <support@example.com>")


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock, port: int) -> AsyncIterator[App]:
    """The application with its mail going out by a server."""
    async with open_app(sending(data_dir, port), clock=clock) as opened:
        yield opened


async def asks_for_a_code(app: App, email: str = OWNER, language: str | None = None) -> TurnResult:
    customer = Customer(app, language=language, chat=f"chat {email}")
    await customer.says("please cancel my account")
    return await customer.says(email)


async def files_a_request(app: App, email: str) -> None:
    """Somebody's confirmed request, whose receipt waits in the outbox."""
    customer = Customer(app, email=email, chat=f"chat {email}")
    await customer.says(ERASE)
    receipt = await customer.presses("confirm")
    assert receipt.action_id


async def notices(app: App, email: str) -> dict[str, Outbox]:
    """What one person's request left in the outbox, by topic; the case for staff aside."""
    async with app.database.read() as session:
        actions = (await session.exec(select(Action).where(Action.email == email))).all()
        ids = [action.id for action in actions]
        rows = (await session.exec(select(Outbox).where(col(Outbox.action_id).in_(ids)))).all()
    return {row.topic: row for row in rows if row.topic != "staff.gdpr-case"}


async def test_a_code_goes_out_and_no_file_is_named(app: App, room: Mailroom) -> None:
    told = await asks_for_a_code(app)
    assert told.state is ConversationState.AWAITING_CODE
    [mail] = room.mails
    assert mail["To"] == OWNER
    assert mail["From"] == "Support <support@example.com>"
    request = app.messages.say("en", "kind.cancel_account")
    assert mail["Subject"] == app.messages.say("en", "mail.code.subject", request=request)
    assert app.messages.say("en", "identity.mail_where", where="") not in all_text(told)
    assert not app.settings.outbox_dir.exists()


async def test_a_code_that_cannot_be_sent_is_said_at_once(
    data_dir: Path, clock: MovingClock, room: Mailroom
) -> None:
    async with listening(dies_in_the_middle) as port:
        async with open_app(sending(data_dir, port), clock=clock) as app:
            customer = Customer(app)
            await customer.says("please cancel my account")
            told = await customer.says(OWNER)
            assert all_text(told) == app.messages.say("en", "identity.mail_failed", email=OWNER)
            assert told.state is ConversationState.AWAITING_EMAIL
            assert len(told.replies[0].buttons) == 3
            again = await customer.presses("resend")
            assert all_text(again) == all_text(told)
    async with smtp_server(room) as port:
        async with open_app(sending(data_dir, port), clock=clock) as app:
            customer.app = app
            assert (await customer.presses("resend")).state is ConversationState.AWAITING_CODE
    assert len(room.mails) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_address_that_the_server_refuses_is_asked_for_anew(
    app: App, room: Mailroom, language: str
) -> None:
    room.refuses["nobody@example.net"] = "550 5.1.1 no such mailbox"
    customer = Customer(app, language=language)
    await customer.says("/language " + language)
    await customer.says("please cancel my account")
    told = await customer.says("nobody@example.net")
    spoken = await app.transcript.find("test", "chat")
    assert spoken is not None
    refused = app.messages.say(spoken.language or "en", "identity.mail_refused", email="nobody@example.net")
    assert refused in all_text(told)
    assert told.state is ConversationState.AWAITING_EMAIL
    assert (await customer.says(OWNER)).state is ConversationState.AWAITING_CODE


async def test_a_notice_goes_out_with_its_reference(app: App, room: Mailroom) -> None:
    await files_a_request(app, "a@example.net")
    await app.worker.tick()
    row = (await notices(app, "a@example.net"))["mail.receipt"]
    [mail] = room.mails
    reference = row.payload["reference"]
    assert mail["X-Reference"] == reference
    assert reference in mail["Subject"]
    assert reference in words(mail)
    assert (row.attempts, row.last_error, row.done_at) == (1, None, app.clock.now())
    await app.worker.tick()
    assert len(room.mails) == 1


async def test_a_failing_mail_is_tried_for_three_days_and_then_a_task_for_staff(
    app: App, room: Mailroom, clock: MovingClock
) -> None:
    """One second before each try is due nothing happens; then the server is asked exactly once."""
    email = "busy@example.net"
    room.refuses[email] = f"450 4.2.1 <{email}> is busy"
    await files_a_request(app, email)
    started = clock.now()
    tries = 0
    while (wait := next_wait(tries + 1)) is not None:
        await app.worker.tick()
        tries += 1
        row = (await notices(app, email))["mail.receipt"]
        assert (room.refused, row.attempts) == (tries, tries)
        assert (row.done_at, row.not_before) == (None, clock.now() + wait)
        assert row.last_error is not None
        assert "450 4.2.1" in row.last_error
        assert email not in row.last_error
        clock.move(seconds=wait.total_seconds() - 1)
        await app.worker.tick()
        assert room.refused == tries
        clock.move(seconds=1)
    assert clock.now() - started == IN_ALL
    assert set(await notices(app, email)) == {"mail.receipt"}
    await app.worker.tick()
    rows = await notices(app, email)
    assert set(rows) == {"mail.receipt", "staff.mail-failed.receipt"}
    assert rows["mail.receipt"].done_at == clock.now()
    task = rows["staff.mail-failed.receipt"]
    assert task.done_at is None
    assert task.payload["attempts"] == str(tries + 1)
    assert task.payload["reference"] == rows["mail.receipt"].payload["reference"]
    assert email not in str(task.payload)
    clock.move(days=30)
    await app.worker.tick()
    assert (room.refused, [mail for mail in room.mails if mail["To"] == email]) == (tries + 1, [])


async def test_a_mail_that_failed_goes_out_once_when_the_server_is_well_again(
    app: App, room: Mailroom, clock: MovingClock
) -> None:
    room.refuses["busy@example.net"] = "451 come back"
    await files_a_request(app, "busy@example.net")
    await app.worker.tick()
    room.refuses.clear()
    clock.move(minutes=1)
    await app.worker.tick()
    await app.worker.tick()
    row = (await notices(app, "busy@example.net"))["mail.receipt"]
    assert (row.attempts, row.last_error, len(room.mails)) == (2, None, 1)


async def test_a_mailbox_that_is_not_there_is_a_task_for_staff_at_once(app: App, room: Mailroom) -> None:
    room.refuses["gone@example.net"] = "550 5.1.1 no such mailbox"
    await files_a_request(app, "gone@example.net")
    await app.worker.tick()
    rows = await notices(app, "gone@example.net")
    assert rows["mail.receipt"].done_at is not None
    assert "550 5.1.1" in rows["staff.mail-failed.receipt"].payload["reason"]


async def test_one_bad_mail_does_not_hold_up_the_others(app: App, room: Mailroom, clock: MovingClock) -> None:
    emails = [f"person{number}@example.net" for number in range(6)]
    for email in emails:
        await files_a_request(app, email)
        clock.move(seconds=1)
    for bad in emails[:3]:
        room.refuses[bad] = "451 come back"
    await app.worker.tick()
    assert sorted(mail["To"] for mail in room.mails) == emails[3:]


async def test_a_mail_over_which_the_server_hangs_does_not_hold_up_the_others(
    app: App, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.worker._mailer, "_answer_seconds", 0.5)
    emails = [f"person{number}@example.net" for number in range(4)]
    for email in emails:
        await files_a_request(app, email)
    room.hangs.add(emails[0])
    await app.worker.tick()
    assert sorted(mail["To"] for mail in room.mails) == emails[1:]
    stuck = (await notices(app, emails[0]))["mail.receipt"]
    assert (stuck.attempts, stuck.done_at) == (1, None)
    assert "does not answer in time" in (stuck.last_error or "")


async def test_what_is_due_happens_while_mail_hangs(
    app: App, room: Mailroom, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the worker as it runs: a cancellation that falls due while a mail waits for its server."""
    await files_a_request(app, "stuck@example.net")
    room.hangs.add("stuck@example.net")
    customer = Customer(app, email=OWNER)
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    monkeypatch.setattr("bot.jobs.EVERY_SECONDS", 0.05)
    working = asyncio.create_task(app.worker.run())
    try:
        async with asyncio.timeout(5):
            await room.hanging.wait()
            clock.move(days=4)
            await _receipt_is_due(app, OWNER)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _receipt_is_due(app: App, email: str) -> None:
    while "mail.receipt" not in await notices(app, email):  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_a_server_that_is_down_costs_one_try_each(
    data_dir: Path, clock: MovingClock, room: Mailroom
) -> None:
    emails = [f"person{number}@example.net" for number in range(3)]
    async with listening(says_nothing) as port:
        pass
    async with open_app(sending(data_dir, port), clock=clock) as app:
        for email in emails:
            await files_a_request(app, email)
        await app.worker.tick()
        for email in emails:
            row = (await notices(app, email))["mail.receipt"]
            assert (row.attempts, row.not_before) == (1, clock.now() + timedelta(minutes=1))
    clock.move(minutes=1)
    async with smtp_server(room) as port:
        async with open_app(sending(data_dir, port), clock=clock) as app:
            await app.worker.tick()
    assert sorted(mail["To"] for mail in room.mails) == emails


async def test_the_conversation_is_told_even_while_the_mail_fails(
    app: App, room: Mailroom, clock: MovingClock
) -> None:
    room.refuses[OWNER] = "451 come back"
    customer = Customer(app, email=OWNER)
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    clock.move(days=4)
    done = app.messages.say("en", "receipt.step.DONE")
    for _ in range(3):
        await app.worker.tick()
        clock.move(hours=1)
    told = [one.reply.text for one in await app.transcript.pending("test", now=app.clock.now())]
    assert len([text for text in told if done in text]) == 1


async def test_a_mail_sent_again_has_the_same_message_id(
    app: App, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a process that died between the sending and the tick in the outbox."""
    send = app.worker._mailer.send
    died = False

    async def dies_after_sending(mail: Mail) -> str:
        nonlocal died
        where = await send(mail)
        if not died:
            died = True
            raise MailError("died")
        return where

    monkeypatch.setattr(app.worker._mailer, "send", dies_after_sending)
    await files_a_request(app, "a@example.net")
    await files_a_request(app, "b@example.net")
    await app.worker.tick()
    app.clock.move(minutes=1)  # type: ignore[attr-defined]
    await app.worker.tick()
    ids = [str(mail["Message-ID"]) for mail in room.mails]
    assert (len(ids), len(set(ids))) == (3, 2)


async def test_doctor_reaches_the_server_and_shows_no_password(data_dir: Path, room: Mailroom) -> None:
    async def mail(url: str) -> tuple[str, str, str]:
        chosen = settings(data_dir, smtp_url=url, mail_from="a@example.com")
        [found] = [finding for finding in await examine(chosen) if finding.part == "mail"]
        assert "hidden" not in found.detail + found.remedy
        return found.status, found.detail, found.remedy

    async with smtp_server(room) as port:
        assert await mail(f"smtp://127.0.0.1:{port}") == ("ok", f"smtp://127.0.0.1:{port} answers", "")
        status, detail, remedy = await mail(f"smtp://user:hidden@127.0.0.1:{port}")
        assert (status, remedy) == ("fault", "check SMTP_URL and that the server is well")
        assert "AUTH" in detail
    status, detail, remedy = await mail(f"smtp://127.0.0.1:{port}")
    assert (status, remedy) == ("fault", "check SMTP_URL and that the server is well")
    assert room.envelopes == []
