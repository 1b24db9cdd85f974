"""The clock and the course of a data-protection case: extension, pause, end, and what its person hears of it.

The month and its one extension by two further months are those of Article 12(3) GDPR. A pause is shown, but
the law knows none: the day stays, and so do the reminders.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions import approving
from actions.calendar import Calendar
from actions.file_gdpr_request import AT_ONCE, CLAUSES
from actions.model import ActionKind, Line, Receipt, Rejected, Right
from actions.planning import line_from_json
from actions.receipts import receipt
from actions.store.tables import Action, GdprCase, Outbox
from actions.store.unit import Unit

MONTHS_WITH_EXTENSION = 3
REMIND_DAYS = (7, 3, 1, 0)
REMINDER = "staff.case-due"
UNKNOWN = "unknown-case"


@dataclass(frozen=True, slots=True)
class Case:
    """A case without anything of its person. `due_on` is the day in force, `days_left` negative after it."""

    reference: str
    right: Right
    status: str
    received_at: datetime
    first_due_on: date
    due_on: date
    days_left: int
    is_extended: bool
    paused_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """`before` is which of REMIND_DAYS it is for; a late one has fewer days left."""

    action: Action
    case: GdprCase
    before: int

    @property
    def topic(self) -> str:
        """Names the day too, so that an extended case is called to mind again before its new one."""
        return f"{REMINDER}.{due_on(self.case).isoformat()}.{self.before}"


def due_on(case: GdprCase) -> date:
    """Return the last day for the answer, the extension included."""
    return case.extended_until or case.due_on


def may_extend(case: GdprCase, today: date, reason: str) -> str | None:
    """Return the rule that forbids an extension, or None. The last day of the first month is in time."""
    if case.status != "open":
        return "case-not-open"
    if case.extended_until is not None:
        return "already-extended"
    if today > case.due_on:
        return "extension-too-late"
    return None if reason.strip() else "reason-missing"


def may_pause(case: GdprCase, *, pausing: bool) -> str | None:
    """Return the rule that forbids to pause a case, or to go on with it, or None."""
    if case.status != "open":
        return "case-not-open"
    if pausing == (case.paused_at is not None):
        return "already-paused" if pausing else "not-paused"
    return None


def may_finish(case: GdprCase) -> str | None:
    return None if case.status == "open" else "case-not-open"


def seen(case: GdprCase, today: date) -> Case:
    return Case(
        reference=case.reference,
        right=Right(case.right),
        status=case.status,
        received_at=case.received_at,
        first_due_on=case.due_on,
        due_on=due_on(case),
        days_left=(due_on(case) - today).days,
        is_extended=case.extended_until is not None,
        paused_at=case.paused_at,
        closed_at=case.closed_at,
    )


async def case_of(session: AsyncSession, action: Action) -> GdprCase | None:
    """Return the case that `action` filed, if it filed one."""
    if action.kind != ActionKind.GDPR_REQUEST:
        return None
    return (await session.exec(select(GdprCase).where(GdprCase.action_id == action.id))).first()


async def standing(session: AsyncSession, action: Action) -> Receipt:
    """Return the receipt of `action` as it stands now: of a filed case, how far it is."""
    stands, case = receipt(action), await case_of(session, action)
    if case is None:
        return stands
    lines = stands.lines if case.status == "refused" else _course(case, action)
    return replace(stands, lines=(_received(case), *lines), case=case.status)


async def open_cases(session: AsyncSession, due_by: date | None) -> list[GdprCase]:
    """Return the open cases, the most urgent first; with `due_by` those due by that day."""
    day = func.coalesce(col(GdprCase.extended_until), col(GdprCase.due_on))
    query = select(GdprCase).where(GdprCase.status == "open").order_by(day, GdprCase.reference)
    if due_by is not None:
        query = query.where(day <= due_by)
    return list((await session.exec(query)).all())


async def reminders(session: AsyncSession, calendar: Calendar, now: datetime) -> list[Reminder]:
    """Return what staff have to be reminded of by now and were not: also what a stopped worker missed."""
    today = calendar.day_of(now)
    horizon = date.fromordinal(today.toordinal() + max(REMIND_DAYS))
    cases = {case.action_id: case for case in await open_cases(session, horizon)}
    if not cases:
        return []
    written = select(Outbox.action_id, Outbox.topic).where(
        col(Outbox.action_id).in_(cases), col(Outbox.topic).startswith(f"{REMINDER}.")
    )
    known = set((await session.exec(written)).all())
    found: list[Reminder] = []
    for action_id, case in cases.items():
        action = await session.get_one(Action, action_id)
        left = (due_on(case) - today).days
        due = (Reminder(action, case, before) for before in REMIND_DAYS if left <= before)
        found += [reminder for reminder in due if (action_id, reminder.topic) not in known]
    return found


async def decidable(
    unit: Unit, known: Collection[str], named: str, staff: str
) -> tuple[Action, GdprCase] | Rejected:
    """Find a case by its reference, if this member of staff may change it; who may not stands in the log."""
    action = await approving.decidable(unit, known, named, staff)
    if isinstance(action, Rejected):
        return Rejected(UNKNOWN, named) if action.rule == "unknown-action" else action
    case = await case_of(unit.session, action)
    return (action, case) if case else Rejected(UNKNOWN, named)


def extend(unit: Unit, calendar: Calendar, action: Action, case: GdprCase, reason: str) -> None:
    """Move the day to three months from receipt, counted like the first one. `Cases` has asked may_extend."""
    case.extended_until = calendar.months_after(case.received_at, MONTHS_WITH_EXTENSION)
    case.extension_reason = reason.strip()
    unit.cause(action, "mail.case-extended", unit.entry(action, None))


def finish(unit: Unit, action: Action, case: GdprCase, note: str) -> None:
    """Close an open case as answered. `note` is for staff."""
    case.status, case.closed_at, case.paused_at = "done", unit.now, None
    case.note = note.strip() or None
    unit.cause(action, "mail.case-done", unit.entry(action, None))


def _received(case: GdprCase) -> Line:
    values = {"right_key": f"right.{case.right}", "received_at": case.received_at.isoformat()}
    return Line("gdpr.case-received", values, CLAUSES[Right(case.right)])


def _course(case: GdprCase, action: Action) -> tuple[Line, ...]:
    if case.status == "done":
        if Right(case.right) in AT_ONCE:
            return tuple(line_from_json(line) for line in action.outcome or ())
        return (Line("gdpr.case-done", {"closed_at": (case.closed_at or case.received_at).isoformat()}),)
    lines = [Line("gdpr.case-due", {"due_on": due_on(case).isoformat()})]
    if case.extended_until:
        values = {"first_due_on": case.due_on.isoformat(), "reason": case.extension_reason or ""}
        lines.append(Line("gdpr.case-extended", values))
    if case.paused_at:
        lines.append(Line("gdpr.case-paused", {"paused_at": case.paused_at.isoformat()}))
    return tuple(lines)
