"""Staff decide: who may, how many it takes, and what the customer hears of it.

Nobody decides about their own request. The same member of staff counts once. One refusal ends it.
"""

from collections.abc import Collection

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.catalogue import Catalogue
from actions.model import ActionKind, Deny, Receipt, Rejected, Step
from actions.policies import Policies
from actions.receipts import receipt
from actions.store.approval_tables import Approval
from actions.store.tables import Action, GdprCase, Member
from actions.store.unit import Unit

LOCAL = "local"
"""The operator at this machine, who is all of the staff where no other is named."""

COMPLAINT = "right-complaint"


def staff_id(written: str) -> str:
    """Return an id of staff as it is compared and stored: "Maria" and "maria " are one person."""
    return written.strip().casefold()


def may_decide(staff: str, known: Collection[str], asker: Collection[str]) -> str | None:
    """Return the rule that keeps `staff` from deciding, or None.

    `known` are the ids that may act at all, `asker` the member id and the addresses of whoever asked.
    """
    if not staff or staff not in known:
        return "not-staff"
    return "own-request" if staff in asker else None


def is_enough(approvers: Collection[str], needed: int) -> bool:
    """Whether these ids let it pass. What waits for staff needs one of them whatever its tier says."""
    return len(set(approvers)) >= max(needed, 1)


def may_reach(known: Collection[str], asker: Collection[str], given: Collection[str], needed: int) -> bool:
    """Whether an action can ever get the approvals that it needs: the asker's own does not count."""
    return is_enough({*given, *known} - set(asker), needed)


async def find(session: AsyncSession, written: str) -> Action | None:
    """Return the action with this id or this reference number, or None."""
    named = written.strip()
    query = select(Action).where(or_(col(Action.id) == named, col(Action.reference) == named.upper()))
    return (await session.exec(query)).first()


async def approvers(session: AsyncSession, action_id: str) -> list[str]:
    """Return who has approved so far, the first one first."""
    query = select(Approval.staff).where(Approval.action_id == action_id)
    return list((await session.exec(query.order_by(col(Approval.at), Approval.id))).all())


async def approve(
    unit: Unit, policies: Policies, known: Collection[str], named: str, staff: str
) -> Receipt | Rejected:
    """Count one approval; the last one that it takes schedules the action."""
    action = await decidable(unit, known, named, staff)
    if isinstance(action, Rejected):
        return action
    if action.step != Step.AWAITING_APPROVAL:
        return Rejected("not-awaiting-approval", action.id)
    given = await approvers(unit.session, action.id)
    if staff in given:
        return receipt(action)
    needed = policies.approvals(ActionKind(action.kind))
    if not may_reach(known, await _askers(unit.session, action), given, needed):
        await unit.record(unit.entry(action, None, rule="too-few-staff", actor=unit.staff(staff)))
        return Rejected("too-few-staff", action.id)
    unit.session.add(Approval(action_id=action.id, staff=staff, at=unit.now))
    if not is_enough([*given, staff], needed):
        await unit.record(unit.entry(action, None, rule="approved", actor=unit.staff(staff)))
        return receipt(action)
    entry = unit.entry(action, Step.SCHEDULED, rule="approved", actor=unit.staff(staff))
    await unit.move(action, entry)
    action.due_at = max(action.due_at or unit.now, unit.now)
    if action.due_at > unit.now:  # what is due at once is carried out next, and its receipt says so
        unit.cause(action, "mail.approved", entry)
    return receipt(action)


async def refuse(
    unit: Unit, rows: Catalogue, known: Collection[str], named: str, staff: str, reason: str
) -> Receipt | Rejected:
    """End an action, or the open case of one, in a person's name.

    The reason is for the customer and stays out of the log.
    """
    action = await decidable(unit, known, named, staff)
    if isinstance(action, Rejected):
        return action
    case = await open_case(unit.session, action)
    if action.step != Step.AWAITING_APPROVAL and case is None:
        return Rejected("not-awaiting-approval", action.id)
    if not reason.strip():
        return Rejected("reason-missing", action.id)
    action.reason = reason.strip()
    by, clauses = unit.staff(staff), _clauses(action)
    if case is not None:
        case.status, case.closed_at = "refused", unit.now
        entry = unit.entry(action, None, rule="case-refused-by-staff", anchors=clauses, actor=by)
        await unit.record(entry)
    else:
        entry = unit.entry(action, Step.REFUSED, rule="refused-by-staff", anchors=clauses, actor=by)
        await rows[ActionKind(action.kind)].release(unit, action, entry)
        await unit.move(action, entry, Deny("refused-by-staff", values={"reason": action.reason}))
    unit.cause(action, "mail.refused", entry)
    return receipt(action)


async def decidable(unit: Unit, known: Collection[str], named: str, staff: str) -> Action | Rejected:
    """Find the action, if this member of staff may decide about it; who may not stands in the log."""
    action = await find(unit.session, named)
    if action is None:
        return Rejected("unknown-action", named)
    rule = may_decide(staff, known, await _askers(unit.session, action))
    if rule is None:
        return action
    await unit.record(unit.entry(action, None, rule=rule, actor=unit.staff(staff)))
    return Rejected(rule, action.id)


async def _askers(session: AsyncSession, action: Action) -> set[str]:
    """Every id by which the person who asked could also be a member of staff."""
    member = await session.get(Member, action.member_id) if action.member_id else None
    named = (action.member_id, action.email, member.email if member else None)
    return {staff_id(name) for name in named if name}


async def open_case(session: AsyncSession, action: Action) -> GdprCase | None:
    query = select(GdprCase).where(GdprCase.action_id == action.id, GdprCase.status == "open")
    return (await session.exec(query)).first()


def _clauses(action: Action) -> tuple[str, ...]:
    return (COMPLAINT,) if action.kind == ActionKind.GDPR_REQUEST else ()
