"""Links to export packages: a fresh token for each, of which only a digest is kept.

A package is fetched once, by whichever of its case's links is used first.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.exporting import CannotFulfil, DataSubject, subject_of
from actions.model import Right
from actions.store.tables import GdprCase
from bot.database import Database
from bot.linking import digest_of
from bot.ports import Clock
from bot.tables import ConversationRow, ExportLinkRow

Way = Literal["mail", "telegram"]
EXPORTS_PATH = "/api/v1/exports"
LINK_LIFE = timedelta(hours=24)
HANDED_OUT = (Right.ACCESS, Right.PORTABILITY)
"""What is fulfilled by handing a package over."""
_TOKEN_BYTES = 32


class ExportLinks:
    """Mints them. `public_url` is the address under which `serve` is reached."""

    def __init__(self, database: Database, clock: Clock, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def mint(self, session: AsyncSession, case: GdprCase, way: Way, expires_at: datetime) -> str:
        """Return the address of a link, in place of unused ones that went the same way."""
        token, row, now = secrets.token_urlsafe(_TOKEN_BYTES), ExportLinkRow, self._clock.now()
        earlier = update(row).where(
            col(row.case_id) == case.id, col(row.way) == way, col(row.used_at).is_(None)
        )
        await session.exec(earlier.values(used_at=now))
        link = ExportLinkRow(
            digest=digest_of(token),
            case_id=case.id,
            email=case.email,
            way=way,
            expires_at=expires_at,
            created_at=now,
        )
        session.add(link)
        return f"{self._public_url}{EXPORTS_PATH}/{token}"

    async def for_chat(self, way: Way, chat_id: str, case_id: str, *, is_private: bool) -> str | None:
        """Return the address of a link that a chat may be shown at this moment, or None.

        It ends when the mailed one does.
        """
        if not is_private or not _is_https(self._public_url):
            return None
        place = select(ConversationRow).where(
            ConversationRow.channel == way, ConversationRow.chat_id == chat_id
        )
        async with self._database.write() as session:
            # locked before the links, as an erasure does, which could miss the new one otherwise
            conversation = (await session.exec(place.with_for_update())).first()
            case = await session.get(GdprCase, case_id)
            if conversation is None or case is None:
                return None
            links = await links_of(session, case.id)
            now = self._clock.now()
            mailed = next((link for link in links if link.way == "mail" and is_live(link, now)), None)
            try:
                who = await subject_of(session, case)
            except CannotFulfil:
                return None
            if mailed is None or not is_theirs(conversation, case, who, now):
                return None
            return await self.mint(session, case, way, mailed.expires_at)


def is_theirs(conversation: ConversationRow, case: GdprCase, who: DataSubject, now: datetime) -> bool:
    """Whether a fulfilled case is that of the person whom the conversation has proven to be, and lately."""
    if not conversation.is_verified(now):
        return False
    if case.status != "done" or case.right not in HANDED_OUT:
        return False
    return conversation.email == case.email == who.email and conversation.member_id == who.member_id


def is_live(link: ExportLinkRow, now: datetime) -> bool:
    return link.used_at is None and link.expires_at > now


async def links_of(session: AsyncSession, case_id: str) -> Sequence[ExportLinkRow]:
    """Return the links of a case. Whoever fetches or mints holds them, so that one comes after the other."""
    row = ExportLinkRow
    query = select(row).where(row.case_id == case_id).order_by(col(row.created_at), row.digest)
    return (await session.exec(query.with_for_update().execution_options(populate_existing=True))).all()


def _is_https(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname)
