"""From a scheduled action to its effect: in one transaction with the store, around a call with any other."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from actions import executing
from actions.backend import Backend, StoreBackend, Unknown, ask
from actions.calendar import Calendar
from actions.catalogue import Catalogue
from actions.model import Receipt
from actions.store.unit import Unit

OpenUnit = Callable[[], AbstractAsyncContextManager[Unit]]


class Effects:
    """Carries out one action at a time, once. With a backend apart from the store it is claimed (EXECUTING,
    committed), asked for, and recorded: who finds it claimed later knows that nobody knows.
    """

    def __init__(self, backend: Backend, rows: Catalogue, calendar: Calendar, unit: OpenUnit) -> None:
        self._backend = backend
        self._rows = rows
        self._calendar = calendar
        self._unit = unit

    async def execute(self, action_id: str) -> Receipt:
        if isinstance(self._backend, StoreBackend):
            return await self._in_store(action_id)
        try:
            async with self._unit() as unit:
                today = self._calendar.day_of(unit.now)
                claimed = await executing.claim(unit, self._rows, action_id, today)
        except Exception as error:
            return await self._not_done(action_id, error)
        if isinstance(claimed, Receipt):
            return claimed
        try:
            answer = await ask(self._backend, claimed)
        except Exception:
            logging.getLogger(__name__).exception("the backend broke at action %s", action_id)
            answer = Unknown("backend-broke")
        try:
            async with self._unit() as unit:
                return await executing.record(unit, self._rows, action_id, answer, self._backend.next_wait)
        except Exception:
            # what was answered stands elsewhere: to write it down is for staff now
            logging.getLogger(__name__).exception("the outcome of action %s is not recorded", action_id)
            async with self._unit() as unit:
                unknown = Unknown("not-recorded")
                return await executing.record(unit, self._rows, action_id, unknown, self._backend.next_wait)

    async def _in_store(self, action_id: str) -> Receipt:
        try:
            async with self._unit() as unit:
                return await executing.execute(unit, self._rows, action_id, self._calendar.day_of(unit.now))
        except Exception as error:
            return await self._not_done(action_id, error)

    async def _not_done(self, action_id: str, error: Exception) -> Receipt:
        """A transaction was undone whole, and with it the effect."""
        if isinstance(error, SQLAlchemyError) and not isinstance(error, IntegrityError):
            raise error  # the database is not well: the action stays scheduled and is tried again
        logging.getLogger(__name__).error("action %s could not be carried out", action_id, exc_info=error)
        async with self._unit() as unit:
            return await executing.fail(unit, self._rows, action_id)
