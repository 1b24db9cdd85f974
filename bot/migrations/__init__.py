"""The tables of all three packages, brought to the newest revision; `versions/` holds every step."""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.database import Database
from bot.errors import ConfigurationError

HEAD = "0022"

_LOCK = 0x4D494752
"""PostgreSQL's advisory lock: of two processes that start at once, one migrates and the other waits."""


async def migrate(database: Database) -> None:
    """Bring `database` to HEAD, in one transaction. Costs one short query when it is there already.

    Raises ConfigurationError for a database that does not answer, cannot be written, or that a newer release
    has migrated further.
    """
    try:
        await _migrate(database)
    except (DBAPIError, OSError) as error:
        said = str(error.orig if isinstance(error, DBAPIError) else error).splitlines() or [repr(error)]
        where = "DATA_DIR (or DATABASE_URL)" if database.is_sqlite else "DATABASE_URL"
        raise ConfigurationError(f"the database cannot be used ({said[0]}); check {where}") from error


async def _migrate(database: Database) -> None:
    async with database.engine.connect() as connection:
        if await connection.run_sync(_revision) == HEAD:
            return
    async with database.transaction() as connection:  # SQLite: one migrates, the other waits
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_upgrade)


def _revision(connection: Connection) -> str | None:
    """Return the revision that the database stands at, without alembic, which costs half a second."""
    if connection.dialect.name == "sqlite":
        there = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
    else:
        there = "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL"
    if connection.execute(text(there)).first() is None:
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return str(row[0]) if row else None


def _upgrade(connection: Connection) -> None:
    current = _revision(connection)
    if current == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise ConfigurationError(
            f"the database stands at revision {current}, which this release does not know ({error}); "
            "use the release that made it, or another DATABASE_URL"
        ) from error
