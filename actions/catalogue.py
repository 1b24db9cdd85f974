"""Every kind of action and its row. Adding an action is adding a file and a row."""

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from actions.backend import Told
from actions.calendar import Calendar
from actions.cancel_account import Cancelling
from actions.correct_invoice import Correcting
from actions.file_gdpr_request import Filing
from actions.log import Entry
from actions.model import ActionKind, Level, NeedsArguments
from actions.planning import Details, Request, Weighed
from actions.policies import Policies
from actions.store.tables import Action
from actions.store.unit import Unit


class Row(Protocol):
    """What the service needs of a kind. The guard itself is a pure function inside `weigh`."""

    @property
    def kind(self) -> ActionKind: ...

    @property
    def policies(self) -> Policies: ...

    @property
    def calendar(self) -> Calendar: ...

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures of policies.toml that a verdict, plan or effect of this kind rests on."""

    @property
    def anchors(self) -> tuple[str, ...]:
        """Every anchor that a verdict or plan of this kind may cite."""

    def malformed(self, arguments: Mapping[str, str]) -> NeedsArguments | None:
        """Say what must be known before even the level of identity can be."""

    def level(self, arguments: Mapping[str, str]) -> Level: ...

    async def weigh(self, session: AsyncSession, request: Request, today: date) -> Weighed:
        """Read fresh facts and put them before the guard."""

    async def hold(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Note in the store that a confirmed action waits for its time."""

    async def release(self, unit: Unit, action: Action, entry: Entry) -> None:
        """Undo `hold`."""

    async def details(self, session: AsyncSession, action: Action) -> Details:
        """Read what a backend other than the store must know to carry it out."""

    async def carry_out(self, unit: Unit, action: Action, entry: Entry, told: Told) -> None:
        """The effect in the store, as a backend has `told` of it, its outbox rows and the step to DONE."""


Catalogue = Mapping[ActionKind, Row]


def catalogue(policies: Policies, calendar: Calendar) -> Catalogue:
    rows: tuple[Row, ...] = (
        Cancelling(policies, calendar),
        Correcting(policies, calendar),
        Filing(policies, calendar),
    )
    return {row.kind: row for row in rows}


def as_promised(row: Row, action: Action) -> Row:
    """Return `row` with the figures that the action's plan was made with: later ones do not touch it."""
    values = (action.plan or {}).get("figures", {})
    return catalogue(row.policies.revalued(values), row.calendar)[row.kind]
