"""What stands in a conversation after a given place, for a channel whose customer comes and asks."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from time import monotonic
from weakref import WeakValueDictionary

from sqlalchemy import func, update
from sqlmodel import and_, col, or_, select

from bot.database import Database
from bot.model import Reply
from bot.tables import ConversationRow, MessageRow
from bot.wire import reply_from_json

LOOK_EVERY = 0.5
"""Seconds between two looks: what another process wrote wakes nobody here."""
AT_ONCE = 200
"""Conversations that one query looks at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message. `reply` is set for what goes to the customer, `external_id` for what came from there,
    `press` for a button; `author` is customer, bot, or staff:NAME."""

    seq: int
    message_id: str
    author: str
    text: str
    at: datetime
    reply: Reply | None = None
    external_id: str | None = None
    press: str | None = None


class _News(asyncio.Event):
    """Set when something was written. `after` is the lowest place from which somebody waits."""

    after = 2**62


def batched(names: Iterable[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    left = iter(names)
    while some := list(islice(left, size)):
        yield some


class History:
    """Reads a conversation from a place on, and waits there for more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Kept only as long as somebody waits: callers make up names of conversations as they like.
        self._news: WeakValueDictionary[tuple[str, str], _News] = WeakValueDictionary()
        self._looked = 0.0

    async def after(self, channel: str, chat_id: str, seq: int, *, limit: int = 100) -> list[Entry]:
        """The messages after place `seq` in both directions, oldest first."""
        query = (
            select(MessageRow)
            .join(ConversationRow, col(ConversationRow.id) == col(MessageRow.conversation_id))
            .where(ConversationRow.channel == channel, ConversationRow.chat_id == chat_id)
            .where(MessageRow.seq > seq)
            .order_by(col(MessageRow.seq))
            .limit(limit)
        )
        async with self._database.read() as session:
            return [entry_of(row) for row in await session.exec(query)]

    async def before(self, channel: str, chat_id: str, seq: int, *, limit: int) -> list[Entry]:
        """The last messages before place `seq`, oldest first."""
        query = (
            select(MessageRow)
            .join(ConversationRow, col(ConversationRow.id) == col(MessageRow.conversation_id))
            .where(ConversationRow.channel == channel, ConversationRow.chat_id == chat_id)
            .where(MessageRow.seq < seq)
            .order_by(col(MessageRow.seq).desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            return [entry_of(row) for row in reversed((await session.exec(query)).all())]

    async def wait(self, channel: str, chat_id: str, seq: int, *, seconds: float) -> list[Entry]:
        """As `after`, but where nothing is there yet wait up to `seconds` for the first of it."""
        until = monotonic() + seconds
        while True:
            news = self._news.setdefault((channel, chat_id), _News())
            news.after = min(news.after, seq)
            if found := await self.after(channel, chat_id, seq):
                return found
            while not news.is_set():
                left = until - monotonic()
                if left <= 0:
                    return []
                try:
                    async with asyncio.timeout(min(left, LOOK_EVERY)):
                        await news.wait()
                except TimeoutError:
                    await self._look()

    async def _look(self) -> None:
        """Look for what another process wrote: whoever comes first does it for all who wait."""
        if monotonic() < self._looked + LOOK_EVERY:
            return
        self._looked = monotonic()
        row, waiting = ConversationRow, dict(self._news)
        async with self._database.read() as session:
            for some in batched(waiting, AT_ONCE):
                newest = (
                    select(row.channel, row.chat_id, func.max(MessageRow.seq))
                    .join(MessageRow, col(MessageRow.conversation_id) == col(row.id))
                    .where(
                        or_(*(and_(row.channel == channel, row.chat_id == chat) for channel, chat in some))
                    )
                    .group_by(row.channel, row.chat_id)
                )
                for channel, chat_id, seq in await session.exec(newest):
                    if seq > waiting[channel, chat_id].after:
                        self.wake(channel, chat_id)

    async def acknowledge(self, channel: str, chat_id: str, seq: int) -> None:
        """The customer's side has everything up to place `seq`: none of it is to be delivered again."""
        place = select(ConversationRow.id).where(
            ConversationRow.channel == channel, ConversationRow.chat_id == chat_id
        )
        row = MessageRow
        waiting = (
            col(row.conversation_id).in_(place),
            col(row.seq) <= seq,
            col(row.direction) == "out",
            col(row.status).in_(("pending", "failed")),
        )
        async with self._database.read() as session:
            if (await session.exec(select(row.id).where(*waiting).limit(1))).first() is None:
                return
        async with self._database.write() as session:
            await session.exec(update(row).where(*waiting).values(status="sent", failure=None))

    async def handed_over(self, message_id: str) -> None:
        """The replies to this message went back in the answer to its own request."""
        row = MessageRow
        own = update(row).where(col(row.answers_id) == message_id, col(row.status) == "pending")
        async with self._database.write() as session:
            await session.exec(own.values(status="sent", attempts=row.attempts + 1))

    def wake(self, channel: str, chat_id: str) -> None:
        """Say that something was written in this conversation."""
        if news := self._news.pop((channel, chat_id), None):
            news.set()


def entry_of(row: MessageRow) -> Entry:
    outbound = row.direction == "out"
    return Entry(
        seq=row.seq,
        message_id=row.id,
        author=row.author,
        text=row.text,
        at=row.created_at,
        reply=reply_from_json(row.body) if outbound else None,
        external_id=None if outbound else row.external_id,
        press=None if outbound else row.body.get("press"),
    )
