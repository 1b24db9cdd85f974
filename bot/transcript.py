"""Conversations and messages in SQL: inbox, outbox and history in one.

A message is a durable row before its channel is told "received"; a reply is one before it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.discreet import PROOFS
from bot.inbound import Inbound, waiting_in
from bot.model import Incoming, Reply
from bot.outbound import Outbound, next_seq
from bot.tables import ButtonRow, ConversationRow, MessageRow
from bot.wire import reply_from_json, reply_to_json

Committed = Literal["written", "answered", "stale"]
BLOCKED = "the customer has blocked the bot"


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message with the conversation it belongs to, as they were read; `earlier` are the ids of
    the messages before it that nobody answered yet, oldest first."""

    message: MessageRow
    conversation: ConversationRow
    earlier: tuple[str, ...] = ()


class Transcript(Inbound, Outbound):
    """Reads and writes the message and conversation tables."""

    async def receive(self, incoming: Incoming, proofs: Mapping[str, object] | None = None) -> str | None:
        """Store a message, with its `proofs` until it is answered; return its id, or None for a duplicate."""
        try:
            return await self._receive(incoming, proofs)
        except IntegrityError:  # another process began this conversation, or stored this, at the same moment
            return await self._receive(incoming, proofs)

    async def _receive(self, incoming: Incoming, proofs: Mapping[str, object] | None) -> str | None:
        sender = incoming.sender
        told = {"vouched_email": sender.vouched_email, "language_code": sender.language_code}
        async with self._database.write(urgent=True) as session:
            if await _known(session, incoming.channel, incoming.external_id) is not None:
                return None
            conversation = await self._conversation(session, incoming.channel, incoming.chat_id)
            conversation.blocked_at = None  # whoever writes can read again
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
            conversation = await session.get_one(ConversationRow, message.conversation_id)
            earlier = await waiting_in(session, conversation.channel, conversation.id, before=message.seq)
            return Received(message, conversation, tuple(earlier))

    async def commit(
        self,
        received: Received,
        replies: Sequence[Reply],
        buttons: Sequence[ButtonRow],
        records: Sequence[object] = (),
        *,
        gave_up: bool = False,
    ) -> Committed:
        """Write what a turn produced, in one transaction: replies, buttons, the conversation as changed.

        Nothing is written when the message was `answered` meanwhile, or when the turn is `stale` because
        the conversation changed since it was read; a stale turn is to be thought over again. With `gave_up`
        the replies are no answer, and the message is left to staff.
        """
        changed = received.conversation
        async with self._database.write() as session:
            current = await session.get_one(ConversationRow, changed.id, with_for_update=True)
            message = await session.get_one(MessageRow, received.message.id)
            if message.status != "received":
                return "answered"
            if current.version != changed.version:
                return "stale"
            message.status = "failed" if gave_up else "answered"
            message.failure = message.failure if gave_up else None
            message.text = received.message.text
            message.body = {key: value for key, value in message.body.items() if key not in PROOFS}
            changed.version += 1
            # these two are the channel's to change, at any time
            changed.blocked_at, changed.chat_id = current.blocked_at, current.chat_id
            await session.merge(changed)
            session.add_all([*buttons, *records])
            await self._append(session, changed, replies, answers=message.id)
            return "written"

    async def say(
        self,
        session: AsyncSession,
        conversation_id: str,
        reply: Reply,
        *,
        author: str = "bot",
        external_id: str | None = None,
    ) -> None:
        """Append a reply that no message asked for: a receipt, or a person's words. Under the same
        `external_id` of its channel it is written once."""
        await session.flush()
        conversation = await session.get(ConversationRow, conversation_id, with_for_update=True)
        if conversation is None:
            raise LookupError(f"no conversation {conversation_id}")
        if external_id is not None and await _known(session, conversation.channel, external_id):
            return
        await self._append(
            session, conversation, [reply], answers=None, author=author, external_id=external_id
        )

    async def _append(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        replies: Sequence[Reply],
        *,
        answers: str | None,
        author: str = "bot",
        external_id: str | None = None,
    ) -> None:
        first = await next_seq(session, conversation.id)
        for offset, reply in enumerate(replies):
            session.add(
                MessageRow(
                    conversation_id=conversation.id,
                    seq=first + offset,
                    channel=conversation.channel,
                    external_id=external_id,
                    direction="out",
                    author=author,
                    status="failed" if conversation.blocked_at else "pending",
                    failure=BLOCKED if conversation.blocked_at else None,
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

    async def find(self, channel: str, chat_id: str) -> ConversationRow | None:
        async with self._database.read() as session:
            return await _find(session, channel, chat_id)

    async def choose_language(self, channel: str, chat_id: str, language: str) -> None:
        """Answer this conversation in `language` from now on, whatever a message is written in."""
        async with self._database.write() as session:
            row = await self._conversation(session, channel, chat_id)
            row.language, row.language_chosen = language, True
            row.version += 1


# Built once: what a statement is cached under costs more to make than the statement to run.
_KNOWN = select(MessageRow.id).where(
    MessageRow.channel == bindparam("channel"), MessageRow.external_id == bindparam("external_id")
)
_PLACE = (
    select(ConversationRow)
    .where(ConversationRow.channel == bindparam("channel"), ConversationRow.chat_id == bindparam("chat_id"))
    .with_for_update()
)


async def _known(session: AsyncSession, channel: str, external_id: str) -> str | None:
    return (await session.exec(_KNOWN, params={"channel": channel, "external_id": external_id})).first()


async def _find(session: AsyncSession, channel: str, chat_id: str) -> ConversationRow | None:
    return (await session.exec(_PLACE, params={"channel": channel, "chat_id": chat_id})).first()
