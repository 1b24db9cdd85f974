"""Cancelling an account, as the terms promise it: who may, what is lost, what may come back, when.

The owner asks in the chat; within one business day the account is closed and the customer has the
confirmation. Until then it can be taken back. Whether the company keeps part of a prepaid credit is
for staff: the card names both sums and the effect leaves staff a task.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Told
from actions.calendar import Calendar, same_day_of_month
from actions.log import Entry
from actions.model import ActionKind, Allow, Deny, Level, Line, NeedsArguments, Principal, Step, Verdict
from actions.planning import Details, Draft, Request, Weighed, money, passed, plan_from
from actions.policies import Policies
from actions.store.tables import Account, Action, Credit, Member, Subscription
from actions.store.unit import Unit

OWNER_ONLY = "account-owner"
BY_REQUEST = "cancellation-by-request"
DATA_LOSS = "cancellation-data-loss"
NO_REFUNDS = "no-refunds"
CREDIT_REFUND = "prepaid-credit-refund"
CREDIT_TERM = "prepaid-credit-term"
RETENTION = "retention"

FIGURES = ("cancellation", "refund_share", "deletion", "backup")


@dataclass(frozen=True, slots=True)
class CancelAccount:
    principal: Principal


@dataclass(frozen=True, slots=True)
class CreditFacts:
    """`ends_on` is the first day after the credit's term."""

    amount_cents: int
    used_cents: int
    currency: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class CancelFacts:
    """`other_reference` is another cancellation of the same account that waits for its time.

    Without an account everything is empty, and nobody owns it.
    """

    account_id: str | None = None
    company: str = ""
    is_owner: bool = False
    is_closed: bool = False
    other_reference: str | None = None
    plan: str | None = None
    seats: int = 0
    paid_until: date | None = None
    credits: tuple[CreditFacts, ...] = ()


def may_cancel(request: CancelAccount, facts: CancelFacts) -> Verdict:
    """Decide whether the account may be cancelled. Source: terms, cancellation by request."""
    if request.principal.account_id is None or request.principal.account_id != facts.account_id:
        return Deny("not-member", clause=OWNER_ONLY)
    if not facts.is_owner:
        return Deny("not-owner", clause=OWNER_ONLY)
    if facts.is_closed:
        return Deny("account-closed", clause=BY_REQUEST)
    if facts.other_reference:
        return Deny("already-closing", clause=BY_REQUEST, values={"reference": facts.other_reference})
    return Allow(checks=("member", "owner", "account-active", "not-closing"))


def unused_cents(credit: CreditFacts, today: date) -> int:
    """Return what is left of a prepaid credit; after its term nothing is."""
    return max(credit.amount_cents - credit.used_cents, 0) if today < credit.ends_on else 0


def least_refund_cents(unused: int, share_percent: int) -> int:
    """Return the part that the company must give back at least, a broken cent in the customer's favour."""
    return ceil(Fraction(unused * share_percent, 100))


def credit_ends_on(credit: Credit, seats_now: int) -> date:
    """Return the day after a credit's term: more seats than were bought shorten it, fewer lengthen it.

    Only today's seats are known, so the day is exact when the seats never changed.
    """
    months = credit.months * credit.seats // max(seats_now, 1)
    return same_day_of_month(credit.bought_on, min(months, 12 * 100))


def draft(request: Request, facts: CancelFacts, policies: Policies, calendar: Calendar) -> Draft:
    """Return what the customer is asked to confirm."""
    figures = policies.figures
    effective_at = calendar.after_business_days(request.received_at, figures.cancellation.value)
    at = effective_at.isoformat()
    changes = [
        Line("cancel.closes", {"company": facts.company, "effective_at": at}, BY_REQUEST),
        Line("cancel.may-take-back", {"until": at}, BY_REQUEST),
    ]
    if facts.plan and facts.paid_until:
        values = {"plan": facts.plan, "seats": str(facts.seats), "paid_until": facts.paid_until.isoformat()}
        changes.append(Line("cancel.not-charged-again", values, BY_REQUEST))
    for credit in facts.credits:
        if unused := unused_cents(credit, calendar.day_of(request.received_at)):
            changes.append(_credit_line(credit, unused, figures.refund_share.value))
    deletion = {"days": str(figures.deletion.value), "backup_days": str(figures.backup.value)}
    changes.append(Line("cancel.data-deleted", deletion, RETENTION))
    preconditions = (
        passed("owner", OWNER_ONLY),
        passed("account-active", BY_REQUEST),
        passed("not-closing", BY_REQUEST),
    )
    irreversible = (Line("cancel.content-lost", {}, DATA_LOSS), Line("cancel.no-refund", {}, NO_REFUNDS))
    return Draft(tuple(changes), preconditions, irreversible, effective_at)


def _credit_line(credit: CreditFacts, unused: int, share: int) -> Line:
    least = least_refund_cents(unused, share)
    values = {
        "unused": money(unused, credit.currency),
        "least": money(least, credit.currency),
        "share": f"{share} %",
        "ends_on": credit.ends_on.isoformat(),
    }
    return Line("cancel.credit-refund", values, CREDIT_REFUND)


