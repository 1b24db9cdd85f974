"""A turn without understanding, over the real tables, for tests of what surrounds a turn."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, select

from actions.store.accounts import Accounts
from bot.channels.answering import Answering
from bot.config import Settings
from bot.database import Database
from bot.health import Health, database_answers
from bot.history import History
from bot.leases import Leases
from bot.linking import Links
from bot.messages import Messages
from bot.metrics import Metrics
from bot.model import Block, ConversationState, Incoming, Reply, TurnResult
from bot.rights import Rights
from bot.site_tokens import SiteTokens, trust_of
from bot.tables import ConversationRow, MessageRow
from bot.transcript import Received, Transcript
from tests.fakes import MovingClock

Script = Callable[[str, str | None], list[Reply]]


def plain(text: str) -> Reply:
    return Reply((Block("say", text),))


def echo(text: str, press: str | None) -> list[Reply]:
    return [plain(f"pressed {press}" if press else f"you said {text}")]


@dataclass
class FakeTurn:
    """Replies what `script` makes of a message. `failures` turns fail before any works; so does storing."""

    transcript: Transcript
    script: Script = echo
    state: ConversationState = ConversationState.OPEN
    failures: int = 0
    storing_failures: int = 0
    answered: list[str] = field(default_factory=list)

    async def receive(self, incoming: Incoming) -> str | None:
        if self.storing_failures:
            self.storing_failures -= 1
            raise OSError("the disk is full")
        return await self.transcript.receive(incoming)

    async def answer(self, message_id: str, *, received: Received | None = None) -> TurnResult:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("no answer")
        received = received or await self.transcript.load(message_id)
        self.answered.append(received.message.text)
        replies = self.script(received.message.text, received.message.body["press"])
        await self.transcript.commit(received, replies, [])
        return TurnResult(received.conversation.id, tuple(replies), self.state)

    async def give_up(self, message_id: str) -> None:
        received = await self.transcript.load(message_id)
        await self.transcript.commit(received, [plain(f"sorry, {message_id[:8]}")], [], gave_up=True)

    async def __call__(self, incoming: Incoming) -> TurnResult:
        message_id = await self.receive(incoming)
        if message_id is not None:
            return await self.answer(message_id)
        known = await self.transcript.message_id(incoming.channel, incoming.external_id)
        assert known is not None
        received = await self.transcript.load(known)
        replies = tuple(await self.transcript.replies_to(known))
        return TurnResult(received.conversation.id, replies, self.state, duplicate=True)


@dataclass
class FakeApp:
    """What a channel needs of the application."""

    settings: Settings
    database: Database
    clock: MovingClock
    transcript: Transcript
    turn: FakeTurn
    links: Links
    rights: Rights
    site_tokens: SiteTokens
    answering: Answering
    history: History
    health: Health
    metrics: Metrics
    desk: None = None

    async def rows(self, direction: str) -> list[MessageRow]:
        """All messages of one direction, oldest first."""
        async with self.database.read() as session:
            found = select(MessageRow).where(MessageRow.direction == direction)
            return list(await session.exec(found.order_by(col(MessageRow.created_at), col(MessageRow.seq))))

    async def staff_writes(self, channel: str, chat_id: str, text: str) -> None:
        """A reply from elsewhere, as the desk writes it."""
        async with self.database.write() as session:
            found = select(ConversationRow.id).where(
                ConversationRow.channel == channel, ConversationRow.chat_id == chat_id
            )
            conversation_id = (await session.exec(found)).one()
            await self.transcript.say(session, conversation_id, plain(text), author="staff:Eva")


@asynccontextmanager
async def fake_app(folder: Path, address: str | None = None, **settings: Any) -> AsyncIterator[FakeApp]:
    """An application with fresh tables in `folder`, or with those at `address`. No `.env` is read."""
    configured = Settings(_env_file=None, data_dir=folder, **settings)
    database = Database(address or f"sqlite:///{folder / 'fake.sqlite'}")
    clock = MovingClock()
    transcript = Transcript(database, clock)
    try:
        if address is None:
            async with database.engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all)
        accounts, turn, history = Accounts(database), FakeTurn(transcript), History(database)
        yield FakeApp(
            configured,
            database,
            clock,
            transcript,
            turn,
            Links(database, accounts, clock, configured.telegram_bot_name),
            Rights(database, clock, Messages(), seal=None, staff=(), public_url=configured.public_url),
            SiteTokens(trust_of(configured), accounts, clock),
            Answering(turn, transcript, Leases(database), news=history.wake),
            history,
            Health({"database": database_answers(database)}),
            Metrics(),
        )
    finally:
        await database.close()
