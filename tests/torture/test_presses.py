"""A hundred presses at once, two hundred times, and as many races, on SQLite and on a real PostgreSQL."""

from collections import Counter

import pytest

from actions.model import Step
from tests.contract.acting import World
from tests.contract.pressing import confirm_against_withdraw, effect_against_withdraw, press_at_once
from tests.contract.test_migrations import server as server  # the fixture
from tests.contract.test_presses import other as other
from tests.contract.test_presses import world as world

ROUNDS = 200


@pytest.mark.torture
async def test_a_hundred_presses_at_once_have_one_effect(world: World, other: World) -> None:
    for number in range(ROUNDS):
        await press_at_once(world, other, number)
    await world.verified()


@pytest.mark.torture
async def test_of_confirming_and_withdrawing_the_first_committed_wins(world: World, other: World) -> None:
    ends = Counter([await confirm_against_withdraw(world, other, number) for number in range(ROUNDS)])
    assert set(ends) == {Step.DONE, Step.WITHDRAWN}
    await world.verified()


@pytest.mark.torture
async def test_of_the_effect_and_withdrawing_the_first_committed_wins(world: World, other: World) -> None:
    ends = Counter([await effect_against_withdraw(world, other, number) for number in range(ROUNDS)])
    assert set(ends) == {Step.DONE, Step.WITHDRAWN}
    await world.verified()
