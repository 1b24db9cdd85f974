"""Filing a data-protection request, as the privacy policy and the law promise it.

Anyone who proved an e-mail address may exercise any right, account or not, and needs no identity document.
The answer is due within one calendar month of receipt. Objecting to marketing and withdrawing consent take
effect in the moment of the confirmation. Nothing here refuses, charges for or narrows a right: the
one verdict that stops a filing shows the case that is open already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Told
from actions.calendar import Calendar
from actions.log import Entry
from actions.model import (
    ActionKind,
    Allow,
    Deny,
    Level,
    Line,
    NeedsArguments,
    Principal,
    Right,
    Verdict,
)
from actions.planning import Details, Draft, Request, Weighed, passed, plan_from
from actions.policies import Policies
from actions.store.tables import Action, Consent, GdprCase, Member
from actions.store.unit import Unit

AT_ONCE = frozenset({Right.OBJECTION, Right.WITHDRAW_CONSENT})
MARKETING = ("marketing", "newsletter")
FIGURES: tuple[str, ...] = ()  # a legal right rests on the law, so no change of the documents can hold it
CLAUSES: Mapping[Right, str] = {
    Right.INFORMATION: "right-information",
    Right.ACCESS: "right-access",
    Right.RECTIFICATION: "right-rectification",
    Right.ERASURE: "right-erasure",
    Right.RESTRICTION: "right-restriction",
    Right.PORTABILITY: "right-portability",
    Right.OBJECTION: "right-objection",
    Right.WITHDRAW_CONSENT: "consent-withdrawal",
}


@dataclass(frozen=True, slots=True)
class FileGdprRequest:
    principal: Principal
    right: Right


@dataclass(frozen=True, slots=True)
class FilingFacts:
    """`email` is the proven address; `open_reference` and `open_due_on` are of an open case for the right."""

    email: str | None = None
    open_reference: str | None = None
    open_received_on: date | None = None
    open_due_on: date | None = None
    consents: tuple[str, ...] = ()


def may_file(request: FileGdprRequest, facts: FilingFacts) -> Verdict:
    """Decide whether a case is opened. Only a missing proof or an open case for the same right stops it."""
    if facts.email is None:
        return Deny("email-not-proven", clause=CLAUSES[request.right])
    if facts.open_reference and facts.open_received_on and facts.open_due_on:
        values = {
            "reference": facts.open_reference,
            "right_key": f"right.{request.right}",
            "received_on": facts.open_received_on.isoformat(),
            "due_on": facts.open_due_on.isoformat(),
        }
        return Deny("case-open", clause=CLAUSES[request.right], values=values)
    return Allow(checks=("email-proven", "no-open-case"))


def right_of(arguments: Mapping[str, str]) -> Right | None:
    try:
        return Right(arguments.get("right", ""))
    except ValueError:
        return None


def draft(right: Right, facts: FilingFacts, due_on: date) -> Draft:
    """Return what the person is asked to confirm."""
    clause = CLAUSES[right]
    checks = (passed("email-proven", clause), passed("no-open-case", clause))
    if right in AT_ONCE:
        key = "gdpr.marketing-stops" if right is Right.OBJECTION else "gdpr.consent-withdrawn"
        return Draft((Line(key, {"count": str(len(facts.consents))}, clause),), checks)
    values = {"right_key": f"right.{right}", "due_on": due_on.isoformat()}
    filed = Line("gdpr.case-filed", values, clause)
    return Draft((filed, Line("gdpr.person-decides", {}, clause)), checks)


@dataclass(frozen=True, slots=True)
class Filing:
    """The catalogue's row."""

    policies: Policies
    calendar: Calendar
    kind: ActionKind = ActionKind.GDPR_REQUEST
    figures: tuple[str, ...] = FIGURES
    anchors: tuple[str, ...] = (*CLAUSES.values(), "right-complaint")

    def malformed(self, arguments: Mapping[str, str]) -> NeedsArguments | None:
        """A right must be named before anything else: the level of identity depends on it."""
        if right_of(arguments):
            return None
        wrong = {"right": "right-unknown"} if arguments.get("right") else {}
        return NeedsArguments(missing=() if wrong else ("right",), problems=wrong)

    def level(self, arguments: Mapping[str, str]) -> Level:
        return Level.LINKED if right_of(arguments) in AT_ONCE else Level.VERIFIED

    async def weigh(self, session: AsyncSession, request: Request, today: date) -> Weighed:
        right = Right(request.arguments["right"])
        facts = await read_facts(session, request.principal, right, self.calendar)
        verdict = may_file(FileGdprRequest(request.principal, right), facts)
        plan = draft(right, facts, self.calendar.one_month_after(request.received_at))
        return Weighed(verdict, plan_from(self.kind, plan, request, facts))

    async def hold(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Nothing waits: a case is filed when it is confirmed."""

    async def release(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Nothing was held."""

    async def details(self, session: AsyncSession, action: Action) -> Details:
        principal = Principal(member_id=action.member_id, email=action.email)
        return {
            "right": action.arguments["right"],
            "email": await proven_email(session, principal),
            "received_at": action.proposed_at.isoformat(),
            "due_on": self.calendar.one_month_after(action.proposed_at).isoformat(),
        }

    async def carry_out(self, unit: Unit, action: Action, entry: Entry, told: Told) -> None:
        """File the case, open or (consents withdrawn) done."""
        right = Right(action.arguments["right"])
        principal = Principal(member_id=action.member_id, email=action.email)
        email = await proven_email(unit.session, principal) or ""
        due_on = self.calendar.one_month_after(action.proposed_at)
        case = GdprCase(
            reference=action.reference,
            right=right,
            email=email,
            member_id=action.member_id,
            received_at=action.proposed_at,
            due_on=due_on,
            status="done" if right in AT_ONCE else "open",
            closed_at=unit.now if right in AT_ONCE else None,
            action_id=action.id,
        )
        unit.session.add(case)
        values = {"right_key": f"right.{right}", "due_on": due_on.isoformat()}
        if right in AT_ONCE:
            count = await _withdraw_consents(unit, principal, email, right)
            key = "gdpr.marketing-stopped" if right is Right.OBJECTION else "gdpr.consent-is-withdrawn"
            outcome = Line(key, {"count": str(count)}, CLAUSES[right])
        else:
            outcome = Line("gdpr.case-open", values, CLAUSES[right])
        if right is not Right.WITHDRAW_CONSENT:
            # an objection may be about more than marketing, which only a person can see
            unit.cause(action, "staff.gdpr-case", entry, values)
        unit.cause(action, "mail.receipt", entry)
        await unit.finish(action, (outcome,), entry)


async def read_facts(
    session: AsyncSession, principal: Principal, right: Right, calendar: Calendar
) -> FilingFacts:
    email = await proven_email(session, principal)
    if email is None:
        return FilingFacts()
    own = or_(col(GdprCase.email) == email, _same(col(GdprCase.member_id), principal))
    query = select(GdprCase).where(own, GdprCase.right == right, GdprCase.status == "open")
    case = (await session.exec(query.order_by(GdprCase.reference))).first()
    consents = await _live_consents(session, principal, email, right) if right in AT_ONCE else []
    return FilingFacts(
        email=email,
        open_reference=case.reference if case else None,
        open_received_on=calendar.day_of(case.received_at) if case else None,
        open_due_on=(case.extended_until or case.due_on) if case else None,
        consents=tuple(sorted(consent.purpose for consent in consents)),
    )


async def proven_email(session: AsyncSession, principal: Principal) -> str | None:
    """Return the address that the case belongs to: a member's own, else the one that was proven."""
    member = await session.get(Member, principal.member_id) if principal.member_id else None
    if member:
        return member.email
    return principal.email.lower() if principal.email else None


async def _live_consents(
    session: AsyncSession, principal: Principal, email: str, right: Right
) -> list[Consent]:
    own = or_(col(Consent.email) == email, _same(col(Consent.member_id), principal))
    query = select(Consent).where(own, col(Consent.withdrawn_at).is_(None))
    if right is Right.OBJECTION:
        query = query.where(col(Consent.purpose).in_(MARKETING))
    return list((await session.exec(query)).all())


async def _withdraw_consents(unit: Unit, principal: Principal, email: str, right: Right) -> int:
    """Withdraw what was given, and for an objection keep a mark that outlives later imports."""
    consents = await _live_consents(unit.session, principal, email, right)
    for consent in consents:
        consent.withdrawn_at = unit.now
    if right is Right.OBJECTION:
        mark = Consent(member_id=principal.member_id, email=email, purpose="marketing", withdrawn_at=unit.now)
        unit.session.add(mark)
    return len(consents)


def _same(column: Any, principal: Principal) -> ColumnElement[bool]:
    return column == principal.member_id if principal.member_id else false()
