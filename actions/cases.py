"""The desk of data-protection cases: what staff see and do, and what reminds them.

Every change is an entry of the log, and so is opening a case. What a person typed stays out of it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta

from actions import access, approving, casework
from actions.calendar import Calendar
from actions.casework import Case, Reminder, seen
from actions.model import Rejected, Right
from actions.policies import Policies
from actions.ports import Clock, Sessions
from actions.seal import Seal
from actions.store.tables import Action, GdprCase
from actions.store.unit import Unit, unit_of_work

Fulfil = Callable[[Unit, Action, GdprCase], Awaitable[None]]
"""Carries a right out in the transaction that closes its case; what it raises leaves the case open."""

Change = Callable[[Unit, Action, GdprCase], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case with its person and its history. `reason` is that of the extension."""

    case: Case
    reason: str | None
    note: str | None
    opened: access.Opened


class Cases:
    """Every case is named by its reference number (or its action's id), every member of staff by an id.

    Rejected.rule: unknown-case, not-staff, own-request, case-not-open, already-extended, extension-too-late,
    reason-missing, already-paused or not-paused.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        policies: Policies,
        calendar: Calendar,
        *,
        seal: Seal | None = None,
        staff: Collection[str] = (approving.LOCAL,),
        fulfil: Mapping[Right, Fulfil] | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._policies = policies
        self._calendar = calendar
        self._seal = seal
        self._staff = frozenset(map(approving.staff_id, staff))
        self._fulfil = fulfil or {}

    async def listed(self, due_within: int | None = None) -> Sequence[Case]:
        """Return the open cases, the most urgent first; those due in `due_within` days, or overdue."""
        today = self._calendar.day_of(self._clock.now())
        by = None if due_within is None else today + timedelta(days=due_within)
        async with self._sessions.read() as session:
            return [seen(case, today) for case in await casework.open_cases(session, by)]

    async def show(self, named: str, staff_id: str) -> OpenedCase | Rejected:
        """Open a case for a member of staff, which is itself an entry of the log."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            action = await approving.find(unit.session, named)
            case = await casework.case_of(unit.session, action) if action else None
            if case is None:
                return Rejected(casework.UNKNOWN, named)
            opened = await access.opened(unit, self._policies, self._staff, named, staff)
            if isinstance(opened, Rejected):
                return opened
            today = self._calendar.day_of(unit.now)
            return OpenedCase(seen(case, today), case.extension_reason, case.note, opened)

    async def extend(self, named: str, staff_id: str, reason: str) -> Case | Rejected:
        """Extend a case once, by two months, in its first month. The customer is told reason and day."""

        async def change(unit: Unit, action: Action, case: GdprCase) -> str | None:
            rule = casework.may_extend(case, self._calendar.day_of(unit.now), reason)
            if rule is None:
                casework.extend(unit, self._calendar, action, case, reason)
            return rule

        return await self._change(named, staff_id, "case-extended", change)

    async def pause(self, named: str, staff_id: str) -> Case | Rejected:
        """Note that the customer's own answer is waited for. Neither the day nor a reminder moves."""

        async def change(unit: Unit, action: Action, case: GdprCase) -> str | None:
            rule = casework.may_pause(case, pausing=True)
            if rule is None:
                case.paused_at = unit.now
            return rule

        return await self._change(named, staff_id, "case-paused", change)

    async def resume(self, named: str, staff_id: str) -> Case | Rejected:
        """Note that the customer answered."""

        async def change(unit: Unit, action: Action, case: GdprCase) -> str | None:
            rule = casework.may_pause(case, pausing=False)
            if rule is None:
                case.paused_at = None
            return rule

        return await self._change(named, staff_id, "case-resumed", change)

    async def done(self, named: str, staff_id: str, note: str = "") -> Case | Rejected:
        """Carry the right out where that is left to the product, close the case, tell the customer."""

        async def change(unit: Unit, action: Action, case: GdprCase) -> str | None:
            rule = casework.may_finish(case)
            if rule is None:
                if fulfil := self._fulfil.get(Right(case.right)):
                    await fulfil(unit, action, case)
                casework.finish(unit, action, case, note)
            return rule

        return await self._change(named, staff_id, "case-done", change)

    async def remind(self) -> Sequence[Reminder]:
        """Write the reminders whose day has come to the outbox for staff, each of them once."""
        async with self._sessions.read() as session:
            if not await casework.reminders(session, self._calendar, self._clock.now()):
                return ()
        async with self._unit() as unit:
            today = self._calendar.day_of(unit.now)
            due = await casework.reminders(unit.session, self._calendar, unit.now)
            for reminder in due:
                case = seen(reminder.case, today)
                entry = unit.entry(reminder.action, None, rule="case-due", actor="clock")
                facts = {
                    "right": str(case.right),
                    "due_on": case.due_on.isoformat(),
                    "before": str(reminder.before),
                    "days_left": str(case.days_left),
                }
                unit.cause(reminder.action, reminder.topic, entry, facts)
                await unit.record(entry)
            return due

    async def _change(self, named: str, staff_id: str, done: str, change: Change) -> Case | Rejected:
        """Change an open case in the name of a member of staff; `done` is the rule that the log names."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            found = await casework.decidable(unit, self._staff, named, staff)
            if isinstance(found, Rejected):
                return found
            action, case = found
            if rule := await change(unit, action, case):
                return Rejected(rule, action.id)
            await unit.record(unit.entry(action, None, rule=done, actor=unit.staff(staff)))
            return seen(case, self._calendar.day_of(unit.now))

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return unit_of_work(self._sessions, self._clock, self._seal)
