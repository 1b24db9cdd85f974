"""The desk of data-protection cases on SQLite and on a real PostgreSQL: extension, pause, reminders, end."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from actions.calendar import Calendar
from actions.cases import Cases, OpenedCase
from actions.casework import Case
from actions.log import entries
from actions.model import Receipt, Rejected, Right
from actions.policies import load
from actions.store.tables import Action, GdprCase, Outbox
from actions.store.unit import Unit
from tests.contract.acting import OWNER, STAFF, STRANGER, World, make_world
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture

DUE = date(2026, 12, 28)  # of a case received on 24 November 2026: holidays, then a Sunday
LONGER = date(2027, 2, 24)  # a Wednesday
S1, S2 = "s1", "s2"


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = None
    if request.param == "postgresql":
        url = await fresh_postgresql(request.getfixturevalue("server"))
    world = await make_world(tmp_path, url)
    yield world
    await world.database.close()


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[World]:
    """On SQLite alone: what no database makes a difference to."""
    world = await make_world(tmp_path)
    yield world
    await world.database.close()


def desk(world: World) -> Cases:
    return Cases(world.database, world.clock, load(), Calendar(), seal=world.seal, staff=STAFF)


def noon(world: World, day: date) -> None:
    """Move the clock to noon UTC of `day`."""
    world.clock.move(
        seconds=(datetime.combine(day, datetime.min.time(), UTC) - world.clock.now()).total_seconds() + 43200
    )


async def filed(world: World, email: str = OWNER, right: Right = Right.ACCESS) -> Receipt:
    return await world.file(email, right)


async def reminded(world: World) -> list[str]:
    """What the outbox holds for staff about due cases."""
    rows = [row for row in await world.rows(Outbox) if row.topic.startswith("staff.case-due")]
    return sorted(row.topic.removeprefix("staff.case-due.") for row in rows)


async def test_an_extension_adds_two_months_once_and_is_told(world: World) -> None:
    receipt, cases = await filed(world), desk(world)
    extended = await cases.extend(receipt.reference.lower(), " S1 ", "  Nine years of archives.  ")
    assert isinstance(extended, Case)
    assert (extended.first_due_on, extended.due_on, extended.is_extended) == (DUE, LONGER, True)
    [case] = await world.rows(GdprCase)
    assert (case.extended_until, case.extension_reason) == (LONGER, "Nine years of archives.")
    [notice] = [row for row in await world.rows(Outbox) if row.topic == "mail.case-extended"]
    assert notice.action_id == receipt.action_id
    assert "archives" not in str(notice.payload)
    again = await cases.extend(receipt.reference, S2, "more")
    assert again == Rejected("already-extended", receipt.action_id)
    rules = await world.rules(receipt.action_id)
    assert rules.count("case-extended") == 1
    await world.verified()


@pytest.mark.parametrize(
    ("moment", "rule"),
    [
        (datetime(2026, 11, 24, 10, 0, tzinfo=UTC), None),
        (datetime(2026, 12, 27, 12, 0, tzinfo=UTC), None),
        (datetime(2026, 12, 28, 0, 0, tzinfo=UTC), None),
        (datetime(2026, 12, 28, 22, 59, 59, tzinfo=UTC), None),  # the last second at the company
        (datetime(2026, 12, 28, 23, 0, tzinfo=UTC), "extension-too-late"),
        (datetime(2026, 12, 29, 12, 0, tzinfo=UTC), "extension-too-late"),
        (datetime(2027, 2, 24, 12, 0, tzinfo=UTC), "extension-too-late"),
    ],
)
async def test_a_case_is_extended_within_its_first_month(
    local: World, moment: datetime, rule: str | None
) -> None:
    receipt = await filed(local)
    local.clock.move(seconds=(moment - local.clock.now()).total_seconds())
    outcome = await desk(local).extend(receipt.reference, S1, "why")
    assert (outcome.rule if isinstance(outcome, Rejected) else None) == rule
    [case] = await local.rows(GdprCase)
    assert case.extended_until == (None if rule else LONGER)


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
async def test_an_extension_needs_a_reason(local: World, reason: str) -> None:
    receipt = await filed(local)
    outcome = await desk(local).extend(receipt.reference, S1, reason)
    assert outcome == Rejected("reason-missing", receipt.action_id)
    assert [case.extended_until for case in await local.rows(GdprCase)] == [None]


async def test_who_may_not_change_a_case(local: World) -> None:
    receipt, cases = await filed(local, "s2"), desk(local)
    not_staff = Rejected("not-staff", receipt.action_id)
    assert await cases.extend(receipt.reference, "nobody", "why") == not_staff
    assert await cases.pause(receipt.reference, "nobody") == not_staff
    assert await cases.done(receipt.reference, "nobody") == not_staff
    assert await cases.show(receipt.reference, "nobody") == Rejected("not-staff", receipt.reference)
    assert await cases.done(receipt.reference, S2) == Rejected("own-request", receipt.action_id)
    assert await cases.done("CW-NONE-SUCH", S1) == Rejected("unknown-case", "CW-NONE-SUCH")
    assert await cases.show("CW-NONE-SUCH", S1) == Rejected("unknown-case", "CW-NONE-SUCH")
    assert [case.status for case in await local.rows(GdprCase)] == ["open"]


async def test_a_pause_is_shown_and_silences_nothing(world: World) -> None:
    receipt, cases = await filed(world), desk(world)
    assert await cases.resume(receipt.reference, S1) == Rejected("not-paused", receipt.action_id)
    paused = await cases.pause(receipt.reference, S1)
    assert isinstance(paused, Case)
    assert (paused.paused_at, paused.due_on) == (world.clock.now(), DUE)
    assert await cases.pause(receipt.reference, S1) == Rejected("already-paused", receipt.action_id)
    for days in (8, 7, 6, 3, 2, 1, 0):
        noon(world, DUE - timedelta(days=days))
        await cases.remind()
    assert await reminded(world) == [f"{DUE}.{days}" for days in (0, 1, 3, 7)]
    resumed = await cases.resume(receipt.reference, S1)
    assert isinstance(resumed, Case)
    assert (resumed.paused_at, resumed.due_on) == (None, DUE)
    rules = await world.rules(receipt.action_id)
    assert [rule for rule in rules if rule in ("case-paused", "case-resumed")] == [
        "case-paused",
        "case-resumed",
    ]
    await world.verified()


@pytest.mark.parametrize(
    ("days", "before"),
    [
        (8, []),
        (7, [7]),
        (6, [7]),
        (4, [7]),
        (3, [3, 7]),
        (2, [3, 7]),
        (1, [1, 3, 7]),
        (0, [0, 1, 3, 7]),
        (-1, [0, 1, 3, 7]),
        (-90, [0, 1, 3, 7]),
    ],
)
async def test_a_worker_that_was_down_catches_up_once(local: World, days: int, before: list[int]) -> None:
    receipt, cases = await filed(local), desk(local)
    noon(local, DUE - timedelta(days=days))
    for _ in range(3):
        await cases.remind()
    assert await reminded(local) == [f"{DUE}.{day}" for day in before]
    rows = [row for row in await local.rows(Outbox) if row.topic.startswith("staff.case-due")]
    assert {row.payload["days_left"] for row in rows} <= {str(days)}
    logged = await entries(local.database, action_id=receipt.action_id)
    assert [entry.actor for entry in logged if entry.rule == "case-due"] == ["clock"] * len(before)


async def test_reminders_begin_on_the_companys_day(local: World) -> None:
    await filed(local)
    cases = desk(local)
    moment = datetime(2026, 12, 20, 22, 59, 59, tzinfo=UTC)
    local.clock.move(seconds=(moment - local.clock.now()).total_seconds())
    assert await cases.remind() == ()
    local.clock.move(seconds=1)
    assert len(await cases.remind()) == 1


async def test_an_extended_case_reminds_before_its_new_day(world: World) -> None:
    receipt, cases = await filed(world), desk(world)
    noon(world, DUE - timedelta(days=7))
    await cases.remind()
    await cases.extend(receipt.reference, S1, "why")
    for day in (DUE, LONGER - timedelta(days=8)):
        noon(world, day)
        await cases.remind()
    assert await reminded(world) == [f"{DUE}.7"]
    noon(world, LONGER)
    await cases.remind()
    assert await reminded(world) == [f"{DUE}.7", *(f"{LONGER}.{days}" for days in (0, 1, 3, 7))]


async def test_a_case_that_is_done_is_closed_told_and_quiet(world: World) -> None:
    receipt, cases = await filed(world), desk(world)
    await cases.pause(receipt.reference, S1)
    closed = await cases.done(receipt.reference, S1, " sent by letter ")
    assert isinstance(closed, Case)
    assert (closed.status, closed.closed_at, closed.paused_at) == ("done", world.clock.now(), None)
    [case] = await world.rows(GdprCase)
    assert case.note == "sent by letter"
    closed_already = Rejected("case-not-open", receipt.action_id)
    assert await cases.done(receipt.reference, S1) == closed_already
    assert await cases.extend(receipt.reference, S1, "why") == closed_already
    assert await cases.pause(receipt.reference, S1) == closed_already
    assert await cases.resume(receipt.reference, S1) == closed_already
    noon(world, DUE)
    assert await cases.remind() == ()
    assert [row.topic for row in await world.rows(Outbox)].count("mail.case-done") == 1
    assert await cases.listed() == []
    await world.file(OWNER, Right.ACCESS)
    await world.verified()


async def test_what_carries_the_right_out_is_part_of_closing_it(local: World) -> None:
    receipt = await filed(local, right=Right.ERASURE)

    async def fulfil(unit: Unit, action: Action, case: GdprCase) -> None:
        carried_out.append((unit.now, action.id, case.status))
        if len(carried_out) == 1:
            raise OSError("no room")

    carried_out: list[tuple[datetime, str, str]] = []
    cases = Cases(
        local.database, local.clock, load(), Calendar(), staff=STAFF, fulfil={Right.ERASURE: fulfil}
    )
    with pytest.raises(OSError, match="no room"):
        await cases.done(receipt.reference, S1)
    assert [case.status for case in await local.rows(GdprCase)] == ["open"]
    assert isinstance(await cases.done(receipt.reference, S1), Case)
    assert carried_out == [(local.clock.now(), receipt.action_id, "open")] * 2


async def test_the_list_is_by_urgency_and_holds_nothing_of_a_person(local: World) -> None:
    first, cases = await filed(local), desk(local)
    local.clock.move(days=3)
    second = await filed(local, STRANGER, Right.ERASURE)
    await cases.extend(first.reference, S1, "why")
    found = await cases.listed()
    assert [case.reference for case in found] == [second.reference, first.reference]
    assert STRANGER not in str(found)
    assert [case.due_on for case in found] == [DUE, LONGER]
    assert [case.days_left for case in found] == [31, 89]
    assert [case.reference for case in await cases.listed(31)] == [second.reference]
    assert await cases.listed(30) == []
    noon(local, DUE + timedelta(days=2))
    assert [case.days_left for case in await cases.listed(0)] == [-2]


async def test_opening_a_case_is_an_entry_before_it_is_shown(world: World) -> None:
    receipt, cases = await filed(world), desk(world)
    opened = await cases.show(receipt.reference, S1)
    assert isinstance(opened, OpenedCase)
    assert opened.opened.asker.email == OWNER
    assert opened.case.due_on == DUE
    last = opened.opened.history[-1]
    assert (last.kind, last.rule, last.actor) == ("access", "opened-by-staff", "staff:s1")
    await world.verified()


async def test_an_open_case_is_shown_with_its_extended_day(local: World) -> None:
    receipt = await filed(local)
    await desk(local).extend(receipt.reference, S1, "why")
    denied = await local.propose(OWNER, receipt.kind, right=Right.ACCESS)
    async with local.database.read() as session:
        newest = (await session.exec(select(Action).where(Action.step == "DENIED"))).one()
    assert denied
    assert newest.verdict
    assert newest.verdict["values"]["due_on"] == LONGER.isoformat()
