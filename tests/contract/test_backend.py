"""Effects in the store and at a company's own system: one contract, and what only a network does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from actions.backend import Backend
from actions.model import ActionKind, Denied, NeedsConfirmation, Receipt, Rejected, Step
from actions.service import ActionService
from actions.store.tables import Account, CreditNote, Effect, Outbox
from bot.backoff import IN_ALL
from bot.http_backend import HttpBackend
from tests.billing_server import SECRET, BillingServer
from tests.contract.acting import AGENT, OWNER, STAFF, FakeClauses, World, make_world
from tests.contract.backend import BackendContract
from tests.contract.test_migrations import fresh_postgresql, server

CANCEL = ActionKind.CANCEL_ACCOUNT
CORRECT = ActionKind.INVOICE_CORRECTION
MARIA = "maria@example.com"

__all__ = ["server"]


def with_backend(world: World, backend: Backend) -> World:
    service = ActionService(
        world.database, world.clock, FakeClauses(), seal=world.seal, staff=STAFF, backend=backend
    )
    return replace(world, service=service)


def over_http(world: World, company: BillingServer, seconds: float = 15.0) -> World:
    """A process whose actions are carried out by `company`; the next call makes another process."""
    company.clock = world.clock.now
    return with_backend(world, HttpBackend(company.url, SECRET, world.clock, timeout_seconds=seconds))


@pytest.fixture
async def company() -> AsyncIterator[BillingServer]:
    async with BillingServer() as company:
        yield company


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    url = None
    if request.param == "postgresql":
        url = await fresh_postgresql(request.getfixturevalue("server"))
    world = await make_world(tmp_path, url)
    yield world
    await world.database.close()


@pytest.fixture
async def world(tmp_path: Path, company: BillingServer) -> AsyncIterator[World]:
    """On SQLite alone, with effects over HTTP."""
    world = await make_world(tmp_path)
    yield over_http(world, company)
    await world.database.close()


class TestStore(BackendContract):
    @pytest.fixture
    def world(self, store: World) -> World:
        return store

    @pytest.fixture
    def carried_out(self) -> None:
        return None


class TestHttp(BackendContract):
    @pytest.fixture
    def world(self, store: World, company: BillingServer) -> World:
        return over_http(store, company)

    @pytest.fixture
    def carried_out(self, company: BillingServer) -> Callable[[], int]:
        return lambda: len(company.effects)


async def due_cancellation(world: World) -> Receipt:
    receipt = await world.done(OWNER, CANCEL)
    world.clock.move(days=1)
    return receipt


async def topics(world: World) -> list[str]:
    return sorted(row.topic for row in await world.rows(Outbox))


async def test_the_order_names_what_is_to_be_done_and_its_key(world: World, company: BillingServer) -> None:
    card = await world.card(OWNER, CORRECT, company="New Teapots Ltd", vat_id="IE6388047V")
    await world.press(OWNER, card)
    ((path, key, order),) = company.calls
    assert (path, key) == ("/billing/invoice-corrections", card.token)
    account = await world.account_of(OWNER)
    assert order.pop("confirmed_at") == world.clock.now().isoformat()
    assert order.pop("member")
    action = await world.action(card.action_id)
    assert order == {
        "confirmation": card.token,
        "reference": action.reference,
        "account": account.id,
        "details": {
            "invoice": card.plan.irreversible[0].values["invoice"],
            "company": "New Teapots Ltd",
            "address": account.address,
            "vat_id": "IE6388047V",
        },
    }
    (note,) = await world.rows(CreditNote)
    assert note.number == "B-CN-1"


async def test_no_transaction_is_open_while_the_company_is_asked(
    world: World, company: BillingServer
) -> None:
    """SQLite has one writer: this write would wait for an open transaction until it gave up."""

    async def write() -> None:
        async with world.database.write() as session:
            account = await session.get_one(Account, (await world.account_of(OWNER)).id)
            account.address = "2 Nowhere Lane, Dublin"

    company.during = write
    await due_cancellation(world)
    (done,) = await world.service.run_due()
    assert done.step is Step.DONE
    assert (await world.account_of(OWNER)).address == "2 Nowhere Lane, Dublin"


@pytest.mark.parametrize(
    ("fault", "reason", "effects"),
    [
        ("hang-done", "timeout-error", 1),
        ("cut-done", "server-disconnected-error", 1),
        ("cut", "server-disconnected-error", 0),
        ("error", "http-500", 0),
        ("garbage", "answer-unreadable", 1),
        ("move", "http-307", 0),
    ],
)
async def test_an_uncertain_answer_goes_to_staff_and_is_never_asked_again(
    world: World, company: BillingServer, fault: str, reason: str, effects: int
) -> None:
    world = over_http(world, company, seconds=0.3)
    company.faults.append(fault)
    await due_cancellation(world)
    (unknown,) = await world.service.run_due()
    assert (unknown.step, unknown.may_withdraw) == (Step.OUTCOME_UNKNOWN, False)
    (task,) = [row for row in await world.rows(Outbox) if row.topic == "staff.outcome-unknown"]
    assert task.payload["reason"].endswith(reason)
    assert (await world.account_of(OWNER)).status == "closing"
    again = await world.propose(OWNER, CANCEL)
    assert isinstance(again, Denied)
    assert again.verdict.rule == "already-closing"
    world.clock.move(days=9)
    assert list(await over_http(world, company).service.recover()) == []
    assert (len(company.calls), len(company.effects)) == (1, effects)
    await world.verified()


async def test_a_correction_without_its_numbers_is_uncertain(world: World, company: BillingServer) -> None:
    company.faults.append("no-numbers")
    receipt = await world.done(OWNER, CORRECT, company="New Teapots Ltd")
    assert receipt.step is Step.OUTCOME_UNKNOWN
    again = await world.propose(OWNER, CORRECT, company="Newer Teapots Ltd")
    assert isinstance(again, Denied)
    assert again.verdict.rule == "correction-open"
    assert await world.rows(CreditNote) == []


async def test_a_done_effect_that_cannot_be_recorded_goes_to_staff(
    world: World, company: BillingServer
) -> None:
    company.faults.append("taken-numbers")
    receipt = await world.done(OWNER, CORRECT, company="New Teapots Ltd")
    assert receipt.step is Step.OUTCOME_UNKNOWN
    (task,) = await world.rows(Outbox)
    assert (task.topic, task.payload["reason"]) == ("staff.outcome-unknown", "not-recorded")
    assert await world.rows(CreditNote) == []
    await world.verified()


async def test_where_nobody_listens_it_is_tried_again_later(world: World, company: BillingServer) -> None:
    scheduled = await due_cancellation(world)
    await company.stop()
    waits = []
    for _ in range(3):
        (put_off,) = await world.service.run_due()
        assert (put_off.step, put_off.may_withdraw) == (Step.SCHEDULED, True)
        assert put_off.effective_at is not None
        waits.append(put_off.effective_at - world.clock.now())
        assert list(await world.service.run_due()) == []
        world.clock.move(seconds=waits[-1].total_seconds())
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    await world.verified()
    await company.start()
    (done,) = await world.service.run_due()
    assert (done.step, done.reference) == (Step.DONE, scheduled.reference)
    assert len(company.effects) == len(await world.rows(Effect)) == 1
    tried = ["EXECUTING", "SCHEDULED"] * 3
    assert (await world.steps(done.action_id))[2:] == ["SCHEDULED", *tried, "EXECUTING", "DONE"]
    await world.verified()


async def test_after_three_days_without_a_connection_it_has_failed(
    world: World, company: BillingServer
) -> None:
    scheduled = await due_cancellation(world)
    started = world.clock.now()
    await company.stop()
    last = scheduled
    while last.step is not Step.FAILED:
        if last.effective_at and last.effective_at > world.clock.now():
            world.clock.move(seconds=(last.effective_at - world.clock.now()).total_seconds())
        (last,) = await world.service.run_due()
    assert world.clock.now() - started == IN_ALL
    assert (await world.account_of(OWNER)).status == "active"
    assert await topics(world) == ["mail.failed", "staff.failed"]
    await world.verified()


async def test_what_waits_for_another_try_can_be_taken_back(world: World, company: BillingServer) -> None:
    await company.stop()
    await due_cancellation(world)
    (put_off,) = await world.service.run_due()
    taken = await world.service.withdraw(put_off.action_id, await world.principal(OWNER), "chat")
    assert isinstance(taken, Receipt)
    assert taken.step is Step.WITHDRAWN
    await company.start()
    world.clock.move(days=1)
    assert list(await world.service.run_due()) == []
    assert company.effects == {}
    await world.verified()


@pytest.mark.parametrize("fault", ["busy", "too-many"])
async def test_a_server_that_says_it_did_nothing_is_asked_again_with_the_same_key(
    world: World, company: BillingServer, fault: str
) -> None:
    company.faults.append(fault)
    await due_cancellation(world)
    (put_off,) = await world.service.run_due()
    assert put_off.step is Step.SCHEDULED
    world.clock.move(minutes=1)
    (done,) = await world.service.run_due()
    assert done.step is Step.DONE
    assert len({key for _, key, _ in company.calls}) == 1
    assert len(company.calls) == 2


@pytest.mark.parametrize(("fault", "reason"), [("refuse", "invoice-locked"), ("refuse-oddly", "http-404")])
async def test_a_refusal_fails_with_its_reason_and_nothing_of_people(
    world: World, company: BillingServer, fault: str, reason: str
) -> None:
    company.faults.append(fault)
    receipt = await world.done(OWNER, CORRECT, company="New Teapots Ltd")
    assert receipt.step is Step.FAILED
    (task,) = await world.rows(Outbox)
    assert (task.topic, task.payload["reason"]) == ("staff.failed", reason)
    assert await world.rows(CreditNote) == []
    await world.verified()
    assert isinstance(await world.propose(OWNER, CORRECT, company="New Teapots Ltd"), NeedsConfirmation)


async def test_a_refused_cancellation_leaves_the_account_and_the_customer_hears_of_it(
    world: World, company: BillingServer
) -> None:
    company.faults.append("refuse")
    await due_cancellation(world)
    (failed,) = await world.service.run_due()
    assert failed.step is Step.FAILED
    assert (await world.account_of(OWNER)).status == "active"
    assert await topics(world) == ["mail.failed", "staff.failed"]
    await world.verified()


async def test_a_wrong_secret_fails_without_an_effect(world: World, company: BillingServer) -> None:
    wrong = with_backend(world, HttpBackend(company.url, "another secret", world.clock))
    receipt = await wrong.done(OWNER, CORRECT, company="New Teapots Ltd")
    assert receipt.step is Step.FAILED
    (task,) = await world.rows(Outbox)
    assert task.payload["reason"] == "bad-signature"
    assert company.calls == []


async def test_a_process_that_ends_in_the_middle_leaves_it_to_staff(
    world: World, company: BillingServer
) -> None:
    company.faults.append("hang-done")
    await due_cancellation(world)
    dying = asyncio.create_task(world.service.run_due())
    await company.reached.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    (unknown,) = await over_http(world, company).service.recover()
    assert unknown.step is Step.OUTCOME_UNKNOWN
    assert len(company.calls) == 1
    await world.verified()


@pytest.mark.parametrize(("minutes", "given_up"), [(4, False), (5, True)])
async def test_what_nobody_records_goes_to_staff_without_a_new_start(
    world: World, company: BillingServer, minutes: int, given_up: bool
) -> None:
    company.faults.append("hang-done")
    await due_cancellation(world)
    dying = asyncio.create_task(world.service.run_due())
    await company.reached.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    world.clock.move(minutes=minutes)
    found = await over_http(world, company).service.run_due()
    assert [receipt.step for receipt in found] == ([Step.OUTCOME_UNKNOWN] if given_up else [])
    assert len(company.calls) == 1
    await world.verified()


async def test_a_certain_answer_counts_though_another_process_gave_it_up(
    world: World, company: BillingServer
) -> None:
    async def recovers() -> None:
        (unknown,) = await over_http(world, company).service.recover()
        assert unknown.step is Step.OUTCOME_UNKNOWN

    company.during = recovers
    await due_cancellation(world)
    (done,) = await world.service.run_due()
    assert done.step is Step.DONE
    assert len(await world.rows(Effect)) == 1
    await world.verified()


async def test_what_staff_settled_meanwhile_stands(world: World, company: BillingServer) -> None:
    async def settled() -> None:
        other = over_http(world, company)
        (unknown,) = await other.service.recover()
        await other.service.settle(unknown.action_id, MARIA, is_done=False)

    company.during = settled
    await due_cancellation(world)
    (failed,) = await world.service.run_due()
    assert failed.step is Step.FAILED
    assert (await world.rules(failed.action_id))[-1] == "answered-too-late"
    await world.verified()


async def unknown_correction(world: World, company: BillingServer) -> Receipt:
    company.faults.append("cut-done")
    return await world.done(OWNER, CORRECT, company="New Teapots Ltd")


async def test_staff_settle_it_as_done_with_the_numbers_it_has_there(
    world: World, company: BillingServer
) -> None:
    unknown = await unknown_correction(world, company)
    told = {"credit_note": "B-CN-1", "invoice": "B-1"}
    done = await world.service.settle(unknown.reference, MARIA, is_done=True, told=told)
    assert isinstance(done, Receipt)
    assert (done.step, [line.values["number"] for line in done.lines]) == (Step.DONE, ["B-CN-1", "B-1"])
    assert (await world.rules(done.action_id))[-1] == "settled"
    assert "mail.receipt" in await topics(world)
    again = await world.service.settle(unknown.reference, MARIA, is_done=False)
    assert again == Rejected("not-outcome-unknown", done.action_id)
    assert len(company.calls) == 1
    await world.verified()


@pytest.mark.parametrize(
    ("credit_note", "invoice"),
    [("", ""), ("B-CN-1", ""), ("", "B-1"), ("B-1", "B-1"), ("B-CN-1", "2026-000001")],
)
async def test_without_numbers_of_its_own_a_correction_is_not_settled_as_done(
    world: World, company: BillingServer, credit_note: str, invoice: str
) -> None:
    unknown = await unknown_correction(world, company)
    told = {"credit_note": credit_note, "invoice": invoice}
    settled = await world.service.settle(unknown.action_id, MARIA, is_done=True, told=told)
    assert settled == Rejected("numbers-wrong", unknown.action_id)
    assert (await world.action(unknown.action_id)).step == Step.OUTCOME_UNKNOWN


async def test_staff_settle_it_as_failed_and_the_customer_hears_of_it(
    world: World, company: BillingServer
) -> None:
    company.faults.append("cut")
    await due_cancellation(world)
    (unknown,) = await world.service.run_due()
    failed = await world.service.settle(unknown.action_id, f" {MARIA.upper()}", is_done=False)
    assert isinstance(failed, Receipt)
    assert failed.step is Step.FAILED
    assert (await world.account_of(OWNER)).status == "active"
    assert await topics(world) == ["mail.failed", "staff.failed", "staff.outcome-unknown"]
    await world.verified()
    assert isinstance(await world.propose(OWNER, CANCEL), NeedsConfirmation)


async def test_only_staff_settle_and_nobody_their_own(world: World, company: BillingServer) -> None:
    unknown = await unknown_correction(world, company)
    for staff, rule in (("nobody", "not-staff"), (OWNER, "not-staff")):
        settled = await world.service.settle(unknown.action_id, staff, is_done=False)
        assert settled == Rejected(rule, unknown.action_id)
    scheduled = await world.service.settle("no-such", AGENT, is_done=False)
    assert scheduled == Rejected("unknown-action", "no-such")
