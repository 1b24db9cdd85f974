"""What the desk needs of the assembled application; `bot.app.App` has all of it."""

from typing import Protocol

from actions.seal import Seal
from actions.service import ActionService
from bot.config import Settings
from bot.database import Database
from bot.handoff import Handoff
from bot.identity import Identity
from bot.ports import Clock


class DeskParts(Protocol):
    """The parts of the application that agents work with."""

    @property
    def settings(self) -> Settings: ...

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def handoff(self) -> Handoff: ...

    @property
    def actions(self) -> ActionService: ...

    @property
    def identity(self) -> Identity: ...

    @property
    def seal(self) -> Seal: ...
