"""The action log: appended, chained, verified. The database itself refuses to change or delete an entry.

An entry holds ids, rule names, clause ids and hashes. People stand in it as keyed pseudonyms.
"""

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, String, and_, true, type_coerce
from sqlalchemy import select as sa_select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from actions.canonical import canonical
from actions.errors import LogTampered
from actions.model import Step
from actions.ports import Sessions
from actions.seal import GENESIS, Head
from actions.store.tables import ActionLog, LogCheckpoint, Member, StoreInfo
from actions.subjects import Pseudonyms, Subject, known_pseudonym, own_pseudonyms

CHECKPOINT_EVERY = 100
_BATCH = 5000
_NAMES = tuple(ActionLog.model_fields)
_KEY = "pseudonym_key"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a writing method must be given. `step` is None for what moves nothing, like a rejected press.

    `actor` is customer, clock, staff:PSEUDONYM or model:NAME@VERSION; `subject` is whom it is about, or
    their pseudonym; each of `clauses` is ID@VERSION. `arguments` are hashed under the subject's key. The
    `rule` of a proposal is what took the customer's words for it: rules, or model:NAME@VERSION.
    """

    subject: str | Subject
    actor: str
    kind: str
    action_id: str | None = None
    step: str | None = None
    rule: str | None = None
    clauses: tuple[str, ...] = ()
    plan_hash: str | None = None
    params_hash: str | None = None
    arguments: Mapping[str, str] | None = None


async def pseudonyms(session: AsyncSession) -> Pseudonyms:
    """Return the store's pseudonyms; makes the key on first use, so give it a writing session."""
    info = await session.get(StoreInfo, _KEY)
    if info is None:
        info = StoreInfo(key=_KEY, value=secrets.token_hex(32))
        session.add(info)
    return Pseudonyms(info.value)


async def append(session: AsyncSession, entry: Entry, at: datetime, key: bytes | None = None) -> Head:
    """Append `entry` in the caller's transaction, which must hold the log's lock (see `store/unit.py`).

    `key` is the seal's `entry_key`.
    """
    last = await head(session)
    subject, params_hash = await _pseudonymous(session, entry)
    row = ActionLog(
        seq=last.seq + 1,
        at=at,
        subject=subject,
        actor=entry.actor,
        action_id=entry.action_id,
        kind=entry.kind,
        step=entry.step,
        rule=entry.rule,
        clauses=" ".join(entry.clauses),
        plan_hash=entry.plan_hash,
        params_hash=params_hash,
        prev_hash=last.hash,
        hash="",
    )
    row.hash = entry_hash(row.model_dump(), key)
    session.add(row)
    if row.seq % CHECKPOINT_EVERY == 0:
        session.add(LogCheckpoint(seq=row.seq, hash=row.hash, at=at))
    await session.flush()
    return Head(row.seq, row.hash)


async def _pseudonymous(session: AsyncSession, entry: Entry) -> tuple[str, str | None]:
    """Return what stands in the log for the entry's person and for what they typed."""
    if isinstance(entry.subject, Subject):
        known = await own_pseudonyms(session, entry.subject)
        subject = known.of(entry.subject.identifier)
    else:
        known, subject = await pseudonyms(session), entry.subject
    if entry.arguments is None:
        return subject, entry.params_hash
    return subject, known.of_arguments(entry.arguments)


async def head(session: AsyncSession) -> Head:
    query = select(ActionLog.seq, ActionLog.hash).order_by(col(ActionLog.seq).desc()).limit(1)
    last = (await session.exec(query)).first()
    return Head(*last) if last else Head(0, GENESIS)


def entry_hash(row: Mapping[str, object], key: bytes | None) -> str:
    """Return the hash of an entry: of all its columns but `hash`, that of the entry before it included.

    Under a key that is not in the database, whoever holds the database cannot make an entry.
    """
    content = {name: value for name, value in row.items() if name != "hash"} | {"at": _iso(row["at"])}
    text = canonical(content).encode("ascii")
    return hmac.digest(key, text, "sha256").hex() if key else hashlib.sha256(text).hexdigest()


