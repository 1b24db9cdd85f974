"""Which conversations have a topic, need one, or need theirs no more."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, func, or_, select

from bot.database import Database
from bot.desk.tables import DeskTopicRow
from bot.handoff_tables import HandoffEventRow
from bot.model import ConversationState
from bot.tables import ConversationRow

ERASED = "erased"
"""The channel of a conversation whose person was forgotten."""


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation with its topic. `queued_seq` is the event that handed it over last."""

    conversation: ConversationRow
    topic: DeskTopicRow
    queued_seq: int


async def places(database: Database, chat_id: int, now: datetime) -> list[Place]:
    """Everything that may need something done in the group `chat_id`, the longest wait first."""
    row, topic, event = ConversationRow, DeskTopicRow, HandoffEventRow
    people = (ConversationState.QUEUED, ConversationState.WITH_PERSON)
    waits = or_(col(row.state).in_(people), col(row.queued_at).is_not(None))
    forgotten = and_(col(row.channel) == ERASED, col(topic.state).is_not(None))
    last = select(event.conversation_id, func.max(event.seq).label("seq")).where(event.kind == "queued")
    queued = last.group_by(col(event.conversation_id)).subquery()
    query = (
        select(row, topic, queued.c.seq)
        .outerjoin(topic, col(topic.conversation_id) == col(row.id))
        .outerjoin(queued, queued.c.conversation_id == col(row.id))
        .where(or_(waits, col(topic.state) != "closed", forgotten))
        .order_by(col(row.queued_at), col(row.id))
    )
    async with database.read() as session:
        found = (await session.exec(query)).all()
    return [Place(place, _own(place, known, chat_id, now), seq or 0) for place, known, seq in found]


def _own(
    conversation: ConversationRow, known: DeskTopicRow | None, chat_id: int, now: datetime
) -> DeskTopicRow:
    """Its topic in this group; one in another group is of no use here."""
    if known is not None and known.chat_id == chat_id:
        return known
    return DeskTopicRow(
        conversation_id=conversation.id,
        chat_id=chat_id,
        since_seq=known.since_seq if known else 0,
        created_at=now,
    )
