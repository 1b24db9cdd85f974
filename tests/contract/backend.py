"""What an action does wherever its effect takes place; `test_backend.py` runs it on each backend."""

import asyncio
from collections.abc import Callable

from actions.model import ActionKind, Receipt, Right, Step
from actions.papers.tables import Paper
from actions.store.tables import Consent, CreditNote, Effect, GdprCase, Invoice, Outbox, Subscription
from tests.contract.acting import OWNER, STRANGER, World

CANCEL = ActionKind.CANCEL_ACCOUNT
CORRECT = ActionKind.INVOICE_CORRECTION
DONE_STEPS = ["PROPOSED", "AWAITING_CONFIRMATION", "SCHEDULED", "EXECUTING", "DONE"]


class BackendContract:
    """`world` acts through the backend; `carried_out` counts what it has done."""

    async def test_a_cancellation_closes_the_account_when_its_time_has_come(
        self, world: World, carried_out: Callable[[], int] | None
    ) -> None:
        scheduled = await world.done(OWNER, CANCEL)
        assert list(await world.service.run_due()) == []
        assert carried_out is None or carried_out() == 0
        world.clock.move(days=1)
        (done,) = await world.service.run_due()
        assert (done.step, done.reference) == (Step.DONE, scheduled.reference)
        assert [line.key for line in done.lines] == ["cancel.closed", "cancel.deletion-due"]
        account = await world.account_of(OWNER)
        assert account.status == "closed"
        renewing = {row.account_id: row.renews for row in await world.rows(Subscription)}
        assert renewing[account.id] is False
        assert sorted(row.topic for row in await world.rows(Outbox)) == ["account.delete", "mail.receipt"]
        assert await world.steps(done.action_id) == DONE_STEPS
        await world.verified()
        assert carried_out is None or carried_out() == 1

    async def test_a_correction_has_numbers_papers_and_equal_sums(
        self, world: World, carried_out: Callable[[], int] | None
    ) -> None:
        before = {row.id for row in await world.rows(Invoice)}
        done = await world.done(OWNER, CORRECT, company="New Teapots Ltd")
        assert done.step is Step.DONE
        (note,) = await world.rows(CreditNote)
        (new,) = [row for row in await world.rows(Invoice) if row.id not in before]
        (old,) = [row for row in await world.rows(Invoice) if row.id == new.corrects_id]
        assert (old.status, new.billed_company) == ("credited", "New Teapots Ltd")
        assert old.total_cents == note.total_cents == new.total_cents
        assert [line.values["number"] for line in done.lines] == [note.number, new.number]
        assert {paper.number for paper in await world.rows(Paper)} == {note.number, new.number}
        await world.verified()
        assert carried_out is None or carried_out() == 1

    async def test_a_right_is_filed_and_an_objection_takes_effect(
        self, world: World, carried_out: Callable[[], int] | None
    ) -> None:
        filed = await world.file(STRANGER, Right.ERASURE)
        objected = await world.file(OWNER, Right.OBJECTION)
        assert [filed.step, objected.step] == [Step.DONE, Step.DONE]
        cases = {case.reference: case.status for case in await world.rows(GdprCase)}
        assert cases == {filed.reference: "open", objected.reference: "done"}
        assert [row for row in await world.rows(Consent) if row.email == OWNER and not row.withdrawn_at] == []
        await world.verified()
        assert carried_out is None or carried_out() == 2

    async def test_presses_side_by_side_have_one_effect_and_one_receipt(
        self, world: World, carried_out: Callable[[], int] | None
    ) -> None:
        card = await world.card(OWNER, CORRECT, company="New Teapots Ltd")
        pressed = await asyncio.gather(*(world.press(OWNER, card) for _ in range(20)))
        assert {receipt.reference for receipt in pressed if isinstance(receipt, Receipt)} == {
            (await world.action(card.action_id)).reference
        }
        assert len(pressed) == 20
        again = await world.press(OWNER, card)
        assert isinstance(again, Receipt)
        assert again.step is Step.DONE
        assert len(await world.rows(CreditNote)) == len(await world.rows(Effect)) == 1
        await world.verified()
        assert carried_out is None or carried_out() == 1

    async def test_what_was_taken_back_has_no_effect(
        self, world: World, carried_out: Callable[[], int] | None
    ) -> None:
        scheduled = await world.done(OWNER, CANCEL)
        await world.service.withdraw(scheduled.action_id, await world.principal(OWNER), "chat")
        world.clock.move(days=9)
        assert list(await world.service.run_due()) == []
        assert (await world.account_of(OWNER)).status == "active"
        await world.verified()
        assert carried_out is None or carried_out() == 0
