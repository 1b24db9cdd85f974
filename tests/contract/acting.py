"""A small world for the action tests: a migrated store with the demo's customers, a clock, a library."""

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from sqlmodel import SQLModel, col, select

import actions.policies
from actions.audit import LogReport, verify
from actions.log import entries
from actions.model import (
    ActionKind,
    Level,
    NeedsConfirmation,
    Principal,
    Proposal,
    Proposed,
    Receipt,
    Right,
)
from actions.policies import Policies, parse
from actions.seal import Seal
from actions.service import ActionService
from actions.store.accounts import Accounts
from actions.store.demo import fill
from actions.store.tables import Account, Action, Member
from bot.database import Database
from bot.migrations import migrate
from tests.fakes import MovingClock

OWNER = "olivia.owner@example.com"
AGENT = "andy.agent@example.com"
PREPAID_OWNER = "lastnica.zgled@example.com"
LATE_OWNER = "savininkas.pavyzdys@example.org"
STRANGER = "stranger@example.net"
STAFF = ("maria@example.com", "s1", "s2", "canary.staff@example.com", AGENT)

Row = TypeVar("Row", bound=SQLModel)
_origins = count(1)


class FakeClauses:
    """Every anchor has a clause, whose id shows the language."""

    async def clause_id(self, anchor: str, language: str) -> str | None:
        return f"terms-{language}/{anchor}"


@dataclass
class World:
    database: Database
    clock: MovingClock
    seal: Seal
    service: ActionService
    policies: Policies | None = None

    def another_process(self, policies: Policies | None = None) -> "World":
        """The same store and clock, a service that remembers nothing."""
        service = ActionService(
            self.database, self.clock, FakeClauses(), seal=self.seal, policies=policies, staff=STAFF
        )
        return replace(self, service=service)

    async def principal(self, email: str, level: Level = Level.VERIFIED) -> Principal:
        person = await Accounts(self.database).member_by_email(email)
        if person is None:
            return Principal(level, email=email)
        principal = await Accounts(self.database).principal(person.id, level)
        assert principal is not None
        return principal

    async def propose(
        self,
        email: str,
        kind: ActionKind,
        *,
        level: Level = Level.VERIFIED,
        origin: str | None = None,
        conversation: str = "chat",
        **arguments: str,
    ) -> Proposed:
        principal = await self.principal(email, level)
        origin = origin or f"message-{next(_origins)}"
        return await self.service.propose(Proposal(kind, principal, conversation, origin, arguments))

    async def card(
        self, email: str, kind: ActionKind, *, conversation: str = "chat", **arguments: str
    ) -> NeedsConfirmation:
        principal = await self.principal(email)
        origin = f"message-{next(_origins)}"
        proposal = Proposal(kind, principal, conversation, origin, arguments)
        proposed = await self.service.propose(proposal)
        assert isinstance(proposed, NeedsConfirmation), proposed
        return proposed

    async def press(self, email: str, card: NeedsConfirmation, conversation: str = "chat") -> object:
        return await self.service.confirm(card.token, await self.principal(email), conversation)

    async def done(self, email: str, kind: ActionKind, **arguments: str) -> Receipt:
        receipt = await self.press(email, await self.card(email, kind, **arguments))
        assert isinstance(receipt, Receipt), receipt
        return receipt

    async def file(self, email: str, right: Right) -> Receipt:
        return await self.done(email, ActionKind.GDPR_REQUEST, right=right)

    async def rows(self, table: type[Row]) -> list[Row]:
        async with self.database.read() as session:
            return list((await session.exec(select(table))).all())

    async def action(self, action_id: str) -> Action:
        async with self.database.read() as session:
            return await session.get_one(Action, action_id)

    async def account_of(self, email: str) -> Account:
        async with self.database.read() as session:
            query = select(Account).join(Member, col(Member.account_id) == col(Account.id))
            return (await session.exec(query.where(Member.email == email))).one()

    async def steps(self, action_id: str) -> list[str | None]:
        """The steps of an action, as the log has them."""
        return [entry.step for entry in await entries(self.database, action_id=action_id)]

    async def rules(self, action_id: str) -> list[str | None]:
        return [entry.rule for entry in await entries(self.database, action_id=action_id)]

    async def verified(self) -> LogReport:
        report = await verify(self.database, self.seal)
        assert report.ok, report
        return report


async def make_world(folder: Path, url: str | None = None) -> World:
    database = Database(url or f"sqlite:///{folder / 'store.sqlite'}")
    await migrate(database)
    clock, seal = MovingClock(), Seal(folder / "sealed")
    await fill(database, clock)
    service = ActionService(database, clock, FakeClauses(), seal=seal, staff=STAFF)
    return World(database, clock, seal, service)


def staff_policies(tier: str = "staff") -> Policies:
    """The built-in policies, but a cancellation needs staff."""
    text = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")
    return parse(text.replace('cancel_account = "auto"', f'cancel_account = "{tier}"'))
