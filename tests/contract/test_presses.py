"""Presses at once and races, on SQLite and on a real PostgreSQL; tests/torture has more rounds of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.acting import World, make_world
from tests.contract.pressing import beside, confirm_against_withdraw, effect_against_withdraw, press_at_once
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture

ROUNDS = 10


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    is_sqlite = request.param == "sqlite"
    url = None if is_sqlite else await fresh_postgresql(request.getfixturevalue("server"))
    made = await make_world(tmp_path, url)
    yield made
    await made.database.close()


@pytest.fixture
async def other(world: World) -> AsyncIterator[World]:
    made = beside(world)
    yield made
    await made.database.close()


async def test_a_hundred_presses_at_once_have_one_effect(world: World, other: World) -> None:
    for number in range(ROUNDS):
        await press_at_once(world, other, number)
    await world.verified()


async def test_of_confirming_and_withdrawing_the_first_committed_wins(world: World, other: World) -> None:
    for number in range(ROUNDS):
        await confirm_against_withdraw(world, other, number)
    await world.verified()


async def test_of_the_effect_and_withdrawing_the_first_committed_wins(world: World, other: World) -> None:
    for number in range(ROUNDS):
        await effect_against_withdraw(world, other, number)
    await world.verified()
