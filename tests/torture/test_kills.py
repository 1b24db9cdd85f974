"""kill -9 before and after each step of an action, twenty seeds each, on SQLite and on PostgreSQL.

A seed chooses the dialogue, which of the statements, commits, seals and sends around the step it is, and
whether the kill comes exactly there or some milliseconds later.
"""

import pytest

from tests.contract.test_migrations import server as server  # the fixture
from tests.faults.dialogues import DIALOGUES
from tests.faults.scene import SIDES, STEPS, Stage
from tests.faults.stages import postgresql as postgresql
from tests.faults.stages import sqlite as sqlite
from tests.faults.stages import stage as stage

SEEDS = 20


@pytest.mark.torture
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_around_a_step_leaves_one_whole_effect(stage: Stage, step: str, side: str) -> None:
    for seed in range(SEEDS):
        await stage.kill(step, side, seed)


@pytest.mark.torture
@pytest.mark.parametrize("name", DIALOGUES)
async def test_a_kill_at_any_point_leaves_one_whole_effect(sqlite: Stage, name: str) -> None:
    assert await sqlite.kill_every(name, 1) > 60
