"""One-time codes sent by e-mail: hashed at rest, bound to the request, the conversation and the address.

A code lives ten minutes, works once, and allows five tries, counted by the database in one statement. A
fresh code for the same request goes on counting where the one before it stood.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import CursorResult, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.store.tables import Member
from bot.database import Database
from bot.ports import Clock
from bot.tables import OneTimeCodeRow

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_PER_CONVERSATION = 6
CODES_PER_ADDRESS = 30
"""Codes an hour. Whoever asks for more is told to wait; the address need not be one that we know."""
CODES_PER_DAY = 50
"""Codes a day for one address, and for all addresses of one account together."""
TRIES_PER_DAY = 60
"""Tries a day, likewise: a chance of 60 in a million for who opens one conversation after the other."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh code, or why there is none.

    `account-full`: other addresses of the account have used up its day. Only the mail may say so: said in
    the conversation, it would tell a stranger whose addresses belong together.
    """

    code: str | None
    refused: Literal["too-many-codes", "too-many-tries", "account-full"] | None = None


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What became of a typed code. `email` is the proven address when it was right."""

    result: Literal["right", "wrong", "expired", "too-many"]
    email: str | None = None
    tries_left: int = 0


@dataclass(frozen=True, slots=True)
class TypedCode:
    """A code as typed, hashed with the salt of the code that was open then; `row` None: none was."""

    row: str | None = None
    digest: str = ""

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def typed_from(body: Mapping[str, Any]) -> TypedCode | None:
    """The code that stood in a stored message, or None where there was none."""
    proof = body.get("code")
    return TypedCode(**proof) if proof else None


async def typed(row: OneTimeCodeRow, code: str) -> TypedCode:
    """Hash what was typed; spent tries are not worth the work."""
    if row.tries >= CODE_TRIES:
        return TypedCode(row.id)
    return TypedCode(row.id, await _hash(row.salt, code))


