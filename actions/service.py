"""Propose, confirm, approve, execute, withdraw: the only way in."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date, timedelta

from sqlmodel import col, or_, select

from actions import access, approving, confirming, executing, log, proposing, settling
from actions.backend import Backend, StoreBackend, Told
from actions.calendar import Calendar
from actions.casework import standing
from actions.catalogue import Catalogue, catalogue
from actions.effects import Effects
from actions.model import (
    Confirmed,
    Level,
    NeedsConfirmation,
    Principal,
    Proposal,
    Proposed,
    Receipt,
    Rejected,
    Step,
)
from actions.papers.opening import opened_paper
from actions.papers.sheet import UNNAMED, Party
from actions.papers.tables import Paper
from actions.policies import Policies, load
from actions.ports import ClauseLookup, Clock, PolicyReview, Review, Sessions
from actions.seal import Seal
from actions.store.tables import Action
from actions.store.unit import Unit, put_seal, unit_of_work

_STATUS_LIMIT = 20


class ActionService:
    """Carries an action from a request to its receipt. Every public method is one or more transactions,
    each of which leaves database and log consistent if the process dies after it.

    Without a `seal` the log's head is kept nowhere but in the database. `seller` is the company as credit
    notes and invoices name it. `calendar` is
    the company's: every deadline counts its days and its public holidays. `staff` are the ids that may decide
    and open what customers asked for. `backend` is where effects take place: the store, without one.
    """

    def __init__(
        self,
        sessions: Sessions,
        clock: Clock,
        clauses: ClauseLookup,
        *,
        policies: Policies | None = None,
        calendar: Calendar | None = None,
        seal: Seal | None = None,
        seller: Party = UNNAMED,
        review: PolicyReview | None = None,
        staff: Collection[str] = (approving.LOCAL,),
        backend: Backend | None = None,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._clauses = clauses
        self._policies = policies or load()
        self._calendar = calendar or Calendar()
        self._seal = seal
        self._seller = seller
        self._review = review
        self._staff = frozenset(map(approving.staff_id, staff))
        self._rows = catalogue(self._policies, self._calendar)
        self._effects = Effects(backend or StoreBackend(), self._rows, self._calendar, self._unit)

    async def propose(self, proposal: Proposal) -> Proposed:
        """Weigh a request. What comes back is to be shown; nothing but the proposal itself is stored."""
        row = self._rows[proposal.kind]
        if malformed := row.malformed(proposal.arguments):
            return malformed
        rows, held = await self._reviewed()
        row = rows[proposal.kind]
        # resolved before the transaction: the library may need a connection of its own
        found = [(a, await self._clauses.clause_id(a, proposal.principal.language)) for a in row.anchors]
        clause_ids = {anchor: clause_id for anchor, clause_id in found if clause_id}
        expiry = timedelta(minutes=self._policies.figures.proposal_expiry.value)
        async with self._unit() as unit:
            proposed = await proposing.propose(unit, row, proposal, clause_ids, self._day(unit), expiry)
        if isinstance(proposed, NeedsConfirmation) and not held.isdisjoint(row.figures):
            return replace(proposed, is_held=True)
        return proposed

    async def confirm(self, token: str, principal: Principal, conversation_id: str) -> Confirmed:
        """Confirm by the button's token. Pressed again by the same person it reads back the receipt."""
        rows, held = await self._reviewed()
        async with self._unit() as unit:
            confirmed = await confirming.confirm(
                unit, rows, self._policies, self._day(unit), token, principal, conversation_id, held
            )
        return await self._go_on(confirmed) if isinstance(confirmed, Receipt) else confirmed

    async def withdraw(
        self, action_id: str, principal: Principal, conversation_id: str
    ) -> Receipt | Rejected:
        """Take an action back, until it is carried out; whichever of two is committed first wins."""
        async with self._unit() as unit:
            return await confirming.withdraw(unit, self._rows, action_id, principal, conversation_id)

    async def decline(self, action_id: str, principal: Principal, conversation_id: str) -> Receipt | Rejected:
        """Void a plan card that was not confirmed; whatever else it became stays, and is read back."""
        async with self._unit() as unit:
            return await confirming.decline(unit, self._rows, action_id, principal, conversation_id)

    async def approve(self, action_id: str, staff_id: str) -> Receipt | Rejected:
        """Let a confirmed action (its id or reference) pass, in the name of a member of staff. Where its tier
        takes two, the first leaves it waiting."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            approved = await approving.approve(unit, self._policies, self._staff, action_id, staff)
        return await self._go_on(approved) if isinstance(approved, Receipt) else approved

    async def refuse(self, action_id: str, staff_id: str, reason: str) -> Receipt | Rejected:
        """Refuse a confirmed action, or an open data-protection case, in the name of a member of staff."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            return await approving.refuse(unit, self._rows, self._staff, action_id, staff, reason)

    async def settle(
        self, action_id: str, staff_id: str, *, is_done: bool, told: Told | None = None
    ) -> Receipt | Rejected:
        """Say, in the name of a member of staff, whether an effect of unknown outcome stands."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            return await settling.settle(unit, self._rows, self._staff, action_id, staff, is_done, told or {})

    async def listed(self, *, waiting: bool = False) -> Sequence[access.Listed]:
        """Return actions without anything of their people, for staff to choose from."""
        async with self._sessions.read() as session:
            return await access.listed(session, self._policies, waiting=waiting)

    async def show(self, action_id: str, staff_id: str) -> access.Opened | Rejected:
        """Open an action (its id or reference) for a member of staff, which is itself an entry of the log."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            return await access.opened(unit, self._policies, self._staff, action_id, staff)

    async def opened(self, staff_id: str, emails: Collection[str | None]) -> None:
        """Log that a member of staff opened the data of these people; None is somebody unknown."""
        async with self._unit() as unit:
            for email in emails:
                await access.record(unit, staff_id, member_id=None, email=email)

    async def paper(self, number: str, staff_id: str) -> Paper | Rejected:
        """Open a credit note or invoice for a member of staff, which is itself an entry of the log."""
        staff = approving.staff_id(staff_id)
        async with self._unit() as unit:
            return await opened_paper(unit, self._staff, number, staff)

    async def run_due(self) -> Sequence[Receipt]:
        """Carry out every scheduled action whose time has come, each in a transaction of its own; leave to
        staff what a process that died meanwhile had begun."""
        now = self._clock.now()
        async with self._sessions.read() as session:
            due = await executing.due_ids(session, now)
            lost = await executing.lost_ids(session, now - executing.LOST_AFTER)
        unknown: Sequence[Receipt] = ()
        if lost:
            async with self._unit() as unit:
                unknown = await executing.give_up_unknown(unit, lost)
        return [*unknown, *[await self._execute(action_id) for action_id in due]]

    async def expire(self) -> Sequence[Receipt]:
        """Void the cards and identity checks whose time ran out."""
        async with self._unit() as unit:
            return await executing.expire(unit)

    async def recover(self) -> Sequence[Receipt]:
        """Finish what a killed process left: seal the log, carry out what is due, void what expired."""
        await self._catch_up_seal()
        async with self._unit() as unit:
            unknown = await executing.give_up_unknown(unit)
        return [*unknown, *await self.run_due(), *await self.expire()]

    async def checkpoint(self) -> None:
        """Sign the log's head, where it was signed an hour ago or never."""
        if self._seal and self._seal.checkpoints:
            async with self._sessions.read() as session:
                head = await log.head(session)
            await asyncio.to_thread(self._seal.checkpoints.write_hourly, head, self._clock.now())

    async def status(self, principal: Principal) -> Sequence[Receipt]:
        """Return the person's own actions that were confirmed or wait for it, newest first."""
        if principal.level < Level.LINKED or not (principal.member_id or principal.email):
            return ()
        own = []
        if principal.member_id:
            own.append(col(Action.member_id) == principal.member_id)
        if principal.email:
            own.append((col(Action.email) == principal.email.lower()) & col(Action.member_id).is_(None))
        is_open = (col(Action.step) == Step.AWAITING_CONFIRMATION) & (
            col(Action.expires_at) > self._clock.now()
        )
        query = select(Action).where(or_(*own), or_(col(Action.confirmed_at).is_not(None), is_open))
        newest = query.order_by(col(Action.proposed_at).desc(), Action.id).limit(_STATUS_LIMIT)
        async with self._sessions.read() as session:
            return [await standing(session, action) for action in (await session.exec(newest)).all()]

    async def _catch_up_seal(self) -> None:
        sealed = self._seal.heads() if self._seal else None
        if self._seal is None or sealed is None:
            return
        async with self._sessions.read() as session:
            head = await log.head(session)
        if head.seq > max([0, *sealed]):
            await put_seal(self._seal, head, self._clock.now())

    async def _reviewed(self) -> tuple[Catalogue, frozenset[str]]:
        """Return the rows with today's figures, and which of these are held."""
        review = await self._review.review() if self._review else Review()
        if not review.values:
            return self._rows, review.held
        return catalogue(self._policies.revalued(review.values), self._calendar), review.held

    async def _go_on(self, reached: Receipt) -> Receipt:
        """Carry out at once what need not wait, also when an earlier process was killed before."""
        is_due = reached.effective_at is not None and reached.effective_at <= self._clock.now()
        return (
            await self._execute(reached.action_id) if reached.step is Step.SCHEDULED and is_due else reached
        )

    async def _execute(self, action_id: str) -> Receipt:
        return await self._effects.execute(action_id)

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return unit_of_work(self._sessions, self._clock, self._seal, self._seller)

    def _day(self, unit: Unit) -> date:
        return self._calendar.day_of(unit.now)
