"""Does the log verify, and does the store agree with it?"""

from dataclasses import dataclass

from sqlalchemy import func, literal, union_all
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from actions.checkpoints import Checkpoints, Signed
from actions.errors import LogTampered
from actions.log import check_chain, pseudonyms
from actions.model import ActionKind, Step
from actions.ports import Sessions
from actions.seal import GENESIS, Head, Seal
from actions.store.approval_tables import Approval
from actions.store.tables import Account, Action, ActionLog, CreditNote, Effect, GdprCase


@dataclass(frozen=True, slots=True)
class LogReport:
    """`reason` says what is wrong, or None. `first_bad_seq` is None when the chain itself is whole."""

    ok: bool
    entries: int
    head: str
    first_bad_seq: int | None = None
    reason: str | None = None


async def verify(sessions: Sessions, seal: Seal | None) -> LogReport:
    """Check the chain, the seal and the signed checkpoints outside the database, and every effect.

    Without a `seal` nothing outside the database can contradict it: a log rewritten as a whole verifies.
    """
    # read before the snapshot, so that they cannot be ahead of it
    sealed = seal.heads() if seal else {}
    checkpoints = seal.checkpoints if seal else None
    signed = checkpoints.read() if checkpoints else None
    async with sessions.read() as session:
        if session.get_bind().dialect.name == "postgresql":
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        try:
            last = await check_chain(
                session, sealed or {}, signed.heads if signed else {}, seal.entry_key if seal else None
            )
        except LogTampered as error:
            return await _bad(session, error)
        if sealed is None and last.seq:
            return _report(last, f"the seal is missing: there is no file {seal.path if seal else ''}")
        if checkpoints and last.seq and (reason := _unsigned(checkpoints, signed)):
            return _report(last, reason)
        return _report(last, await _first_disagreement(session))


def _unsigned(checkpoints: Checkpoints, signed: Signed | None) -> str | None:
    if signed is None:
        return f"the signed checkpoints are missing: there is no file {checkpoints.path}"
    return f"{signed.damage} ({checkpoints.path})" if signed.damage else None


def _report(last: Head, reason: str | None) -> LogReport:
    return LogReport(reason is None, last.seq, last.hash, None, reason)


async def _bad(session: AsyncSession, error: LogTampered) -> LogReport:
    count = (await session.exec(select(func.count()).select_from(ActionLog))).one()
    newest = select(ActionLog.hash).order_by(col(ActionLog.seq).desc()).limit(1)
    return LogReport(False, count, (await session.exec(newest)).first() or GENESIS, error.seq, str(error))


async def _first_disagreement(session: AsyncSession) -> str | None:
    for query, reason in (
        (_steps_unlike_their_entry(), "action {} stands at a step that its last entry does not name"),
        (_effects_without_done(), "action {} has an effect without being done, or is done without one"),
        (_accounts_closed_by_nobody(), "account {} is closed or closing without an action that says so"),
        (_papers_of_nobody(), "{} was made by no action that is done"),
    ):
        found = (await session.exec(query.limit(1))).first()
        if found:
            return reason.format(found)
    return await _approval_unlike_its_entry(session)


async def _approval_unlike_its_entry(session: AsyncSession) -> str | None:
    """Approvals decide what passes, so each stands in the log, and nothing there without its row."""
    logged = select(ActionLog.action_id, ActionLog.actor, ActionLog.seq).where(ActionLog.rule == "approved")
    entries = {(action, actor): seq for action, actor, seq in (await session.exec(logged)).all()}
    rows = (await session.exec(select(Approval).order_by(Approval.action_id, Approval.staff))).all()
    known = await pseudonyms(session) if rows else None
    given = {(row.action_id, f"staff:{known.of(row.staff)}") for row in rows} if known else set()
    if strange := sorted(given - entries.keys()):
        return f"action {strange[0][0]} has an approval that no entry of the log names"
    if lost := min((seq for who, seq in entries.items() if who not in given), default=None):
        return f"entry {lost} says that staff approved, and no approval says so"
    return None


def _steps_unlike_their_entry() -> SelectOfScalar[str]:
    # ordered by an expression, or PostgreSQL may walk the whole log backwards by its key for every action
    newest_first = (col(ActionLog.seq) + 0).desc()
    logged = (
        select(ActionLog.step)
        .where(col(ActionLog.action_id) == col(Action.id), col(ActionLog.step).is_not(None))
        .order_by(newest_first)
        .limit(1)
        .correlate(Action)
        .scalar_subquery()
    )
    return select(Action.id).where(func.coalesce(logged, "") != col(Action.step))


def _effects_without_done() -> SelectOfScalar[str]:
    done = col(Action.step) == Step.DONE
    effect = select(Effect.action_id).where(col(Effect.action_id) == col(Action.id)).exists()
    return select(Action.id).where(done != effect)


def _accounts_closed_by_nobody() -> SelectOfScalar[str]:
    waiting = (Step.AWAITING_APPROVAL, Step.SCHEDULED, Step.EXECUTING, Step.OUTCOME_UNKNOWN)
    cancellation = select(Action.id).where(
        Action.kind == ActionKind.CANCEL_ACCOUNT, col(Action.account_id) == col(Account.id)
    )
    closed = cancellation.where(Action.step == Step.DONE).exists()
    closing = cancellation.where(col(Action.step).in_(waiting)).exists()
    return select(Account.id).where(
        ((col(Account.status) == "closed") & ~closed) | ((col(Account.status) == "closing") & ~closing)
    )


def _papers_of_nobody() -> SelectOfScalar[str]:
    papers = union_all(
        select((literal("credit note ") + col(CreditNote.number)).label("name"), CreditNote.action_id),
        select((literal("case ") + col(GdprCase.reference)).label("name"), GdprCase.action_id),
    ).subquery()
    done = select(Action.id).where(col(Action.id) == papers.c.action_id, Action.step == Step.DONE).exists()
    return select(papers.c.name).where(~done)