async def check_chain(
    session: AsyncSession,
    sealed: Mapping[int, str],
    signed: Mapping[int, str] | None = None,
    key: bytes | None = None,
) -> Head:
    """Walk the whole log and return its head. Raises LogTampered at the first entry that is wrong.

    `sealed` and `signed` are the heads kept outside the database, by their numbers. With a `key`, entries
    without one stand only at the log's beginning, where an earlier release wrote and sealed them.
    """
    checkpoints = {row.seq: row.hash for row in (await session.exec(select(LogCheckpoint))).all()}
    witnesses = (
        (sealed, "is not the one that was sealed outside the database"),
        (signed or {}, "is not the one that a signed checkpoint holds"),
        (checkpoints, "is not the one that its checkpoint holds"),
    )
    last, plain_until = Head(0, GENESIS), max(sealed, default=0) if key else None
    async for seq, hash_, content in _walk(session):
        if seq != last.seq + 1:
            raise LogTampered(last.seq + 1, f"is missing; entry {seq} follows entry {last.seq}")
        if content["prev_hash"] != last.hash:
            raise LogTampered(seq, "does not continue the entry before it")
        if key and hash_ == entry_hash(content, key):
            plain_until = 0
        elif hash_ != entry_hash(content, None):
            raise LogTampered(seq, "was changed: its content does not give its hash")
        elif plain_until is not None and seq > plain_until:
            raise LogTampered(seq, "was not written by this program: its hash lacks the key")
        for heads, reason in witnesses:
            if heads.get(seq, hash_) != hash_:
                raise LogTampered(seq, reason)
        last = Head(seq, hash_)
    if (witnessed := max([0, *sealed, *(signed or {}), *checkpoints])) > last.seq:
        raise LogTampered(last.seq + 1, f"is missing; the log once held {witnessed} entries")
    return last


async def entries(
    sessions: Sessions,
    *,
    after: int = 0,
    limit: int = 100,
    action_id: str | None = None,
    kind: str | None = None,
    subject: str | Collection[str] | None = None,
    step: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[ActionLog]:
    """Return at most `limit` entries with a number above `after`, oldest first, that match every filter.

    `actor` without its part after the colon is every such actor: staff, model. A model, with or without its
    version, finds what it proposed too. `until` is not included.
    """
    query = select(ActionLog).where(col(ActionLog.seq) > after)
    for name, value in {"action_id": action_id, "kind": kind, "step": step}.items():
        if value is not None:
            query = query.where(getattr(ActionLog, name) == value)
    if subject is not None:
        query = query.where(col(ActionLog.subject).in_([subject] if isinstance(subject, str) else subject))
    if actor is not None:
        query = query.where(or_(*_is_by(actor)))
    if since is not None:
        query = query.where(col(ActionLog.at) >= since)
    if until is not None:
        query = query.where(col(ActionLog.at) < until)
    async with sessions.read() as session:
        return (await session.exec(query.order_by(col(ActionLog.seq)).limit(limit))).all()


def _is_by(actor: str) -> Iterable[ColumnElement[bool]]:
    """Who did it; of a proposal, which the customer makes, also what took their words for one."""
    is_proposal = col(ActionLog.step) == Step.PROPOSED
    for column, condition in ((col(ActionLog.actor), true()), (col(ActionLog.rule), is_proposal)):
        named = (column == actor, *(column.startswith(f"{actor}{end}", autoescape=True) for end in ":@"))
        yield and_(condition, or_(*named))


async def subjects_of(sessions: Sessions, email: str) -> tuple[str, ...]:
    """Return the pseudonyms that stand for an address: its own, and that of the member who has it."""
    address = email.strip().lower()
    async with sessions.read() as session:
        member = (await session.exec(select(Member.id).where(Member.email == address))).first()
        return await subjects_among(session, filter(None, (address, member)))


async def subjects_among(session: AsyncSession, identifiers: Iterable[str]) -> tuple[str, ...]:
    """Return every pseudonym of these people: under their own keys, and under the store's as once used."""
    info = await session.get(StoreInfo, _KEY)
    found: list[str] = []
    for identifier in identifiers:
        own = await known_pseudonym(session, identifier)
        found += filter(None, (Pseudonyms(info.value).of(identifier) if info else None, own))
    return tuple(found)


async def _walk(session: AsyncSession) -> AsyncIterator[tuple[int, str, dict[str, object]]]:
    """Yield number, hash and columns of every entry, in order, whatever somebody wrote there."""
    connection = await session.connection()
    after, size = -(2**62), _BATCH
    moment = type_coerce(col(ActionLog.at), String)  # as it is stored: a forged one may be none at all
    columns = [moment if name == "at" else getattr(ActionLog, name) for name in _NAMES]
    query = sa_select(*columns).order_by(col(ActionLog.seq))
    while True:
        try:
            some = query.where(col(ActionLog.seq) > after).limit(size)
            rows = (await connection.run_sync(Connection.execute, some)).all()
        except DBAPIError as error:
            if size == 1:
                raise LogTampered(max(after, 0) + 1, "cannot be read") from error
            size = 1
            continue
        for row in rows:
            yield row.seq, row.hash, dict(zip(_NAMES, row, strict=True))
        if len(rows) < size:
            return
        after = rows[-1].seq


def _iso(at: object) -> str:
    """Return a moment as it is hashed, such as 2026-11-24T10:00:00+00:00. SQLite holds it as text, in UTC."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).isoformat()
    if isinstance(at, str) and len(at) == 26 and at[10] == " " and at[19] == ".":
        day, second, fraction = at[:10], at[11:19], at[19:]
        return f"{day}T{second}{'' if fraction == '.000000' else fraction}+00:00"
    return f"no moment: {at!r}"
