"""Deep links: one use, one winner, and a token that is written down nowhere."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from actions.model import Level
from actions.store.tables import Member
from bot.addresses import change_address
from bot.app import App
from bot.channels.terminal_session import CHANNEL as TERMINAL
from bot.errors import UsageError
from bot.linking import Links, digest_of
from bot.model import ConversationState, TurnResult
from bot.profile import terminal_session
from bot.tables import ConversationRow, IdentityLinkRow, MessageRow, OneTimeCodeRow
from tests.commands import clausewise
from tests.fakes import MovingClock
from tests.make import Customer, all_text, mailed_code

OWNER = "olivia.owner@example.com"
SLOVENIAN = "lastnica.zgled@example.com"
NO_LONGER = "This link does not work"


async def conversation(app: App, chat: str = "chat", channel: str = "test") -> ConversationRow:
    row = await app.transcript.find(channel, chat)
    assert row is not None
    return row


async def opens(app: App, token: str, chat: str = "chat") -> TurnResult:
    return await Customer(app, chat=chat).says(f"/start {token}", external_id=f"{chat}:{digest_of(token)}")


async def level(app: App, chat: str = "chat") -> Level:
    return (await app.identity.principal(await conversation(app, chat), vouched_email=None)).level


async def test_a_link_connects_the_conversation_and_verifies_nobody(app: App) -> None:
    link = await app.links.mint(OWNER.upper())
    told = all_text(await opens(app, link.token))
    assert OWNER in told
    found = await app.identity.principal(await conversation(app), vouched_email=None)
    assert (found.level, found.email, found.role) == (Level.LINKED, OWNER, "owner")
    asked = await Customer(app).says("please cancel my account", external_id="cancel")
    assert asked.state is ConversationState.AWAITING_EMAIL


async def test_the_answer_is_in_the_members_language(app: App) -> None:
    link = await app.links.mint(SLOVENIAN)
    assert "povezan" in all_text(await opens(app, link.token))


@pytest.mark.parametrize(("seconds", "holds"), [(14 * 60 + 59, True), (15 * 60, False), (15 * 60 + 1, False)])
async def test_a_link_lives_fifteen_minutes(app: App, clock: MovingClock, seconds: int, holds: bool) -> None:
    link = await app.links.mint(OWNER)
    clock.move(seconds=seconds)
    told = all_text(await opens(app, link.token))
    assert (NO_LONGER not in told) is holds
    assert (await level(app) is Level.LINKED) is holds


async def test_used_expired_unknown_and_void_links_get_the_same_answer(app: App, clock: MovingClock) -> None:
    used, expired = await app.links.mint(OWNER, 60), await app.links.mint(OWNER, 1)
    await opens(app, used.token, "first")
    clock.move(minutes=2)
    told = {
        all_text(await opens(app, token, f"chat-{number}"))
        for number, token in enumerate((used.token, expired.token, "unknown", used.token[:-1], "ж" * 300))
    }
    assert len(told) == 1
    assert NO_LONGER in told.pop()


async def test_of_two_who_race_one_wins(app: App) -> None:
    link = await app.links.mint(OWNER)
    results = await asyncio.gather(*(opens(app, link.token, f"chat-{number}") for number in range(20)))
    assert sum(NO_LONGER not in all_text(result) for result in results) == 1


async def test_the_same_message_again_finds_its_link_still_its_own(app: App) -> None:
    """As when the process died after the link was taken and before the turn was written."""
    link = await app.links.mint(OWNER)
    async with app.database.read() as session:
        [row] = (await session.exec(select(IdentityLinkRow))).all()
    for message, holds in (("m1", True), ("m1", True), ("m2", False)):
        assert (await app.links.redeem(row.digest, message) is not None) is holds
    assert link.token != row.digest


async def test_a_token_is_written_down_nowhere(app: App) -> None:
    link = await app.links.mint(OWNER)
    with capture_logs() as logs:
        await Customer(app).says(f"I have https://t.me/bot?start={link.token} here, what now?")
        await opens(app, link.token)
        await opens(app, link.token, "other")
    assert link.token not in json.dumps(logs, default=str)
    await app.database.close()
    for file in app.settings.data_dir.rglob("*"):
        if file.is_file():
            assert link.token.encode() not in file.read_bytes(), file


async def test_what_stands_for_it_goes_with_the_answer(app: App) -> None:
    link = await app.links.mint(OWNER)
    await opens(app, link.token)
    async with app.database.read() as session:
        bodies = [row.body for row in (await session.exec(select(MessageRow))).all()]
    assert bodies
    assert not [body for body in bodies if "link" in body or "code" in body]


async def test_while_a_person_has_the_conversation_a_link_connects_in_silence(app: App) -> None:
    customer = Customer(app)
    await customer.says("I want to talk to a real person")
    link = await app.links.mint(OWNER)
    assert (await opens(app, link.token)).replies == ()
    assert await level(app) is Level.LINKED


async def test_a_link_of_another_member_ends_the_verification(app: App) -> None:
    customer = Customer(app)
    await customer.says("please cancel my account")
    await customer.says(OWNER)
    code = mailed_code(app)
    await customer.says(code)
    assert await level(app) is Level.VERIFIED
    await opens(app, (await app.links.mint(OWNER)).token)
    assert await level(app) is Level.VERIFIED
    await opens(app, (await app.links.mint(SLOVENIAN)).token)
    assert await level(app) is Level.LINKED


async def test_start_alone_still_says_what_the_assistant_can_do(app: App) -> None:
    told = all_text(await Customer(app).says("/start"))
    assert told == all_text(await Customer(app, chat="b").says("/help"))


async def test_the_terminal_takes_a_link_too(app: App) -> None:
    session = await terminal_session(app, "here", None)
    await session.send(text=f"/start {(await app.links.mint(OWNER)).token}")
    assert await session.profile.who() == OWNER
    assert (await conversation(app, "here", TERMINAL)).email == OWNER


async def test_a_changed_address_voids_codes_links_and_verifications(app: App, clock: MovingClock) -> None:
    waits, verified, linked = (Customer(app, chat=chat) for chat in ("waits", "verified", "linked"))
    for customer in (waits, verified):
        await customer.says("please cancel my account")
        await customer.says(OWNER)
        code = mailed_code(app)
        if customer is verified:
            await customer.says(code)
        else:
            waiting_code = code
    await opens(app, (await app.links.mint(OWNER)).token, linked.chat)
    unopened = await app.links.mint(OWNER)
    other = await app.links.mint(SLOVENIAN)
    async with app.database.write() as session:
        member = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        await change_address(session, member.id, " New.Owner@Example.com ", clock.now())
    assert await app.accounts.member_by_email("new.owner@example.com") is not None
    for chat in ("verified", "linked"):
        assert await level(app, chat) is Level.ANONYMOUS
    assert (await waits.says(waiting_code)).state is ConversationState.AWAITING_CODE
    assert await level(app, "waits") is Level.ANONYMOUS
    assert NO_LONGER in all_text(await opens(app, unopened.token, "late"))
    assert NO_LONGER not in all_text(await opens(app, other.token, "other"))
    async with app.database.read() as session:
        rows = (await session.exec(select(OneTimeCodeRow))).all()
    assert all(row.used_at is not None for row in rows)


async def test_an_address_that_went_to_somebody_else_opens_nothing(app: App) -> None:
    """Even where it was changed behind the program's back."""
    await opens(app, (await app.links.mint(OWNER)).token)
    async with app.database.write() as session:
        first = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        second = (await session.exec(select(Member).where(Member.email == SLOVENIAN))).one()
        first.email = "moved@example.com"
        await session.flush()
        second.email = OWNER
    assert await level(app) is Level.ANONYMOUS


