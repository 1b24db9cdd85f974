"""Signed webhooks: the company's systems hear of each step that ends an action, and of each case.

What to tell is read from the action log, which grows in the transaction of the effect itself: nothing is told
that did not happen, and nothing that happened is missed. Each event becomes a row of the outbox, once, with
its body as it will be sent at every try. Events of one action go out in their order.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.file_gdpr_request import AT_ONCE
from actions.log import head
from actions.model import ActionKind, Step
from actions.store.tables import Action, ActionLog, Counter, GdprCase, Outbox
from bot.database import Database
from bot.errors import HookError
from bot.ports import Clock, Poster
from bot.retrying import note

TOPIC, GIVEN_UP = "webhook.", "staff.webhook-failed."
EVENT_HEADER = "X-Clausewise-Event"
TIMESTAMP_HEADER = "X-Clausewise-Timestamp"
SIGNATURE_HEADER = "X-Clausewise-Signature"
WITHOUT_EFFECT = (
    Step.DENIED, Step.FAILED, Step.REFUSED, Step.WITHDRAWN, Step.EXPIRED, Step.OUTCOME_UNKNOWN
)  # fmt: skip
CASE_OPENED = "case.opened"

_CASE_REFUSED = "case-refused-by-staff"
_READ_TO = "webhooks"
"""The counter that holds the last entry of the log that was looked at."""

_ENTRIES = 500
_ROWS = 100
_SIDE_BY_SIDE = 8

log = structlog.get_logger(__name__)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the signature header. `timestamp` is in whole seconds since the epoch."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


class Hooks:
    """Collects events and delivers them. More than one process may: a receiver knows an event by its id."""

    def __init__(self, database: Database, clock: Clock, post: Poster, url: str, secret: str) -> None:
        self._database = database
        self._clock = clock
        self._post = post
        self._url = url
        self._secret = secret

    async def collect(self) -> None:
        """Put what the log has that is new into the outbox. The first time, begin at the log's end."""
        while await self._collect_some():
            pass

    async def _collect_some(self) -> bool:
        async with self._database.read() as session:
            read_to, last = await session.get(Counter, _READ_TO), await head(session)
        if read_to is not None and read_to.value >= last.seq:
            return False
        async with self._database.write() as session:
            read_to = await session.get(Counter, _READ_TO, with_for_update=True)
            if read_to is None:
                session.add(Counter(name=_READ_TO, value=last.seq))
                return False
            newer = select(ActionLog).where(col(ActionLog.seq) > read_to.value).order_by(col(ActionLog.seq))
            entries = (await session.exec(newer.limit(_ENTRIES))).all()
            for entry in entries:
                session.add_all(await self._events(session, entry))
                read_to.value = entry.seq
        return len(entries) == _ENTRIES

    async def _events(self, session: AsyncSession, entry: ActionLog) -> list[Outbox]:
        step = Step.REFUSED if entry.rule == _CASE_REFUSED else entry.step
        action = await session.get(Action, entry.action_id) if entry.action_id else None
        if action is None or step is None:
            return []
        kind = f"action.{step.lower().replace('_', '-')}"
        if step in WITHOUT_EFFECT:
            about = {"reference": action.reference, "step": step, "rule": entry.rule}
            return [self._event(entry, action, kind, {"action": about})]
        if step != Step.DONE:
            return []
        done = {"action": {**_action(action), "step": step}}
        events = [self._event(entry, action, kind, done)]
        if entry.kind == ActionKind.GDPR_REQUEST:
            case = (await session.exec(select(GdprCase).where(GdprCase.action_id == action.id))).first()
            if case is not None and case.right not in AT_ONCE:
                events.append(self._event(entry, action, CASE_OPENED, {**done, "case": _case(case)}))
        return events

    def _event(self, entry: ActionLog, action: Action, kind: str, about: Mapping[str, object]) -> Outbox:
        # of the entry's hash, which stays what it is in a database that was restored
        event = "evt_" + hashlib.sha256(f"{entry.hash}:{kind}".encode()).hexdigest()[:32]
        body = {"id": event, "type": kind, "occurred_at": _moment(entry.at), **about}
        payload = {"event": event, "type": kind, "reference": action.reference, "body": json.dumps(body)}
        topic, now = f"{TOPIC}{entry.seq:012d}.{kind}", self._clock.now()
        return Outbox(action_id=action.id, topic=topic, payload=payload, created_at=now, not_before=now)

    async def deliver(self) -> None:
        """Send what is due: of each action its oldest event, then the next, until one of them has to wait."""
        places = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def send(row: Outbox) -> bool:
            async with places:
                return await self._send(row)

        while due := await self._due():
            if not any(await asyncio.gather(*map(send, due))):
                return

    async def _due(self) -> Sequence[Outbox]:
        earlier = aliased(Outbox)
        waits = select(earlier.id).where(
            col(earlier.action_id) == col(Outbox.action_id),
            col(earlier.topic).startswith(TOPIC),
            col(earlier.done_at).is_(None),
            col(earlier.topic) < col(Outbox.topic),
        )
        own = select(Outbox).where(col(Outbox.topic).startswith(TOPIC), col(Outbox.done_at).is_(None))
        due = own.where(col(Outbox.not_before) <= self._clock.now(), ~waits.exists())
        async with self._database.read() as session:
            return (await session.exec(due.order_by(Outbox.topic).limit(_ROWS))).all()

    async def _send(self, row: Outbox) -> bool:
        """Try once; return whether the row is done with."""
        failure: HookError | None = None
        timestamp = int(self._clock.now().timestamp())
        try:
            body = row.payload["body"].encode()
            headers = {
                "Content-Type": "application/json",
                EVENT_HEADER: row.payload["event"],
                TIMESTAMP_HEADER: str(timestamp),
                SIGNATURE_HEADER: sign(self._secret, timestamp, body),
            }
            await self._post(self._url, body, headers)
        except HookError as error:
            failure = error
        except Exception as error:
            log.exception("poster-broke", row=row.id)
            failure = HookError(type(error).__name__)
        async with self._database.write() as session:
            fresh = await session.get_one(Outbox, row.id, with_for_update=True)
            if fresh.done_at is None:
                task = GIVEN_UP + row.topic.removeprefix(TOPIC)
                note(session, fresh, failure, self._clock.now(), task)
            return fresh.done_at is not None


def _action(action: Action) -> dict[str, str | None]:
    return {
        "id": action.id,
        "kind": action.kind,
        "reference": action.reference,
        "proposed_at": _moment(action.proposed_at),
        "confirmed_at": _moment(action.confirmed_at),
        "due_at": _moment(action.due_at),
        "executed_at": _moment(action.executed_at),
    }


def _case(case: GdprCase) -> dict[str, str | None]:
    return {
        "reference": case.reference,
        "right": case.right,
        "received_at": _moment(case.received_at),
        "due_on": case.due_on.isoformat(),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
