"""Codes and links under a race, on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from actions.store.accounts import Accounts
from bot.codes import CODE_TRIES, Codes, typed
from bot.linking import Links, digest_of
from bot.tables import ConversationRow, OneTimeCodeRow
from tests.contract.acting import OWNER, World, make_world
from tests.contract.test_migrations import fresh_postgresql, server

__all__ = ["server"]


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = f"sqlite:///{tmp_path / 'race.sqlite'}"
    if request.param == "postgresql":
        url = await fresh_postgresql(request.getfixturevalue("server"))
    made = await make_world(tmp_path, url)
    yield made
    await made.database.close()


@pytest.mark.parametrize("right_among_them", [False, True])
async def test_two_hundred_guesses_at_once_are_five(world: World, right_among_them: bool) -> None:
    codes = Codes(world.database, world.clock)
    async with world.database.write() as session:
        place = ConversationRow(channel="test", chat_id="c", created_at=world.clock.now())
        session.add(place)
    issued = await codes.issue(place.id, OWNER, "test")
    assert issued.code is not None
    async with world.database.read() as session:
        row = (await session.exec(select(OneTimeCodeRow))).one()
    first = int(issued.code) + (0 if right_among_them else 1)
    guesses = [await typed(row, f"{(first + offset) % 10**6:06d}") for offset in range(200)]
    results = [one.result for one in await asyncio.gather(*(codes.check(place.id, one) for one in guesses))]
    async with world.database.read() as session:
        stored = (await session.exec(select(OneTimeCodeRow))).one()
    assert stored.tries <= CODE_TRIES
    assert results.count("wrong") + results.count("right") <= CODE_TRIES
    if not right_among_them:
        assert stored.tries == CODE_TRIES
        assert (await codes.check(place.id, await typed(row, issued.code))).result == "too-many"


async def test_of_fifty_who_redeem_a_link_at_once_one_wins(world: World) -> None:
    links = Links(world.database, Accounts(world.database), world.clock)
    digest = digest_of((await links.mint(OWNER)).token)
    taken = await asyncio.gather(*(links.redeem(digest, f"message-{number}") for number in range(50)))
    assert sum(member is not None for member in taken) == 1
