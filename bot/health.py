"""Whether the parts of the running application work: asked one by one, and tasks that must not have ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from sqlalchemy import literal
from sqlmodel import select

from bot.database import Database
from bot.shelf import Shelf
from knowledge.exact import ClauseVectors
from knowledge.index import Snapshot
from knowledge.ports import WordEncoder

PATIENCE = 5.0
"""Seconds that one part may take to answer."""

CANARY_AMONG = 20
"""An approximate search may show others that are much alike first."""

Look = Callable[[], Awaitable[str]]

log = structlog.get_logger(__name__)


class Health:
    """The parts and how to ask them. A look returns what is wrong, or "" for nothing; it may raise."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._looks = dict(looks)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def watch(self, part: str, task: asyncio.Task[None]) -> None:
        """This work goes on as long as the service does."""
        self._tasks[part] = task

    def forget(self, part: str) -> None:
        """This work ends in good order."""
        self._tasks.pop(part, None)

    async def faults(self) -> dict[str, str]:
        """What does not work, by part, each with a sentence for the operator."""
        ended = {part: "has ended; see the log" for part, task in self._tasks.items() if task.done()}
        said = await asyncio.gather(*(self._ask(part, look) for part, look in self._looks.items()))
        return {part: fault for part, fault in zip(self._looks, said, strict=True) if fault} | ended

    async def _ask(self, part: str, look: Look) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                return await look()
        except TimeoutError:
            return "does not answer in time"
        except Exception:
            log.exception("not-ready", part=part)
            return "does not answer"


def database_answers(database: Database) -> Look:
    """A look at the database itself."""

    async def look() -> str:
        async with database.read() as session:
            await session.exec(select(literal(1)))
        return ""

    return look


def index_answers(shelf: Shelf) -> Look:
    """A look at the index: does the vector of one of its own clauses find that clause?"""

    async def look() -> str:
        index = (await shelf.collection()).index
        snapshot = await index.current()
        if not snapshot.clauses:
            return ""
        return await asyncio.to_thread(_canary, snapshot, index.encoder)

    return look


def _canary(snapshot: Snapshot, encoder: WordEncoder) -> str:
    clause = snapshot.clauses[0]
    vector = ClauseVectors(encoder)([clause])[0]
    found = {name for name, _ in snapshot.nearest(vector, language=clause.language, count=CANARY_AMONG)}
    return "" if clause.clause_id in found else f"does not find {clause.clause_id} by its own words"
