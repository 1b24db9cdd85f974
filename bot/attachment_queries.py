"""What staff look up about files that customers sent."""

import asyncio
import hashlib
from collections.abc import Sequence

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from bot.attachment_tables import EvidenceRow
from bot.attachments import evidence_dir
from bot.config import Settings
from bot.database import Database
from bot.errors import UsageError
from bot.tables import ConversationRow


async def evidence_of(database: Database, conversation: str = "") -> Sequence[EvidenceRow]:
    """Every file, or those of the conversations whose id begins so, oldest first."""
    row = EvidenceRow
    where: ColumnElement[bool] = col(row.status) != "forgotten"
    if conversation:
        where = where & col(row.conversation_id).startswith(conversation, autoescape=True)
    async with database.read() as session:
        return (await session.exec(select(row).where(where).order_by(col(row.created_at), row.id))).all()


async def content_of(database: Database, settings: Settings, named: str) -> tuple[EvidenceRow, bytes]:
    """A kept file by its id or the beginning of it. Raises UsageError where there is no such file."""
    async with database.read() as session:
        kept = select(EvidenceRow).where(
            col(EvidenceRow.id).startswith(named, autoescape=True), EvidenceRow.status == "kept"
        )
        rows = (await session.exec(kept.limit(2))).all()
    if len(rows) != 1 or not named:
        raise UsageError(
            f"{len(rows) or 'no'} kept files begin with {named!r}; see: clausewise evidence list"
        )
    try:
        content = await asyncio.to_thread((evidence_dir(settings) / rows[0].stored).read_bytes)
    except OSError as error:
        raise UsageError(f"the file is not in DATA_DIR any more: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != rows[0].sha256:
        raise UsageError("the stored file is not the one that came: its SHA-256 differs")
    return rows[0], content


async def emails_of(database: Database, files: Sequence[EvidenceRow]) -> list[str | None]:
    """Whose conversations the files came in, as far as that was proven."""
    keys = {file.conversation_id for file in files}
    async with database.read() as session:
        query = select(ConversationRow.email).where(col(ConversationRow.id).in_(keys))
        return list(await session.exec(query))
