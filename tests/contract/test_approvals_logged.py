"""Approvals stand in the log and the log's in them, on both databases; too few staff are told so."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import col

from actions.approving import may_reach
from actions.audit import verify
from actions.log import entries
from actions.model import Receipt, Rejected, Step
from actions.service import ActionService
from actions.store.approval_tables import Approval
from actions.store.unit import unit_of_work
from tests.contract.acting import AGENT, OWNER, FakeClauses, World, staff_policies
from tests.contract.test_approvals import S1, S2, waiting
from tests.contract.test_approvals import local as local  # the fixtures
from tests.contract.test_approvals import world as world
from tests.contract.test_migrations import server as server


@pytest.mark.parametrize(
    ("known", "asker", "given", "needed", "reaches"),
    [
        ([S1, S2], [], [], 2, True),
        ([S1], [], [], 2, False),
        ([S1], [], [], 1, True),
        ([S1, S2], [S2], [], 2, False),
        ([S1, S2, "s3"], [S2], [], 2, True),
        ([S2], [], [S1], 2, True),  # who approved and has left the staff since
        ([S1], [], [S1], 2, False),
        ([S1], [], [], 0, True),
    ],
)
def test_who_can_reach_it(
    known: list[str], asker: list[str], given: list[str], needed: int, reaches: bool
) -> None:
    assert may_reach(known, asker, given, needed) is reaches


@pytest.mark.parametrize(
    ("staff", "rule"), [((S1,), "too-few-staff"), ((S1, OWNER), "too-few-staff"), ((S1, AGENT), None)]
)
async def test_four_eyes_that_are_not_there(local: World, staff: tuple[str, ...], rule: str | None) -> None:
    world, receipt = await waiting(local, "four-eyes")
    few = ActionService(
        world.database, world.clock, FakeClauses(), seal=world.seal,
        policies=staff_policies("four-eyes"), staff=staff,
    )  # fmt: skip
    approved = await few.approve(receipt.action_id, S1)
    if rule:
        assert approved == Rejected(rule, receipt.action_id)
        assert await world.rows(Approval) == []
        assert (await entries(world.database, action_id=receipt.action_id))[-1].rule == rule
        assert isinstance(await few.refuse(receipt.action_id, S1, "We are too few."), Receipt)
    else:
        assert isinstance(approved, Receipt)
        assert approved.step is Step.AWAITING_APPROVAL
    await world.verified()


async def test_an_approval_without_its_entry_is_a_fault(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    await world.service.approve(receipt.action_id, S1)
    await world.verified()
    async with world.database.write() as session:
        session.add(Approval(action_id=receipt.action_id, staff=S2, at=datetime(2026, 11, 24, tzinfo=UTC)))
    report = await verify(world.database, world.seal)
    assert (report.ok, report.first_bad_seq) == (False, None)
    assert f"action {receipt.action_id} has an approval that no entry" in (report.reason or "")


async def test_an_entry_without_its_approval_is_a_fault(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    for staff in (S1, S2):
        await world.service.approve(receipt.action_id, staff)
    await world.verified()
    async with world.database.write() as session:
        await session.exec(delete(Approval).where(col(Approval.staff) == S1))
    approved = [
        entry.seq
        for entry in await entries(world.database, action_id=receipt.action_id)
        if entry.rule == "approved"
    ]
    report = await verify(world.database, world.seal)
    assert not report.ok
    assert (report.reason or "").startswith(f"entry {approved[0]} ")


async def test_an_approval_moved_to_another_member_of_staff_is_a_fault(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    await world.service.approve(receipt.action_id, S1)
    async with world.database.write() as session:
        row = await session.get_one(Approval, (await world.rows(Approval))[0].id)
        row.staff = S2
    assert not (await verify(world.database, world.seal)).ok


async def test_approvals_are_compared_after_an_entry_is_forged_without_a_row(
    local: World, tmp_path: Path
) -> None:
    world, receipt = await waiting(local, "four-eyes")
    async with unit_of_work(world.database, world.clock, world.seal) as unit:
        action = await world.action(receipt.action_id)
        await unit.record(unit.entry(action, None, rule="approved", actor=unit.staff(S1)))
        seq = unit.head.seq if unit.head else 0
    assert ((await verify(world.database, world.seal)).reason or "").startswith(f"entry {seq} ")
