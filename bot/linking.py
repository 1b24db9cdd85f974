"""Deep links: a single-use token that the company's site mints for a member who is signed in there.

Only a digest is kept. A token has 256 random bits, so that a plain hash of it cannot be read back.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, update
from sqlmodel import col

from actions.model import Level, Principal
from actions.store.accounts import Accounts
from bot.config import LINK_MINUTES, MOST_LINK_MINUTES
from bot.database import Database
from bot.errors import UsageError
from bot.ports import Clock
from bot.tables import IdentityLinkRow

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Link:
    """A fresh token, and the address in Telegram that carries it where the bot's name is known."""

    token: str
    url: str | None
    expires_at: datetime

    def to_json(self) -> dict[str, str | None]:
        return {"token": self.token, "url": self.url, "expires_at": self.expires_at.isoformat()}


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


class Links:
    """Mints and redeems."""

    def __init__(self, database: Database, accounts: Accounts, clock: Clock, bot_name: str = "") -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._bot_name = bot_name.removeprefix("@")

    async def mint(self, email: str, minutes: int = LINK_MINUTES) -> Link:
        """Make a token for the member with this address. Raises UsageError where there is none."""
        if not 1 <= minutes <= MOST_LINK_MINUTES:
            raise UsageError(f"a link lives 1 to {MOST_LINK_MINUTES} minutes, not {minutes}")
        member = await self._accounts.member_by_email(email)
        if member is None:
            raise UsageError("no member has this address; links are for members of an account")
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        expires_at = now + timedelta(minutes=minutes)
        async with self._database.write() as session:
            session.add(
                IdentityLinkRow(
                    digest=digest_of(token),
                    member_id=member.id,
                    email=member.email,
                    expires_at=expires_at,
                    created_at=now,
                )
            )
        url = f"https://t.me/{self._bot_name}?start={token}" if self._bot_name else None
        return Link(token, url, expires_at)

    async def redeem(self, digest: str, message_id: str) -> Principal | None:
        """Whose link it is, or None for one that is used, expired or unknown.

        One UPDATE takes it, so of two who race for it one wins. The winner is a message, not a moment: a turn
        that is thought over again after a crash finds its link still its own.
        """
        row = IdentityLinkRow
        async with self._database.write() as session:
            taken: CursorResult[object] = await session.exec(
                update(row)
                .where(col(row.digest) == digest, col(row.used_at).is_(None))
                .where(col(row.expires_at) > self._clock.now())
                .values(used_at=self._clock.now(), message_id=message_id)
                .execution_options(synchronize_session=False)
            )
            link = await session.get(row, digest)
            if link is None or (taken.rowcount != 1 and link.message_id != message_id):
                return None
        member = await self._accounts.principal(link.member_id, Level.LINKED)
        return member if member is not None and member.email == link.email else None
