"""Propose, confirm, approve, execute, withdraw: the only way in."""

import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import col, or_, select

from actions import confirming, executing, log, proposing
from actions.calendar import Calendar
from actions.catalogue import catalogue
from actions.model import Confirmed, Level, Principal, Proposal, Proposed, Receipt, Rejected, Step
from actions.policies import Policies, load
from actions.ports import ClauseLookup, Clock, Sessions
from actions.receipts import receipt
from actions.seal import Seal
from actions.store.tables import Action
from actions.store.unit import Unit, put_seal, unit_of_work

_STATUS_LIMIT = 20


class ActionService:
    """Carries an action from a request to its receipt. Every public method is one or more transactions,
    each of which leaves database and log consistent if the process dies after it.

    Without a `seal` the log's head is kept nowhere but in the database. `calendar` is
    the company's: every deadline counts its days and its public holidays.
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
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._clauses = clauses
        self._policies = policies or load()
        self._calendar = calendar or Calendar()
        self._seal = seal
        self._rows = catalogue(self._policies, self._calendar)

    async def propose(self, proposal: Proposal) -> Proposed:
        """Weigh a request. What comes back is to be shown; nothing but the proposal itself is stored."""
        row = self._rows[proposal.kind]
        if malformed := row.malformed(proposal.arguments):
            return malformed
        # resolved before the transaction: the library may need a connection of its own
        found = [(a, await self._clauses.clause_id(a, proposal.principal.language)) for a in row.anchors]
        clause_ids = {anchor: clause_id for anchor, clause_id in found if clause_id}
        expiry = timedelta(minutes=self._policies.figures.proposal_expiry.value)
        async with self._unit() as unit:
            return await proposing.propose(unit, row, proposal, clause_ids, self._day(unit), expiry)

    async def confirm(self, token: str, principal: Principal, conversation_id: str) -> Confirmed:
        """Confirm by the button's token. Pressed again by the same person it reads back the receipt."""
        async with self._unit() as unit:
            confirmed = await confirming.confirm(
                unit, self._rows, self._policies, self._day(unit), token, principal, conversation_id
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
        """Let a confirmed action pass, in the name of a member of staff."""
        async with self._unit() as unit:
            approved = await executing.approve(unit, action_id, staff_id)
        return await self._go_on(approved) if isinstance(approved, Receipt) else approved

    async def refuse(self, action_id: str, staff_id: str, reason: str) -> Receipt | Rejected:
        """Refuse a confirmed action, in the name of a member of staff and with a reason."""
        async with self._unit() as unit:
            return await executing.refuse(unit, self._rows, action_id, staff_id, reason)

    async def run_due(self) -> Sequence[Receipt]:
        """Carry out every scheduled action whose time has come, each in a transaction of its own."""
        async with self._sessions.read() as session:
            due = await executing.due_ids(session, self._clock.now())
        return [await self._execute(action_id) for action_id in due]

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
            return [receipt(action) for action in (await session.exec(newest)).all()]

    async def _catch_up_seal(self) -> None:
        sealed = self._seal.heads() if self._seal else None
        if self._seal is None or sealed is None:
            return
        async with self._sessions.read() as session:
            head = await log.head(session)
        if head.seq > max([0, *sealed]):
            await put_seal(self._seal, head, self._clock.now())

    async def _go_on(self, reached: Receipt) -> Receipt:
        """Carry out at once what need not wait, also when an earlier process was killed before."""
        is_due = reached.effective_at is not None and reached.effective_at <= self._clock.now()
        return (
            await self._execute(reached.action_id) if reached.step is Step.SCHEDULED and is_due else reached
        )

    async def _execute(self, action_id: str) -> Receipt:
        try:
            async with self._unit() as unit:
                return await executing.execute(unit, self._rows, action_id, self._day(unit))
        except SQLAlchemyError as error:
            if not isinstance(error, IntegrityError):
                raise  # the database is not well: the action stays scheduled and is tried again
            return await self._fail(action_id)
        except Exception:
            return await self._fail(action_id)

    async def _fail(self, action_id: str) -> Receipt:
        logging.getLogger(__name__).exception("action %s could not be carried out", action_id)
        async with self._unit() as unit:
            return await executing.fail(unit, action_id)

    def _unit(self) -> AbstractAsyncContextManager[Unit]:
        return unit_of_work(self._sessions, self._clock, self._seal)

    def _day(self, unit: Unit) -> date:
        return self._calendar.day_of(unit.now)
