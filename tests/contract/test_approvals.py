"""Risk tiers and four eyes, on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from actions.log import entries, pseudonyms
from actions.model import ActionKind, Receipt, Rejected, Right, Step
from actions.service import ActionService
from actions.store.approval_tables import Approval
from actions.store.tables import Consent, Effect, GdprCase, Member, Outbox
from actions.subjects import known_pseudonym
from tests.contract.acting import (
    AGENT,
    OWNER,
    PREPAID_OWNER,
    FakeClauses,
    World,
    make_world,
    staff_policies,
)
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture

CANCEL = ActionKind.CANCEL_ACCOUNT
S1, S2 = "s1", "s2"

Call = Callable[[World, str], Awaitable[object]]


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


async def waiting(world: World, tier: str, email: str = OWNER) -> tuple[World, Receipt]:
    """A cancellation that was confirmed and waits for staff."""
    world = world.another_process(staff_policies(tier))
    receipt = await world.done(email, CANCEL)
    assert receipt.step is Step.AWAITING_APPROVAL
    world.clock.move(minutes=5)
    return world, receipt


async def topics(world: World) -> list[str]:
    return sorted(row.topic for row in await world.rows(Outbox))


async def make_staff(world: World, email: str, address: str) -> None:
    """The customer with this address now has one that is also the id of a member of staff."""
    async with world.database.write() as session:
        member = (await session.exec(select(Member).where(Member.email == email))).one()
        member.email = address


@pytest.mark.parametrize(
    ("tier", "approvers", "step"),
    [
        ("staff", [S1], Step.SCHEDULED),
        ("staff", ["nobody"], Step.AWAITING_APPROVAL),
        ("staff", ["maria@example.com"], Step.AWAITING_APPROVAL),  # the customer, by address
        ("four-eyes", [S1], Step.AWAITING_APPROVAL),
        ("four-eyes", [S1, S1], Step.AWAITING_APPROVAL),
        ("four-eyes", [S1, "S1 "], Step.AWAITING_APPROVAL),
        ("four-eyes", [S1, "nobody"], Step.AWAITING_APPROVAL),
        ("four-eyes", [S1, "maria@example.com"], Step.AWAITING_APPROVAL),
        ("four-eyes", ["maria@example.com", S1], Step.AWAITING_APPROVAL),
        ("four-eyes", ["maria@example.com", S1, S2], Step.SCHEDULED),
        ("four-eyes", [S1, S2], Step.SCHEDULED),
        ("four-eyes", [S1, S1, S2], Step.SCHEDULED),
    ],
)
async def test_tier_approvers_and_asker(local: World, tier: str, approvers: list[str], step: Step) -> None:
    await make_staff(local, OWNER, "maria@example.com")
    world, receipt = await waiting(local, tier, "maria@example.com")
    for approver in approvers:
        await world.service.approve(receipt.action_id, approver)
    assert (await world.action(receipt.action_id)).step == step
    counted = {row.staff for row in await world.rows(Approval)}
    assert counted == {name for name in approvers if name in (S1, S2)}
    report = await world.verified()
    assert [entry.rule for entry in await entries(world.database, action_id=receipt.action_id)].count(
        "approved"
    ) == len(counted)
    assert report.ok


async def test_the_asker_is_known_by_member_id_too(local: World) -> None:
    member_id = (await local.principal(OWNER)).member_id
    assert member_id
    service = ActionService(
        local.database, local.clock, FakeClauses(), policies=staff_policies(), staff=(member_id.upper(),)
    )
    _, receipt = await waiting(local, "staff")
    own = Rejected("own-request", receipt.action_id)
    assert await service.approve(receipt.action_id, member_id) == own
    assert await service.refuse(receipt.action_id, member_id, "why") == own
    (last,) = (await entries(local.database, action_id=receipt.action_id))[-1:]
    assert (last.step, last.rule) == (None, "own-request")


async def test_an_address_that_the_asker_has_left_since_is_still_theirs(local: World) -> None:
    await make_staff(local, OWNER, "maria@example.com")
    world, receipt = await waiting(local, "staff", "maria@example.com")
    await make_staff(world, "maria@example.com", "new@example.com")
    assert await world.service.approve(receipt.action_id, "Maria@example.com") == Rejected(
        "own-request", receipt.action_id
    )


async def test_a_colleague_of_the_customer_may_approve(local: World) -> None:
    """Four eyes are about the person, not about the account."""
    world, receipt = await waiting(local, "staff")
    approved = await world.service.approve(receipt.action_id, AGENT)
    assert isinstance(approved, Receipt)
    assert approved.step is Step.SCHEDULED


async def test_where_nobody_is_named_only_the_local_operator_is_staff(local: World) -> None:
    _, receipt = await waiting(local, "staff")
    service = ActionService(local.database, local.clock, FakeClauses(), policies=staff_policies())
    assert await service.approve(receipt.action_id, S1) == Rejected("not-staff", receipt.action_id)
    approved = await service.approve(receipt.reference.lower(), "local")
    assert isinstance(approved, Receipt)
    assert approved.step is Step.SCHEDULED


async def test_four_eyes_leave_two_rows_two_entries_and_one_effect(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    first = await world.service.approve(receipt.action_id, S1)
    assert isinstance(first, Receipt)
    assert first.step is Step.AWAITING_APPROVAL
    world.clock.move(hours=1)
    second = await world.service.approve(receipt.action_id, S2)
    assert isinstance(second, Receipt)
    assert (second.step, second.effective_at) == (Step.SCHEDULED, receipt.effective_at)
    assert "mail.approved" in await topics(world)
    async with world.database.write() as session:
        known = await pseudonyms(session)
    approved = [e for e in await entries(world.database, action_id=receipt.action_id) if e.rule == "approved"]
    assert [(e.step, e.actor) for e in approved] == [
        (None, f"staff:{known.of(S1)}"),
        (Step.SCHEDULED, f"staff:{known.of(S2)}"),
    ]
    assert sorted(row.staff for row in await world.rows(Approval)) == [S1, S2]
    world.clock.move(days=2)
    (done,) = await world.service.run_due()
    assert done.step is Step.DONE
    assert len(await world.rows(Effect)) == 1
    await world.verified()


async def test_what_is_approved_after_its_time_is_carried_out_at_once_and_told_once(local: World) -> None:
    world, receipt = await waiting(local, "staff")
    world.clock.move(days=5)
    approved = await world.service.approve(receipt.action_id, S1)
    assert isinstance(approved, Receipt)
    assert approved.step is Step.DONE
    assert [topic for topic in await topics(world) if topic.startswith("mail.")] == ["mail.receipt"]


async def test_one_refusal_ends_it(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    await world.service.approve(receipt.action_id, S1)
    refused = await world.service.refuse(receipt.action_id, S2, "An invoice is open.")
    assert isinstance(refused, Receipt)
    assert refused.step is Step.REFUSED
    assert [line.key for line in refused.lines] == ["ended.refused"]
    gone = Rejected("not-awaiting-approval", receipt.action_id)
    assert await world.service.approve(receipt.action_id, "maria@example.com") == gone
    assert await world.service.refuse(receipt.action_id, S1, "again") == gone
    world.clock.move(days=9)
    assert list(await world.service.run_due()) == []
    assert (await world.account_of(OWNER)).status == "active"
    await world.verified()


async def withdraws(world: World, action_id: str) -> object:
    return await world.service.withdraw(action_id, await world.principal(OWNER), "chat")


def approves(staff: str) -> Call:
    return lambda world, action_id: world.service.approve(action_id, staff)


def refuses(staff: str) -> Call:
    return lambda world, action_id: world.service.refuse(action_id, staff, "No.")


@pytest.mark.parametrize(
    ("tier", "calls", "ends"),
    [
        ("staff", [approves(S1), approves(S2)], {Step.DONE}),
        ("four-eyes", [approves(S1), approves(S2)], {Step.DONE}),
        ("four-eyes", [approves(S1), approves(S1), approves(S1)], {Step.AWAITING_APPROVAL}),
        ("staff", [approves(S1), withdraws], {Step.DONE, Step.WITHDRAWN}),
        ("staff", [approves(S1), refuses(S2)], {Step.DONE, Step.REFUSED}),
        ("four-eyes", [approves(S1), approves(S2), refuses("maria@example.com")], {Step.DONE, Step.REFUSED}),
        ("staff", [refuses(S1), withdraws], {Step.REFUSED, Step.WITHDRAWN}),
        ("staff", [refuses(S1), refuses(S2)], {Step.REFUSED}),
        ("four-eyes", [approves(S1), approves(S2), refuses("maria@example.com"), withdraws], None),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned round"])
async def test_a_race_has_exactly_one_outcome(
    world: World, tier: str, calls: list[Call], ends: set[Step] | None, turned: bool
) -> None:
    """Every caller is a process of its own, and the time of the effect has come."""
    world, receipt = await waiting(world, tier)
    world.clock.move(days=5)
    processes = [world.another_process(staff_policies(tier)) for _ in calls]
    racing = [call(process, receipt.action_id) for call, process in zip(calls, processes, strict=True)]
    outcomes = await asyncio.gather(*(reversed(racing) if turned else racing))
    step = Step((await world.action(receipt.action_id)).step)
    assert step in (ends or {Step.DONE, Step.REFUSED, Step.WITHDRAWN})
    steps = [entry.step for entry in await entries(world.database, action_id=receipt.action_id) if entry.step]
    assert len([s for s in steps if s in (Step.DONE, Step.REFUSED, Step.WITHDRAWN)]) == (
        0 if step is Step.AWAITING_APPROVAL else 1
    )
    assert steps.count(Step.SCHEDULED) == (1 if step is Step.DONE else steps.count(Step.SCHEDULED))
    assert len(await world.rows(Effect)) == (1 if step is Step.DONE else 0)
    told = [topic for topic in await topics(world) if topic.startswith("mail.")]
    assert told == {Step.DONE: ["mail.receipt"], Step.REFUSED: ["mail.refused"]}.get(step, [])
    assert all(isinstance(outcome, Receipt | Rejected) for outcome in outcomes)
    closed = (await world.account_of(OWNER)).status
    assert closed == {Step.DONE: "closed", Step.AWAITING_APPROVAL: "closing"}.get(step, "active")
    await world.verified()


async def test_an_approval_left_half_way_is_finished_by_the_next_process(
    local: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> Receipt:
        raise Killed

    world, receipt = await waiting(local, "staff")
    world.clock.move(days=5)
    monkeypatch.setattr(world.service, "_execute", killed)
    with pytest.raises(Killed):
        await world.service.approve(receipt.action_id, S1)
    (done,) = await world.another_process(staff_policies()).service.recover()
    assert (done.action_id, done.step) == (receipt.action_id, Step.DONE)
    await world.verified()


async def test_a_refused_case_says_why_and_where_to_complain(world: World) -> None:
    filed = await world.file(OWNER, Right.ACCESS)
    assert filed.step is Step.DONE
    assert await world.service.refuse(filed.action_id, S1, " ") == Rejected("reason-missing", filed.action_id)
    assert [case.status for case in await world.rows(GdprCase)] == ["open"]
    refused = await world.service.refuse(filed.reference, S1, "You asked for the same data yesterday.")
    assert isinstance(refused, Receipt)
    assert refused.step is Step.REFUSED
    assert [(line.key, line.clause) for line in refused.lines] == [
        ("ended.refused", None),
        ("ended.may-complain", "right-complaint"),
    ]
    assert [case.status for case in await world.rows(GdprCase)] == ["refused"]
    assert "mail.refused" in await topics(world)
    (status, *_) = await world.service.status(await world.principal(OWNER))
    assert (status.reference, status.step, status.case) == (filed.reference, Step.REFUSED, "refused")
    assert [line.key for line in status.lines[:1]] == ["gdpr.case-received"]
    assert status.lines[1:] == refused.lines
    (entry,) = (await entries(world.database, action_id=filed.action_id))[-1:]
    assert (entry.step, entry.rule, entry.clauses) == (
        None,
        "case-refused-by-staff",
        "terms-en/right-complaint",
    )
    assert await world.service.refuse(filed.action_id, S1, "Again.") == Rejected(
        "not-awaiting-approval", filed.action_id
    )
    again = await world.file(OWNER, Right.ACCESS)
    assert again.step is Step.DONE
    await world.verified()


async def test_a_right_is_not_called_off_because_a_fact_moved(
    local: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirmed, then killed; before the next process starts, another consent was given."""

    async def killed(*_: object) -> Receipt:
        raise KeyboardInterrupt

    card = await local.card(OWNER, ActionKind.GDPR_REQUEST, right="withdraw_consent")
    monkeypatch.setattr(local.service, "_execute", killed)
    with pytest.raises(KeyboardInterrupt):
        await local.press(OWNER, card)
    async with local.database.write() as session:
        session.add(Consent(email=OWNER, purpose="survey", given_at=local.clock.now()))
    (done,) = await local.another_process().service.recover()
    assert (done.action_id, done.step) == (card.action_id, Step.DONE)
    assert all(row.withdrawn_at for row in await local.rows(Consent) if row.email == OWNER)
    await local.verified()


