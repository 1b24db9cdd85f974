"""A sample of the kills of tests/torture: one whole effect, nothing lost, a log that verifies."""

import pytest

from tests.contract.test_migrations import server as server  # the fixture
from tests.faults.scene import SIDES, STEPS, Stage
from tests.faults.stages import postgresql as postgresql
from tests.faults.stages import sqlite as sqlite
from tests.faults.stages import stage as stage

SEED = 0
EVERY = 45


def sampled() -> list[tuple[str, str, str]]:
    """Of each step one side on one database, the other on the other."""
    databases = ("sqlite", "postgresql")
    return [
        (databases[(number + turn) % 2], step, side)
        for number, step in enumerate(STEPS)
        for turn, side in enumerate(SIDES)
    ]


@pytest.mark.parametrize(("stage", "step", "side"), sampled(), indirect=["stage"])
async def test_a_kill_around_a_step_leaves_one_whole_effect(stage: Stage, step: str, side: str) -> None:
    await stage.kill(step, side, SEED)


async def test_a_kill_at_any_point_leaves_one_whole_effect(sqlite: Stage) -> None:
    assert await sqlite.kill_every("correction", EVERY) > 1
