"""What every channel needs of the assembled application; `bot.app.App` has all of it."""

from typing import TYPE_CHECKING, Protocol

from bot.config import Settings
from bot.database import Database
from bot.health import Health
from bot.history import History
from bot.linking import Links
from bot.model import Incoming, TurnResult
from bot.ports import Clock
from bot.rights import Rights
from bot.site_tokens import SiteTokens
from bot.transcript import Received, Transcript

if TYPE_CHECKING:
    from aiogram.types import Update

    from bot.channels.answering import Answering
    from bot.desk.ports import DeskParts
    from bot.metrics import Metrics


class Turns(Protocol):
    """One turn of a conversation, in two halves or in one."""

    async def receive(self, incoming: Incoming) -> str | None:
        """Store a message durably; return its id, or None for a duplicate."""

    async def answer(self, message_id: str, *, received: Received | None = None) -> TurnResult:
        """Answer a stored message, `received` as it was just loaded. Answering twice is answering once."""

    async def give_up(self, message_id: str) -> None:
        """Tell the customer that a stored message cannot be answered, and leave it to staff."""

    async def __call__(self, incoming: Incoming) -> TurnResult:
        """Store and answer; a duplicate gets the replies that were recorded."""


class DeskInbox(Protocol):
    """Where staff work in Telegram: takes everything that happens in its chat."""

    @property
    def chat_id(self) -> int: ...

    async def take(self, update: "Update") -> None:
        """Take a message, an edited one, a press, a change of members. Raises when it was not stored."""


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

    @property
    def history(self) -> History: ...

    @property
    def health(self) -> Health: ...

    @property
    def metrics(self) -> "Metrics": ...

    @property
    def desk(self) -> "DeskParts | None":
        """What the desk in Telegram works with, where there is one."""

    @property
    def answering(self) -> "Answering": ...