async def test_time_alone_refuses_nothing_that_waits_for_staff(local: World) -> None:
    world, receipt = await waiting(local, "four-eyes")
    world.clock.move(days=400)
    assert list(await world.service.recover()) == []
    assert (await world.action(receipt.action_id)).step == Step.AWAITING_APPROVAL


async def test_opening_a_request_is_an_entry_and_listing_is_none(world: World) -> None:
    world, receipt = await waiting(world, "four-eyes")
    await world.service.approve(receipt.action_id, S1)
    before = (await world.verified()).entries
    (listed,) = await world.service.listed(waiting=True)
    assert (listed.receipt.reference, listed.approvers, listed.needed) == (receipt.reference, (S1,), 2)
    assert (await world.verified()).entries == before
    opened = await world.service.show(receipt.reference, "S2")
    assert not isinstance(opened, Rejected)
    (entry,) = (await entries(world.database, limit=1000))[-1:]
    async with world.database.write() as session:
        known = await pseudonyms(session)
    owner = await world.principal(OWNER)
    async with world.database.read() as session:
        subject = await known_pseudonym(session, owner.member_id or "")
    assert (entry.kind, entry.rule, entry.step, entry.action_id) == (
        "access",
        "opened-by-staff",
        None,
        receipt.action_id,
    )
    assert (entry.actor, entry.subject) == (f"staff:{known.of(S2)}", subject)
    assert (opened.asker.email, opened.asker.pseudonym) == (OWNER, entry.subject)
    assert opened.plan is not None
    assert {line.key for line in opened.plan.preconditions} == {
        "check.owner",
        "check.account-active",
        "check.not-closing",
    }
    assert [(event.actor, event.rule) for event in opened.history][-2:] == [
        ("staff:s1", "approved"),
        ("staff:s2", "opened-by-staff"),
    ]
    assert await world.service.show(receipt.reference, "nobody") == Rejected("not-staff", receipt.reference)
    assert await world.service.show("CW-NONE", S1) == Rejected("unknown-action", "CW-NONE")
    assert (await world.verified()).entries == before + 1


