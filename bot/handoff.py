"""When a person takes over: who waits, who holds a conversation, what that person writes, giving it back.

A conversation has at most one holder. While it has one the bot is silent in it, and the customer sees who
is writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.errors import UsageError
from bot.messages import Messages
from bot.model import Block, ConversationState, Reply
from bot.ports import Clock
from bot.tables import ConversationRow, MessageRow
from bot.transcript import Transcript

WAITING = (ConversationState.QUEUED, ConversationState.WITH_PERSON)
SHOWN_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation, as an agent sees it."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation that waits for a person or is with one. `lines` are its last messages, oldest first."""

    conversation_id: str
    channel: str
    language: str
    state: ConversationState
    held_by: str | None
    queued_at: datetime | None
    email: str | None
    lines: tuple[Line, ...]


class Handoff:
    """The agents' side of a conversation."""

    def __init__(self, database: Database, transcript: Transcript, messages: Messages, clock: Clock) -> None:
        self._database = database
        self._transcript = transcript
        self._messages = messages
        self._clock = clock

    async def waiting(self) -> list[Case]:
        """Everything that waits for a person or is with one, the longest wait first."""
        async with self._database.read() as session:
            rows = await session.exec(
                select(ConversationRow)
                .where(col(ConversationRow.state).in_(WAITING))
                .order_by(col(ConversationRow.queued_at))
            )
            return [await self._case(session, row) for row in rows.all()]

    async def take(self, conversation_id: str, staff: str) -> Case:
        """Hold a conversation. Raises UsageError when another person holds it."""
        async with self._database.write() as session:
            row = await self._row(session, conversation_id)
            if row.held_by not in (None, staff):
                raise UsageError(f"{row.held_by} holds this conversation; ask them to give it back first")
            if row.held_by is None:
                row.held_by = staff
                row.state = ConversationState.WITH_PERSON
                row.pending = {}
                row.queued_at = row.queued_at or self._clock.now()
                row.version += 1
                session.add(row)
                await self._tell(session, row, "handoff.taken", name=staff)
            return await self._case(session, row)

    async def reply(self, conversation_id: str, staff: str, text: str) -> None:
        """Write to the customer. Raises UsageError unless this person holds the conversation."""
        if not text.strip():
            raise UsageError("nothing to send: the text is empty")
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            label = self._messages.say(row.language or "en", "handoff.person_label", name=staff)
            words = Reply((Block("person", f"{label} {text.strip()}"),))
            await self._transcript.say(session, row.id, words, author=f"staff:{staff}")

    async def back(self, conversation_id: str, staff: str) -> None:
        """Give the conversation back to the bot, which says so."""
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            row.held_by = None
            row.queued_at = None
            row.misses = 0
            row.state = ConversationState.OPEN
            row.version += 1
            session.add(row)
            await self._tell(session, row, "handoff.back")

    async def _held(self, session: AsyncSession, conversation_id: str, staff: str) -> ConversationRow:
        row = await self._row(session, conversation_id)
        if row.held_by is None:
            raise UsageError(f"nobody holds this conversation; first: clausewise handoff take {row.id}")
        if row.held_by != staff:
            raise UsageError(f"{row.held_by} holds this conversation, not {staff}")
        return row

    async def _row(self, session: AsyncSession, conversation_id: str) -> ConversationRow:
        """Find by id or by an unambiguous beginning of it, as `handoff list` prints it."""
        start = col(ConversationRow.id).startswith(conversation_id, autoescape=True)
        rows = (await session.exec(select(ConversationRow).where(start).with_for_update())).all()
        if len(rows) != 1 or not conversation_id:
            what = "no conversation" if not rows else "more than one conversation"
            raise UsageError(f"{what} begins with {conversation_id!r}; see: clausewise handoff list")
        return rows[0]

    async def _tell(self, session: AsyncSession, row: ConversationRow, key: str, **values: object) -> None:
        text = self._messages.say(row.language or "en", key, **values)
        await self._transcript.say(session, row.id, Reply((Block("note", text),)))

    async def _case(self, session: AsyncSession, row: ConversationRow) -> Case:
        messages = await session.exec(
            select(MessageRow)
            .where(MessageRow.conversation_id == row.id)
            .order_by(col(MessageRow.seq).desc())
            .limit(SHOWN_MESSAGES)
        )
        rows = messages.all()
        labels = {button["id"]: button["label"] for shown in rows for button in shown.body.get("buttons", ())}
        lines = [Line(message.author, _words(message, labels), message.created_at) for message in rows]
        return Case(
            conversation_id=row.id,
            channel=row.channel,
            language=row.language or "en",
            state=ConversationState(row.state),
            held_by=row.held_by,
            queued_at=row.queued_at,
            email=row.email,
            lines=tuple(reversed(lines)),
        )


def _words(message: MessageRow, labels: Mapping[str, str]) -> str:
    """What was written, or the label of the button that was pressed."""
    press = message.body.get("press")
    return f"[{labels.get(press, press)}]" if press else message.text
