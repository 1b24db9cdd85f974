"""What happens to a confirmed action: its time comes, its time runs out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Answer, Done, NotTried, Order, Refused, Told, Unknown
from actions.catalogue import Catalogue, Row, as_promised
from actions.confirming import weigh_again
from actions.lifecycle import may_follow
from actions.model import ActionKind, Deny, Receipt, Step
from actions.receipts import receipt
from actions.store.tables import Action, ActionLog
from actions.store.unit import Unit

_CLOCK = "clock"
_NOT_TRIED = "backend-not-reached"
LOST_AFTER = timedelta(minutes=5)
"""Far longer than a backend's call takes: who claimed it will not record it any more."""


async def due_ids(session: AsyncSession, now: datetime) -> Sequence[str]:
    """Return the actions whose time has come, oldest first."""
    query = select(Action.id).where(Action.step == Step.SCHEDULED, col(Action.due_at) <= now)
    return (await session.exec(query.order_by(col(Action.due_at), Action.id))).all()


async def lost_ids(session: AsyncSession, claimed_by: datetime) -> Sequence[str]:
    """Return the actions in the middle of their effect that were claimed at `claimed_by` or before."""
    claimed = (
        select(func.max(ActionLog.at))
        .where(col(ActionLog.action_id) == col(Action.id), col(ActionLog.step) == Step.EXECUTING)
        .correlate(Action)
        .scalar_subquery()
    )
    query = select(Action.id).where(Action.step == Step.EXECUTING, claimed <= claimed_by)
    return (await session.exec(query)).all()


async def execute(unit: Unit, rows: Catalogue, action_id: str, today: date) -> Receipt:
    """Carry out a scheduled action in the store, if its time has come: once, wholly."""
    action = await unit.session.get_one(Action, action_id)
    if await _may_begin(unit, rows, action, today):
        await carry_out(unit, rows, action, {}, _CLOCK)
    return receipt(action)


async def claim(unit: Unit, rows: Catalogue, action_id: str, today: date) -> Order | Receipt:
    """Take a scheduled action to EXECUTING and return what to order; or a receipt, with nothing to do."""
    action = await unit.session.get_one(Action, action_id)
    if not await _may_begin(unit, rows, action, today):
        return receipt(action)
    return Order(
        kind=ActionKind(action.kind),
        confirmation=action.token or "",
        reference=action.reference,
        confirmed_at=action.confirmed_at or unit.now,
        account_id=action.account_id,
        member_id=action.member_id,
        details=await rows[ActionKind(action.kind)].details(unit.session, action),
    )


async def record(
    unit: Unit,
    rows: Catalogue,
    action_id: str,
    answer: Answer,
    next_wait: Callable[[int], timedelta | None],
) -> Receipt:
    """Write down what came of a claimed action. Where the claim was given up meanwhile, a certain answer is
    still one; where staff have settled it, theirs stands.
    """
    action = await unit.session.get_one(Action, action_id)
    if action.step not in (Step.EXECUTING, Step.OUTCOME_UNKNOWN):
        await unit.record(unit.entry(action, None, rule="answered-too-late", actor=_CLOCK))
    elif isinstance(answer, Done):
        await carry_out(unit, rows, action, answer.told, _CLOCK)
    elif isinstance(answer, Unknown):
        await _lose(unit, action, "backend-uncertain", answer.reason)
    elif isinstance(answer, Refused):
        await not_done(unit, rows, action, "backend-refused", _CLOCK, answer.reason)
    else:
        await _put_off(unit, rows, action, answer, next_wait)
    return receipt(action)


async def carry_out(unit: Unit, rows: Catalogue, action: Action, told: Told, actor: str) -> None:
    """Write the effect into the store and take the action to DONE, with the figures that it was promised."""
    cited = dict.fromkeys(line["clause"] for line in (action.plan or {}).get("changes", ()))
    entry = unit.entry(action, Step.DONE, anchors=cited, actor=actor)
    if action.step == Step.OUTCOME_UNKNOWN:
        entry, action.verdict = replace(entry, rule="settled"), None
    row = as_promised(rows[ActionKind(action.kind)], action)
    await row.carry_out(unit, action, entry, told)


