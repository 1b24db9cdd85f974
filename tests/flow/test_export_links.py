"""A link to one's data as a button in Telegram: for the right person, in their own chat, and only once."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from actions.casework import Case
from actions.store.tables import GdprCase, Member
from bot.app import App
from bot.export_links import ExportLinks
from bot.tables import ConversationRow, ExportLinkRow, MessageRow
from tests.bot_api import FakeBotApi, Fault, Sent
from tests.fakes import MovingClock
from tests.make import mailed_code, mails, words
from tests.telegram_live import ANA, live, said

OWNER = "olivia.owner@example.com"
SITE = "https://support.example.com"
PAGES = f"{SITE}/api/v1/exports/"
Change = Callable[[ConversationRow, GdprCase, Member, ExportLinkRow], None]


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock, api: FakeBotApi) -> AsyncIterator[App]:
    async with live(data_dir, api, clock, public_url=SITE) as running:
        yield running


async def filed(app: App, api: FakeBotApi) -> str:
    """Ask for it in the chat, down to the receipt; return the case's reference."""
    await api.user_says(ANA, "please send me a copy of my personal data")
    await said(api, ANA, 1)
    await api.user_says(ANA, OWNER)
    await said(api, ANA, 2)
    await api.user_says(ANA, mailed_code(app))
    await said(api, ANA, 4)
    await api.user_presses(ANA, app.messages.say("en", "button.confirm.gdpr_request"))
    await said(api, ANA, 5)
    async with app.database.read() as session:
        return (await session.exec(select(GdprCase))).one().reference


async def fulfilled(app: App, reference: str) -> None:
    assert isinstance(await app.cases.done(reference, "local"), Case)
    await app.rights_mail.deliver()


async def told(app: App, api: FakeBotApi) -> Sent:
    """The message that tells of the mail."""
    beginning = app.messages.say("en", "export.mailed").split("{")[0][:60]
    await api.until(lambda: any(beginning in message.text for message in api.sent(ANA)))
    return next(message for message in api.sent(ANA) if beginning in message.text)


async def test_the_button_leads_to_the_package_and_the_mailed_link_is_then_used_too(
    app: App, api: FakeBotApi
) -> None:
    with capture_logs() as logs:
        await fulfilled(app, await filed(app, api))
        message = await told(app, api)
    say = app.messages.say
    assert (say("en", "export.page.button"), "") in message.buttons
    assert say("en", "export.here") in message.text
    (address,) = message.addresses
    assert address.startswith(PAGES)
    token = address.removeprefix(PAGES)
    mailed = words(mails(app)[-1]).partition(PAGES)[2].split()[0]
    assert mailed != token
    async with app.database.read() as session:
        stored = [row.text + str(row.body) for row in (await session.exec(select(MessageRow))).all()]
    assert not [text for text in stored if token in text or mailed in text]
    assert token not in str(logs)
    assert await app.rights.offer(token) is not None
    package = await app.rights.redeem(token)
    assert package is not None
    assert package.content[:2] == b"PK"
    for each in (token, mailed):
        assert await app.rights.offer(each) is None
        assert await app.rights.redeem(each) is None


async def test_of_the_mailed_link_and_the_button_the_first_counts(app: App, api: FakeBotApi) -> None:
    await fulfilled(app, await filed(app, api))
    (address,) = (await told(app, api)).addresses
    mailed = words(mails(app)[-1]).partition(PAGES)[2].split()[0]
    assert await app.rights.redeem(mailed) is not None
    assert await app.rights.redeem(address.removeprefix(PAGES)) is None


async def test_what_came_twice_has_one_button_that_works(
    app: App, api: FakeBotApi, clock: MovingClock
) -> None:
    """Telegram took the message and its answer got lost, so it goes once more, with a link of its own."""
    reference = await filed(app, api)
    api.fail("sendMessage", Fault(0, delivered=True))
    await fulfilled(app, reference)
    await said(api, ANA, 6)
    clock.move(seconds=2)
    await said(api, ANA, 7)
    first, second = (message.addresses[0].removeprefix(PAGES) for message in api.sent(ANA)[-2:])
    assert await app.rights.redeem(first) is None
    assert await app.rights.redeem(second) is not None


