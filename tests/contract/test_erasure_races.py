"""An erasure beside a turn that is under way: what was erased is not written back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.casework import Case
from actions.model import Right
from actions.store.tables import Member
from bot.app import App, open_app
from bot.model import Block, Incoming, Reply, Sender
from bot.tables import ConversationRow, MessageRow
from bot.transcript import Transcript
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture
from tests.fakes import MovingClock
from tests.make import settings
from tests.planting import Planting, email_of

SECRET = "Quillfeather"


@pytest.fixture(params=["sqlite", "postgresql"])
async def app(request: pytest.FixtureRequest, tmp_path: Path, clock: MovingClock) -> AsyncIterator[App]:
    url = ""
    if request.param == "postgresql":
        url = (await fresh_postgresql(request.getfixturevalue("server"))).replace("+asyncpg", "")
    chosen = settings(tmp_path / "data", database_url=url)
    async with open_app(chosen, clock=clock) as opened:
        yield opened


@pytest.fixture
async def planting(app: App) -> Planting:
    made = Planting(app, 1, Right.ERASURE)
    await made.plant()
    return made


async def blocked(app: App) -> None:
    """Return once somebody waits for a lock; on SQLite once the erasure had its chance to come to wait."""
    if app.database.is_sqlite:
        for _ in range(100):
            await asyncio.sleep(0)
        return
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(30):
        while True:
            async with app.database.read() as session:
                if (await (await session.connection()).execute(waits)).scalar_one():
                    return
            await asyncio.sleep(0.02)


async def messages(app: App) -> str:
    async with app.database.read() as session:
        return repr((await session.exec(select(MessageRow.text, MessageRow.body))).all())


async def talk_of(session: AsyncSession) -> ConversationRow:
    return (await session.exec(select(ConversationRow).with_for_update())).one()


async def test_what_a_turn_was_writing_when_the_erasure_came_goes_too(app: App, planting: Planting) -> None:
    async with app.database.write() as session:
        talk = await talk_of(session)
        talk.pending, talk.held_by = {}, None
    async with app.database.write() as session:
        talk = await talk_of(session)
        erasure = asyncio.create_task(app.cases.done(planting.reference, "local"))
        await blocked(app)
        now = app.clock.now()
        talk.version, talk.pending, talk.held_by = talk.version + 1, {"right": SECRET}, SECRET
        for seq, direction in ((2, "in"), (3, "out")):
            session.add(
                MessageRow(
                    conversation_id=talk.id, seq=seq, channel="test", direction=direction, author="customer",
                    status="pending", text=SECRET, body={"blocks": SECRET}, created_at=now,
                )
            )  # fmt: skip
    assert isinstance(await erasure, Case)
    assert SECRET not in await messages(app)
    async with app.database.read() as session:
        left = (await session.exec(select(ConversationRow))).one()
    assert (left.email, left.pending, left.held_by, left.channel) == (None, {}, None, "erased")
    assert left.version == 2, "the turn's change and the erasure's are two"


async def received(app: App, chat: str, words: str) -> str:
    sender = Sender(external_id=chat, language_code=None, vouched_email=None)
    message_id = await app.turn.receive(Incoming("test", chat, f"{chat}:1", sender, text=words, press=None))
    assert message_id
    return message_id


async def test_a_turn_that_has_read_a_name_does_not_write_it_back(app: App, planting: Planting) -> None:
    """In somebody else's conversation only the name goes; the turn is thought over again."""
    async with app.database.write() as session:
        (await session.exec(select(Member))).one().name = SECRET
    message_id = await received(app, "another", f"{SECRET} ({email_of(1)}) wrote this with me")
    transcript = Transcript(app.database, app.clock)
    read = await transcript.load(message_id)
    assert isinstance(await app.cases.done(planting.reference, "local"), Case)
    assert await transcript.commit(read, [Reply((Block("say", f"Hello {SECRET}"),))], []) == "stale"
    said = await messages(app)
    assert SECRET not in said
    assert email_of(1) not in said
    again = await transcript.load(message_id)
    assert again.message.text == "[…] ([…]) wrote this with me"
    assert await transcript.commit(again, [], []) == "written"


async def test_a_turn_that_has_read_the_erased_conversation_writes_nothing(
    app: App, planting: Planting
) -> None:
    async with app.database.write() as session:
        talk = await talk_of(session)
        talk.channel, talk.chat_id = "test", "own"
    message_id = await received(app, "own", f"the tale of {SECRET}")
    transcript = Transcript(app.database, app.clock)
    read = await transcript.load(message_id)
    assert isinstance(await app.cases.done(planting.reference, "local"), Case)
    assert await transcript.commit(read, [Reply((Block("say", SECRET),))], []) == "answered"
    async with app.database.read() as session:
        query = select(MessageRow.text).where(col(MessageRow.id) == message_id)
        assert (await session.exec(query)).one() == ""
    assert SECRET not in await messages(app)