async def not_done(
    unit: Unit, rows: Catalogue, action: Action, rule: str, actor: str, reason: str = ""
) -> None:
    """Its effect does not stand and never will: staff see to it, and the customer hears of it, who has been
    told otherwise before.
    """
    is_told = action.step == Step.EXECUTING and action.due_at == action.confirmed_at
    entry = unit.entry(action, Step.FAILED, rule=rule, actor=actor)
    values = {"reason": reason} if reason else {}
    await rows[ActionKind(action.kind)].release(unit, action, entry)
    await unit.move(action, entry, Deny(rule, values=values))
    unit.cause(action, "staff.failed", entry, values)
    if not is_told:
        unit.cause(action, "mail.failed", entry)


async def fail(unit: Unit, rows: Catalogue, action_id: str) -> Receipt:
    """Its effect cannot be carried out and was undone whole; staff look at it, nothing is retried."""
    action = await unit.session.get_one(Action, action_id)
    if action.step != Step.SCHEDULED:
        return receipt(action)
    await unit.move(action, unit.entry(action, Step.EXECUTING, actor=_CLOCK))
    await not_done(unit, rows, action, "effect-failed", _CLOCK)
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


async def give_up_unknown(unit: Unit, ids: Sequence[str] | None = None) -> Sequence[Receipt]:
    """An action (of `ids`) found in the middle of its effect: nobody knows what it did, so staff look."""
    query = select(Action).where(Action.step == Step.EXECUTING)
    if ids is not None:
        query = query.where(col(Action.id).in_(ids))
    actions = (await unit.session.exec(query)).all()
    for action in actions:
        if may_follow(Step(action.step), Step.OUTCOME_UNKNOWN):
            await _lose(unit, action, "interrupted")
    return [receipt(action) for action in actions]


async def _call_off(unit: Unit, row: Row, action: Action, step: Step, verdict: Deny) -> None:
    """Fresh facts stop a confirmed action: the customer is told, staff see to the promise it came from."""
    entry = unit.entry(action, step, rule=verdict.rule, anchors=(verdict.clause,), actor=_CLOCK)
    await row.release(unit, action, entry)
    await unit.move(action, entry, verdict)
    unit.cause(action, "mail.called-off", entry)
    unit.cause(action, "staff.called-off", entry)


async def _may_begin(unit: Unit, rows: Catalogue, action: Action, today: date) -> bool:
    """Take a scheduled action to EXECUTING, if its time has come and the guard still allows it.

    A plan that no longer fits the facts is called off, but for a legal right, which nobody but a person may
    turn down.
    """
    if action.step != Step.SCHEDULED or action.due_at is None or action.due_at > unit.now:
        return False
    row = as_promised(rows[ActionKind(action.kind)], action)
    weighed = await weigh_again(unit, row, action, today)
    if isinstance(weighed.verdict, Deny):
        await _call_off(unit, row, action, Step.DENIED, weighed.verdict)
        return False
    if weighed.plan.hash != action.plan_hash and row.kind is not ActionKind.GDPR_REQUEST:
        await _call_off(unit, row, action, Step.EXPIRED, Deny("plan-altered"))
        return False
    await unit.move(action, unit.entry(action, Step.EXECUTING, rule="guard-allows", actor=_CLOCK))
    return True


async def _lose(unit: Unit, action: Action, rule: str, reason: str = "") -> None:
    """Nobody knows what became of it: staff settle it. The account stays as it waits."""
    if action.step == Step.OUTCOME_UNKNOWN:
        return
    entry = unit.entry(action, Step.OUTCOME_UNKNOWN, rule=rule, actor=_CLOCK)
    values = {"reason": reason} if reason else {}
    await unit.move(action, entry, Deny(rule, values=values))
    unit.cause(action, "staff.outcome-unknown", entry, values)


async def _put_off(
    unit: Unit,
    rows: Catalogue,
    action: Action,
    answer: NotTried,
    next_wait: Callable[[int], timedelta | None],
) -> None:
    """Schedule it for another try; the log counts them. It fails when there are no more, or when it was
    given up meanwhile, because nothing is tried again of which staff were told.
    """
    tries = select(func.count()).where(ActionLog.action_id == action.id, ActionLog.rule == _NOT_TRIED)
    wait = next_wait((await unit.session.exec(tries)).one() + 1)
    if wait is None or action.step == Step.OUTCOME_UNKNOWN:
        await not_done(unit, rows, action, _NOT_TRIED, _CLOCK, answer.reason)
        return
    await unit.move(action, unit.entry(action, Step.SCHEDULED, rule=_NOT_TRIED, actor=_CLOCK))
    action.due_at = unit.now + wait
