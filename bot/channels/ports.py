"""What every channel needs of the assembled application; `bot.app.App` has all of it."""

from typing import Protocol

from bot.config import Settings
from bot.database import Database
from bot.linking import Links
from bot.model import Incoming, TurnResult
from bot.ports import Clock
from bot.rights import Rights
from bot.site_tokens import SiteTokens
from bot.transcript import Transcript


class Turns(Protocol):
    """One turn of a conversation, in two halves or in one."""

    async def receive(self, incoming: Incoming) -> str | None:
        """Store a message durably; return its id, or None for a duplicate."""

    async def answer(self, message_id: str) -> TurnResult:
        """Answer a stored message. Answering twice is answering once."""

    async def __call__(self, incoming: Incoming) -> TurnResult:
        """Store and answer; a duplicate gets the replies that were recorded."""


class Services(Protocol):
    """The parts of the application that a channel works with."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def turn(self) -> Turns: ...

    @property
    def links(self) -> Links: ...

    @property
    def rights(self) -> Rights: ...

    @property
    def site_tokens(self) -> SiteTokens: ...

    @property
    def transcript(self) -> Transcript: ...
