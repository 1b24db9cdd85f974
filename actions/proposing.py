"""A request becomes a proposal: identity, guard, arguments, plan card. One transaction, once per message."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta

from sqlmodel import col, or_, select

from actions.catalogue import Row
from actions.errors import IllegalStep
from actions.model import (
    Denied,
    Deny,
    NeedsConfirmation,
    NeedsIdentity,
    Plan,
    Proposal,
    Proposed,
    Step,
)
from actions.planning import Request, plan_from_json, plan_to_json
from actions.receipts import belongs_to, denied, person_of
from actions.store.tables import Action
from actions.store.types import new_id
from actions.store.unit import Unit

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread on a telephone


async def propose(
    unit: Unit,
    row: Row,
    proposal: Proposal,
    clause_ids: Mapping[str, str],
    today: date,
    expiry: timedelta,
) -> Proposed:
    """Answer a proposal. The same origin again finds what stands; it goes on where identity was missing."""
    known = (await unit.session.exec(select(Action).where(Action.origin == proposal.origin))).first()
    if known and (known.conversation_id != proposal.conversation_id or known.kind != proposal.kind):
        return Denied(None, Deny("foreign-origin"))
    if known and known.step != Step.AWAITING_IDENTITY:
        return _again(known, proposal, row)
    action = known or _new(unit, proposal)
    _adopt(action, proposal, clause_ids)
    level = row.level(proposal.arguments)
    if proposal.principal.level < level or not (proposal.principal.member_id or proposal.principal.email):
        if known is None:
            await _begin(unit, action, proposal, expiry)
            await unit.move(action, unit.entry(action, Step.AWAITING_IDENTITY, rule="identity-too-low"))
        return NeedsIdentity(level, action.id)
    request = Request(person_of(action), action.arguments, action.proposed_at, action.id)
    weighed = await row.weigh(unit.session, request, today)
    if weighed.problems and not isinstance(weighed.verdict, Deny):
        return weighed.problems
    if known is None:
        await _begin(unit, action, proposal, expiry)
    if isinstance(weighed.verdict, Deny):
        return await _deny(unit, action, weighed.verdict)
    await _supersede(unit, action)
    return await _offer(unit, action, row, weighed.plan, expiry)


def _new(unit: Unit, proposal: Proposal) -> Action:
    return Action(
        id=new_id(),
        kind=proposal.kind,
        step=Step.PROPOSED,
        conversation_id=proposal.conversation_id,
        origin=proposal.origin,
        reference=_reference(),
        proposed_at=unit.now,
    )


def _adopt(action: Action, proposal: Proposal, clause_ids: Mapping[str, str]) -> None:
    """The person and the arguments are those of this moment: identity may have been proven since."""
    principal = proposal.principal
    action.account_id, action.member_id = principal.account_id, principal.member_id
    action.email = principal.email.lower() if principal.email else None
    action.role, action.language = principal.role, principal.language
    action.arguments = {name: value for name, value in proposal.arguments.items() if value}
    action.clause_ids = dict(clause_ids)


async def _begin(unit: Unit, action: Action, proposal: Proposal, expiry: timedelta) -> None:
    action.expires_at = unit.now + expiry
    await unit.begin(action, unit.entry(action, Step.PROPOSED, rule=proposal.proposed_by))


async def _deny(unit: Unit, action: Action, verdict: Deny) -> Denied:
    entry = unit.entry(action, Step.DENIED, rule=verdict.rule, anchors=(verdict.clause,))
    await unit.move(action, entry, verdict)
    return Denied(action.id, verdict)


async def _offer(unit: Unit, action: Action, row: Row, plan: Plan, expiry: timedelta) -> NeedsConfirmation:
    action.plan = {**plan_to_json(plan), "figures": row.policies.values(row.figures)}
    action.plan_hash = plan.hash
    action.token, action.expires_at = secrets.token_urlsafe(18), unit.now + expiry
    action.due_at = plan.effective_at
    cited = dict.fromkeys(line.clause for line in (*plan.preconditions, *plan.changes, *plan.irreversible))
    entry = unit.entry(action, Step.AWAITING_CONFIRMATION, rule="guard-allows", anchors=cited)
    await unit.move(action, entry)
    return NeedsConfirmation(action.id, plan, action.token, action.expires_at)


async def _supersede(unit: Unit, action: Action) -> None:
    """Asking again replaces the card that nobody pressed: only one button for one matter is alive."""
    own = or_(
        col(Action.member_id) == action.member_id if action.member_id else col(Action.email) == action.email
    )
    query = select(Action).where(
        own,
        Action.kind == action.kind,
        Action.step == Step.AWAITING_CONFIRMATION,
        Action.id != action.id,
    )
    for other in (await unit.session.exec(query)).all():
        if other.arguments.get("right") == action.arguments.get("right"):
            entry = unit.entry(other, Step.WITHDRAWN, rule="superseded")
            await unit.move(other, entry, Deny("superseded", values={"reference": action.reference}))


def _again(action: Action, proposal: Proposal, row: Row) -> Proposed:
    """The same message again: what it led to, without doing anything."""
    principal = proposal.principal
    if action.step == Step.DENIED:
        return denied(action)
    if action.step in (Step.WITHDRAWN, Step.EXPIRED):
        return Denied(action.id, Deny("expired"))
    if not belongs_to(action, principal):
        proven = principal.level >= row.level(proposal.arguments) and (principal.member_id or principal.email)
        foreign = Denied(None, Deny("foreign-origin"))
        return foreign if proven else NeedsIdentity(row.level(proposal.arguments), action.id)
    if not (action.plan and action.token and action.plan_hash):
        raise IllegalStep(f"action {action.id} stands at {action.step} without a plan")
    plan = plan_from_json(row.kind, action.plan, action.plan_hash)
    return NeedsConfirmation(action.id, plan, action.token, action.expires_at or action.proposed_at)


def _reference() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"CW-{''.join(letters[:4])}-{''.join(letters[4:])}"
