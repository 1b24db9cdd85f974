"""What staff may see of a conversation: read anew each time, from the transcript and the store."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.casework import due_on
from actions.model import Level, Principal, Step
from actions.store.tables import Account, Action, GdprCase
from bot.attachment_tables import EvidenceRow
from bot.desk.ports import DeskParts
from bot.handoff_tables import HandoffEventRow
from bot.model import ConversationState
from bot.tables import ConversationRow, MessageRow

OPEN_STEPS = (
    Step.AWAITING_IDENTITY,
    Step.AWAITING_CONFIRMATION,
    Step.AWAITING_APPROVAL,
    Step.SCHEDULED,
    Step.EXECUTING,
    Step.OUTCOME_UNKNOWN,
)
MOST_CLAUSES = 8
MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class OpenAction:
    """`due_on` is set for a data-protection case, `at` where it is known when an action takes effect."""

    reference: str
    kind: str
    step: str
    due_on: date | None = None
    at: datetime | None = None

    @property
    def awaits_approval(self) -> bool:
        return self.step == Step.AWAITING_APPROVAL


@dataclass(frozen=True, slots=True)
class Seen:
    """`company` and `role` are known where the level says who it is. No address and no name of a person."""

    conversation_id: str
    channel: str
    language: str
    level: Level
    company: str | None
    role: str | None
    email: str | None
    held_by: str | None
    queued_at: datetime | None
    reason: str | None
    blocked: bool
    clauses: tuple[str, ...]
    actions: tuple[OpenAction, ...]
    files: tuple[str, ...]


class Dossiers:
    """Reads; nothing here writes."""

    def __init__(self, parts: DeskParts) -> None:
        self._database = parts.database
        self._identity = parts.identity

    async def held_by(self, conversation_id: str) -> str | None:
        return (await self._row(conversation_id)).held_by

    async def language(self, conversation_id: str) -> str:
        return (await self._row(conversation_id)).language or "en"

    async def waits(self, conversation_id: str) -> bool:
        return is_for_people(await self._row(conversation_id))

    async def is_written(self, conversation_id: str, external_id: str) -> bool:
        """Whether these words of an agent are in the transcript already."""
        row = MessageRow
        query = select(row.id).where(row.conversation_id == conversation_id, row.external_id == external_id)
        async with self._database.read() as session:
            return (await session.exec(query)).first() is not None

    async def read(self, conversation_id: str, *, since_seq: int = 0) -> Seen:
        """Everything for a card whose story begins after the message `since_seq`."""
        row = await self._row(conversation_id)
        async with self._database.read() as session:
            vouched = await _vouched_email(session, conversation_id)
        who = await self._identity.principal(row, vouched_email=vouched)
        async with self._database.read() as session:
            account = await session.get(Account, who.account_id) if who.account_id else None
            return Seen(
                conversation_id=row.id,
                channel=row.channel,
                language=row.language or "en",
                level=who.level,
                company=account.company if account else None,
                role=who.role,
                email=who.email or row.email,
                held_by=row.held_by,
                queued_at=row.queued_at,
                reason=await _reason(session, row.id),
                blocked=row.blocked_at is not None,
                clauses=await _clauses(session, row.id, since_seq),
                actions=await _actions(session, row.id, who),
                files=await _files(session, row.id),
            )

    async def _row(self, conversation_id: str) -> ConversationRow:
        async with self._database.read() as session:
            return await session.get_one(ConversationRow, conversation_id)


def is_for_people(row: ConversationRow) -> bool:
    """Whether it waits for a person or is with one; as `Handoff.waiting` has it."""
    return row.queued_at is not None or row.state in (
        ConversationState.QUEUED,
        ConversationState.WITH_PERSON,
    )


async def _vouched_email(session: AsyncSession, conversation_id: str) -> str | None:
    row = MessageRow
    last = select(row).where(row.conversation_id == conversation_id, row.direction == "in")
    message = (await session.exec(last.order_by(col(row.seq).desc()).limit(1))).first()
    return message.body.get("vouched_email") if message else None


async def _reason(session: AsyncSession, conversation_id: str) -> str | None:
    row = HandoffEventRow
    queued = select(row.reason).where(row.conversation_id == conversation_id, row.kind == "queued")
    return (await session.exec(queued.order_by(col(row.seq).desc()).limit(1))).first()


async def _clauses(session: AsyncSession, conversation_id: str, since_seq: int) -> tuple[str, ...]:
    row = MessageRow
    query = select(row).where(
        row.conversation_id == conversation_id, row.seq > since_seq, row.direction == "out"
    )
    shown: dict[str, None] = {}
    for message in (await session.exec(query.order_by(col(row.seq).desc()).limit(50))).all():
        for view in message.body.get("citations", ()):
            shown.setdefault(f"{view['title']}: {view['heading']}")
    return tuple(shown)[:MOST_CLAUSES]


async def _actions(session: AsyncSession, conversation_id: str, who: Principal) -> tuple[OpenAction, ...]:
    """What is open of this conversation's, and of the person's who is known to speak in it."""
    row, case = Action, GdprCase
    own = [col(row.conversation_id) == conversation_id]
    if who.member_id:
        own.append(col(row.member_id) == who.member_id)
    if who.email:
        own.append(col(row.email) == who.email.lower())
    query = select(row, case).outerjoin(case, col(case.action_id) == col(row.id)).where(or_(*own))
    query = query.where(or_(col(row.step).in_(OPEN_STEPS), col(case.status) == "open"))
    found = (await session.exec(query.order_by(col(row.proposed_at)))).all()
    return tuple(
        OpenAction(action.reference, f"data-protection case ({filed.right})", "open", due_on=due_on(filed))
        if filed is not None and filed.status == "open"
        else OpenAction(action.reference, action.kind.replace("_", " "), action.step, at=action.due_at)
        for action, filed in found
    )


async def _files(session: AsyncSession, conversation_id: str) -> tuple[str, ...]:
    row = EvidenceRow
    query = select(row).where(row.conversation_id == conversation_id, row.status == "kept")
    files = (await session.exec(query.order_by(col(row.created_at)).limit(MOST_FILES))).all()
    return tuple(f"{file.mime or 'file'}, {max(file.size // 1000, 1)} kB, {file.id[:8]}" for file in files)
