"""Sessions of the web chat: a browser proves by a random token which conversation is its own."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, update
from sqlmodel import col

from bot.database import Database
from bot.ports import Clock
from bot.web_tables import WebSessionRow

LIFE = timedelta(days=30)
"""A session that nobody used for so long has ended."""
VOUCHED = timedelta(hours=1)
"""As long as a site's token may be old, its word is taken."""
_NOTE_USE_EVERY = timedelta(hours=1)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class WebSession:
    """`vouched_email` is set only while the site's word for it holds."""

    digest: str
    chat_id: str
    vouched_email: str | None


class WebSessions:
    """Makes and finds sessions; of a token the database has only the digest."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, email: str | None) -> str:
        """Make a session with a conversation of its own; return its token. Ended sessions go."""
        now, token = self._clock.now(), secrets.token_urlsafe(_TOKEN_BYTES)
        row = WebSessionRow(
            digest=_digest(token),
            chat_id=secrets.token_hex(16),
            email=email,
            vouched_until=now + VOUCHED if email else None,
            used_at=now,
            created_at=now,
        )
        async with self._database.write() as session:
            await session.exec(delete(WebSessionRow).where(col(WebSessionRow.used_at) <= now - LIFE))
            session.add(row)
        return token

    async def find(self, token: str) -> WebSession | None:
        """The session of a token; None where there is none, or it has ended. Finding it is using it."""
        now, digest = self._clock.now(), _digest(token)
        async with self._database.read() as session:
            row = await session.get(WebSessionRow, digest)
        if row is None or row.used_at <= now - LIFE:
            return None
        if row.used_at <= now - _NOTE_USE_EVERY:
            used = update(WebSessionRow).where(col(WebSessionRow.digest) == digest).values(used_at=now)
            async with self._database.write() as session:
                await session.exec(used)
        holds = row.vouched_until is not None and row.vouched_until > now
        return WebSession(digest, row.chat_id, row.email if holds else None)

    async def vouch(self, found: WebSession, email: str) -> bool:
        """Note that the site vouches for who writes here; False where it vouched for somebody else before."""
        async with self._database.write() as session:
            row = await session.get_one(WebSessionRow, found.digest, with_for_update=True)
            if row.email not in (None, email):
                return False
            row.email, row.vouched_until = email, self._clock.now() + VOUCHED
            session.add(row)
            return True


def _digest(token: str) -> str:
    # Enough without salt: the token is 256 random bits, so nothing can be guessed from its digest.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
