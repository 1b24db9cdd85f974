"""From a request to its receipt, on a real database: what is promised of every action, and of each kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col, select

from actions import billing, correct_invoice
from actions.log import entries
from actions.model import (
    ActionKind,
    Denied,
    Level,
    NeedsArguments,
    NeedsConfirmation,
    NeedsIdentity,
    Principal,
    Proposal,
    Receipt,
    Rejected,
    Right,
    Step,
)
from actions.policies import load
from actions.store.tables import (
    Account,
    Action,
    Consent,
    Counter,
    Credit,
    CreditNote,
    Effect,
    GdprCase,
    Invoice,
    Member,
    Outbox,
    Subscription,
)
from actions.store.unit import unit_of_work
from tests.contract.acting import (
    AGENT,
    LATE_OWNER,
    OWNER,
    PREPAID_OWNER,
    STRANGER,
    World,
    make_world,
    staff_policies,
)

CANCEL = ActionKind.CANCEL_ACCOUNT
CORRECT = ActionKind.INVOICE_CORRECTION
GDPR = ActionKind.GDPR_REQUEST


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await make_world(tmp_path)
    yield world
    await world.database.close()


async def change(world: World, table: type[SQLModel], edit: Callable[..., None], **where: object) -> None:
    """Let somebody else change rows of the store."""
    async with world.database.write() as session:
        query = select(table)
        for name, value in where.items():
            query = query.where(getattr(table, name) == value)
        for row in (await session.exec(query)).all():
            edit(row)


async def test_a_cancellation_waits_one_business_day_and_is_then_carried_out(world: World) -> None:
    card = await world.card(OWNER, CANCEL)
    assert card.plan.effective_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    receipt = await world.press(OWNER, card)
    assert isinstance(receipt, Receipt)
    assert (receipt.step, receipt.may_withdraw) == (Step.SCHEDULED, True)
    assert (await world.account_of(OWNER)).status == "closing"

    world.clock.move(hours=23, minutes=59)
    assert list(await world.service.run_due()) == []
    world.clock.move(minutes=1)
    (done,) = await world.service.run_due()

    assert (done.step, done.reference, done.may_withdraw) == (Step.DONE, receipt.reference, False)
    assert [line.key for line in done.lines] == ["cancel.closed", "cancel.deletion-due"]
    account = await world.account_of(OWNER)
    assert account.status == "closed"
    assert account.delete_after == datetime(2026, 12, 25, 10, tzinfo=UTC)
    renewing = {row.account_id: row.renews for row in await world.rows(Subscription)}
    assert renewing[account.id] is False
    assert sum(renewing.values()) == 4
    topics = {row.topic: row.not_before for row in await world.rows(Outbox)}
    assert topics == {"account.delete": account.delete_after, "mail.receipt": account.closed_at}
    steps = ["PROPOSED", "AWAITING_CONFIRMATION", "SCHEDULED", "EXECUTING", "DONE"]
    assert await world.steps(card.action_id) == steps
    assert (await world.verified()).entries == 5


async def test_the_card_names_both_sums_of_a_prepaid_credit_and_staff_decide(world: World) -> None:
    card = await world.card(PREPAID_OWNER, CANCEL)
    (line,) = [line for line in card.plan.changes if line.key == "cancel.credit-refund"]
    assert line.clause == "prepaid-credit-refund"
    assert (line.values["unused"], line.values["least"]) == ("1399.99 EUR", "700.00 EUR")
    assert [line.key for line in card.plan.irreversible] == ["cancel.content-lost", "cancel.no-refund"]
    await world.press(PREPAID_OWNER, card)
    world.clock.move(days=2)
    (receipt,) = await world.service.run_due()
    assert "cancel.refund-decided-by-staff" in [line.key for line in receipt.lines]
    (credit,) = await world.rows(Credit)
    assert credit.refund_state == "to_decide"
    (task,) = [row for row in await world.rows(Outbox) if row.topic.startswith("staff.credit-refund")]
    assert (task.payload["unused"], task.payload["least"]) == ("1399.99 EUR", "700.00 EUR")


async def test_the_same_message_twice_is_one_proposal(world: World) -> None:
    first = await world.propose(OWNER, CANCEL, origin="m1")
    second = await world.propose(OWNER, CANCEL, origin="m1")
    assert isinstance(first, NeedsConfirmation)
    assert first == second
    assert len(await world.rows(Action)) == 1
    assert (await world.verified()).entries == 2
    foreign = await world.propose(OWNER, CANCEL, origin="m1", conversation="elsewhere")
    assert isinstance(foreign, Denied)
    assert foreign.verdict.rule == "foreign-origin"


async def test_one_message_proposed_many_times_at_once_is_one_proposal(world: World) -> None:
    proposed = await asyncio.gather(*(world.propose(OWNER, CANCEL, origin="m1") for _ in range(20)))
    assert len({p.token for p in proposed if isinstance(p, NeedsConfirmation)}) == 1
    assert len(await world.rows(Action)) == 1


@pytest.mark.parametrize(
    ("kind", "arguments", "level"),
    [
        (CANCEL, {}, Level.VERIFIED),
        (CORRECT, {"company": "New"}, Level.VERIFIED),
        (GDPR, {"right": "access"}, Level.VERIFIED),
        (GDPR, {"right": "erasure"}, Level.VERIFIED),
        (GDPR, {"right": "objection"}, Level.LINKED),
        (GDPR, {"right": "withdraw_consent"}, Level.LINKED),
    ],
)
async def test_identity_comes_first_and_the_same_proposal_goes_on(
    world: World, kind: ActionKind, arguments: dict[str, str], level: Level
) -> None:
    below = Level(level - 1)
    asked = await world.propose(OWNER, kind, level=below, origin="m1", **arguments)
    assert isinstance(asked, NeedsIdentity)
    assert asked.level == level
    again = await world.propose(OWNER, kind, level=below, origin="m1", **arguments)
    assert again == asked
    card = await world.propose(OWNER, kind, level=level, origin="m1", **arguments)
    assert isinstance(card, NeedsConfirmation)
    assert card.action_id == asked.action_id
    assert await world.steps(card.action_id) == ["PROPOSED", "AWAITING_IDENTITY", "AWAITING_CONFIRMATION"]
    await world.verified()


async def test_nobody_at_all_is_asked_who_they_are(world: World) -> None:
    principal = Principal(level=Level.VERIFIED)
    asked = await world.service.propose(Proposal(CANCEL, principal, "chat", "m1"))
    assert isinstance(asked, NeedsIdentity)


async def test_a_denial_is_logged_with_its_rule_and_its_clause(world: World) -> None:
    denied = await world.propose(AGENT, CANCEL, origin="m1")
    assert isinstance(denied, Denied)
    assert (denied.verdict.rule, denied.verdict.clause) == ("not-owner", "account-owner")
    assert denied.action_id
    assert await world.steps(denied.action_id) == ["PROPOSED", "DENIED"]
    (entry,) = await entries(world.database, step="DENIED")
    assert (entry.rule, entry.clauses) == ("not-owner", "terms-en/account-owner")
    assert await world.propose(AGENT, CANCEL, origin="m1") == denied


async def test_a_press_repeated_reads_the_receipt_back(world: World) -> None:
    card = await world.card(OWNER, GDPR, right="access")
    first = await world.press(OWNER, card)
    assert isinstance(first, Receipt)
    world.clock.move(days=3)
    assert await world.press(OWNER, card) == first
    assert len(await world.rows(GdprCase)) == 1
    assert len(await world.rows(Effect)) == 1


async def test_the_database_itself_refuses_a_second_effect(world: World) -> None:
    receipt = await world.file(OWNER, Right.ACCESS)
    (effect,) = await world.rows(Effect)
    for again in (
        Effect(confirmation=effect.confirmation, action_id="other", at=world.clock.now()),
        Effect(confirmation="other", action_id=receipt.action_id, at=world.clock.now()),
    ):
        with pytest.raises(IntegrityError, match="UNIQUE"):
            async with world.database.write() as session:
                session.add(again)


@pytest.mark.parametrize(
    ("email", "conversation", "level", "minutes", "rule"),
    [
        (OWNER, "another chat", Level.VERIFIED, 0, "foreign"),
        (AGENT, "chat", Level.VERIFIED, 0, "foreign"),
        (STRANGER, "chat", Level.VERIFIED, 0, "foreign"),
        (OWNER, "chat", Level.LINKED, 0, "identity-too-low"),
        (OWNER, "chat", Level.VERIFIED, 30, "expired"),
        (OWNER, "chat", Level.VERIFIED, 3000, "expired"),
    ],
)
async def test_a_press_that_is_not_the_right_one_does_nothing_and_is_logged(
    world: World, email: str, conversation: str, level: Level, minutes: int, rule: str
) -> None:
    card = await world.card(OWNER, CANCEL)
    world.clock.move(minutes=minutes)
    pressed = await world.service.confirm(card.token, await world.principal(email, level), conversation)
    assert pressed == Rejected(rule, card.action_id)
    assert (await world.account_of(OWNER)).status == "active"
    assert (await world.rules(card.action_id))[-1] == rule
    await world.verified()


async def test_a_press_one_minute_before_the_expiry_counts(world: World) -> None:
    card = await world.card(OWNER, CANCEL)
    world.clock.move(minutes=29)
    assert isinstance(await world.press(OWNER, card), Receipt)


async def test_an_unknown_token_is_nobodys_and_logged(world: World) -> None:
    principal = await world.principal(OWNER)
    assert await world.service.confirm("made-up", principal, "chat") == Rejected("unknown-token")
    [entry] = await entries(world.database)
    assert (entry.kind, entry.action_id, entry.step, entry.rule) == ("press", None, None, "unknown-token")
    assert "made-up" not in str(entry)
    await world.verified()


async def test_facts_that_change_the_card_void_it(world: World) -> None:
    card = await world.card(PREPAID_OWNER, CANCEL)
    await change(world, Credit, lambda credit: setattr(credit, "used_cents", 200000))
    assert await world.press(PREPAID_OWNER, card) == Rejected("plan-altered", card.action_id)
    assert await world.press(PREPAID_OWNER, card) == Rejected("plan-altered", card.action_id)
    assert (await world.action(card.action_id)).step == Step.EXPIRED
    assert (await world.rules(card.action_id))[-2:] == ["plan-altered"] * 2
    assert await world.rows(Effect) == []
    await world.verified()


async def test_a_stored_plan_that_was_changed_does_not_pass(world: World) -> None:
    card = await world.card(OWNER, CORRECT, company="Honest Ltd")
    await change(world, Action, lambda action: setattr(action, "arguments", {"company": "Evil Ltd"}))
    assert await world.press(OWNER, card) == Rejected("plan-altered", card.action_id)
    assert (await world.rules(card.action_id))[-1] == "plan-altered"
    assert await world.rows(CreditNote) == []


async def test_the_guard_runs_again_at_the_confirmation(world: World) -> None:
    card = await world.card(OWNER, CANCEL)
    await change(world, Member, lambda member: setattr(member, "role", "agent"), email=OWNER)
    denied = await world.press(OWNER, card)
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "not-owner"
    assert await world.press(OWNER, card) == denied
    assert (await world.steps(card.action_id))[-2:] == ["SCHEDULED", "DENIED"]
    await world.verified()


async def test_the_guard_runs_again_on_fresh_facts_at_the_execution(world: World) -> None:
    receipt = await world.done(OWNER, CANCEL)
    await change(world, Member, lambda member: setattr(member, "role", "agent"), email=OWNER)
    world.clock.move(days=2)
    (called_off,) = await world.service.run_due()
    assert (called_off.step, called_off.action_id) == (Step.DENIED, receipt.action_id)
    assert [line.key for line in called_off.lines] == ["ended.facts-changed"]
    assert (await world.account_of(OWNER)).status == "active"
    assert {row.topic for row in await world.rows(Outbox)} == {"mail.called-off", "staff.called-off"}
    await world.verified()


async def test_a_plan_that_no_longer_holds_at_the_execution_is_void(world: World) -> None:
    await world.done(PREPAID_OWNER, CANCEL)
    await change(world, Credit, lambda credit: setattr(credit, "used_cents", 200000))
    world.clock.move(days=2)
    (void,) = await world.service.run_due()
    assert (void.step, [line.key for line in void.lines]) == (Step.EXPIRED, ["ended.plan-altered"])
    assert (await world.account_of(PREPAID_OWNER)).status == "active"
    await world.verified()


async def test_a_cancellation_can_be_taken_back_until_it_is_carried_out(world: World) -> None:
    receipt = await world.done(OWNER, CANCEL)
    principal = await world.principal(OWNER, Level.LINKED)
    stranger = await world.principal(AGENT)
    foreign = await world.service.withdraw(receipt.action_id, stranger, "chat")
    assert foreign == Rejected("foreign", receipt.action_id)
    back = await world.service.withdraw(receipt.action_id, principal, "chat")
    assert isinstance(back, Receipt)
    assert (back.step, back.may_withdraw) == (Step.WITHDRAWN, False)
    assert await world.service.withdraw(receipt.action_id, principal, "chat") == back
    assert (await world.account_of(OWNER)).status == "active"
    world.clock.move(days=5)
    assert list(await world.service.run_due()) == []
    assert (await world.account_of(OWNER)).status == "active"
    await world.verified()


async def test_what_is_done_cannot_be_taken_back(world: World) -> None:
    receipt = await world.done(OWNER, CANCEL)
    world.clock.move(days=2)
    await world.service.run_due()
    principal = await world.principal(OWNER)
    assert await world.service.withdraw(receipt.action_id, principal, "chat") == Rejected(
        "too-late", receipt.action_id
    )
    assert await world.service.withdraw("none", principal, "chat") == Rejected("unknown-action")


async def test_a_withdrawn_card_cannot_be_confirmed(world: World) -> None:
    card = await world.card(OWNER, CANCEL)
    await world.service.withdraw(card.action_id, await world.principal(OWNER), "chat")
    for entries_so_far in (1, 2):
        assert await world.press(OWNER, card) == Rejected("withdrawn", card.action_id)
        assert (await world.rules(card.action_id)).count("withdrawn") == 1 + entries_so_far
    assert await world.rows(Effect) == []


async def test_confirming_and_withdrawing_at_once_the_first_wins(world: World) -> None:
    for _ in range(5):
        card = await world.card(OWNER, CORRECT, vat_id="DE136695976")
        principal = await world.principal(OWNER)
        pressed, withdrawn = await asyncio.gather(
            world.press(OWNER, card), world.service.withdraw(card.action_id, principal, "chat")
        )
        step = (await world.action(card.action_id)).step
        assert step in (Step.DONE, Step.WITHDRAWN)
        assert isinstance(withdrawn, Rejected if step == Step.DONE else Receipt)
        if step == Step.DONE:
            assert isinstance(pressed, Receipt)
            assert pressed.step is Step.DONE
            break
        # Withdrawn before the press, or between it and its effect.
        assert pressed == Rejected("withdrawn", card.action_id) or (
            isinstance(pressed, Receipt) and pressed.step is Step.WITHDRAWN
        )
        assert await world.rows(Effect) == []
    await world.verified()


async def test_a_withdrawal_between_a_press_and_its_effect_leaves_no_effect(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, principal = await world.card(OWNER, CORRECT, vat_id="DE136695976"), await world.principal(OWNER)
    execute = world.service._execute

    async def withdrawn_first(action_id: str) -> Receipt:
        assert isinstance(await world.service.withdraw(action_id, principal, "chat"), Receipt)
        return await execute(action_id)

    monkeypatch.setattr(world.service, "_execute", withdrawn_first)
    pressed = await world.press(OWNER, card)
    assert isinstance(pressed, Receipt)
    assert (pressed.step, pressed.may_withdraw) == (Step.WITHDRAWN, False)
    assert await world.rows(Effect) == []
    monkeypatch.undo()
    assert await world.press(OWNER, card) == Rejected("withdrawn", card.action_id)
    await world.verified()


async def test_asking_again_replaces_the_card_that_was_not_pressed(world: World) -> None:
    old = await world.card(OWNER, CORRECT, company="Mistyped Ltd")
    new = await world.card(OWNER, CORRECT, company="Well Typed Ltd")
    assert await world.press(OWNER, old) == Rejected("superseded", old.action_id)
    assert isinstance(await world.press(OWNER, new), Receipt)
    access = await world.card(OWNER, GDPR, right="access")
    await world.card(OWNER, GDPR, right="erasure")
    assert isinstance(await world.press(OWNER, access), Receipt)


async def test_a_second_cancellation_shows_the_first(world: World) -> None:
    receipt = await world.done(OWNER, CANCEL)
    denied = await world.propose(OWNER, CANCEL)
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "already-closing"
    assert denied.verdict.values == {"reference": receipt.reference}
    world.clock.move(days=2)
    await world.service.run_due()
    closed = await world.propose(OWNER, CANCEL)
    assert isinstance(closed, Denied)
    assert closed.verdict.rule == "account-closed"


async def test_a_correction_makes_a_credit_note_and_a_new_invoice_over_the_same_sums(world: World) -> None:
    account = await world.account_of(OWNER)
    before = {row.id: row for row in await world.rows(Invoice)}
    latest = max((i for i in before.values() if i.account_id == account.id), key=lambda i: i.issued_on)
    receipt = await world.done(
        OWNER, CORRECT, company="  Teapots   & Daughters Ltd ", vat_id="de 136 695 976"
    )
    assert receipt.step is Step.DONE
    (note,) = await world.rows(CreditNote)
    (new,) = [row for row in await world.rows(Invoice) if row.id not in before]
    (old,) = [row for row in await world.rows(Invoice) if row.id == latest.id]
    assert (old.status, new.status, new.corrects_id) == ("credited", "paid", old.id)
    assert note.invoice_id == old.id
    for sums in (note, new):
        assert (sums.net_cents, sums.vat_cents, sums.total_cents, sums.currency) == (
            old.net_cents,
            old.vat_cents,
            old.total_cents,
            old.currency,
        )
        assert sums.issued_on == date(2026, 11, 24)
    assert new.billed_company == "Teapots & Daughters Ltd"
    assert new.billed_vat_id == "DE136695976"
    assert new.billed_address == old.billed_address
    assert (new.number, note.number) == ("2026-000011", "CN-2026-000001")
    assert [line.values["number"] for line in receipt.lines] == [note.number, new.number]
    await world.verified()


async def test_a_corrected_invoice_can_be_corrected_but_its_days_count_from_the_first(world: World) -> None:
    await world.done(OWNER, CORRECT, company="Once Ltd")
    world.clock.move(days=10)
    await world.done(OWNER, CORRECT, company="Twice Ltd")
    world.clock.move(days=1)
    denied = await world.propose(OWNER, CORRECT, company="Thrice Ltd")
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "window-closed"
    assert denied.verdict.values["last_day"] == "2026-12-04"
    numbers = sorted(row.number for row in await world.rows(Invoice))
    assert numbers == [f"2026-{n:06d}" for n in range(1, 13)]


@pytest.mark.parametrize(("email", "allowed"), [(PREPAID_OWNER, True), (LATE_OWNER, False)])
async def test_the_fifteenth_day_is_the_last(world: World, email: str, allowed: bool) -> None:
    proposed = await world.propose(email, CORRECT, company="New Name")
    assert isinstance(proposed, NeedsConfirmation if allowed else Denied)


async def test_what_a_correction_still_needs_is_asked_for(world: World) -> None:
    nothing = await world.propose(OWNER, CORRECT)
    assert nothing == NeedsArguments(("company", "address", "vat_id"))
    wrong = await world.propose(OWNER, CORRECT, vat_id="DE136695977", company="x" * 301)
    assert wrong == NeedsArguments((), {"company": "company-too-long", "vat_id": "vat-id-invalid"})
    assert isinstance(await world.propose(OWNER, CORRECT, company="x" * 300), NeedsConfirmation)
    late = await world.propose(LATE_OWNER, CORRECT)
    assert isinstance(late, Denied)  # nobody is asked for details that will not be taken


async def test_an_invoice_can_be_named_but_only_the_last_own_one_counts(world: World) -> None:
    account, other = await world.account_of(OWNER), await world.account_of(PREPAID_OWNER)
    own = sorted((i for i in await world.rows(Invoice) if i.account_id == account.id), key=lambda i: i.number)
    foreign = next(i.number for i in await world.rows(Invoice) if i.account_id == other.id)
    for number, rule in (
        (own[0].number, "not-latest-invoice"),
        (foreign, "foreign-invoice"),
        ("1", "foreign-invoice"),
    ):
        denied = await world.propose(OWNER, CORRECT, company="New", invoice=number)
        assert isinstance(denied, Denied)
        assert denied.verdict.rule == rule
    await world.card(OWNER, CORRECT, company="New", invoice=own[1].number)
    await world.done(OWNER, CORRECT, company="New")
    denied = await world.propose(OWNER, CORRECT, company="Newer", invoice=own[1].number)
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "already-credited"


async def test_an_effect_that_breaks_is_undone_whole_and_goes_to_staff(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = billing.issue_correction

    async def breaks(*args: object, **kwargs: object) -> object:
        await issue(*args, **kwargs)  # type: ignore[arg-type]
        raise RuntimeError("the printer is on fire")

    monkeypatch.setattr(correct_invoice, "issue_correction", breaks)
    receipt = await world.done(OWNER, CORRECT, company="New")
    assert receipt.step is Step.FAILED
    assert await world.rows(CreditNote) == []
    counters = {row.name: row.value for row in await world.rows(Counter)}
    assert counters == {"invoice-2026": 10}
    assert [row.topic for row in await world.rows(Outbox)] == ["staff.failed"]
    await world.verified()


@pytest.mark.parametrize("right", [r for r in Right if r not in (Right.OBJECTION, Right.WITHDRAW_CONSENT)])
async def test_a_right_is_filed_as_a_case_with_its_day(world: World, right: Right) -> None:
    receipt = await world.file(STRANGER.upper(), right)
    assert receipt.step is Step.DONE
    (case,) = await world.rows(GdprCase)
    assert (case.reference, case.right, case.status) == (receipt.reference, right, "open")
    assert (case.email, case.member_id) == (STRANGER, None)
    # 24, 25 and 26 December are public holidays in Slovakia, the 27th is a Sunday
    assert (case.received_at, case.due_on) == (world.clock.now(), date(2026, 12, 28))
    assert {row.topic for row in await world.rows(Outbox)} == {"staff.gdpr-case", "mail.receipt"}
    again = await world.propose(STRANGER, GDPR, right=right)
    assert isinstance(again, Denied)
    assert again.verdict.rule == "case-open"
    assert (again.verdict.values["reference"], again.verdict.values["due_on"]) == (
        case.reference,
        "2026-12-28",
    )
    await world.verified()


async def test_a_closed_case_does_not_stand_in_the_way_of_a_new_one(world: World) -> None:
    await world.file(OWNER, Right.ACCESS)
    await change(world, GdprCase, lambda case: setattr(case, "status", "done"))
    await world.file(OWNER, Right.ACCESS)
    assert len(await world.rows(GdprCase)) == 2


async def test_the_month_runs_from_the_request_not_from_the_press(world: World) -> None:
    world.clock.move(days=6, hours=12, minutes=45)  # 23:45 on 30 November at the company
    card = await world.card(OWNER, GDPR, right="access")
    world.clock.move(minutes=20)
    await world.press(OWNER, card)
    (case,) = await world.rows(GdprCase)
    assert case.due_on == date(2026, 12, 30)


@pytest.mark.parametrize(
    ("right", "left"), [(Right.OBJECTION, {"analytics"}), (Right.WITHDRAW_CONSENT, set())]
)
async def test_objection_and_withdrawal_act_at_once(world: World, right: Right, left: set[str]) -> None:
    principal = await world.principal(OWNER)
    async with world.database.write() as session:
        given = world.clock.now()
        session.add(Consent(member_id=principal.member_id, email=OWNER, purpose="analytics", given_at=given))
    proposed = await world.propose(OWNER, GDPR, level=Level.LINKED, right=right)
    assert isinstance(proposed, NeedsConfirmation)
    linked = await world.principal(OWNER, Level.LINKED)
    receipt = await world.service.confirm(proposed.token, linked, "chat")
    assert isinstance(receipt, Receipt)
    assert receipt.step is Step.DONE
    own = [row for row in await world.rows(Consent) if row.email == OWNER]
    assert {row.purpose for row in own if row.withdrawn_at is None} == left
    assert all(row.withdrawn_at is None for row in await world.rows(Consent) if row.email != OWNER)
    (case,) = await world.rows(GdprCase)
    assert case.status == "done"
    await world.file(OWNER, right)  # once more is no fault
    await world.verified()


async def test_an_objection_of_somebody_unknown_is_remembered(world: World) -> None:
    await world.file(STRANGER, Right.OBJECTION)
    (mark,) = [row for row in await world.rows(Consent) if row.email == STRANGER]
    assert (mark.given_at, mark.withdrawn_at) == (None, world.clock.now())


async def test_a_right_must_be_named(world: World) -> None:
    assert await world.propose(OWNER, GDPR) == NeedsArguments(("right",))
    assert await world.propose(OWNER, GDPR, right="fame") == NeedsArguments((), {"right": "right-unknown"})


async def test_staff_approve_what_policies_leave_to_them(world: World) -> None:
    world = world.another_process(staff_policies())
    receipt = await world.done(OWNER, CANCEL)
    assert receipt.step is Step.AWAITING_APPROVAL
    assert "staff.approval" in [row.topic for row in await world.rows(Outbox)]
    world.clock.move(days=3)
    assert list(await world.service.run_due()) == []
    assert list(await world.service.expire()) == []
    approved = await world.service.approve(receipt.action_id, "maria@example.com")
    assert isinstance(approved, Receipt)
    assert approved.step is Step.DONE
    assert isinstance(await world.service.approve(receipt.action_id, "maria@example.com"), Rejected)
    await world.verified()


async def test_staff_refuse_with_a_reason(world: World) -> None:
    world = world.another_process(staff_policies())
    receipt = await world.done(OWNER, CANCEL)
    assert await world.service.refuse(receipt.action_id, "s1", " ") == Rejected(
        "reason-missing", receipt.action_id
    )
    refused = await world.service.refuse(receipt.action_id, "s1", "An invoice is still open.")
    assert isinstance(refused, Receipt)
    assert refused.step is Step.REFUSED
    assert refused.lines[0].values == {"reason": "An invoice is still open."}
    assert (await world.account_of(OWNER)).status == "active"
    await world.verified()


async def test_cards_and_identity_checks_expire(world: World) -> None:
    card = await world.card(OWNER, CANCEL)
    asked = await world.propose(OWNER, CORRECT, level=Level.LINKED, company="New")
    assert isinstance(asked, NeedsIdentity)
    world.clock.move(minutes=29)
    assert list(await world.service.expire()) == []
    world.clock.move(minutes=1)
    expired = await world.service.expire()
    assert {receipt.action_id for receipt in expired} == {card.action_id, asked.action_id}
    assert await world.press(OWNER, card) == Rejected("expired", card.action_id)
    await world.verified()


async def test_what_a_process_left_after_the_confirmation_the_next_one_finishes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> Receipt:
        raise Killed

    card = await world.card(OWNER, CORRECT, company="New")
    monkeypatch.setattr(world.service, "_execute", killed)
    with pytest.raises(Killed):
        await world.press(OWNER, card)
    assert (await world.action(card.action_id)).step == Step.SCHEDULED
    await world.verified()
    recovered = await world.another_process().service.recover()
    assert [(receipt.action_id, receipt.step) for receipt in recovered] == [(card.action_id, Step.DONE)]
    pressed = await world.another_process().press(OWNER, card)
    assert pressed == recovered[0]
    assert len(await world.rows(CreditNote)) == 1


async def test_a_head_that_was_not_sealed_is_sealed_by_recovery(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.file(OWNER, Right.ACCESS)
    sealed = max(world.seal.heads() or {})

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(world.seal, "write", full)
        await world.file(OWNER, Right.ERASURE)
    assert max(world.seal.heads() or {}) == sealed
    entries = (await world.verified()).entries
    await world.service.recover()
    assert max(world.seal.heads() or {}) == entries > sealed


async def test_an_effect_found_half_way_goes_to_staff_and_is_not_tried_again(world: World) -> None:
    """Local effects never leave it so; a remote one that was cut off will."""
    card = await world.card(OWNER, CANCEL)
    await world.press(OWNER, card)
    async with unit_of_work(world.database, world.clock, world.seal) as unit:
        action = await unit.session.get_one(Action, card.action_id)
        await unit.move(action, unit.entry(action, Step.EXECUTING))
    (unknown,) = await world.service.recover()
    assert unknown.step is Step.OUTCOME_UNKNOWN
    world.clock.move(days=9)
    assert list(await world.service.recover()) == []
    assert "staff.outcome-unknown" in [row.topic for row in await world.rows(Outbox)]


async def test_status_lists_the_persons_own_actions(world: World) -> None:
    done = await world.file(OWNER, Right.ACCESS)
    scheduled = await world.done(OWNER, CANCEL)
    card = await world.card(OWNER, CORRECT, company="New")
    await world.file(AGENT, Right.ACCESS)
    await world.file(STRANGER, Right.ERASURE)
    own = await world.service.status(await world.principal(OWNER, Level.LINKED))
    assert {receipt.action_id for receipt in own} == {
        done.action_id,
        scheduled.action_id,
        card.action_id,
    }
    (theirs,) = await world.service.status(await world.principal(STRANGER))
    assert theirs.lines[0].values["right_key"] == "right.erasure"
    assert list(await world.service.status(Principal(email=OWNER))) == []
    world.clock.move(hours=1)
    assert card.action_id not in [
        receipt.action_id for receipt in await world.service.status(await world.principal(OWNER))
    ]


async def test_a_member_of_another_account_does_not_reach_this_one(world: World) -> None:
    """A principal whose account is not the member's own owns nothing there."""
    other = await world.account_of(PREPAID_OWNER)
    principal = replace(await world.principal(OWNER), account_id=other.id)
    denied = await world.service.propose(Proposal(CANCEL, principal, "chat", "m1"))
    assert isinstance(denied, Denied)
    assert denied.verdict.rule == "not-owner"
    async with world.database.read() as session:
        closing = select(Account).where(col(Account.status) != "active")
        assert (await session.exec(closing)).all() == []


