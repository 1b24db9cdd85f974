"""What happens to a confirmed action: staff decide, its time comes, its time runs out."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.catalogue import Catalogue, Row
from actions.confirming import weigh_again
from actions.lifecycle import may_follow
from actions.model import ActionKind, Deny, Receipt, Rejected, Step
from actions.receipts import receipt
from actions.store.tables import Action
from actions.store.unit import Unit

_CLOCK = "clock"


async def due_ids(session: AsyncSession, now: datetime) -> Sequence[str]:
    """Return the actions whose time has come, oldest first."""
    query = select(Action.id).where(Action.step == Step.SCHEDULED, col(Action.due_at) <= now)
    return (await session.exec(query.order_by(col(Action.due_at), Action.id))).all()


async def execute(unit: Unit, rows: Catalogue, action_id: str, today: date) -> Receipt:
    """Carry out a scheduled action, if its time has come and the guard still allows it: once, wholly."""
    action = await unit.session.get_one(Action, action_id)
    if action.step != Step.SCHEDULED or action.due_at is None or action.due_at > unit.now:
        return receipt(action)
    row = rows[ActionKind(action.kind)]
    weighed = await weigh_again(unit, row, action, today)
    if isinstance(weighed.verdict, Deny):
        await _call_off(unit, row, action, Step.DENIED, weighed.verdict)
    elif weighed.plan.hash != action.plan_hash:
        await _call_off(unit, row, action, Step.EXPIRED, Deny("plan-altered"))
    else:
        await unit.move(action, unit.entry(action, Step.EXECUTING, rule="guard-allows", actor=_CLOCK))
        cited = dict.fromkeys(line.clause for line in weighed.plan.changes)
        await row.carry_out(unit, action, unit.entry(action, Step.DONE, anchors=cited, actor=_CLOCK))
    return receipt(action)


async def fail(unit: Unit, action_id: str) -> Receipt:
    """Its effect cannot be carried out and was undone whole; staff look at it, nothing is retried."""
    action = await unit.session.get_one(Action, action_id)
    if action.step != Step.SCHEDULED:
        return receipt(action)
    await unit.move(action, unit.entry(action, Step.EXECUTING, actor=_CLOCK))
    entry = unit.entry(action, Step.FAILED, rule="effect-failed", actor=_CLOCK)
    await unit.move(action, entry, Deny("effect-failed"))
    unit.cause(action, "staff.failed", entry)
    return receipt(action)


async def approve(unit: Unit, action_id: str, staff_id: str) -> Receipt | Rejected:
    action = await unit.session.get(Action, action_id)
    if action is None or action.step != Step.AWAITING_APPROVAL:
        return Rejected("not-awaiting-approval", action_id)
    entry = unit.entry(action, Step.SCHEDULED, rule="approved", actor=unit.staff(staff_id))
    await unit.move(action, entry)
    action.due_at = max(action.due_at or unit.now, unit.now)
    return receipt(action)


async def refuse(
    unit: Unit, rows: Catalogue, action_id: str, staff_id: str, reason: str
) -> Receipt | Rejected:
    """End an action in a person's name. The reason is for the customer and stays out of the log."""
    action = await unit.session.get(Action, action_id)
    if action is None or action.step != Step.AWAITING_APPROVAL:
        return Rejected("not-awaiting-approval", action_id)
    if not reason.strip():
        return Rejected("reason-missing", action_id)
    action.reason = reason.strip()
    entry = unit.entry(action, Step.REFUSED, rule="refused-by-staff", actor=unit.staff(staff_id))
    await rows[ActionKind(action.kind)].release(unit, action, entry)
    await unit.move(action, entry, Deny("refused-by-staff", values={"reason": action.reason}))
    unit.cause(action, "mail.refused", entry)
    return receipt(action)


async def expire(unit: Unit) -> Sequence[Receipt]:
    """Void every card and identity check whose time ran out."""
    waiting = (Step.AWAITING_IDENTITY, Step.AWAITING_CONFIRMATION)
    query = select(Action).where(col(Action.step).in_(waiting), col(Action.expires_at) <= unit.now)
    actions = (await unit.session.exec(query)).all()
    for action in actions:
        await unit.move(
            action, unit.entry(action, Step.EXPIRED, rule="expired", actor=_CLOCK), Deny("expired")
        )
    return [receipt(action) for action in actions]


async def give_up_unknown(unit: Unit) -> Sequence[Receipt]:
    """An action found in the middle of its effect: nobody knows what it did, so staff look."""
    actions = (await unit.session.exec(select(Action).where(Action.step == Step.EXECUTING))).all()
    for action in actions:
        if may_follow(Step(action.step), Step.OUTCOME_UNKNOWN):
            entry = unit.entry(action, Step.OUTCOME_UNKNOWN, rule="interrupted", actor=_CLOCK)
            await unit.move(action, entry, Deny("interrupted"))
            unit.cause(action, "staff.outcome-unknown", entry)
    return [receipt(action) for action in actions]


async def _call_off(unit: Unit, row: Row, action: Action, step: Step, verdict: Deny) -> None:
    """Fresh facts stop a confirmed action: the customer is told, staff see to the promise it came from."""
    entry = unit.entry(action, step, rule=verdict.rule, anchors=(verdict.clause,), actor=_CLOCK)
    await row.release(unit, action, entry)
    await unit.move(action, entry, verdict)
    unit.cause(action, "mail.called-off", entry)
    unit.cause(action, "staff.called-off", entry)