class Codes:
    """Issues and checks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def issue(self, conversation_id: str, email: str, purpose: str, origin: str = "") -> Issued:
        """Make a code for this address, for the mail alone, unless there were too many.

        `origin` is the request that it serves. Tries already used up in it count on: asking anew gives no
        fresh five.
        """
        email, now = email.lower(), self._clock.now()
        code, salt = f"{secrets.randbelow(10**6):06d}", secrets.token_hex(16)
        digest = await _hash(salt, code)
        async with self._database.write() as session:
            earlier = await _open_code(session, conversation_id)
            tries = _tries_so_far(earlier, origin, now)
            refused = await self._refused(session, conversation_id, email)
            if tries >= CODE_TRIES or refused == "too-many-tries":
                return Issued(None, "too-many-tries")
            if refused == "too-many-codes":
                return Issued(None, refused)
            if earlier is not None:
                earlier.used_at = now
                session.add(earlier)
            session.add(
                OneTimeCodeRow(
                    conversation_id=conversation_id,
                    email=email,
                    purpose=purpose,
                    origin=origin,
                    salt=salt,
                    # a code that nobody is sent is none that anybody can guess
                    digest=secrets.token_hex(32) if refused else digest,
                    tries=tries,
                    expires_at=now + CODE_LIFE,
                    created_at=now,
                )
            )
        return Issued(None, refused) if refused else Issued(code)

    async def _refused(
        self, session: AsyncSession, conversation_id: str, email: str
    ) -> Literal["too-many-codes", "too-many-tries", "account-full"] | None:
        """Whether this conversation floods mailboxes, or this mailbox or account is being flooded."""
        account = await _addresses_of_account(session, email)
        codes, tries = await self._of_today(session, [email])
        if tries >= TRIES_PER_DAY:
            return "too-many-tries"
        row, since = OneTimeCodeRow, self._clock.now() - HOUR
        for place, most in (
            (col(row.conversation_id) == conversation_id, CODES_PER_CONVERSATION),
            (col(row.email) == email, CODES_PER_ADDRESS),
        ):
            count = select(func.count()).select_from(row).where(place, col(row.created_at) > since)
            if (await session.exec(count)).one() >= most:
                return "too-many-codes"
        if codes >= CODES_PER_DAY:
            return "too-many-codes"
        codes, tries = await self._of_today(session, account)
        return "account-full" if codes >= CODES_PER_DAY or tries >= TRIES_PER_DAY else None

    async def _of_today(self, session: AsyncSession, emails: Sequence[str]) -> tuple[int, int]:
        """Codes and tries of a day, over all conversations: a new one gives nobody more guesses."""
        row = OneTimeCodeRow
        sums = select(func.count(), func.coalesce(func.sum(row.tries), 0)).select_from(row)
        of_day = sums.where(col(row.email).in_(emails), col(row.created_at) > self._clock.now() - DAY)
        codes, tries = (await session.exec(of_day)).one()
        return int(codes), int(tries)

    async def check(
        self, conversation_id: str, code: TypedCode, origin: str | None = None, *, message_id: str = ""
    ) -> CodeCheck:
        """Try a code. The try is counted before it is compared, and committed before the answer is known.

        `message_id` is the message that carries the code: answered again, after a crash, it is right again.
        """
        now = self._clock.now()
        async with self._database.write() as session:
            if message_id and (used := await _used_by(session, conversation_id, message_id)):
                return CodeCheck("right", email=used.email)
            row = await _open_code(session, conversation_id)
            if row is None or row.expires_at <= now or (origin is not None and row.origin != origin):
                return CodeCheck("expired")
            # Among the account's addresses is the code's own, so its cap is kept too.
            account = await _addresses_of_account(session, row.email)
            if (await self._of_today(session, account))[1] >= TRIES_PER_DAY:
                return CodeCheck("too-many")
            counted: CursorResult[Any] = await session.exec(
                update(OneTimeCodeRow)
                .where(col(OneTimeCodeRow.id) == row.id, col(OneTimeCodeRow.tries) < CODE_TRIES)
                .where(col(OneTimeCodeRow.used_at).is_(None))
                .values(tries=OneTimeCodeRow.tries + 1)
                .returning(col(OneTimeCodeRow.tries))
                .execution_options(synchronize_session=False)
            )
            tries: int | None = counted.scalar_one_or_none()
        if tries is None:
            return CodeCheck("too-many")
        if code.row != row.id or not hmac.compare_digest(row.digest, code.digest):
            left = CODE_TRIES - tries
            return CodeCheck("wrong", tries_left=left) if left > 0 else CodeCheck("too-many")
        return await self._use(row, message_id)

    async def _use(self, row: OneTimeCodeRow, message_id: str) -> CodeCheck:
        async with self._database.write() as session:
            used: CursorResult[object] = await session.exec(
                update(OneTimeCodeRow)
                .where(col(OneTimeCodeRow.id) == row.id, col(OneTimeCodeRow.used_at).is_(None))
                .values(used_at=self._clock.now(), used_by=message_id or None)
            )
        return CodeCheck("right", email=row.email) if used.rowcount == 1 else CodeCheck("expired")


def _tries_so_far(earlier: OneTimeCodeRow | None, origin: str, now: datetime) -> int:
    """The tries that a fresh code begins with. Waiting until the old one expires wins none either."""
    if earlier is None or (earlier.expires_at <= now and earlier.origin != origin):
        return 0
    return earlier.tries


async def _used_by(session: AsyncSession, conversation_id: str, message_id: str) -> OneTimeCodeRow | None:
    row = OneTimeCodeRow
    mine = select(row).where(row.conversation_id == conversation_id, row.used_by == message_id)
    return (await session.exec(mine)).first()


async def _open_code(session: AsyncSession, conversation_id: str) -> OneTimeCodeRow | None:
    return (
        await session.exec(
            select(OneTimeCodeRow)
            .where(OneTimeCodeRow.conversation_id == conversation_id)
            .where(col(OneTimeCodeRow.used_at).is_(None))
            .order_by(col(OneTimeCodeRow.created_at).desc())
        )
    ).first()


async def _addresses_of_account(session: AsyncSession, email: str) -> Sequence[str]:
    """All addresses of the account that this one belongs to; of a stranger, the address itself."""
    account = select(Member.account_id).where(Member.email == email).scalar_subquery()
    found = (await session.exec(select(Member.email).where(col(Member.account_id) == account))).all()
    return found or [email]


async def _hash(salt: str, code: str) -> str:
    """Slow on purpose: a stolen table of six-digit codes must not be read back within their ten minutes."""
    made = await asyncio.to_thread(hashlib.pbkdf2_hmac, "sha256", code.encode(), bytes.fromhex(salt), 50_000)
    return made.hex()