async def test_a_button_that_telegram_does_not_take_leaves_the_words(
    data_dir: Path, clock: MovingClock, api: FakeBotApi
) -> None:
    async with live(data_dir, api, clock, public_url="https://intranet") as app:
        await fulfilled(app, await filed(app, api))
        message = await told(app, api)
    assert message.addresses == ()
    assert app.messages.say("en", "export.here") not in message.text


@dataclass
class Stage:
    """A fulfilled case whose link was mailed, and the chat of its person."""

    app: App
    clock: MovingClock
    place: str
    case: str

    async def link(self, place: str = "", *, site: str = SITE, is_private: bool = True) -> str | None:
        links = ExportLinks(self.app.database, self.clock, site)
        return await links.for_chat("telegram", place or self.place, self.case, is_private=is_private)

    async def changed(self, change: Change) -> None:
        async with self.app.database.write() as session:
            talks = select(ConversationRow).where(ConversationRow.chat_id == self.place)
            member = select(Member).where(Member.email == OWNER)
            mailed = select(ExportLinkRow).where(ExportLinkRow.way == "mail")
            change(
                (await session.exec(talks)).one(),
                await session.get_one(GdprCase, self.case),
                (await session.exec(member)).one(),
                (await session.exec(mailed)).one(),
            )


@pytest.fixture
async def stage(app: App, api: FakeBotApi, clock: MovingClock) -> Stage:
    await fulfilled(app, await filed(app, api))
    await told(app, api)
    async with app.database.read() as session:
        case = (await session.exec(select(GdprCase))).one()
    return Stage(app, clock, str(ANA), case.id)


async def test_it_is_given_to_its_person_alone(stage: Stage) -> None:
    assert (await stage.link() or "").startswith(PAGES)
    assert await stage.link(is_private=False) is None
    assert await stage.link("999") is None
    assert await stage.link(site="") is None
    assert await stage.link(site="http://support.example.com") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda talk, case, member, mailed: setattr(talk, "verified_until", None),
        lambda talk, case, member, mailed: setattr(talk, "email", "other@example.com"),
        lambda talk, case, member, mailed: setattr(talk, "member_id", None),
        lambda talk, case, member, mailed: setattr(case, "status", "open"),
        lambda talk, case, member, mailed: setattr(case, "status", "refused"),
        lambda talk, case, member, mailed: setattr(case, "right", "erasure"),
        lambda talk, case, member, mailed: setattr(member, "email", "new@example.com"),
        lambda talk, case, member, mailed: setattr(mailed, "used_at", mailed.created_at),
    ],
    ids=["unproven", "other address", "other member", "open", "refused", "erasure", "moved", "used"],
)
async def test_what_does_not_fit_gets_none(stage: Stage, change: Change) -> None:
    await stage.changed(change)
    assert await stage.link() is None


def proven_until(moment: datetime) -> Change:
    return lambda talk, case, member, mailed: setattr(talk, "verified_until", moment)


def mailed_until(moment: datetime) -> Change:
    return lambda talk, case, member, mailed: setattr(mailed, "expires_at", moment)


@pytest.mark.parametrize("until", [proven_until, mailed_until])
@pytest.mark.parametrize(("seconds", "holds"), [(1, True), (0, False), (-1, False)])
async def test_it_is_given_while_the_proof_and_the_mailed_link_hold(
    stage: Stage, until: Callable[[datetime], Change], seconds: int, holds: bool
) -> None:
    await stage.changed(until(stage.clock.now() + timedelta(seconds=seconds)))
    assert (await stage.link() is not None) is holds


async def test_a_link_ends_when_the_mailed_one_does(stage: Stage) -> None:
    token = (await stage.link() or "").removeprefix(PAGES)
    stage.clock.move(hours=24, seconds=-1)
    assert await stage.app.rights.offer(token) is not None
    stage.clock.move(seconds=1)
    assert await stage.app.rights.offer(token) is None
    assert await stage.app.rights.redeem(token) is None
