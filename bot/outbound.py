"""Replies that wait to be sent, in SQL: found in order, marked as they go."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.model import Reply
from bot.ports import Clock
from bot.tables import ConversationRow, MessageRow
from bot.wire import reply_from_json


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply that waits to be sent."""

    message_id: str
    chat_id: str
    reply: Reply
    attempts: int


class Outbound:
    """The sending half of the transcript."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def pending(
        self,
        channel: str,
        *,
        now: datetime,
        chat_id: str | None = None,
        limit: int = 50,
        each: int | None = None,
        besides: Collection[str] = (),
    ) -> list[Outgoing]:
        """Replies to send, in order within a conversation: none overtakes one that still waits.

        What stands first in its conversation comes before what stands second anywhere, so that a long one
        starves no other; at most `each` of one conversation, none of the chats `besides`.
        """
        row, place = MessageRow, ConversationRow
        waits = (row.channel == channel, row.status == "pending")
        later = col(row.not_before) > now
        halted = select(row.conversation_id, func.min(row.seq).label("seq")).where(*waits, later)
        halt = halted.group_by(col(row.conversation_id)).subquery()
        nth = func.row_number().over(partition_by=col(row.conversation_id), order_by=col(row.seq))
        ranked = select(row.id, nth.label("nth")).where(*waits)
        if chat_id is not None:
            named = select(place.id).where(place.channel == channel, place.chat_id == chat_id)
            ranked = ranked.where(col(row.conversation_id).in_(named))
        rank = ranked.subquery()
        query = (
            select(row, place.chat_id)
            .join(rank, rank.c.id == col(row.id))
            .join(place, col(place.id) == col(row.conversation_id))
            .outerjoin(halt, halt.c.conversation_id == col(row.conversation_id))
            .where(or_(halt.c.seq.is_(None), col(row.seq) < halt.c.seq))
            .where(rank.c.nth <= (each or limit))
            .order_by(rank.c.nth, col(row.created_at), col(row.id))
            .limit(limit)
        )
        if besides:
            query = query.where(col(place.chat_id).not_in(besides))
        async with self._database.read() as session:
            found = (await session.exec(query)).all()
        return [
            Outgoing(message.id, chat, reply_from_json(message.body), message.attempts)
            for message, chat in found
        ]

    async def mark_sent(self, message_id: str) -> None:
        await self._mark(message_id, status="sent", failure=None)

    async def mark_failed(self, message_id: str, reason: str, *, retry_at: datetime | None) -> None:
        """Put a reply off until `retry_at`, or give it up when that is None."""
        status = "pending" if retry_at else "failed"
        await self._mark(message_id, status=status, failure=reason, not_before=retry_at)

    async def _mark(self, message_id: str, **values: object) -> None:
        async with self._database.write() as session:
            values["attempts"] = MessageRow.attempts + 1
            marked = update(MessageRow).where(col(MessageRow.id) == message_id).values(**values)
            await session.exec(marked.execution_options(synchronize_session=False))

    async def block(self, message_id: str, reason: str) -> None:
        """The customer of this reply lets nothing through: give up all that waits in its conversation."""
        async with self._database.write() as session:
            message = await session.get_one(MessageRow, message_id)
            place = await session.get_one(ConversationRow, message.conversation_id, with_for_update=True)
            place.blocked_at = place.blocked_at or self._clock.now()
            message.attempts += 1
            session.add(place)
            row = MessageRow
            waiting = update(row).where(
                col(row.channel) == message.channel,
                col(row.status) == "pending",
                col(row.conversation_id) == place.id,
            )
            await session.exec(waiting.values(status="failed", failure=reason, not_before=None))

    async def move(self, channel: str, chat_id: str, moved_to: str) -> None:
        """A chat goes on under another id: so does its conversation.

        Where a conversation stands there already, what waits is sent in that one.
        """
        async with self._database.write() as session:
            old, new = [await _at(session, channel, chat) for chat in (chat_id, moved_to)]
            if old is None:
                return
            if new is None:
                old.chat_id = moved_to
                session.add(old)
                return
            row = MessageRow
            waiting = select(row).where(
                row.channel == channel, row.status == "pending", row.conversation_id == old.id
            )
            seq = await next_seq(session, new.id)
            for number, message in enumerate(await session.exec(waiting.order_by(col(row.seq)))):
                message.conversation_id, message.seq = new.id, seq + number
                session.add(message)


async def _at(session: AsyncSession, channel: str, chat_id: str) -> ConversationRow | None:
    row = ConversationRow
    place = select(row).where(row.channel == channel, row.chat_id == chat_id)
    return (await session.exec(place.with_for_update())).first()


_HIGHEST = select(func.max(MessageRow.seq)).where(MessageRow.conversation_id == bindparam("conversation"))


async def next_seq(session: AsyncSession, conversation_id: str) -> int:
    """The next place in a conversation; callers hold its row or the database's one writer."""
    return ((await session.exec(_HIGHEST, params={"conversation": conversation_id})).one() or 0) + 1
