"""The press of a button: is it the right one, of the right person, in time, for the plan that still holds."""

from dataclasses import replace
from datetime import date

from sqlmodel import select

from actions.catalogue import Catalogue, Row
from actions.log import Entry
from actions.model import ActionKind, Confirmed, Deny, Principal, Receipt, Rejected, Step
from actions.planning import Request, Weighed
from actions.policies import Policies
from actions.receipts import belongs_to, denied, person_of, receipt, rule_of
from actions.store.tables import Action
from actions.store.unit import Unit

_CONFIRMED = frozenset(
    {
        Step.AWAITING_APPROVAL,
        Step.SCHEDULED,
        Step.EXECUTING,
        Step.DONE,
        Step.FAILED,
        Step.OUTCOME_UNKNOWN,
        Step.REFUSED,
    }
)


async def confirm(
    unit: Unit,
    rows: Catalogue,
    policies: Policies,
    today: date,
    token: str,
    principal: Principal,
    conversation_id: str,
    held: frozenset[str] = frozenset(),
) -> Confirmed:
    """Take the action of `token` to SCHEDULED (or to staff, also when one of its figures is `held`); the same
    press again reads it back.
    """
    action = (await unit.session.exec(select(Action).where(Action.token == token))).first()
    if action is None:
        subject = unit.subject(principal.member_id, principal.email)
        await unit.record(Entry(subject, "customer", "press", rule="unknown-token"))
        return Rejected("unknown-token")
    row = rows[ActionKind(action.kind)]
    if not belongs_to(action, principal) or action.conversation_id != conversation_id:
        return await _reject(unit, action, "foreign", principal)
    if action.step in _CONFIRMED:
        return receipt(action)
    if action.step == Step.DENIED:
        return denied(action)
    if action.step != Step.AWAITING_CONFIRMATION:
        return await _reject(unit, action, rule_of(action), principal)
    if principal.level < row.level(action.arguments):
        return await _reject(unit, action, "identity-too-low", principal)
    if action.expires_at is None or unit.now >= action.expires_at:
        return await _void(unit, action, "expired")
    weighed = await weigh_again(unit, row, action, today)
    return await _accept(unit, action, row, policies, weighed, held.intersection(row.figures))


async def withdraw(
    unit: Unit, rows: Catalogue, action_id: str, principal: Principal, conversation_id: str
) -> Receipt | Rejected:
    """Take an action back, until it is carried out. Taking it back twice is taking it back once."""
    action = await unit.session.get(Action, action_id)
    if action is None:
        return Rejected("unknown-action")
    nobody = not (action.member_id or action.email)
    if not (belongs_to(action, principal) or (nobody and action.conversation_id == conversation_id)):
        return await _reject(unit, action, "foreign", principal)
    if action.step == Step.WITHDRAWN:
        return receipt(action)
    if not receipt(action).may_withdraw:
        return await _reject(unit, action, "too-late", principal)
    entry = unit.entry(action, Step.WITHDRAWN, rule="withdrawn")
    await _release(unit, rows[ActionKind(action.kind)], action)
    await unit.move(action, entry, Deny("withdrawn"))
    return receipt(action)


async def decline(
    unit: Unit, rows: Catalogue, action_id: str, principal: Principal, conversation_id: str
) -> Receipt | Rejected:
    """Take an action back only as long as it is nothing but a card."""
    action = await unit.session.get(Action, action_id)
    if action and belongs_to(action, principal) and action.step != Step.AWAITING_CONFIRMATION:
        return receipt(action)
    return await withdraw(unit, rows, action_id, principal, conversation_id)


async def weigh_again(unit: Unit, row: Row, action: Action, today: date) -> Weighed:
    """Put fresh facts before the guard and make the plan anew, as of the moment of the request."""
    request = Request(person_of(action), action.arguments, action.proposed_at, action.id)
    return await row.weigh(unit.session, request, today)


async def _accept(
    unit: Unit, action: Action, row: Row, policies: Policies, weighed: Weighed, held: frozenset[str]
) -> Confirmed:
    if isinstance(weighed.verdict, Deny):
        verdict = weighed.verdict
        action.confirmed_at = unit.now
        await unit.move(action, unit.entry(action, Step.SCHEDULED, rule="confirmed"))
        entry = unit.entry(action, Step.DENIED, rule=verdict.rule, anchors=(verdict.clause,))
        await unit.move(action, entry, verdict)
        return denied(action)
    if weighed.plan.hash != action.plan_hash:
        return await _void(unit, action, "plan-altered")
    to_staff = bool(held) or policies.needs_staff(row.kind)
    step = Step.AWAITING_APPROVAL if to_staff else Step.SCHEDULED
    entry = unit.entry(action, step, rule="policy-under-review" if held else "confirmed")
    if held:
        action.plan = {**(action.plan or {}), "held": sorted(held)}
    action.confirmed_at, action.expires_at = unit.now, None
    action.due_at = action.due_at or unit.now
    await row.hold(unit, action, entry)
    if to_staff:
        unit.cause(action, "staff.approval", entry)
    await unit.move(action, entry)
    return receipt(action)


async def _void(unit: Unit, action: Action, rule: str) -> Rejected:
    await unit.move(action, unit.entry(action, Step.EXPIRED, rule=rule), Deny(rule))
    return Rejected(rule, action.id)


async def _reject(unit: Unit, action: Action, rule: str, principal: Principal) -> Rejected:
    """Log a press that does nothing, about whoever pressed."""
    entry = unit.entry(action, None, rule=rule)
    subject = unit.subject(principal.member_id, principal.email)
    await unit.record(replace(entry, subject=subject))
    return Rejected(rule, action.id)


async def _release(unit: Unit, row: Row, action: Action) -> None:
    if action.step in (Step.SCHEDULED, Step.AWAITING_APPROVAL):
        await row.release(unit, action, unit.entry(action, None))
