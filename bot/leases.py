"""Leases: of several processes on one PostgreSQL, one at a time works on something.

A lease ends by itself when its holder dies, and time is the database's, so that clocks which differ do no
harm. On SQLite one process serves, and keeps order by itself: there every lease is granted.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from uuid import uuid4

import structlog
from sqlalchemy import delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from bot.database import Database
from bot.tables import LeaseRow

SECONDS = 12.0
"""How long the work of a dead process stays untouched; a live one renews its leases three times as often."""

CONVERSATION = "conversation:"
"""What the name of a conversation's lease begins with, before its id."""

log = structlog.get_logger(__name__)


class Lease:
    """What one holder was granted. Anything done under it must ask `is_live` first."""

    def __init__(self, until: float) -> None:
        self.until = until

    @property
    def is_live(self) -> bool:
        return monotonic() < self.until


class Leases:
    """Grants leases by name to one holder: this object."""

    def __init__(self, database: Database, *, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._holder = uuid4().hex

    @property
    def are_shared(self) -> bool:
        """Whether another process may hold one."""
        return not self._database.is_sqlite

    async def claim(self, name: str) -> Lease | None:
        """Take a lease, or renew one's own; None while another holds it."""
        if not self.are_shared:
            return Lease(float("inf"))
        until = monotonic() + self._seconds  # counted from before the database counts: never longer there
        free = or_(col(LeaseRow.until) < func.clock_timestamp(), col(LeaseRow.holder) == self._holder)
        row = select(LeaseRow.name).where(LeaseRow.name == name, free).with_for_update(skip_locked=True)
        length = func.make_interval(0, 0, 0, 0, 0, 0, self._seconds)
        new = {"holder": self._holder, "until": func.clock_timestamp() + length}
        async with self._database.write() as session:
            first = insert(LeaseRow).values(name=name, **new).on_conflict_do_nothing()
            if (await session.exec(first.returning(col(LeaseRow.name)))).first():
                return Lease(until)
            taken = update(LeaseRow).where(col(LeaseRow.name).in_(row.scalar_subquery())).values(**new)
            taken = taken.execution_options(synchronize_session=False)
            if (await session.exec(taken.returning(col(LeaseRow.name)))).first():
                return Lease(until)
        return None

    async def release(self, name: str) -> None:
        if not self.are_shared:
            return
        own = delete(LeaseRow).where(col(LeaseRow.name) == name, col(LeaseRow.holder) == self._holder)
        async with self._database.write() as session:
            await session.exec(own)

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[Lease | None]:
        """A lease that is renewed until the block ends, and given back then; None where it is another's."""
        lease = await self.claim(name)
        if lease is None or not self.are_shared:
            yield lease
            return
        renewing = asyncio.create_task(self._renew(name, lease))
        try:
            yield lease
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await asyncio.shield(self.release(name))

    async def _renew(self, name: str, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                renewed = await self.claim(name)
            except Exception:
                log.exception("lease-not-renewed", lease=name)
                continue
            if renewed is None:
                lease.until = 0.0
                return
            lease.until = renewed.until
