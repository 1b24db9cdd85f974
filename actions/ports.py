"""What actions need from outside."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession


class Sessions(Protocol):
    """Where accounts, actions and the log are stored. `write` is one transaction."""

    def read(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    def write(self) -> AbstractAsyncContextManager[AsyncSession]: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class ClauseLookup(Protocol):
    async def clause_id(self, anchor: str, language: str) -> str | None:
        """Return the id of the current clause with this anchor, in this language or else in any."""
