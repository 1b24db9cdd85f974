"""One transaction in which actions move, effects happen and the log grows: all of it or nothing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from actions import lifecycle, log
from actions.errors import CheckpointsDamaged
from actions.log import Entry
from actions.model import Deny, Line, Step
from actions.papers.sheet import UNNAMED, Party
from actions.planning import line_to_json
from actions.ports import Clock, Sessions
from actions.seal import Head, Seal
from actions.store.tables import Action, Counter, Effect, Outbox
from actions.subjects import Pseudonyms, Subject, own_pseudonyms

_LOCK = 0x434C4157
"""PostgreSQL's advisory lock that makes writers of the log queue, as SQLite's BEGIN IMMEDIATE does."""


@dataclass
class Unit:
    """Every method that writes demands the entry that says so. `head` is the log's, once it grew.

    `seller` is the company that it happens at, as its papers name it.
    """

    session: AsyncSession
    now: datetime
    pseudonyms: Pseudonyms
    head: Head | None = None
    seller: Party = UNNAMED
    entry_key: bytes | None = None

    def entry(
        self,
        action: Action,
        step: Step | None,
        *,
        rule: str | None = None,
        anchors: Iterable[str | None] = (),
        actor: str = "customer",
    ) -> Entry:
        """Describe a step of `action` for the log; an anchor becomes the clause id that it meant."""
        return Entry(
            subject=self.subject(action.member_id, action.email),
            actor=actor,
            kind=action.kind,
            action_id=action.id,
            step=step,
            rule=rule,
            clauses=tuple(action.clause_ids.get(anchor, f"#{anchor}") for anchor in anchors if anchor),
            plan_hash=action.plan_hash,
            arguments=action.arguments,
        )

    def subject(self, member_id: str | None, email: str | None) -> Subject | str:
        identifier = member_id or (email.lower() if email else None)
        return Subject(identifier) if identifier else "anonymous"

    async def pseudonym(self, member_id: str | None, email: str | None) -> str:
        """Return what stands for this person in the log."""
        subject = self.subject(member_id, email)
        if isinstance(subject, str):
            return subject
        return (await own_pseudonyms(self.session, subject)).of(subject.identifier)

    def staff(self, staff_id: str) -> str:
        return f"staff:{self.pseudonyms.of(staff_id)}"

    async def record(self, entry: Entry) -> None:
        self.head = await log.append(self.session, entry, self.now, self.entry_key)

    async def begin(self, action: Action, entry: Entry) -> None:
        """Store a new action at PROPOSED."""
        action.step = Step.PROPOSED
        self.session.add(action)
        await self.record(entry)

    async def move(self, action: Action, entry: Entry, verdict: Deny | None = None) -> None:
        """Take `action` to the step that `entry` names. Raises IllegalStep if it cannot follow."""
        following = Step(entry.step or "")
        lifecycle.require(Step(action.step), following)
        action.step = following
        if verdict:
            action.verdict = {"rule": verdict.rule, "clause": verdict.clause, "values": dict(verdict.values)}
        await self.record(entry)

    async def finish(self, action: Action, outcome: Sequence[Line], entry: Entry) -> None:
        """Take `action` to DONE. A second time for one confirmation breaks a unique key and undoes all."""
        action.outcome = [line_to_json(line) for line in outcome]
        action.executed_at = self.now
        self.session.add(Effect(confirmation=action.token or "", action_id=action.id, at=self.now))
        await self.move(action, entry)

    def cause(
        self,
        action: Action,
        topic: str,
        entry: Entry,
        payload: Mapping[str, str] | None = None,
        not_before: datetime | None = None,
    ) -> None:
        """Write to the outbox what the step of `entry` causes later. Ids and figures only."""
        values = {"kind": entry.kind, "reference": action.reference, **(payload or {})}
        due = not_before or self.now
        row = Outbox(action_id=action.id, topic=topic, payload=values, created_at=self.now, not_before=due)
        self.session.add(row)

    async def next_number(self, name: str) -> int:
        """Take the next number of a gapless sequence; a rollback gives it back."""
        counter = await self.session.get(Counter, name, with_for_update=True)
        if counter is None:
            counter = Counter(name=name, value=0)
            self.session.add(counter)
        counter.value += 1
        await self.session.flush()
        return counter.value


@asynccontextmanager
async def unit_of_work(
    sessions: Sessions, clock: Clock, seal: Seal | None, seller: Party = UNNAMED
) -> AsyncIterator[Unit]:
    """Open a unit; commit when the block ends; then seal the log's new head outside the database."""
    key = await asyncio.to_thread(lambda: seal.entry_key) if seal else None
    if seal:
        await _begin_seal(sessions, clock, seal, key)
    async with sessions.write() as session:
        await _lock(session)
        yield (unit := Unit(session, clock.now(), await log.pseudonyms(session), None, seller, key))
    if seal and unit.head:
        await put_seal(seal, unit.head, unit.now)


async def put_seal(seal: Seal, head: Head, at: datetime) -> None:
    """Seal `head`. A full disk must not turn a committed effect into an error: `recover` seals again.

    Nor must a damaged file of checkpoints, which `log verify` names until somebody has looked at it.
    """
    try:
        await asyncio.to_thread(seal.write, head, at)
        if seal.checkpoints:
            await asyncio.to_thread(seal.checkpoints.write_due, head, at)
    except (OSError, CheckpointsDamaged):
        logging.getLogger(__name__).exception("the action log's head %d could not be sealed", head.seq)


async def _begin_seal(sessions: Sessions, clock: Clock, seal: Seal, key: bytes | None) -> None:
    """Make the seal's file and the checkpoints' before the first commit that they have to witness.

    Where a log has entries but no such file - on a new machine, or when somebody took it away - the log
    says for ever that the file was begun anew. That is committed first, whatever becomes of the unit.
    """
    for file in (seal, seal.checkpoints):
        if file is None or await asyncio.to_thread(file.path.exists):
            continue
        begun: Head | None = None
        async with sessions.write() as session:
            await _lock(session)
            if (await log.head(session)).seq:
                rule = "seal-begun" if file is seal else "checkpoints-begun"
                entry = Entry("anonymous", "clock", "seal", rule=rule)
                begun = await log.append(session, entry, clock.now(), key)
        await asyncio.to_thread(file.prepare)
        if begun:
            await put_seal(seal, begun, clock.now())


async def _lock(session: AsyncSession) -> None:
    if session.get_bind().dialect.name == "postgresql":
        connection = await session.connection()
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