@dataclass(frozen=True, slots=True)
class Cancelling:
    """The catalogue's row."""

    policies: Policies
    calendar: Calendar
    kind: ActionKind = ActionKind.CANCEL_ACCOUNT
    figures: tuple[str, ...] = FIGURES
    anchors: tuple[str, ...] = (
        *(OWNER_ONLY, BY_REQUEST, DATA_LOSS, NO_REFUNDS),
        *(CREDIT_REFUND, CREDIT_TERM, RETENTION),
    )

    def malformed(self, arguments: object) -> NeedsArguments | None:
        return None

    def level(self, arguments: object) -> Level:
        return Level.VERIFIED

    async def weigh(self, session: AsyncSession, request: Request, today: date) -> Weighed:
        facts = await read_facts(session, request)
        verdict = may_cancel(CancelAccount(request.principal), facts)
        plan = draft(request, facts, self.policies, self.calendar)
        return Weighed(verdict, plan_from(self.kind, plan, request, facts))

    async def hold(self, unit: Unit, action: Action, entry: Entry) -> None:
        """The account is closing from the confirmation on."""
        account = await _account(unit.session, action)
        account.status = "closing"

    async def release(self, unit: Unit, action: Action, entry: Entry) -> None:
        """The confirmed cancellation will not happen after all."""
        account = await _account(unit.session, action)
        if account.status == "closing":
            account.status = "active"

    async def details(self, session: AsyncSession, action: Action) -> Details:
        return {}

    async def carry_out(self, unit: Unit, action: Action, entry: Entry, told: Told) -> None:
        """Close the account, stop the renewal, leave staff the refund and the deletion its day."""
        account = await _account(unit.session, action)
        account.status, account.closed_at = "closed", unit.now
        account.delete_after = unit.now + timedelta(days=self.policies.figures.deletion.value)
        subscription = await _subscription(unit.session, account.id)
        if subscription:
            subscription.renews = False
        today = self.calendar.day_of(action.proposed_at)
        outcome = []
        for credit in await _credits(unit.session, account.id):
            facts = _credit_facts(credit, subscription)
            if unused := unused_cents(facts, today):
                credit.refund_state = "to_decide"
                outcome.append(Line("cancel.refund-decided-by-staff", {}, CREDIT_REFUND))
                line = _credit_line(facts, unused, self.policies.figures.refund_share.value)
                unit.cause(
                    action, f"staff.credit-refund.{credit.id}", entry, {"credit": credit.id, **line.values}
                )
        unit.cause(action, "account.delete", entry, {"account": account.id}, account.delete_after)
        unit.cause(action, "mail.receipt", entry)
        closed = Line("cancel.closed", {"closed_at": unit.now.isoformat()}, BY_REQUEST)
        deletion = {"delete_after": account.delete_after.isoformat()}
        outcome = [closed, Line("cancel.deletion-due", deletion, RETENTION), *outcome[:1]]
        await unit.finish(action, outcome, entry)


async def read_facts(session: AsyncSession, request: Request) -> CancelFacts:
    principal = request.principal
    account = await session.get(Account, principal.account_id) if principal.account_id else None
    if account is None:
        return CancelFacts()
    member = await session.get(Member, principal.member_id) if principal.member_id else None
    subscription = await _subscription(session, account.id)
    waiting = (Step.AWAITING_APPROVAL, Step.SCHEDULED, Step.EXECUTING, Step.OUTCOME_UNKNOWN)
    others = select(Action.reference).where(
        Action.kind == ActionKind.CANCEL_ACCOUNT,
        Action.account_id == account.id,
        col(Action.step).in_(waiting),
        Action.id != (request.action_id or ""),
    )
    return CancelFacts(
        account_id=account.id,
        company=account.company,
        is_owner=bool(member and member.account_id == account.id and member.role == "owner"),
        is_closed=account.status == "closed",
        other_reference=(await session.exec(others)).first(),
        plan=subscription.plan if subscription else None,
        seats=subscription.seats if subscription else 0,
        paid_until=subscription.paid_until if subscription else None,
        credits=tuple(_credit_facts(credit, subscription) for credit in await _credits(session, account.id)),
    )


def _credit_facts(credit: Credit, subscription: Subscription | None) -> CreditFacts:
    seats = subscription.seats if subscription else credit.seats
    ends_on = credit_ends_on(credit, seats)
    return CreditFacts(credit.amount_cents, credit.used_cents, credit.currency, ends_on)


async def _account(session: AsyncSession, action: Action) -> Account:
    return await session.get_one(Account, action.account_id)


async def _subscription(session: AsyncSession, account_id: str) -> Subscription | None:
    return (await session.exec(select(Subscription).where(Subscription.account_id == account_id))).first()


async def _credits(session: AsyncSession, account_id: str) -> list[Credit]:
    query = select(Credit).where(Credit.account_id == account_id, Credit.refund_state == "none")
    return list((await session.exec(query.order_by(Credit.id))).all())
