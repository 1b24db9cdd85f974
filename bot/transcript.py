"""Conversations and messages in SQL: inbox, outbox and history in one.

A message is a durable row before its channel is told "received"; a reply is one before it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.discreet import PROOFS
from bot.model import Incoming, Reply
from bot.ports import Clock
from bot.tables import ButtonRow, ConversationRow, MessageRow
from bot.wire import reply_from_json, reply_to_json

Committed = Literal["written", "answered", "stale"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply that waits to be sent."""

    message_id: str
    chat_id: str
    reply: Reply
    attempts: int


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message with the conversation it belongs to, as they were read."""

    message: MessageRow
    conversation: ConversationRow


class Transcript:
    """Reads and writes the message and conversation tables."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def receive(self, incoming: Incoming, proofs: Mapping[str, object] | None = None) -> str | None:
        """Store a message, with its `proofs` until it is answered; return its id, or None for a duplicate."""
        sender = incoming.sender
        told = {"vouched_email": sender.vouched_email, "language_code": sender.language_code}
        async with self._database.write() as session:
            if await _known(session, incoming.channel, incoming.external_id) is not None:
                return None
            conversation = await self._conversation(session, incoming.channel, incoming.chat_id)
            row = MessageRow(
                conversation_id=conversation.id,
                seq=await next_seq(session, conversation.id),
                channel=incoming.channel,
                external_id=incoming.external_id,
                direction="in",
                author="customer",
                status="received",
                text=incoming.text or "",
                body={"press": incoming.press, **told, **(proofs or {})},
                created_at=self._clock.now(),
            )
            session.add(row)
            return row.id

    async def _conversation(self, session: AsyncSession, channel: str, chat_id: str) -> ConversationRow:
        conversation = await _find(session, channel, chat_id)
        if conversation is None:
            conversation = ConversationRow(channel=channel, chat_id=chat_id, created_at=self._clock.now())
            session.add(conversation)
            await session.flush()
        return conversation

    async def message_id(self, channel: str, external_id: str) -> str | None:
        async with self._database.read() as session:
            return await _known(session, channel, external_id)

    async def load(self, message_id: str) -> Received:
        """Raises LookupError when there is no such message."""
        async with self._database.read() as session:
            message = await session.get(MessageRow, message_id)
            if message is None:
                raise LookupError(f"no message {message_id}")
            conversation = await session.get(ConversationRow, message.conversation_id)
            assert conversation is not None
            return Received(message, conversation)

    async def commit(
        self,
        received: Received,
        replies: Sequence[Reply],
        buttons: Sequence[ButtonRow],
        records: Sequence[object] = (),
    ) -> Committed:
        """Write what a turn produced, in one transaction: replies, buttons, the conversation as changed.

        Nothing is written when the message was `answered` meanwhile, or when the turn is `stale` because
        the conversation changed since it was read; a stale turn is to be thought over again.
        """
        changed = received.conversation
        async with self._database.write() as session:
            current = await session.get_one(ConversationRow, changed.id, with_for_update=True)
            message = await session.get_one(MessageRow, received.message.id)
            if message.status != "received":
                return "answered"
            if current.version != changed.version:
                return "stale"
            message.status = "answered"
            message.text = received.message.text
            message.body = {key: value for key, value in message.body.items() if key not in PROOFS}
            changed.version += 1
            await session.merge(changed)
            session.add_all([*buttons, *records])
            await self._append(session, changed, replies, answers=message.id)
            return "written"

    async def say(
        self, session: AsyncSession, conversation_id: str, reply: Reply, *, author: str = "bot"
    ) -> None:
        """Append a reply that no message asked for: a receipt, or a person's words."""
        conversation = await session.get(ConversationRow, conversation_id)
        if conversation is None:
            raise LookupError(f"no conversation {conversation_id}")
        await self._append(session, conversation, [reply], answers=None, author=author)

    async def _append(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        replies: Sequence[Reply],
        *,
        answers: str | None,
        author: str = "bot",
    ) -> None:
        first = await next_seq(session, conversation.id)
        for offset, reply in enumerate(replies):
            session.add(
                MessageRow(
                    conversation_id=conversation.id,
                    seq=first + offset,
                    channel=conversation.channel,
                    direction="out",
                    author=author,
                    status="pending",
                    text=reply.text,
                    body=reply_to_json(reply),
                    answers_id=answers,
                    created_at=self._clock.now(),
                )
            )

    async def replies_to(self, message_id: str) -> list[Reply]:
        async with self._database.read() as session:
            rows = await session.exec(
                select(MessageRow).where(MessageRow.answers_id == message_id).order_by(col(MessageRow.seq))
            )
            return [reply_from_json(row.body) for row in rows]

    async def unanswered(self, channel: str) -> list[str]:
        """Ids of messages that were received and not answered, oldest first."""
        async with self._database.read() as session:
            rows = await session.exec(
                select(MessageRow.id)
                .where(MessageRow.channel == channel, MessageRow.status == "received")
                .order_by(col(MessageRow.created_at), col(MessageRow.seq))
            )
            return list(rows)

    async def unanswered_before(self, message: MessageRow) -> list[str]:
        """Ids of the earlier messages of its conversation that nobody answered, oldest first."""
        async with self._database.read() as session:
            rows = await session.exec(
                select(MessageRow.id)
                .where(MessageRow.conversation_id == message.conversation_id, MessageRow.status == "received")
                .where(MessageRow.seq < message.seq)
                .order_by(col(MessageRow.seq))
            )
            return list(rows)

    async def pending(
        self, channel: str, *, now: datetime, chat_id: str | None = None, limit: int = 50
    ) -> list[Outgoing]:
        """Replies to send, in order within a conversation: none overtakes one that still waits."""
        query = (
            select(MessageRow, ConversationRow)
            .where(MessageRow.conversation_id == ConversationRow.id)
            .where(MessageRow.channel == channel, MessageRow.status == "pending")
            .order_by(col(MessageRow.created_at), col(MessageRow.seq))
        )
        if chat_id is not None:
            query = query.where(ConversationRow.chat_id == chat_id)
        waiting: set[str] = set()
        found: list[Outgoing] = []
        async with self._database.read() as session:
            for message, conversation in await session.exec(query.limit(limit * 4)):
                if message.not_before is not None and message.not_before > now:
                    waiting.add(conversation.id)
                if conversation.id not in waiting:
                    reply, chat = reply_from_json(message.body), conversation.chat_id
                    found.append(Outgoing(message.id, chat, reply, message.attempts))
        return found[:limit]

    async def mark_sent(self, message_id: str) -> None:
        await self._mark(message_id, status="sent", failure=None)

    async def mark_failed(self, message_id: str, reason: str, *, retry_at: datetime | None) -> None:
        """Put a reply off until `retry_at`, or give it up when that is None."""
        status = "pending" if retry_at else "failed"
        await self._mark(message_id, status=status, failure=reason, not_before=retry_at)

    async def _mark(self, message_id: str, **values: object) -> None:
        async with self._database.write() as session:
            values["attempts"] = MessageRow.attempts + 1
            await session.exec(update(MessageRow).where(col(MessageRow.id) == message_id).values(**values))

    async def find(self, channel: str, chat_id: str) -> ConversationRow | None:
        async with self._database.read() as session:
            return await _find(session, channel, chat_id)

    async def choose_language(self, channel: str, chat_id: str, language: str) -> None:
        """Answer this conversation in `language` from now on, whatever a message is written in."""
        async with self._database.write() as session:
            row = await self._conversation(session, channel, chat_id)
            row.language, row.language_chosen = language, True
            row.version += 1


async def _known(session: AsyncSession, channel: str, external_id: str) -> str | None:
    known = select(MessageRow.id).where(MessageRow.channel == channel, MessageRow.external_id == external_id)
    return (await session.exec(known)).first()


async def _find(session: AsyncSession, channel: str, chat_id: str) -> ConversationRow | None:
    place = select(ConversationRow).where(
        ConversationRow.channel == channel, ConversationRow.chat_id == chat_id
    )
    return (await session.exec(place.with_for_update())).first()


async def next_seq(session: AsyncSession, conversation_id: str) -> int:
    """The next place in a conversation; callers hold its row or the database's one writer."""
    highest = select(func.max(MessageRow.seq)).where(MessageRow.conversation_id == conversation_id)
    return ((await session.exec(highest)).one() or 0) + 1
