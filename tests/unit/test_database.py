"""Sessions on SQLite: one event loop, several processes' connections, and nobody stops anybody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel, col, func, select

from bot import database as module
from bot.database import Database
from bot.tables import LeaseRow
from tests.fakes import MovingClock

Pair = tuple[Database, Database]


def row(name: str) -> LeaseRow:
    return LeaseRow(name=name, holder="h", until=MovingClock().now())


async def names(database: Database) -> int:
    async with database.read() as session:
        return (await session.exec(select(func.count(col(LeaseRow.name))))).one()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    """Two processes' view of one file: they have nothing in common but it."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    first, second = Database(url), Database(url)
    async with first.transaction() as connection:
        tables = [SQLModel.metadata.tables["lease"]]
        await connection.run_sync(lambda sync: SQLModel.metadata.create_all(sync, tables=tables))
    yield first, second
    await first.close()
    await second.close()


async def test_a_writer_waits_for_another_processs_write_and_the_loop_goes_on(pair: Pair) -> None:
    first, second = pair
    turns = 0
    may_end = asyncio.Event()

    async def holds() -> None:
        async with first.write() as session:
            session.add(row("first"))
            await session.flush()
            await may_end.wait()

    async def waits() -> None:
        async with second.write() as session:
            assert (await session.exec(select(LeaseRow.name))).all() == ["first"]
            session.add(row("second"))

    holding = asyncio.create_task(holds())
    await asyncio.sleep(0.01)
    waiting = asyncio.create_task(waits())
    for _ in range(20):
        await asyncio.sleep(0.005)
        turns += 1
        assert await names(second) == 0  # reading goes on too, and sees what was committed
    assert not waiting.done()
    may_end.set()
    await asyncio.wait_for(asyncio.gather(holding, waiting), 5)
    assert turns == 20
    assert await names(first) == 2


async def test_a_writer_gives_up_when_another_process_never_ends(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    async with first.write() as session:
        session.add(row("first"))
        with pytest.raises(OperationalError, match="locked"):
            async with second.write():
                raise AssertionError("let in beside another writer")
    async with second.write() as session:
        session.add(row("second"))
    assert await names(first) == 2


async def test_two_processes_write_at_once_and_nothing_is_lost(pair: Pair) -> None:
    async def one(database: Database, name: str) -> None:
        async with database.write() as session:
            await asyncio.sleep(0)
            session.add(row(name))

    jobs = [one(database, f"{place}-{number}") for place, database in enumerate(pair) for number in range(50)]
    await asyncio.wait_for(asyncio.gather(*jobs), 20)
    assert await names(pair[0]) == 100


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_block_that_raises_leaves_nothing_and_lets_the_next_in(
    pair: Pair, error: type[BaseException]
) -> None:
    first, second = pair

    async def breaks() -> None:
        async with first.write() as session:
            session.add(row("gone"))
            await session.flush()
            raise error

    with pytest.raises(error):
        await breaks()
    async with second.write() as session:
        session.add(row("kept"))
    assert await names(first) == 1


async def test_what_a_reading_session_changes_is_thrown_away(pair: Pair) -> None:
    async with pair[0].read() as session:
        session.add(row("gone"))
        await session.flush()
    assert await names(pair[1]) == 0


async def test_scrubbing_overwrites_what_was_deleted(pair: Pair) -> None:
    first, _ = pair
    secret = "a-name-to-be-forgotten" * 40
    async with first.write() as session:
        session.add(row(secret))
    async with first.write() as session:
        await session.delete(await session.get_one(LeaseRow, secret))
    await first.scrub()
    file = Path(first.url.removeprefix("sqlite:///"))
    files = [path for path in file.parent.iterdir() if path.is_file()]
    assert file in files
    assert not [path for path in files if b"to-be-forgotten" in path.read_bytes()]
