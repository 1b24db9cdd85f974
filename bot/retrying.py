"""How a try to reach somebody outside went, written to its row of the outbox."""

from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.store.tables import Outbox
from bot.backoff import next_wait
from bot.errors import HookError, MailError

log = structlog.get_logger(__name__)


def note(
    session: AsyncSession, row: Outbox, failure: MailError | HookError | None, now: datetime, given_up: str
) -> None:
    """Mark `row` as done, to be tried again, or given up; the last makes a task `given_up` for staff."""
    row.attempts += 1
    row.last_error = str(failure) if failure else None
    wait = next_wait(row.attempts) if failure and not failure.lasting else None
    if wait is None:
        row.done_at = now
    else:
        row.not_before = now + wait
    if failure is None:
        return
    log.warning(
        "not-delivered",
        row=row.id,
        topic=row.topic,
        tries=row.attempts,
        given_up=wait is None,
        reason=str(failure),
    )
    if wait is None:
        facts = {name: value for name, value in row.payload.items() if name != "body"}
        facts |= {"attempts": str(row.attempts), "reason": str(failure)}
        session.add(
            Outbox(action_id=row.action_id, topic=given_up, payload=facts, created_at=now, not_before=now)
        )
