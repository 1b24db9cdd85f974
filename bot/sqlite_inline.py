"""SQLite spoken by the event loop itself.

A statement on a local file takes some ten microseconds, and handing it to a thread, as asynchronous drivers
do, fifty times as long. So it is not handed over: what takes long enough to matter (another process's write,
VACUUM) is waited for in `bot.database`.
"""

from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

DRIVER = "sqlite+inline"


class InlineSQLite(SQLiteDialect_pysqlite):
    """The dialect of the standard library's driver, allowed in an AsyncEngine, for AsyncSession.

    An AsyncConnection's own `execute` needs a driver that awaits; `run_sync` takes its place.
    """

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """Waiting for a free connection must not stop the event loop."""
        return AsyncAdaptedQueuePool

    def get_driver_connection(self, connection: Any) -> Any:
        return connection


registry.register("sqlite.inline", __name__, InlineSQLite.__name__)
