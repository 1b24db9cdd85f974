"""What staff see: a conversation that waits for a person or is with one, and what became of others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.attachment_tables import EvidenceRow
from bot.handoff_tables import HandoffEventRow, NoteRow
from bot.model import ConversationState
from bot.tables import ConversationRow, MessageRow

SHOWN_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation, or one note on it, as an agent sees it."""

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation that waits for a person or is with one. `lines` are its last messages and `notes` all
    of its notes, oldest first. `reason` is a word of `HandoffReason`."""

    conversation_id: str
    channel: str
    language: str
    state: ConversationState
    held_by: str | None
    queued_at: datetime | None
    email: str | None
    lines: tuple[Line, ...]
    notes: tuple[Line, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a handoff: queued, left, taken, given, back, closed, rated. `staff` did it, or got the
    conversation from `given_by`."""

    seq: int
    conversation_id: str
    kind: str
    at: datetime
    reason: str | None = None
    staff: str | None = None
    given_by: str | None = None
    stars: int | None = None


@dataclass(frozen=True, slots=True)
class Rated:
    """What customers say of one member of staff: how often, and how many of 5 stars on average."""

    staff: str
    count: int
    average: float


async def case_of(session: AsyncSession, row: ConversationRow) -> Case:
    messages = await session.exec(
        select(MessageRow)
        .where(MessageRow.conversation_id == row.id)
        .order_by(col(MessageRow.seq).desc())
        .limit(SHOWN_MESSAGES)
    )
    rows = messages.all()
    labels = {button["id"]: button["label"] for shown in rows for button in shown.body.get("buttons", ())}
    files = await _files(session, row.id)
    lines = [Line(message.author, _words(message, labels, files), message.created_at) for message in rows]
    noted = await session.exec(
        select(NoteRow).where(NoteRow.conversation_id == row.id).order_by(col(NoteRow.created_at), NoteRow.id)
    )
    return Case(
        conversation_id=row.id,
        channel=row.channel,
        language=row.language or "en",
        state=ConversationState(row.state),
        held_by=row.held_by,
        queued_at=row.queued_at,
        email=row.email,
        lines=tuple(reversed(lines)),
        notes=tuple(Line(note.staff, note.text, note.created_at) for note in noted),
        reason=await _reason(session, row.id),
    )


async def _reason(session: AsyncSession, conversation_id: str) -> str | None:
    queued = (
        select(HandoffEventRow.reason)
        .where(HandoffEventRow.conversation_id == conversation_id, HandoffEventRow.kind == "queued")
        .order_by(col(HandoffEventRow.seq).desc())
        .limit(1)
    )
    return (await session.exec(queued)).first()


async def _files(session: AsyncSession, conversation_id: str) -> dict[str, list[str]]:
    """What came with each message: names, and ids for `clausewise evidence save`."""
    row = EvidenceRow
    found = select(row).where(row.conversation_id == conversation_id).order_by(col(row.created_at), row.id)
    files: dict[str, list[str]] = {}
    for file in await session.exec(found):
        standing = "" if file.status == "kept" else f", {file.status}"
        files.setdefault(file.message_id, []).append(f"[{file.name or 'file'}, {file.id[:12]}{standing}]")
    return files


def _words(message: MessageRow, labels: Mapping[str, str], files: Mapping[str, list[str]]) -> str:
    """What was written and which files came with it, or the label of the button that was pressed."""
    press = message.body.get("press")
    if press:
        return f"[{labels.get(press, press)}]"
    return "\n".join(filter(None, (message.text, *files.get(message.id, ()))))
