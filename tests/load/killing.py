"""kill -9 of the server while customers write, and what must hold afterwards."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time

from sqlalchemy import func
from sqlmodel import col, select

from bot.database import Database
from bot.delivery import SIDE_BY_SIDE
from bot.tables import MessageRow
from tests.bot_api import FakeBotApi
from tests.load.crowd import FIRST, Crowd
from tests.load.ledger import Ledger, Written, read_ledger
from tests.load.server import Server

RATE = 20.0
LIMIT = 30.0
HURRIED = 0.25
PATIENCE = 1200.0


@dataclass(frozen=True)
class Account:
    """Figures of a run; delays in seconds, `again` the messages that phones show twice."""

    messages: int
    kills: int
    slowest_answer: float
    slowest_start: float
    again: int
    refused: int


async def kill_under_load(
    server: Server,
    api: FakeBotApi,
    address: str,
    *,
    kills: int,
    seed: int,
    rate: float = RATE,
    first: int = FIRST,
    hurried: float = HURRIED,
) -> Account:
    """Kill a running server again and again; check the whole account.

    The share `hurried` of the kills comes within two seconds of the start, the others when it has caught up.
    """
    chance, crowd, database = random.Random(seed), Crowd(api, seed, first), Database(address)
    talking = asyncio.create_task(crowd.talk(rate))
    try:
        for number in range(kills):
            await asyncio.sleep(chance.uniform(0.1, 2.0))
            await server.kill()
            await server.begin()
            if number == kills - 1 or chance.random() >= hurried:
                await _caught_up(api, database)
        await asyncio.sleep(1.0)
        talking.cancel()
        await finished(api, database)
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await database.close()
    return checked(await read_ledger(address), crowd.written, server, api, kills)


def checked(
    ledger: Ledger, written: Sequence[Written], server: Server, api: FakeBotApi, kills: int
) -> Account:
    ledger = ledger.of(written)
    ledger.check(written)
    again = [ledger.shown_again(chat, [sent.text for sent in api.sent(int(chat))]) for chat in ledger.chats]
    # What was under way when it died, SIDE_BY_SIDE chats at most, is sent once more.
    assert max(again) <= kills
    assert sum(again) <= kills * SIDE_BY_SIDE
    delays = ledger.delays(written, server.started)
    assert delays[-1] <= LIMIT, f"answered {delays[-1]:.1f} s after the restart"
    refused = 0 if api.limits is None else api.limits.refused
    slowest = max(server.ready_after, default=0.0)
    return Account(len(written), kills, delays[-1], slowest, sum(again), refused)


async def _caught_up(api: FakeBotApi, database: Database) -> None:
    """Wait until what was offered before this moment is answered."""
    offered = api.clock()
    async with asyncio.timeout(PATIENCE):
        while min(api.updates.offered_at.values(), default=float("inf")) < offered:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        stored = time()
        while await _left(database, "received", before=stored):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def finished(api: FakeBotApi, database: Database) -> None:
    """Wait until everything is taken, answered and sent."""
    async with asyncio.timeout(PATIENCE):
        while api.updates.pending or await _left(database, "received", "pending"):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def _left(database: Database, *status: str, before: float | None = None) -> int:
    row = MessageRow
    count = select(func.count()).select_from(row).where(col(row.status).in_(status))
    if before is not None:
        count = count.where(row.created_at <= datetime.fromtimestamp(before, UTC))
    async with database.read() as session:
        return (await session.exec(count)).one()
