"""Who is this: an e-mail address proven by a code, or one that the channel vouches for.

A typed address is a claim, never an identity. Codes are hashed at rest, bound to the conversation and the
address, live ten minutes, work once, and allow five tries, counted by the database in one statement.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import CursorResult, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.model import Level, Principal
from actions.store.accounts import Accounts
from bot.database import Database
from bot.ports import Clock
from bot.tables import ConversationRow, OneTimeCodeRow

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
CODES_PER_CONVERSATION = 6
CODES_PER_ADDRESS = 30
"""Codes an hour. Whoever asks for more is told to wait; the address need not be one that we know."""
TRIES_PER_ADDRESS = 60
"""Tries a day, over all conversations: a chance of 60 in a million for who opens one after the other."""
STEP_UP_WINDOW = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh code, or why there is none."""

    code: str | None
    refused: Literal["too-many-codes", "too-many-tries"] | None = None


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What became of a typed code. `email` is the proven address when it was right."""

    result: Literal["right", "wrong", "expired", "too-many"]
    email: str | None = None
    tries_left: int = 0


class Identity:
    """Turns channel facts and codes into a Principal."""

    def __init__(self, database: Database, accounts: Accounts, clock: Clock) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock

    async def principal(self, conversation: ConversationRow, *, vouched_email: str | None) -> Principal:
        """Who may be held to have sent the message at hand."""
        email = vouched_email or conversation.email
        language = conversation.language or "en"
        if email is None:
            return Principal(language=language)
        fresh = conversation.verified_until is not None and conversation.verified_until > self._clock.now()
        level = Level.VERIFIED if vouched_email or fresh else Level.LINKED
        member = await self._accounts.member_by_email(email)
        if member is None:
            return Principal(level=level, email=email, language=language)
        return Principal(
            level=level,
            email=email,
            member_id=member.id,
            account_id=member.account_id,
            role=member.role,
            language=language,
        )

    async def knows(self, email: str) -> bool:
        return await self._accounts.member_by_email(email) is not None

    async def issue(self, conversation_id: str, email: str, purpose: str) -> Issued:
        """Make a code for this address, for the mail alone, unless there were too many.

        Tries already used up in this conversation count on: asking anew gives no fresh five.
        """
        code = f"{secrets.randbelow(10**6):06d}"
        salt = secrets.token_hex(16)
        now = self._clock.now()
        async with self._database.write() as session:
            earlier = await self._open_code(session, conversation_id)
            tries = earlier.tries if earlier is not None and earlier.expires_at > now else 0
            if tries >= CODE_TRIES or await self._tries_on(session, email) >= TRIES_PER_ADDRESS:
                return Issued(None, "too-many-tries")
            if await self._too_many_codes(session, conversation_id, email):
                return Issued(None, "too-many-codes")
            if earlier is not None:
                earlier.used_at = now
                session.add(earlier)
            session.add(
                OneTimeCodeRow(
                    conversation_id=conversation_id,
                    email=email.lower(),
                    purpose=purpose,
                    salt=salt,
                    digest=_digest(salt, code),
                    tries=tries,
                    expires_at=now + CODE_LIFE,
                    created_at=now,
                )
            )
        return Issued(code)

    async def _too_many_codes(self, session: AsyncSession, conversation_id: str, email: str) -> bool:
        """Whether this conversation floods mailboxes, or this mailbox is being flooded."""
        row, since = OneTimeCodeRow, self._clock.now() - timedelta(hours=1)
        for place, most in (
            (col(row.conversation_id) == conversation_id, CODES_PER_CONVERSATION),
            (col(row.email) == email.lower(), CODES_PER_ADDRESS),
        ):
            count = select(func.count()).select_from(row).where(place, col(row.created_at) > since)
            if (await session.exec(count)).one() >= most:
                return True
        return False

    async def _tries_on(self, session: AsyncSession, email: str) -> int:
        """The tries of a day on one address: new conversations give nobody more guesses without end."""
        row, since = OneTimeCodeRow, self._clock.now() - timedelta(days=1)
        tries = select(func.coalesce(func.sum(row.tries), 0))
        of_address = tries.where(col(row.email) == email.lower(), col(row.created_at) > since)
        return int((await session.exec(of_address)).one())

    async def check(self, conversation_id: str, code: str) -> CodeCheck:
        """Try a code. The try is counted before it is compared, and committed before the answer is known."""
        now = self._clock.now()
        async with self._database.write() as session:
            row = await self._open_code(session, conversation_id)
            if row is None or row.expires_at <= now:
                return CodeCheck("expired")
            counted: CursorResult[object] = await session.exec(
                update(OneTimeCodeRow)
                .where(col(OneTimeCodeRow.id) == row.id, col(OneTimeCodeRow.tries) < CODE_TRIES)
                .where(col(OneTimeCodeRow.used_at).is_(None))
                .values(tries=OneTimeCodeRow.tries + 1)
                .execution_options(synchronize_session=False)
            )
            if counted.rowcount != 1:
                return CodeCheck("too-many")
        if not hmac.compare_digest(row.digest, _digest(row.salt, code)):
            left = CODE_TRIES - row.tries - 1
            return CodeCheck("wrong", tries_left=left) if left > 0 else CodeCheck("too-many")
        return await self._use(row)

    async def _use(self, row: OneTimeCodeRow) -> CodeCheck:
        async with self._database.write() as session:
            used: CursorResult[object] = await session.exec(
                update(OneTimeCodeRow)
                .where(col(OneTimeCodeRow.id) == row.id, col(OneTimeCodeRow.used_at).is_(None))
                .values(used_at=self._clock.now())
            )
        return CodeCheck("right", email=row.email) if used.rowcount == 1 else CodeCheck("expired")

    async def _open_code(self, session: AsyncSession, conversation_id: str) -> OneTimeCodeRow | None:
        return (
            await session.exec(
                select(OneTimeCodeRow)
                .where(OneTimeCodeRow.conversation_id == conversation_id)
                .where(col(OneTimeCodeRow.used_at).is_(None))
                .order_by(col(OneTimeCodeRow.created_at).desc())
            )
        ).first()


def _digest(salt: str, code: str) -> str:
    """Slow on purpose: a stolen table of six-digit codes must not be read back within their ten minutes."""
    return hashlib.pbkdf2_hmac("sha256", code.encode(), bytes.fromhex(salt), 50_000).hex()
