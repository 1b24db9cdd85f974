"""The action log: appended, chained, verified. The database itself refuses to change or delete an entry.

An entry holds ids, rule names, clause ids and hashes. People stand in it as keyed pseudonyms.
"""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.canonical import canonical
from actions.errors import LogTampered
from actions.ports import Sessions
from actions.seal import GENESIS, Head
from actions.store.tables import ActionLog, LogCheckpoint, StoreInfo

CHECKPOINT_EVERY = 100
_BATCH = 500
_KEY = "pseudonym_key"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a writing method must be given. `step` is None for what moves nothing, like a rejected press.

    `actor` is customer, clock or staff:PSEUDONYM; `subject` the pseudonym of whom it is about.
    """

    subject: str
    actor: str
    kind: str
    action_id: str | None = None
    step: str | None = None
    rule: str | None = None
    clauses: tuple[str, ...] = ()
    plan_hash: str | None = None
    params_hash: str | None = None


class Pseudonyms:
    """Keyed hashes in place of people and of what they typed. The key never leaves the database."""

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)

    def of(self, identifier: str) -> str:
        return self._mac(identifier)[:24]

    def of_arguments(self, arguments: Mapping[str, str]) -> str:
        return self._mac(canonical(dict(arguments)))

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


async def pseudonyms(session: AsyncSession) -> Pseudonyms:
    """Return the store's pseudonyms; makes the key on first use, so give it a writing session."""
    info = await session.get(StoreInfo, _KEY)
    if info is None:
        info = StoreInfo(key=_KEY, value=secrets.token_hex(32))
        session.add(info)
    return Pseudonyms(info.value)


async def append(session: AsyncSession, entry: Entry, at: datetime) -> Head:
    """Append `entry` in the caller's transaction, which must hold the log's lock (see `store/unit.py`)."""
    last = await head(session)
    row = ActionLog(
        seq=last.seq + 1,
        at=at,
        subject=entry.subject,
        actor=entry.actor,
        action_id=entry.action_id,
        kind=entry.kind,
        step=entry.step,
        rule=entry.rule,
        clauses=" ".join(entry.clauses),
        plan_hash=entry.plan_hash,
        params_hash=entry.params_hash,
        prev_hash=last.hash,
        hash="",
    )
    row.hash = digest(row)
    session.add(row)
    if row.seq % CHECKPOINT_EVERY == 0:
        session.add(LogCheckpoint(seq=row.seq, hash=row.hash, at=at))
    await session.flush()
    return Head(row.seq, row.hash)


async def head(session: AsyncSession) -> Head:
    query = select(ActionLog.seq, ActionLog.hash).order_by(col(ActionLog.seq).desc()).limit(1)
    last = (await session.exec(query)).first()
    return Head(*last) if last else Head(0, GENESIS)


def digest(row: ActionLog) -> str:
    """Return the hash that `row` must carry: SHA-256 of everything else in it, the previous hash included."""
    content = row.model_dump(exclude={"hash", "at"}) | {"at": row.at.isoformat()}
    return hashlib.sha256(canonical(content).encode("ascii")).hexdigest()


async def check_chain(session: AsyncSession, sealed: Mapping[int, str]) -> Head:
    """Walk the whole log and return its head. Raises LogTampered at the first entry that is wrong."""
    checkpoints = {row.seq: row.hash for row in (await session.exec(select(LogCheckpoint))).all()}
    last = Head(0, GENESIS)
    async for row in _walk(session):
        if row.seq != last.seq + 1:
            raise LogTampered(last.seq + 1, f"is missing; entry {row.seq} follows entry {last.seq}")
        if row.prev_hash != last.hash:
            raise LogTampered(row.seq, "does not continue the entry before it")
        if row.hash != digest(row):
            raise LogTampered(row.seq, "was changed: its content does not give its hash")
        if sealed.get(row.seq, row.hash) != row.hash:
            raise LogTampered(row.seq, "is not the one that was sealed outside the database")
        if checkpoints.get(row.seq, row.hash) != row.hash:
            raise LogTampered(row.seq, "is not the one that its checkpoint holds")
        last = Head(row.seq, row.hash)
    if (witnessed := max([0, *sealed, *checkpoints])) > last.seq:
        raise LogTampered(last.seq + 1, f"is missing; the log once held {witnessed} entries")
    return last


async def entries(
    sessions: Sessions,
    *,
    after: int = 0,
    limit: int = 100,
    action_id: str | None = None,
    kind: str | None = None,
    subject: str | None = None,
    step: str | None = None,
) -> Sequence[ActionLog]:
    """Return at most `limit` entries with a number above `after`, oldest first, that match every filter."""
    query = select(ActionLog).where(col(ActionLog.seq) > after)
    wanted = {"action_id": action_id, "kind": kind, "subject": subject, "step": step}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(getattr(ActionLog, name) == value)
    async with sessions.read() as session:
        return (await session.exec(query.order_by(col(ActionLog.seq)).limit(limit))).all()


async def _walk(session: AsyncSession) -> AsyncIterator[ActionLog]:
    after = -(2**62)
    while True:
        query = select(ActionLog).where(col(ActionLog.seq) > after).order_by(col(ActionLog.seq)).limit(_BATCH)
        rows = (await session.exec(query)).all()
        for row in rows:
            yield row
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq
        session.expunge_all()
