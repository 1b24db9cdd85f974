"""Guarded actions at size: `python -m tests.bench.acting --members 500` proposes and confirms for each.

On SQLite and on a PostgreSQL of its own, each in a process of its own, one after the other: a proposal is a
plan card shown, a confirmation is its button pressed, a log entry is an append alone. All are transactions of
the service on the demo store, with the log sealed and its checkpoints signed. Memory is what is resident of
the process, without the database's server, from when the store is filled.
"""

import argparse
import asyncio
import multiprocessing
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from actions.audit import verify
from actions.checkpoints import Checkpoints, SigningKey
from actions.log import Entry
from actions.model import ActionKind, Level, NeedsConfirmation, Principal, Proposal, Receipt, Step
from actions.seal import Seal
from actions.service import ActionService
from actions.store.demo import fill
from actions.store.tables import Account, Member, Subscription
from actions.store.unit import unit_of_work
from bot.clock import SystemClock
from bot.database import Database
from bot.migrations import migrate
from bot.model import RULES
from tests.bench.log import ENGINES, empty_database
from tests.bench.size import megabytes
from tests.bench.table import at, markdown
from tests.contract.acting import FakeClauses

STEPS = ("proposal", "confirmation", "log entry")
HEAD = ("", "transactions", "a second", "p50 ms", "p95 ms")
CONVERSATION = "bench"


@dataclass
class Measured:
    """Milliseconds of each transaction by what it was, and memory in MB."""

    times: dict[str, list[float]] = field(default_factory=lambda: {step: [] for step in STEPS})
    before: float = 0.0
    after: float = 0.0
    peak: float = 0.0

    def rows(self, engine: str) -> list[list[str]]:
        return [[f"{engine}, {step}", *_figures(times)] for step, times in self.times.items()]

    def memory(self, engine: str) -> str:
        return f"{engine}: {self.before:.0f} MB before, {self.after:.0f} MB after, {self.peak:.0f} MB at most"


def _figures(times: Sequence[float]) -> list[str]:
    ordered, seconds = sorted(times), sum(times) / 1000
    rates = f"{len(times) / seconds:.0f}", f"{at(ordered, 0.5):.1f}", f"{at(ordered, 0.95):.1f}"
    return [str(len(times)), *rates]


async def measure(database: Database, folder: Path, members: int) -> Measured:
    """Ask to cancel and confirm for each of `members`. The log verifies in the end."""
    clock, measured = SystemClock(), Measured()
    seal = Seal(folder, Checkpoints(folder / "checkpoints", SigningKey(folder / "key")))
    await migrate(database)
    await fill(database, clock)
    owners = await _add_owners(database, members)
    service = ActionService(database, clock, FakeClauses(), seal=seal)
    measured.before = megabytes()
    cards: list[NeedsConfirmation] = []
    for number, owner in enumerate(owners):
        proposal = Proposal(
            ActionKind.CANCEL_ACCOUNT, owner, CONVERSATION, f"bench-{number}", proposed_by=RULES
        )
        started = time.perf_counter()
        card = await service.propose(proposal)
        measured.times["proposal"].append(_since(started))
        assert isinstance(card, NeedsConfirmation), card
        cards.append(card)
    for owner, card in zip(owners, cards, strict=True):
        started = time.perf_counter()
        receipt = await service.confirm(card.token, owner, CONVERSATION)
        measured.times["confirmation"].append(_since(started))
        assert isinstance(receipt, Receipt), receipt
        assert receipt.step is Step.SCHEDULED, receipt
    for _ in owners:
        started = time.perf_counter()
        async with unit_of_work(database, clock, seal) as unit:
            await unit.record(Entry("anonymous", "clock", CONVERSATION))
        measured.times["log entry"].append(_since(started))
    measured.after, measured.peak = megabytes(), _peak()
    report = await verify(database, seal)
    assert report.ok, report
    return measured


def _since(started: float) -> float:
    return 1000 * (time.perf_counter() - started)


def _peak() -> float:
    """The most memory that was ever resident, in MB; Linux counts it in KiB and macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


async def _add_owners(database: Database, count: int) -> list[Principal]:
    """Put customers beside the demo's, each with an account, a subscription and an owner, who is verified."""
    now = SystemClock().now()
    accounts = [
        Account(
            company=f"Invented {number} Ltd",
            country="IE",
            address=f"{number} Nowhere Lane",
            created_at=now - timedelta(days=400),
            last_active_at=now,
        )
        for number in range(count)
    ]
    members = [
        Member(
            account_id=account.id,
            email=f"owner{number}@example.com",
            name=f"Owner {number}",
            role="owner",
            language="en",
        )
        for number, account in enumerate(accounts)
    ]
    plans = [
        Subscription(
            account_id=account.id,
            plan="All-inclusive",
            seats=3,
            cycle="monthly",
            price_cents=11700,
            currency="EUR",
            paid_until=(now + timedelta(days=20)).date(),
        )
        for account in accounts
    ]
    async with database.write() as session:
        for rows in (accounts, members, plans):
            session.add_all(rows)
            await session.flush()
    return [
        Principal(Level.VERIFIED, one.email, one.id, one.account_id, one.role, one.language)
        for one in members
    ]


async def _on(engine: str, members: int) -> Measured:
    with TemporaryDirectory() as name:
        async with empty_database(engine, Path(name)) as database:
            return await measure(database, Path(name) / "beside", members)


def _alone(engine: str, members: int) -> Measured:
    """Measure in a process of its own, so that one engine's memory is not the other's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        return processes.submit(_measured_on, engine, members).result()


def _measured_on(engine: str, members: int) -> Measured:
    return asyncio.run(_on(engine, members))


def written(measured: dict[str, Measured]) -> str:
    """Return the figures as a table, and the memory beneath it."""
    rows = [row for engine, one in measured.items() for row in one.rows(ENGINES[engine])]
    memory = [one.memory(ENGINES[engine]) for engine, one in measured.items()]
    return "\n".join([markdown(HEAD, rows), "", *memory])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--on", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    given = parser.parse_args()
    if given.members < 1:
        parser.error("--members is 1 or more")
    print("\n## Guarded actions\n")
    print(written({engine: _alone(engine, given.members) for engine in ENGINES if engine in given.on}))


if __name__ == "__main__":
    main()