async def test_a_person_who_is_opened_by_address_has_the_pseudonym_of_their_requests(local: World) -> None:
    await local.service.opened("Eva", [OWNER.upper(), None, "stranger@example.net"])
    found = await entries(local.database, kind="access")
    async with local.database.write() as session:
        known = await pseudonyms(session)
    member = (await local.principal(OWNER)).member_id or ""
    async with local.database.read() as session:
        owner = await known_pseudonym(session, member)
        stranger = await known_pseudonym(session, "stranger@example.net")
    assert [entry.subject for entry in found] == [owner, "anonymous", stranger]
    assert None not in (owner, stranger)
    assert {entry.actor for entry in found} == {f"staff:{known.of('eva')}"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


SCHEDULES = [
    ("2026-11-24T11:00:00+01:00", "2026-11-25T11:00:00+01:00"),  # a Tuesday
    ("2026-12-23T16:30:00+01:00", "2026-12-28T16:30:00+01:00"),  # over Christmas and a weekend
    ("2026-03-27T09:00:00+01:00", "2026-03-30T09:00:00+02:00"),  # the clocks go forward on Sunday
    ("2026-10-23T09:00:00+02:00", "2026-10-26T09:00:00+01:00"),  # the clocks go back on Sunday
]


@pytest.fixture(params=SCHEDULES, ids=lambda pair: pair[0][:10])
async def scheduled(request: pytest.FixtureRequest, local: World) -> tuple[World, Receipt, datetime]:
    """A cancellation, confirmed at a moment of the company's; its effect is still ahead."""
    asked, due = map(moment, request.param)
    local.clock.move(seconds=(asked - local.clock.now()).total_seconds())
    receipt = await local.done(PREPAID_OWNER, CANCEL)
    assert (receipt.step, receipt.effective_at, receipt.may_withdraw) == (Step.SCHEDULED, due, True)
    until = [line.values["until"] for line in receipt.lines if line.key == "cancel.may-take-back"]
    assert [datetime.fromisoformat(text) for text in until] == [due]
    return local, receipt, due


async def take_back(world: World, receipt: Receipt) -> Receipt | Rejected:
    person = await world.principal(PREPAID_OWNER)
    return await world.service.withdraw(receipt.action_id, person, "chat")


@pytest.mark.parametrize(("seconds", "is_done"), [(-1, False), (0, True), (1, True)])
async def test_the_effect_comes_at_its_second_and_not_before(
    scheduled: tuple[World, Receipt, datetime], seconds: int, is_done: bool
) -> None:
    """Until then the customer can take it back; after it there is nothing to take back."""
    world, receipt, due = scheduled
    world.clock.move(seconds=(due - world.clock.now()).total_seconds() + seconds)
    done = await world.service.run_due()
    assert [one.step for one in done] == ([Step.DONE] if is_done else [])
    taken = await take_back(world, receipt)
    if is_done:
        assert taken == Rejected("too-late", receipt.action_id)
    else:
        assert isinstance(taken, Receipt)
        assert taken.step is Step.WITHDRAWN
    assert (await world.account_of(PREPAID_OWNER)).status == ("closed" if is_done else "active")
    world.clock.move(days=9)
    assert list(await world.service.run_due()) == []
    await world.verified()


@pytest.mark.parametrize("seconds", [-1, 0, 1])
async def test_who_takes_it_back_before_it_was_carried_out_has_taken_it_back(
    scheduled: tuple[World, Receipt, datetime], seconds: int
) -> None:
    """The moment is a promise to the customer: nothing is lost to them before the effect stands."""
    world, receipt, due = scheduled
    world.clock.move(seconds=(due - world.clock.now()).total_seconds() + seconds)
    taken = await take_back(world, receipt)
    assert isinstance(taken, Receipt)
    assert taken.step is Step.WITHDRAWN
    assert list(await world.service.run_due()) == []
    assert (await world.account_of(PREPAID_OWNER)).status == "active"
    await world.verified()
