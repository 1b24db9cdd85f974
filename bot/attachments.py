"""Files that customers send, kept for staff and never read by the assistant.

A row is written before the file is fetched, and names the file it will be: what a process left undone is done
by the next. The folder is under DATA_DIR, which all processes that serve one database must share.
"""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import delete
from sqlmodel import col, or_, select

from bot.attachment_kinds import KINDS, cleaned, kind_of
from bot.attachment_tables import EvidenceRow
from bot.config import Settings
from bot.database import Database
from bot.errors import BotError
from bot.messages import Messages
from bot.model import Block, Reply
from bot.ports import Clock
from bot.tables import ConversationRow, MessageRow
from bot.transcript import Transcript

TRIES = 6
EVERY_SECONDS = 5.0
AT_A_TIME = 20
MEGABYTE = 1024 * 1024

log = structlog.get_logger(__name__)


class NotFetchedError(BotError):
    """A file did not come. `too_big`: it never will."""

    def __init__(self, reason: str, *, too_big: bool = False) -> None:
        super().__init__(reason)
        self.too_big = too_big


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as a channel announces it. `source` is the same however often it is announced."""

    source: str
    file_id: str
    name: str = ""


Fetch = Callable[[str, int], Awaitable[bytes]]
"""Gets the file with this id, of at most so many bytes. Raises NotFetchedError."""


def evidence_dir(settings: Settings) -> Path:
    return settings.data_dir / "evidence"


class Evidence:
    """Writes down what is wanted, fetches it, keeps it, and tells the customer what could not be kept."""

    def __init__(
        self, database: Database, transcript: Transcript, messages: Messages, clock: Clock, settings: Settings
    ) -> None:
        self._database = database
        self._transcript = transcript
        self._messages = messages
        self._clock = clock
        self._folder = evidence_dir(settings)
        self._limit = settings.evidence_max_mb
        self._news = asyncio.Event()
        self._is_awaited = False

    async def want(self, message_id: str, wanted: Wanted) -> None:
        """Note a file that came with a stored message; once, however often it is announced."""
        row = EvidenceRow
        known = select(row.id).where(row.message_id == message_id, row.source == wanted.source)
        async with self._database.write() as session:
            message = await session.get_one(MessageRow, message_id)
            if (await session.exec(known)).first() is not None:
                return
            session.add(
                EvidenceRow(
                    conversation_id=message.conversation_id,
                    message_id=message_id,
                    source=wanted.source,
                    file_id=wanted.file_id,
                    stored=uuid4().hex,
                    name=cleaned(wanted.name),
                    created_at=self._clock.now(),
                )
            )
        self._is_awaited = True

    def wake(self) -> None:
        """Say that a message was answered, whose files, if it had any, may be fetched now."""
        if self._is_awaited:
            self._news.set()

    async def run(self, fetch: Fetch, told: Callable[[], None]) -> None:
        """Fetch what is wanted until cancelled; `told` is called when a customer is to hear of it."""
        while True:
            self._news.clear()
            try:
                if await self.fetch_due(fetch):
                    told()
                await remove_forgotten(self._database, self._folder)
            except Exception:
                log.exception("evidence-not-fetched")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), EVERY_SECONDS)

    async def fetch_due(self, fetch: Fetch) -> bool:
        """Fetch what is due; True when a customer was told something."""
        row, message, now = EvidenceRow, MessageRow, self._clock.now()
        # after its message was answered, so that what went wrong is said last
        due = select(row).join(message, col(message.id) == col(row.message_id))
        due = due.where(row.status == "wanted", message.status != "received")
        due = due.where(or_(col(row.not_before).is_(None), col(row.not_before) <= now))
        async with self._database.read() as session:
            wanted = (await session.exec(due.order_by(col(row.created_at)).limit(AT_A_TIME))).all()
        self._is_awaited = self._is_awaited and not wanted
        outcomes = [await self._fetch(one, fetch) for one in wanted]
        return any(outcomes)

    async def _fetch(self, wanted: EvidenceRow, fetch: Fetch) -> bool:
        limit = self._limit * MEGABYTE
        try:
            content = await fetch(wanted.file_id, limit)
        except NotFetchedError as error:
            reason = "too-big" if error.too_big else None
            return await self._settle(wanted, reason=reason, failure=str(error))
        if len(content) > limit:
            return await self._settle(wanted, reason="too-big")
        mime = await asyncio.to_thread(kind_of, content)
        if mime is None:
            return await self._settle(wanted, reason="kind")
        await asyncio.to_thread(self._write, wanted.stored, content)
        return await self._settle(wanted, content=content, mime=mime)

    def _write(self, stored: str, content: bytes) -> None:
        """Under another name first, so that half a file never passes for a whole one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._folder / f"{stored}.part"
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        half.replace(self._folder / stored)

    async def _settle(
        self,
        wanted: EvidenceRow,
        *,
        reason: str | None = None,
        failure: str | None = None,
        content: bytes = b"",
        mime: str = "",
    ) -> bool:
        settled = await self._note(wanted, reason, failure, content, mime)
        if settled is None:
            await asyncio.to_thread((self._folder / wanted.stored).unlink, missing_ok=True)
        elif settled:
            log.warning("evidence-not-kept", evidence=wanted.id, reason=reason or failure)
        return bool(settled)

    async def _note(
        self, wanted: EvidenceRow, reason: str | None, failure: str | None, content: bytes, mime: str
    ) -> bool | None:
        """Write down how it went; True when the customer is told, None when they were forgotten."""
        async with self._database.write() as session:
            # its conversation first: an erasure locks that before it looks for evidence
            place = await session.get_one(ConversationRow, wanted.conversation_id, with_for_update=True)
            row = await session.get(EvidenceRow, wanted.id, with_for_update=True)
            if row is None or row.status == "forgotten":
                return None
            if row.status != "wanted":
                return False
            row.attempts, row.not_before = row.attempts + 1, None
            if mime:
                row.status, row.mime, row.size = "kept", mime, len(content)
                row.sha256 = hashlib.sha256(content).hexdigest()
                return False
            if reason is None and row.attempts < TRIES:
                row.reason = failure
                row.not_before = self._clock.now() + timedelta(seconds=5.0 * 3**row.attempts)
                return False
            row.status, row.reason = ("refused", reason) if reason else ("failed", failure)
            session.add(row)
            text = self._told(place.language or "en", row)
            await self._transcript.say(session, place.id, Reply((Block("say", text),)))
        return True

    def _told(self, language: str, row: EvidenceRow) -> str:
        name = row.name or "…"
        if row.reason == "too-big":
            return self._messages.say(language, "evidence.refused_size", name=name, limit=self._limit)
        if row.reason == "kind":
            return self._messages.say(language, "evidence.refused_kind", name=name, kinds=KINDS)
        return self._messages.say(language, "evidence.failed", name=name)


async def remove_forgotten(database: Database, folder: Path) -> None:
    """Remove the files of people who were forgotten, and then their rows; what fails is tried again later."""
    try:
        async with database.read() as session:
            rows = (await session.exec(select(EvidenceRow).where(EvidenceRow.status == "forgotten"))).all()
        for row in rows:
            for name in (row.stored, f"{row.stored}.part"):
                await asyncio.to_thread((folder / name).unlink, missing_ok=True)
            async with database.write() as session:
                await session.exec(delete(EvidenceRow).where(col(EvidenceRow.id) == row.id))
    except Exception:
        log.exception("evidence-not-removed")
