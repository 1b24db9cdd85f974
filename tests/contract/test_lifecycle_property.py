"""Whatever staff, customer and clock do, in whatever order: the lifecycle holds, and one outcome stands."""

import asyncio
import shutil
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.lifecycle import FINAL, may_follow
from actions.log import entries
from actions.model import ActionKind, Step
from actions.policies import APPROVALS
from actions.seal import Seal
from actions.service import ActionService
from actions.store.approval_tables import Approval
from actions.store.tables import Effect, Outbox
from bot.database import Database
from tests.contract.acting import OWNER, STAFF, FakeClauses, World, make_world, staff_policies
from tests.fakes import MovingClock

MOVES = (
    *(("approve", name) for name in ("s1", "s2", "S1", "nobody", "maria@example.com")),
    *(("refuse", name) for name in ("s1", "nobody")),
    *(("withdraw", ""), ("press", ""), ("run", ""), ("expire", ""), ("recover", "")),
    *(("wait", hours) for hours in ("1", "23", "25")),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated demo store, to be copied."""
    folder = tmp_path_factory.mktemp("store")

    async def make() -> None:
        await (await make_world(folder)).database.close()

    asyncio.run(make())
    return folder / "store.sqlite"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(tier=st.sampled_from(sorted(APPROVALS)), moves=st.lists(st.sampled_from(MOVES), max_size=10))
def test_any_order_of_events_leaves_one_outcome(store: Path, tier: str, moves: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        shutil.copy(store, folder)
        asyncio.run(_live(Path(folder), tier, moves))


async def _live(folder: Path, tier: str, moves: list[tuple[str, str]]) -> None:
    database = Database(f"sqlite:///{folder / 'store.sqlite'}")
    clock, seal, policies = MovingClock(), Seal(folder / "sealed"), staff_policies(tier)
    service = ActionService(database, clock, FakeClauses(), seal=seal, policies=policies, staff=STAFF)
    world = World(database, clock, seal, service, policies)
    try:
        card = await world.card(OWNER, ActionKind.CANCEL_ACCOUNT)
        for move, detail in moves:
            clock.move(seconds=1)
            if move == "press":
                await world.press(OWNER, card)
            else:
                await _do(world, card.action_id, move, detail)
        await _check(world, card.action_id, tier)
    finally:
        await database.close()


async def _do(world: World, action_id: str, move: str, detail: str) -> None:
    match move:
        case "approve":
            await world.service.approve(action_id, detail)
        case "refuse":
            await world.service.refuse(action_id, detail, "No.")
        case "withdraw":
            await world.service.withdraw(action_id, await world.principal(OWNER), "chat")
        case "run":
            await world.service.run_due()
        case "expire":
            await world.service.expire()
        case "recover":
            await world.service.recover()
        case "wait":
            world.clock.move(hours=int(detail))


async def _check(world: World, action_id: str, tier: str) -> None:
    logged = await entries(world.database, action_id=action_id, limit=1000)
    steps = [Step(entry.step) for entry in logged if entry.step]
    assert all(may_follow(step, following) for step, following in pairwise(steps))
    assert sum(step in FINAL for step in steps) <= 1
    now = Step((await world.action(action_id)).step)
    assert now is steps[-1]
    approvers = {row.staff for row in await world.rows(Approval)}
    assert [entry.rule for entry in logged].count("approved") == len(approvers)
    assert approvers <= {"s1", "s2", "maria@example.com"}
    if Step.SCHEDULED in steps:
        assert len(approvers) == APPROVALS[tier]
    else:
        assert len(approvers) < max(APPROVALS[tier], 1)
    assert len(await world.rows(Effect)) == (now is Step.DONE)
    told = {row.topic for row in await world.rows(Outbox) if row.topic.startswith("mail.")}
    assert ("mail.receipt" in told) is (now is Step.DONE)
    assert ("mail.refused" in told) is (now is Step.REFUSED)
    held = {Step.AWAITING_APPROVAL: "closing", Step.SCHEDULED: "closing", Step.DONE: "closed"}
    assert (await world.account_of(OWNER)).status == held.get(now, "active")
    await world.verified()
