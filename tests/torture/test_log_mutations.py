"""Whatever is done to the log's database is found: by the product, and by a verifier that shares no code."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from actions.audit import LogReport, verify
from actions.checkpoints import Checkpoints, SigningKey
from actions.log import Entry
from actions.model import ActionKind, Right
from actions.seal import Seal
from actions.service import ActionService
from actions.store.unit import unit_of_work
from bot.database import Database
from tests.contract.acting import OWNER, STRANGER, FakeClauses, World, make_world
from tests.torture.hostile import MUTATIONS, mutate
from tests.torture.log_by_hand import BadLogError, check

SAMPLE, ALL = 60, 1000
ENTRIES = 115


@dataclass(frozen=True)
class Log:
    """A log of `ENTRIES` entries, `older` copies of its database, and what stands outside it."""

    database: Path
    older: list[Path]
    seal: Seal
    checkpoints: Checkpoints

    async def by_product(self, database: Path) -> LogReport:
        opened = Database(f"sqlite:///{database}")
        try:
            return await verify(opened, self.seal)
        finally:
            await opened.close()

    def by_hand(self, database: Path) -> int:
        return check(database, self.seal.path, self.checkpoints.path, self.checkpoints.key.path)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    folder = tmp_path_factory.mktemp("log")
    checkpoints = Checkpoints(folder / "outside" / "checkpoints", SigningKey(folder / "outside" / "key"))
    seal = Seal(folder / "outside", checkpoints)
    older: list[Path] = []

    def copy(name: str) -> Path:
        with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
            connection.execute("VACUUM INTO ?", [str(folder / name)])
        return folder / name

    async def fill(world: World) -> None:
        world.service = ActionService(world.database, world.clock, FakeClauses(), seal=seal)
        await world.file(OWNER, Right.ACCESS)
        older.append(copy("old-1.sqlite"))
        await world.done(OWNER, ActionKind.INVOICE_CORRECTION, company="Teapots & Daughters Ltd")
        older.append(copy("old-2.sqlite"))
        await grow(world, 99)
        older.append(copy("old-3.sqlite"))
        await grow(world, 103)
        await world.file(STRANGER, Right.OBJECTION)
        await grow(world, ENTRIES - 1)
        older.append(copy("old-4.sqlite"))
        await grow(world, ENTRIES)

    async def grow(world: World, to: int) -> None:
        size = (await verify(world.database, seal)).entries
        for number in range(size, to):
            world.clock.move(seconds=1.5)
            async with unit_of_work(world.database, world.clock, seal) as unit:
                await unit.record(Entry("anonymous", "customer", "gdpr_request", rule=f"press-{number}"))

    async def build() -> None:
        world = await make_world(folder)
        await fill(world)
        await world.database.close()

    asyncio.run(build())
    return Log(copy("whole.sqlite"), older, seal, checkpoints)


async def test_both_verify_the_log_that_nobody_touched(log: Log) -> None:
    found = await log.by_product(log.database)
    assert (found.ok, found.entries) == (True, ENTRIES), found
    assert log.by_hand(log.database) == ENTRIES
    assert len(log.checkpoints.path.read_text().splitlines()) == 1


def test_every_kind_of_mutation_is_among_the_sample() -> None:
    kinds = Counter(list(MUTATIONS)[number % len(MUTATIONS)] for number in range(SAMPLE))
    assert set(kinds) == set(MUTATIONS)


@pytest.mark.parametrize(
    "numbers",
    [
        range(SAMPLE),
        *(
            pytest.param(range(start, start + 94), marks=pytest.mark.torture)
            for start in range(SAMPLE, ALL, 94)
        ),
    ],
    ids=lambda numbers: f"{numbers[0]}-{numbers[-1]}",
)
async def test_every_mutation_is_found_by_both(log: Log, tmp_path: Path, numbers: range) -> None:
    missed = []
    for number in numbers:
        database = tmp_path / f"mutated-{number}.sqlite"
        shutil.copyfile(log.database, database)
        name = mutate(database, log.older, number)
        product = await log.by_product(database)
        try:
            log.by_hand(database)
        except BadLogError as error:
            if product.ok or product.first_bad_seq != error.seq:
                missed.append(f"{number} ({name}): product {product}, by hand {error}")
        else:
            missed.append(f"{number} ({name}): not found by hand; product {product}")
    assert missed == []
