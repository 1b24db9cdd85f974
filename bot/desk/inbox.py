"""What comes in from the desk's group: stored first, then acted on in order, each once."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from bot.database import Database
from bot.desk.hands import Hands
from bot.desk.heard import Heard, heard_of
from bot.desk.tables import DeskUpdateRow
from bot.ports import Clock

if TYPE_CHECKING:
    from aiogram.types import Update

AT_A_LOOK = 100
TRIES = 5

log = structlog.get_logger(__name__)


class Inbox:
    """Holds what agents sent until it is done."""

    def __init__(self, database: Database, clock: Clock, bot_id: int) -> None:
        self._database = database
        self._clock = clock
        self._bot_id = bot_id

    async def store(self, update_: "Update") -> bool:
        """Keep an update; False when there is nothing to act on. Raises when it could not be stored."""
        heard = heard_of(update_, self._bot_id)
        if heard is None:
            return False
        try:
            await self._keep(heard)
        except IntegrityError:  # another process stored it at the same moment
            await self._keep(heard)
        return True

    async def act(self, hands: Hands) -> int:
        """Act on everything that waits; return how much. What fails is tried again, and holds up the rest."""
        waiting = await self._waiting()
        for row in waiting:
            await self._mark(row.key, tries=row.tries + 1)
            try:
                await hands.act(Heard(**row.content), again=row.tries > 0)
            except Exception:
                if row.tries + 1 < TRIES:
                    raise
                log.exception("desk-update-given-up", update=row.key)
                await hands.failed(Heard(**row.content))
            await self._mark(row.key, status="done", content={})
        return len(waiting)

    async def _keep(self, heard: Heard) -> None:
        row = DeskUpdateRow
        async with self._database.write() as session:
            if await session.get(row, heard.key) is not None:
                return
            place = heard.message_id
            if heard.kind == "press":
                place = max(place, (await session.exec(select(func.max(row.place)))).one() or 0)
            now = self._clock.now()
            session.add(row(key=heard.key, place=place, content=asdict(heard), created_at=now))

    async def _waiting(self) -> list[DeskUpdateRow]:
        row = DeskUpdateRow
        query = select(row).where(row.status == "received")
        query = query.order_by(col(row.place), col(row.created_at), row.key).limit(AT_A_LOOK)
        async with self._database.read() as session:
            return list(await session.exec(query))

    async def _mark(self, key: str, **values: object) -> None:
        row = DeskUpdateRow
        async with self._database.write() as session:
            await session.exec(update(row).where(col(row.key) == key).values(**values))
