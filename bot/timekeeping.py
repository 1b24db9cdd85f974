"""What time alone causes: codes that run out, accounts that end. Every one of it is an entry of the log."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.ending import Ending
from actions.log import Entry
from actions.seal import Seal
from actions.store.tables import Member
from actions.store.unit import unit_of_work
from bot.database import Database
from bot.ports import Clock
from bot.tables import ConversationRow, IdentityLinkRow, MessageRow, OneTimeCodeRow
from bot.waiting import WaitingRoom

LOOK_EVERY = timedelta(hours=1)
"""Accounts end on a day, not at a second; codes are looked at every time."""

_AT_A_TIME = 500


class Timekeeper:
    """A part of the worker."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ending: Ending,
        seal: Seal | None = None,
        waiting: WaitingRoom | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ending = ending
        self._seal = seal
        self._waiting = waiting
        self._looked_at: datetime | None = None

    async def tell_waiting(self) -> None:
        """Tell those for whom nobody has come."""
        if self._waiting is not None:
            await self._waiting.tell()

    async def expire_codes(self) -> None:
        """Log each code that ran out unused, once. Its row goes on counting against guesses."""
        row, now = OneTimeCodeRow, self._clock.now()
        over = select(row).where(col(row.used_at).is_(None), col(row.expired_at).is_(None))
        over = over.where(col(row.expires_at) <= now).order_by(col(row.expires_at), row.id)
        async with self._database.read() as session:
            if (await session.exec(over.limit(1))).first() is None:
                return
        async with unit_of_work(self._database, self._clock, self._seal) as unit:
            for code in (await unit.session.exec(over)).all():
                code.expired_at = unit.now
                member = select(Member.id).where(Member.email == code.email)
                subject = unit.subject((await unit.session.exec(member)).first(), code.email)
                await unit.record(Entry(subject, "clock", "code", rule="code-expired"))

    async def end_accounts(self) -> None:
        now = self._clock.now()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            await self._ending.run()
            self._looked_at = now


class Heard:
    """When people of an account were last heard of: they wrote, or the site minted a link for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, account_ids: Collection[str]) -> Mapping[str, datetime]:
        ids, heard = list(account_ids), dict[str, datetime]()
        async with self._database.read() as session:
            for start in range(0, len(ids), _AT_A_TIME):
                for account_id, at in await _signs(session, ids[start : start + _AT_A_TIME]):
                    heard[account_id] = max(at, heard.get(account_id, at))
        return heard


async def _signs(session: AsyncSession, ids: Collection[str]) -> list[tuple[str, datetime]]:
    wrote = (
        select(Member.account_id, func.max(MessageRow.created_at))
        .join(ConversationRow, col(ConversationRow.member_id) == col(Member.id))
        .join(MessageRow, col(MessageRow.conversation_id) == col(ConversationRow.id))
        .where(col(Member.account_id).in_(ids), MessageRow.author == "customer")
        .group_by(col(Member.account_id))
    )
    vouched = (
        select(Member.account_id, func.max(MessageRow.created_at))
        .join(MessageRow, col(MessageRow.body)["vouched_email"].as_string() == col(Member.email))
        .where(col(Member.account_id).in_(ids), MessageRow.author == "customer")
        .group_by(col(Member.account_id))
    )
    signed_in = (
        select(Member.account_id, func.max(IdentityLinkRow.created_at))
        .join(IdentityLinkRow, col(IdentityLinkRow.member_id) == col(Member.id))
        .where(col(Member.account_id).in_(ids))
        .group_by(col(Member.account_id))
    )
    return [row for query in (wrote, vouched, signed_in) for row in (await session.exec(query)).all()]