@pytest.mark.parametrize(("minutes", "fine"), [(0, False), (1, True), (1440, True), (1441, False)])
async def test_minutes(app: App, clock: MovingClock, minutes: int, fine: bool) -> None:
    links = Links(app.database, app.accounts, clock, "@SomeBot")
    if not fine:
        with pytest.raises(UsageError, match="1 to 1440"):
            await links.mint(OWNER, minutes)
        return
    link = await links.mint(OWNER, minutes)
    assert link.url == f"https://t.me/SomeBot?start={link.token}"
    assert (link.expires_at - clock.now()).total_seconds() == minutes * 60
    assert len(link.token) <= 64, "Telegram passes on no more"


def test_the_command(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    plain = clausewise("link", OWNER)
    assert (plain.status, plain.err) == (0, "")
    assert plain.out.startswith("/start ")
    monkeypatch.setenv("TELEGRAM_BOT_NAME", "SomeBot")
    made = clausewise("link", OWNER, "--minutes", 5, "--json").json
    assert made["url"] == f"https://t.me/SomeBot?start={made['token']}"
    assert set(made) == {"token", "url", "expires_at"}
    unknown = clausewise("link", "nobody@example.net", "--json")
    assert (unknown.status, unknown.out) == (1, "")
    assert "no member has this address" in unknown.err
    assert clausewise("link", OWNER, "--minutes", 0).status == 2