def test_the_built_in_policies_are_those_of_the_service() -> None:
    assert load().needs_staff(CANCEL) is False
    assert staff_policies().needs_staff(CANCEL) is True


async def test_a_message_whose_time_ran_out_must_be_written_again(world: World) -> None:
    await world.propose(OWNER, CANCEL, level=Level.LINKED, origin="m1")
    card = await world.propose(OWNER, CORRECT, origin="m2", company="New")
    world.clock.move(hours=1)
    await world.service.expire()
    for origin, kind in (("m1", CANCEL), ("m2", CORRECT)):
        again = await world.propose(OWNER, kind, origin=origin, company="New")
        assert isinstance(again, Denied)
        assert again.verdict.rule == "expired"
    assert isinstance(card, NeedsConfirmation)
    assert await world.press(OWNER, card) == Rejected("expired", card.action_id)


async def test_a_card_is_shown_again_to_its_own_person_only(world: World) -> None:
    card = await world.propose(OWNER, CANCEL, origin="m1")
    below = await world.propose(OWNER, CANCEL, origin="m1", level=Level.LINKED)
    assert below == card
    nobody = await world.service.propose(Proposal(CANCEL, Principal(), "chat", "m1"))
    assert isinstance(nobody, NeedsIdentity)
    other = await world.propose(PREPAID_OWNER, CANCEL, origin="m1")
    assert isinstance(other, Denied)
    assert (other.action_id, other.verdict.rule) == (None, "foreign-origin")


async def test_a_pressed_message_again_leads_to_its_receipt(world: World) -> None:
    card = await world.propose(OWNER, CANCEL, origin="m1")
    assert isinstance(card, NeedsConfirmation)
    receipt = await world.press(OWNER, card)
    again = await world.propose(OWNER, CANCEL, origin="m1")
    assert isinstance(again, NeedsConfirmation)
    assert again.token == card.token
    assert await world.press(OWNER, again) == receipt
