"""Engine and sessions. SQLite: WAL, BEGIN IMMEDIATE, one writer at a time; PostgreSQL: as it comes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from bot import sqlite_inline
from bot.errors import ConfigurationError
from bot.writer import Writer

PATIENCE = 20.0
"""Seconds that a writer waits for another process's transaction on SQLite."""
_LOOK_AGAIN = 0.005
_USABLE = "write postgresql://user:password@host/name, or leave it empty for SQLite in DATA_DIR"


class Database:
    """Sessions for reading and for writing on one database.

    A writing session commits when its block ends and rolls back when it raises. On SQLite it begins with
    BEGIN IMMEDIATE: a deferred BEGIN that upgrades to a write fails at once under a concurrent writer,
    whatever the busy timeout. Raises ConfigurationError for an address that cannot be used.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        address = _address(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        if self.is_sqlite:
            address = address.set(drivername=sqlite_inline.DRIVER)
            _make_folder(Path(address.database or "").parent)
        self.engine = create_async_engine(
            # what is stored about people must not reach a log through an error of the database
            address,
            pool_pre_ping=not self.is_sqlite,
            hide_parameters=True,
        )
        self._writing = self.engine.execution_options(immediate=True)
        self._writer = Writer()
        if self.is_sqlite:
            _speak_sqlite(self.engine)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session whose changes are thrown away."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self, *, urgent: bool = False) -> AsyncIterator[AsyncSession]:
        """A session in one transaction. On SQLite, writers of this process queue here, not in the driver;
        an `urgent` one goes first."""
        if not self.is_sqlite:
            async with AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
                yield session
            return
        async with (
            self._writer.held(urgent=urgent),
            AsyncSession(self._writing, expire_on_commit=False) as session,
        ):
            await _patiently(session.connection, session.rollback)
            yield session
            await session.commit()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A writing transaction without a session."""
        async with self._writing.connect() as connection:
            await _patiently(connection.begin, connection.rollback)
            yield connection
            await connection.commit()

    async def scrub(self) -> None:
        """Overwrite what was deleted, which SQLite leaves in its file; PostgreSQL vacuums by itself."""
        if not self.is_sqlite:
            return
        async with self._writer.held(), self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None
            for long in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                (await asyncio.to_thread(driver.execute, long)).close()

    async def close(self) -> None:
        await self.engine.dispose()


def _address(url: str) -> URL:
    """Parse the address of a database. It is not repeated in an error, because it may hold a password."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(f"DATABASE_URL is not an address of a database; {_USABLE}") from error
    if address.drivername not in ("sqlite", "postgresql+asyncpg"):
        raise ConfigurationError(
            f"DATABASE_URL begins with {address.drivername}:, which is no database "
            f"that this program can use; {_USABLE}"
        )
    return address


async def _patiently(begin: Callable[[], Awaitable[object]], undo: Callable[[], Awaitable[None]]) -> None:
    """Begin to write, once no other process does."""
    until = monotonic() + PATIENCE
    while True:
        try:
            await begin()
        except OperationalError as error:
            if "locked" not in str(error.orig) or monotonic() > until:
                raise
            await undo()
            await asyncio.sleep(_LOOK_AGAIN)
        else:
            return


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {folder} cannot be made ({error.strerror or error}); "
            "set DATA_DIR to a folder that can be written"
        ) from error


def _speak_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin on its own
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            _patience(PATIENCE),
            # INSERT OR REPLACE deletes without firing delete triggers unless this is on
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("immediate", False):
            connection.exec_driver_sql("BEGIN")
            return
        driver = connection.connection.driver_connection
        assert driver is not None
        # Who waits here stops the event loop, and with it whoever is waited for, where that is this process.
        driver.execute(f"PRAGMA {_patience(0)}").close()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            driver.execute(f"PRAGMA {_patience(PATIENCE)}").close()


def _patience(seconds: float) -> str:
    return f"busy_timeout={round(seconds * 1000)}"
