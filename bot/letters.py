"""Dead letters: messages that nobody answered and replies that never went out, for staff to see to.

Sending one again puts it back in its place, before what came after it and still waits. Both decisions stand
in the action log, with who took them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from actions.approving import may_decide, staff_id
from actions.exporting import ERASED
from actions.log import Entry
from actions.seal import Seal
from actions.store.unit import Unit, unit_of_work
from bot.database import Database
from bot.errors import UsageError
from bot.ports import Clock
from bot.tables import ConversationRow, MessageRow

LISTED = 200
KIND = "letter"
STAFF_ONLY = "{staff!r} may not act here. Say who you are with --as; the setting STAFF lists who may"

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Letter:
    """`direction` "in" is a message that was not answered, "out" a reply that did not arrive. `since` is when
    it was written; `is_blocked`: the customer lets nothing through at present."""

    letter_id: str
    direction: Direction
    channel: str
    chat_id: str
    since: datetime
    attempts: int
    reason: str
    is_blocked: bool


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A letter with its words, which is something to be logged."""

    letter: Letter
    text: str


class Letters:
    """The list, and what staff do about it. `staff` are the ids that may."""

    def __init__(self, database: Database, clock: Clock, seal: Seal | None, staff: Collection[str]) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._staff = staff

    async def listed(self, *, limit: int = LISTED) -> list[Letter]:
        """What failed and nobody has seen to, the oldest first; without anybody's words."""
        query = _failed().order_by(col(MessageRow.created_at), col(MessageRow.seq)).limit(limit)
        async with self._database.read() as session:
            return [_letter(message, place) for message, place in await session.exec(query)]

    async def show(self, letter: str, staff: str) -> OpenedLetter:
        """Open one; the log notes it. Raises UsageError, as the other methods do."""
        async with unit_of_work(self._database, self._clock, self._seal) as unit:
            message, place = await self._find(unit.session, letter, staff)
            await _record(unit, place, staff, "letter-opened")
            return OpenedLetter(_letter(message, place), message.text)

    async def resend(self, letter: str, staff: str) -> Letter:
        """Let it be tried again, as if it never had been. A block is taken for lifted."""
        return await self._settle(letter, staff, "letter-resent", again=True)

    async def drop(self, letter: str, staff: str) -> Letter:
        """Leave it as it is, and off the list."""
        return await self._settle(letter, staff, "letter-dropped", again=False)

    async def _settle(self, letter: str, staff: str, rule: str, *, again: bool) -> Letter:
        async with unit_of_work(self._database, self._clock, self._seal) as unit:
            message, place = await self._find(unit.session, letter, staff)
            found = _letter(message, place)
            if again:
                message.status = "received" if message.direction == "in" else "pending"
                message.attempts, message.not_before, place.blocked_at = 0, None, None
            else:
                message.status = "dropped"
            unit.session.add_all([message, place])
            await _record(unit, place, staff, rule)
            return found

    async def _find(
        self, session: AsyncSession, letter: str, staff: str
    ) -> tuple[MessageRow, ConversationRow]:
        """By its id, or by a beginning that no other letter has."""
        if may_decide(staff_id(staff), self._staff, ()):
            raise UsageError(STAFF_ONLY.format(staff=staff))
        starts = col(MessageRow.id).startswith(letter.strip().lower(), autoescape=True)
        found = (await session.exec(_failed().where(starts).limit(2))).all()
        if len(found) != 1 or not letter.strip():
            what = "more than one letter begins" if found else "no letter begins"
            raise UsageError(f"{what} with {letter!r}; see: clausewise letters list")
        return found[0]


def _failed() -> "Select[MessageRow, ConversationRow]":
    row, place = MessageRow, ConversationRow
    query = select(row, place).join(place, col(place.id) == col(row.conversation_id))
    return query.where(row.status == "failed", row.channel != ERASED)


def _letter(message: MessageRow, place: ConversationRow) -> Letter:
    return Letter(
        letter_id=message.id,
        direction="in" if message.direction == "in" else "out",
        channel=message.channel,
        chat_id=place.chat_id,
        since=message.created_at,
        attempts=message.attempts,
        reason=message.failure or "",
        is_blocked=place.blocked_at is not None,
    )


async def _record(unit: Unit, place: ConversationRow, staff: str, rule: str) -> None:
    subject = unit.subject(place.member_id, place.email)
    await unit.record(Entry(subject, unit.staff(staff_id(staff)), KIND, rule=rule))
