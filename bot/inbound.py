"""Messages that wait to be answered, in SQL: found in order, and put aside when no turn works."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, func, literal, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.database import Database
from bot.leases import CONVERSATION
from bot.ports import Clock
from bot.tables import ConversationRow, LeaseRow, MessageRow


@dataclass(frozen=True, slots=True)
class Left:
    """The oldest message of a conversation that nobody works on."""

    message_id: str
    chat_id: str


_WAITING = (
    select(MessageRow.id)
    .where(
        MessageRow.channel == bindparam("channel"),
        MessageRow.status == "received",
        MessageRow.conversation_id == bindparam("conversation"),
        col(MessageRow.seq) < bindparam("before"),
    )
    .order_by(col(MessageRow.seq))
    .limit(bindparam("limit"))
)
_LAST = 2**31 - 1


async def waiting_in(
    session: AsyncSession, channel: str, conversation_id: str, *, before: int = _LAST, limit: int = _LAST
) -> Sequence[str]:
    """Ids of the messages of a conversation that nobody answered yet, oldest first."""
    of = {"channel": channel, "conversation": conversation_id, "before": before, "limit": limit}
    return (await session.exec(_WAITING, params=of)).all()


class Inbound:
    """The receiving half of the transcript."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def unanswered(self, channel: str) -> list[str]:
        """Ids of messages that were received and not answered, oldest first."""
        async with self._database.read() as session:
            rows = await session.exec(
                select(MessageRow.id)
                .where(MessageRow.channel == channel, MessageRow.status == "received")
                .order_by(col(MessageRow.created_at), col(MessageRow.seq))
            )
            return list(rows)

    async def next_received(self, channel: str, conversation_id: str) -> str | None:
        """The id of the message that is to be answered next in a conversation."""
        async with self._database.read() as session:
            return next(iter(await waiting_in(session, channel, conversation_id, limit=1)), None)

    async def left(self, channels: Collection[str], *, limit: int = 1000) -> list[Left]:
        """The conversations of these channels with something to answer that no process has a lease on."""
        row, place = MessageRow, ConversationRow
        waits = (col(row.channel).in_(channels), row.status == "received")
        first = select(row.conversation_id, func.min(row.seq).label("seq")).where(*waits)
        oldest = first.group_by(col(row.conversation_id)).subquery()
        here = and_(col(row.seq) == oldest.c.seq, col(row.conversation_id) == oldest.c.conversation_id)
        query = select(row.id, place.chat_id).join(oldest, here)
        query = query.join(place, col(place.id) == col(row.conversation_id))
        if not self._database.is_sqlite:
            lease, name = LeaseRow, literal(CONVERSATION).concat(col(place.id))
            query = query.outerjoin(lease, col(lease.name) == name)
            query = query.where(or_(col(lease.name).is_(None), col(lease.until) < func.clock_timestamp()))
        async with self._database.read() as session:
            found = await session.exec(query.order_by(col(row.created_at)).limit(limit))
            return [Left(message_id, chat_id) for message_id, chat_id in found]

    async def note_try(self, message_id: str, reason: str) -> int:
        """Count a try to answer a message that came to nothing; return how many there were."""
        row = MessageRow
        counted = update(row).where(col(row.id) == message_id, col(row.status) == "received")
        async with self._database.write() as session:
            await session.exec(counted.values(attempts=row.attempts + 1, failure=reason[:500]))
            return (await session.exec(select(row.attempts).where(row.id == message_id))).one()

    async def put_aside(self, message_id: str) -> None:
        """Leave a message to staff, without an answer."""
        aside = update(MessageRow).where(
            col(MessageRow.id) == message_id, col(MessageRow.status) == "received"
        )
        async with self._database.write() as session:
            await session.exec(aside.values(status="failed"))
