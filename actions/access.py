"""What staff see of actions and of the people behind them. Opening a person's data is an entry of the log."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions import approving
from actions.log import Entry
from actions.model import ActionKind, Plan, Receipt, Rejected, Step, Values
from actions.planning import plan_from_json
from actions.policies import Policies
from actions.ports import Sessions
from actions.receipts import receipt
from actions.store.tables import Account, Action, ActionLog, Member
from actions.store.unit import Unit

KIND, RULE = "access", "opened-by-staff"
LISTED = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """An action without anything of its person. `approvers` are ids of staff, `needed` how many it takes."""

    receipt: Receipt
    proposed_at: datetime
    confirmed_at: datetime | None
    approvers: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked: `pseudonym` is theirs in the log, the rest is what staff may see once it is logged."""

    pseudonym: str
    email: str | None
    name: str | None
    role: str | None
    company: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the log about the action. A known member of staff stands in `actor` by id."""

    seq: int
    at: datetime
    actor: str
    kind: str
    step: str | None
    rule: str | None
    clauses: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that staff need to decide. `clause_ids` says which clause an anchor of the plan meant."""

    listed: Listed
    asker: Asker
    arguments: Values
    plan: Plan | None
    clause_ids: Values
    history: tuple[Event, ...]


async def record(
    unit: Unit, staff: str, *, member_id: str | None, email: str | None, action_id: str | None = None
) -> None:
    """Log that `staff` opened the data of this person; an address that is a member's is that member."""
    if member_id is None and email:
        query = select(Member.id).where(Member.email == email.lower())
        member_id = (await unit.session.exec(query)).first()
    entry = Entry(
        subject=unit.subject(member_id, email),
        actor=unit.staff(approving.staff_id(staff)),
        kind=KIND,
        action_id=action_id,
        rule=RULE,
    )
    await unit.record(entry)


async def listed(session: AsyncSession, policies: Policies, *, waiting: bool) -> Sequence[Listed]:
    """Return the actions that wait for staff, the longest wait first; else the newest ones."""
    query = select(Action).order_by(col(Action.proposed_at).desc(), Action.id).limit(LISTED)
    if waiting:
        query = select(Action).where(Action.step == Step.AWAITING_APPROVAL)
        query = query.order_by(col(Action.confirmed_at), Action.id)
    return [await _listed(session, policies, action) for action in (await session.exec(query)).all()]


async def opened(
    unit: Unit, policies: Policies, known: Collection[str], named: str, staff: str
) -> Opened | Rejected:
    """Open one action for a member of staff, and log that before anything is shown."""
    if rule := approving.may_decide(staff, known, ()):
        return Rejected(rule, named)
    action = await approving.find(unit.session, named)
    if action is None:
        return Rejected("unknown-action", named)
    await record(unit, staff, member_id=action.member_id, email=action.email, action_id=action.id)
    plan = None
    if action.plan and action.plan_hash:
        plan = plan_from_json(ActionKind(action.kind), action.plan, action.plan_hash)
    return Opened(
        listed=await _listed(unit.session, policies, action),
        asker=await _asker(unit, action),
        arguments=dict(action.arguments),
        plan=plan,
        clause_ids=dict(action.clause_ids),
        history=await _history(unit, action, known),
    )


async def id_of(sessions: Sessions, named: str) -> str:
    """Return the id of the action with this id or reference number; `named` where there is none."""
    async with sessions.read() as session:
        action = await approving.find(session, named)
    return action.id if action else named


async def _listed(session: AsyncSession, policies: Policies, action: Action) -> Listed:
    given = tuple(await approving.approvers(session, action.id))
    # One that its tier lets pass waits for one member of staff all the same while its terms are under review.
    least = 1 if given or action.step == Step.AWAITING_APPROVAL else 0
    return Listed(
        receipt=receipt(action),
        proposed_at=action.proposed_at,
        confirmed_at=action.confirmed_at,
        approvers=given,
        needed=max(policies.approvals(ActionKind(action.kind)), least),
    )


async def _asker(unit: Unit, action: Action) -> Asker:
    member = await unit.session.get(Member, action.member_id) if action.member_id else None
    account = await unit.session.get(Account, action.account_id) if action.account_id else None
    return Asker(
        pseudonym=await unit.pseudonym(action.member_id, action.email),
        email=member.email if member else action.email,
        name=member.name if member else None,
        role=action.role,
        company=account.company if account else None,
        language=action.language,
    )


async def _history(unit: Unit, action: Action, known: Iterable[str]) -> tuple[Event, ...]:
    names = {unit.staff(name): f"staff:{name}" for name in known}
    query = select(ActionLog).where(ActionLog.action_id == action.id).order_by(col(ActionLog.seq))
    return tuple(
        Event(row.seq, row.at, names.get(row.actor, row.actor), row.kind, row.step, row.rule, row.clauses)
        for row in (await unit.session.exec(query)).all()
    )
