"""When a person takes over: who waits, who holds a conversation, what that person writes, giving it back.

A conversation has at most one holder. While it has one the bot is silent in it, and the customer sees who
is writing. Every step is a row of `handoff_event`.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.canned import Canned
from bot.database import Database
from bot.discreet import PROOFS
from bot.errors import UsageError
from bot.handoff_case import Case, Event, Line, Rated, case_of
from bot.handoff_replies import person_reply, rating_request, shown_name
from bot.handoff_tables import HandoffEventRow, NoteRow, RatingRow
from bot.messages import Messages
from bot.model import Block, ConversationState, FileRef, Reply
from bot.paper_replies import CARRIES_FILES
from bot.ports import Clock
from bot.tables import ConversationRow, MessageRow, new_id
from bot.transcript import Transcript

__all__ = ["Case", "Event", "Handoff", "Line", "Rated", "fresh_start", "shown_name"]

WAITING = (ConversationState.QUEUED, ConversationState.WITH_PERSON)
RATED_WITHIN = timedelta(days=7)
_NO_STAFF: tuple[str, ...] = ()


def fresh_start(row: ConversationRow) -> None:
    """Nobody holds it or waits any more, and nothing of what led there counts again."""
    row.held_by = row.queued_at = row.told_at = row.disagreement = None
    row.misses, row.unhelpful, row.pending = 0, [], {}
    row.state = ConversationState.OPEN


class Handoff:
    """The agents' side of a conversation. `staff` may be given conversations; anyone at hand may take one.

    Every call raises UsageError, with what to do, where it cannot be done.
    """

    def __init__(
        self,
        database: Database,
        transcript: Transcript,
        messages: Messages,
        clock: Clock,
        staff: Sequence[str] = _NO_STAFF,
        canned: Canned | None = None,
    ) -> None:
        self._database = database
        self._transcript = transcript
        self._messages = messages
        self._clock = clock
        self._staff = staff
        self._canned = canned or Canned()

    async def waiting(self) -> list[Case]:
        """Everything that waits for a person or is with one, the longest wait first."""
        row = ConversationRow
        async with self._database.read() as session:
            rows = await session.exec(
                select(row)
                .where(or_(col(row.state).in_(WAITING), col(row.queued_at).is_not(None)))
                .order_by(col(row.queued_at))
            )
            return [await case_of(session, row) for row in rows.all()]

    async def take(self, conversation_id: str, staff: str) -> Case:
        """Hold a conversation that nobody else holds."""
        async with self._database.write() as session:
            row = await self._row(session, conversation_id)
            if row.held_by not in (None, staff):
                raise UsageError(f"{row.held_by} holds this conversation; ask them to give it back first")
            if row.held_by is None:
                row.held_by = staff
                row.state = ConversationState.WITH_PERSON
                row.pending = {}
                row.queued_at = row.queued_at or self._clock.now()
                self._note_event(session, row, "taken", staff)
                await self._tell(session, row, "handoff.taken", name=shown_name(staff))
            return await case_of(session, row)

    async def reply(
        self,
        conversation_id: str,
        staff: str,
        text: str,
        *,
        once: str | None = None,
        file: FileRef | None = None,
    ) -> None:
        """Write to the customer of a conversation that one holds; under the same `once`, one time."""
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            if file is not None and row.channel not in CARRIES_FILES:
                raise UsageError(f"not sent: a chat in the channel {row.channel} carries no files")
            await self._write(session, row, staff, text, once, file)

    async def reply_canned(self, conversation_id: str, staff: str, name: str) -> str:
        """Write a canned reply in the conversation's language; return what was written."""
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            text = self.canned(name, row.language or "en")
            await self._write(session, row, staff, text)
            return text

    async def give(self, conversation_id: str, by: str, to: str) -> None:
        """Hand a conversation that `by` holds over to a colleague of STAFF, and tell the customer."""
        name = next((one for one in self._staff if one.casefold() == to.strip().casefold()), None)
        if name is None:
            raise UsageError(f"{to!r} is not in STAFF; there are: {', '.join(self._staff) or 'none'}")
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, by)
            if name == by:
                raise UsageError(f"{by} already holds this conversation")
            row.held_by = name
            self._note_event(session, row, "given", name, given_by=by)
            await self._tell(session, row, "handoff.given", name=shown_name(name), before=shown_name(by))

    async def back(self, conversation_id: str, staff: str) -> None:
        """Give the conversation back to the bot, which says so."""
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            await self._release(session, row, "back", staff)
            await self._tell(session, row, "handoff.back")

    async def close(self, conversation_id: str, staff: str) -> None:
        """End it: the bot answers again, and the customer is asked how it was."""
        async with self._database.write() as session:
            row = await self._held(session, conversation_id, staff)
            await self._release(session, row, "closed", staff)
            await self._tell(session, row, "handoff.ended", name=shown_name(staff))
            await self._ask_for_rating(session, row, staff)

    async def note(self, conversation_id: str, staff: str, text: str, *, once: str | None = None) -> None:
        """Leave a note for colleagues, which no customer sees in the chat; one for each `once`."""
        if not text.strip():
            raise UsageError("nothing to note: the text is empty")
        async with self._database.write() as session:
            row = await self._row(session, conversation_id)
            known = once or new_id()
            if await session.get(NoteRow, known) is None:
                now = self._clock.now()
                session.add(
                    NoteRow(id=known, conversation_id=row.id, staff=staff, text=text.strip(), created_at=now)
                )

    def canned(self, name: str, language: str) -> str:
        return self._canned.text(name, language)

    def canned_names(self) -> list[str]:
        return sorted(self._canned.texts)

    async def events(self, *, after: int = 0, conversation_id: str | None = None) -> list[Event]:
        """The steps whose `seq` is above `after`, in order. On PostgreSQL a later `seq` may be seen first."""
        row = HandoffEventRow
        query = select(row).where(col(row.seq) > after).order_by(col(row.seq))
        async with self._database.read() as session:
            if conversation_id is not None:
                query = query.where(row.conversation_id == (await self._row(session, conversation_id)).id)
            return [_event(row) for row in await session.exec(query)]

    async def ratings(self) -> list[Rated]:
        """What customers say of each member of staff, by name."""
        row = RatingRow
        query = select(row.staff, func.count(), func.avg(row.stars)).group_by(row.staff).order_by(row.staff)
        async with self._database.read() as session:
            return [Rated(staff, count, float(stars)) for staff, count, stars in await session.exec(query)]

    async def _write(
        self,
        session: AsyncSession,
        row: ConversationRow,
        staff: str,
        text: str,
        once: str | None = None,
        file: FileRef | None = None,
    ) -> None:
        words = person_reply(self._messages, row.language or "en", staff, text, file)
        await self._transcript.say(session, row.id, words, author=f"staff:{staff}", external_id=once)

    async def _release(self, session: AsyncSession, row: ConversationRow, kind: str, staff: str) -> None:
        """What was written to the person is not for the bot to answer later; a press stands for itself."""
        message = MessageRow
        unread = select(message).where(message.conversation_id == row.id, message.status == "received")
        for waiting in (await session.exec(unread)).all():
            if waiting.text and not waiting.body.get("press") and not waiting.body.get("link"):
                waiting.status = "answered"
                waiting.body = {key: value for key, value in waiting.body.items() if key not in PROOFS}
                session.add(waiting)
        fresh_start(row)
        self._note_event(session, row, kind, staff)

    async def _ask_for_rating(self, session: AsyncSession, row: ConversationRow, staff: str) -> None:
        until = self._clock.now() + RATED_WITHIN
        asked, rows = rating_request(self._messages, row.language or "en", row.id, staff, until)
        session.add_all(rows)
        await self._transcript.say(session, row.id, asked)

    def _note_event(
        self, session: AsyncSession, row: ConversationRow, kind: str, staff: str, given_by: str | None = None
    ) -> None:
        row.version += 1
        now = self._clock.now()
        event = HandoffEventRow(
            conversation_id=row.id, kind=kind, staff=staff, given_by=given_by, created_at=now
        )
        session.add_all([row, event])

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


def _event(row: HandoffEventRow) -> Event:
    said = (row.reason, row.staff, row.given_by, row.stars)
    return Event(row.seq or 0, row.conversation_id, row.kind, row.created_at, *said)
