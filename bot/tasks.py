"""What waits for staff in the outbox, each with what to do about it.

A task is done when somebody says so, or by itself when what it is about has been settled elsewhere.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import col, select

from actions.approving import may_decide, staff_id
from actions.log import Entry
from actions.model import Step
from actions.seal import Seal
from actions.store.tables import Action, GdprCase, Outbox
from actions.store.unit import unit_of_work
from bot.database import Database
from bot.errors import UsageError
from bot.letters import STAFF_ONLY
from bot.ports import Clock

LISTED = 200
KIND, DONE = "task", "task-done"
PREFIX = "staff."

REMEDIES = {
    "staff.approval": "approve or refuse it: clausewise actions approve {reference}",
    "staff.failed": "it could not be carried out; see clausewise actions show {reference}, do it by hand",
    "staff.called-off": "facts changed and it was called off; see clausewise actions show {reference}",
    "staff.outcome-unknown": "look there, then: clausewise actions settle {reference} --done, or --failed",
    "staff.gdpr-case": "answer it in time: clausewise cases show {reference}",
    "staff.case-due": "its day is near: clausewise cases show {reference}",
    "staff.credit-refund": "decide on the refund of the credit {credit}: clausewise actions show {reference}",
    "staff.mail-failed": "a mail did not arrive ({reason}); tell the customer another way: "
    "clausewise actions show {reference}",
    "staff.webhook-failed": "the company's system took no webhook ({reason}); mend it, then enter there what "
    "clausewise actions show {reference} says",
}
UNKNOWN = "see clausewise actions show {reference}"

_SETTLED = {"staff.approval": Step.AWAITING_APPROVAL, "staff.outcome-unknown": Step.OUTCOME_UNKNOWN}
"""Topics that are done with once their action has left this step."""

_OF_CASES = ("staff.gdpr-case", "staff.case-due")


@dataclass(frozen=True, slots=True)
class Task:
    """`remedy` says what to do; `reference` is that of the action, empty where there is none."""

    task_id: str
    topic: str
    reference: str
    since: datetime
    remedy: str


class Tasks:
    """The list, and crossing off. `staff` are the ids that may."""

    def __init__(self, database: Database, clock: Clock, seal: Seal | None, staff: Collection[str]) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._staff = staff

    async def listed(self, *, limit: int = LISTED) -> list[Task]:
        """What is still to be done, the oldest first."""
        closed = select(GdprCase.action_id).where(GdprCase.status != "open")
        query = (
            select(Outbox, Action)
            .outerjoin(Action, col(Action.id) == col(Outbox.action_id))
            .where(col(Outbox.topic).startswith(PREFIX), col(Outbox.done_at).is_(None))
            .where(col(Outbox.not_before) <= self._clock.now())
        )
        for topic, step in _SETTLED.items():
            query = query.where(or_(col(Outbox.topic) != topic, col(Action.step) == step))
        for topic in _OF_CASES:
            other = ~col(Outbox.topic).startswith(topic)
            query = query.where(or_(other, col(Outbox.action_id).not_in(closed)))
        async with self._database.read() as session:
            found = await session.exec(query.order_by(col(Outbox.created_at), Outbox.id).limit(limit))
            return [_task(row, action) for row, action in found]

    async def done(self, task: str, staff: str) -> Task:
        """Cross a task off, in the name of a member of staff. Raises UsageError."""
        if may_decide(staff_id(staff), self._staff, ()):
            raise UsageError(STAFF_ONLY.format(staff=staff))
        starts = col(Outbox.id).startswith(task.strip().lower(), autoescape=True)
        query = select(Outbox).where(
            starts, col(Outbox.topic).startswith(PREFIX), col(Outbox.done_at).is_(None)
        )
        async with unit_of_work(self._database, self._clock, self._seal) as unit:
            rows = (await unit.session.exec(query.limit(2))).all()
            if len(rows) != 1 or not task.strip():
                what = "more than one task begins" if rows else "no open task begins"
                raise UsageError(f"{what} with {task!r}; see: clausewise tasks list")
            (row,) = rows
            action = await unit.session.get(Action, row.action_id) if row.action_id else None
            row.done_at = unit.now
            unit.session.add(row)
            subject = unit.subject(action.member_id, action.email) if action else "anonymous"
            by = unit.staff(staff_id(staff))
            await unit.record(Entry(subject, by, KIND, action_id=row.action_id, rule=DONE))
            return _task(row, action)


def _task(row: Outbox, action: Action | None) -> Task:
    remedy = next((text for topic, text in REMEDIES.items() if row.topic.startswith(topic)), UNKNOWN)
    reference = (action.reference if action else None) or ""
    known = {"reason": "", "credit": "", **row.payload, "reference": reference}
    return Task(row.id, row.topic, reference, row.created_at, remedy.format_map(known).strip())
