"""What time alone ends: accounts that nobody uses, the data of closed ones, the note of their backups.

An inactive account's owners are warned first. The deletion follows the warning by no less than what the terms
put between the two, also when nothing ran on the day when the warning was due.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import col, func, or_, select

from actions.erasing import Words
from actions.log import Entry
from actions.parting import is_needed, part_with
from actions.policies import Figure, Policies
from actions.ports import ClauseLookup, Clock, PolicyReview, Review, Sessions
from actions.seal import Seal
from actions.store.tables import Account, Action, Member, Outbox
from actions.store.unit import Unit, unit_of_work

KIND = "retention"
WARNING, NOT_WARNED = "mail.inactivity", "staff.mail-failed.inactivity"
CLOSED_DATA, BACKUP_NOTE = "account.delete", "backup.delete"
_CLOCK = "clock"
_LEAST_NOTICE = timedelta(weeks=1)

Due = Literal["warn", "spare", "delete"]
Scrub = Callable[[], Awaitable[None]]
"""Overwrites what was deleted, where the database leaves it in its file."""
Heard = Callable[[Collection[str]], Awaitable[Mapping[str, datetime]]]
"""When the people of these accounts were last heard of outside this store; who was not, is left out."""


def what_is_due(
    last_active_at: datetime,
    warned_at: datetime | None,
    now: datetime,
    *,
    warning: timedelta,
    deletion: timedelta,
) -> Due | None:
    """Decide what becomes of an account that is `active`. Activity after a warning makes the warning void."""
    if warned_at is None:
        return "warn" if now >= last_active_at + warning else None
    if warned_at < last_active_at:
        return "spare"
    return "delete" if now >= deleted_at(last_active_at, warned_at, warning, deletion) else None


def deleted_at(
    last_active_at: datetime, warned_at: datetime, warning: timedelta, deletion: timedelta
) -> datetime:
    """Return when a warned account is deleted: no sooner than the notice that the terms promise."""
    return max(last_active_at + deletion, warned_at + max(deletion - warning, _LEAST_NOTICE))


class Ending:
    """Looks for what is due. Each account, and each note, is a transaction of its own.

    Without `inactive` no account ends for being silent: `last_active_at` must be true for that.
    Without `words` what people wrote stays. `scrub` runs once after whatever a run has deleted.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        clauses: ClauseLookup,
        policies: Policies,
        heard: Heard,
        *,
        seal: Seal | None = None,
        review: PolicyReview | None = None,
        inactive: bool = True,
        words: Words | None = None,
        scrub: Scrub | None = None,
    ) -> None:
        self._scrub = scrub
        self._left_traces = False
        self._inactive = inactive
        self._words = words
        self._sessions = sessions
        self._clock = clock
        self._clauses = clauses
        self._policies = policies
        self._heard = heard
        self._seal = seal
        self._review = review

    async def run(self) -> None:
        """Do what is due by now. A figure whose clause has changed is not acted on until staff confirm it."""
        try:
            await self._end()
        finally:
            if self._left_traces and self._scrub:
                await self._scrub()
                self._left_traces = False

    async def _end(self) -> None:
        review = await self._review.review() if self._review else Review()
        policies = self._policies.revalued(review.values)
        if review.held.isdisjoint({"deletion", "backup"}):
            for row in await self._due(CLOSED_DATA):
                await self._delete_closed(row, policies)
            for row in await self._due(BACKUP_NOTE):
                await self._delete_note(row, policies)
        if self._inactive and review.held.isdisjoint({"inactivity_warning", "inactivity_deletion"}):
            await self._look_after_inactive(policies)

    async def _due(self, topic: str) -> Sequence[str]:
        query = select(Outbox.id).where(Outbox.topic == topic, col(Outbox.done_at).is_(None))
        due = query.where(col(Outbox.not_before) <= self._clock.now())
        async with self._sessions.read() as session:
            return (await session.exec(due.order_by(col(Outbox.not_before), Outbox.id))).all()

    async def _delete_closed(self, row_id: str, policies: Policies) -> None:
        clause = await self._clause(policies.figures.deletion)
        async with self._unit() as unit:
            row = await unit.session.get_one(Outbox, row_id, with_for_update=True)
            account = await unit.session.get_one(Account, row.payload["account"])
            if row.done_at is not None or await is_needed(unit.session, account):
                return
            row.done_at = unit.now
            if account.status == "closed":
                await self._delete(unit, account, "closed-account-deleted", clause, policies)

    async def _delete_note(self, row_id: str, policies: Policies) -> None:
        clause = await self._clause(policies.figures.backup)
        async with self._unit() as unit:
            row = await unit.session.get_one(Outbox, row_id, with_for_update=True)
            if row.done_at is not None:
                return
            subject = row.payload["subject"]
            row.done_at, row.payload = unit.now, {}
            await unit.record(Entry(subject, _CLOCK, KIND, rule="backup-note-deleted", clauses=clause))

    async def _look_after_inactive(self, policies: Policies) -> None:
        warning = _weeks(policies.figures.inactivity_warning)
        silent = or_(
            col(Account.last_active_at) <= self._clock.now() - warning, col(Account.warned_at).is_not(None)
        )
        query = select(Account.id).where(Account.status == "active", silent)
        async with self._sessions.read() as session:
            ids = (await session.exec(query.order_by(Account.id))).all()
        if not ids:
            return
        heard = await self._heard(ids)
        clause = await self._clause(policies.figures.inactivity_warning)
        for account_id in ids:
            await self._look_after(account_id, heard.get(account_id), policies, clause)

    async def _look_after(
        self, account_id: str, heard_at: datetime | None, policies: Policies, clause: tuple[str, ...]
    ) -> None:
        warning = _weeks(policies.figures.inactivity_warning)
        deletion = _weeks(policies.figures.inactivity_deletion)
        async with self._unit() as unit:
            account = await unit.session.get_one(Account, account_id, with_for_update=True)
            if account.status != "active":
                return
            asked = select(func.max(Action.proposed_at)).where(Action.account_id == account_id)
            signs = (account.last_active_at, heard_at, (await unit.session.exec(asked)).one())
            account.last_active_at = max(sign for sign in signs if sign is not None)
            due = what_is_due(
                account.last_active_at, account.warned_at, unit.now, warning=warning, deletion=deletion
            )
            if due == "warn":
                await self._warn(unit, account, clause, warning, deletion)
            elif due == "spare":
                account.warned_at = None
                await self._record(unit, account, "inactivity-over", clause)
            elif (
                due == "delete"
                and await _is_told(unit, account)
                and not await is_needed(unit.session, account)
            ):
                await self._delete(unit, account, "inactive-account-deleted", clause, policies)

    async def _warn(
        self, unit: Unit, account: Account, clause: tuple[str, ...], warning: timedelta, deletion: timedelta
    ) -> None:
        account.warned_at = unit.now
        on = deleted_at(account.last_active_at, unit.now, warning, deletion)
        await self._record(unit, account, "inactivity-warned", clause)
        for owner in await _owners(unit, account):
            facts = {"account": account.id, "member": owner.id, "delete_at": on.isoformat()}
            unit.session.add(Outbox(topic=WARNING, payload=facts, created_at=unit.now, not_before=unit.now))

    async def _delete(
        self, unit: Unit, account: Account, rule: str, clause: tuple[str, ...], policies: Policies
    ) -> None:
        """Part with the account's people, and note until when backups hold them."""
        self._left_traces = True
        subject = await self._record(unit, account, rule, clause)
        await part_with(unit, account, self._words)
        until = unit.now + timedelta(days=policies.figures.backup.value)
        facts = {"account": account.id, "subject": subject}
        unit.session.add(Outbox(topic=BACKUP_NOTE, payload=facts, created_at=unit.now, not_before=until))

    async def _record(self, unit: Unit, account: Account, rule: str, clause: tuple[str, ...]) -> str:
        """Log it about the account's first owner, by whose address staff look; return the pseudonym."""
        owners = await _owners(unit, account)
        subject = await unit.pseudonym(owners[0].id if owners else account.id, None)
        await unit.record(Entry(subject, _CLOCK, KIND, rule=rule, clauses=clause))
        return subject

    async def _clause(self, figure: Figure) -> tuple[str, ...]:
        anchor = figure.clause or ""
        return (await self._clauses.clause_id(anchor, "en") or f"#{anchor}",)

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return unit_of_work(self._sessions, self._clock, self._seal)


async def _is_told(unit: Unit, account: Account) -> bool:
    """Whether every warning went out; one that could not be sent waits for staff, the deletion with it."""
    mails = select(Outbox).where(col(Outbox.topic).in_((WARNING, NOT_WARNED)), col(Outbox.done_at).is_(None))
    waiting = (await unit.session.exec(mails)).all()
    return all(row.payload.get("account") != account.id for row in waiting)


async def _owners(unit: Unit, account: Account) -> Sequence[Member]:
    query = select(Member).where(Member.account_id == account.id, Member.role == "owner")
    return (await unit.session.exec(query.order_by(Member.id))).all()


def _weeks(figure: Figure) -> timedelta:
    return timedelta(weeks=figure.value)
