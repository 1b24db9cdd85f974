"""The desk in Telegram: what agents do is done, and what happens is shown, until it is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from bot.desk.agents import Agents
from bot.desk.dossier import Dossiers
from bot.desk.general import General
from bot.desk.hands import ONCE, Hands
from bot.desk.inbox import Inbox
from bot.desk.ports import DeskParts
from bot.desk.posts import Posts
from bot.desk.room import DeskError, Room
from bot.desk.topics import Topics
from bot.desk.words import COMMANDS
from bot.leases import Lease, Leases
from bot.pacing import Pacing

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Update

LOOK_EVERY = 1.0
LONGEST_WAIT = 30.0

log = structlog.get_logger(__name__)


class Desk:
    """Of several processes one at a time works at the desk; each of them takes updates in."""

    def __init__(self, parts: DeskParts, bot: "Bot", chat_id: int, pacing: Pacing, leases: Leases) -> None:
        self.chat_id = chat_id
        self._leases = leases
        self._room = Room(bot, chat_id, pacing)
        self._inbox = Inbox(parts.database, parts.clock, bot.id)
        dossiers = Dossiers(parts)
        self._posts = Posts(parts.database, parts.clock, self._room)
        agents = Agents(parts.database, parts.settings)
        self._hands = Hands(parts, agents, self._posts, self._room, dossiers)
        self._topics = Topics(parts, self._room, self._posts, dossiers, ONCE)
        self._general = General(parts, self._posts)
        self._heard, self._news = asyncio.Event(), asyncio.Event()

    async def take(self, update: "Update") -> None:
        """Store what was written or pressed in the desk's group. Raises when it could not be stored."""
        if await self._inbox.store(update):
            self._heard.set()

    async def run(self) -> None:
        """Work until cancelled. What Telegram does not take now is tried again."""
        while True:
            try:
                async with self._leases.held(f"desk:{self.chat_id}") as lease:
                    if lease is not None:
                        await self._work(lease)
            except Exception as error:  # such as a database that is away for a while
                _report(error, self.chat_id)
            await asyncio.sleep(LOOK_EVERY)

    async def _work(self, lease: Lease) -> None:
        # apart, because posts wait for their turn and agents must not
        async with asyncio.TaskGroup() as both:
            both.create_task(self._again_and_again(lease, self._act, self._heard))
            both.create_task(self._again_and_again(lease, self._show, self._news))
            both.create_task(self._offer_commands())

    async def _act(self) -> None:
        if await self._inbox.act(self._hands):
            self._news.set()

    async def _show(self) -> None:
        await self._posts.pump()
        await self._topics.look()
        await self._general.look()
        await self._posts.pump()

    async def _offer_commands(self) -> None:
        try:
            await self._room.offer_commands(COMMANDS)
        except Exception as error:
            log.info("desk-commands-not-offered", reason=str(error))

    async def _again_and_again(
        self, lease: Lease, work: Callable[[], Awaitable[None]], news: asyncio.Event
    ) -> None:
        wait, told = LOOK_EVERY, ""
        while lease.is_live:
            news.clear()
            try:
                await work()
            except Exception as error:
                if told != str(error):
                    _report(error, self.chat_id)
                await asyncio.sleep(wait)
                told, wait = str(error), min(wait * 2, LONGEST_WAIT)
            else:
                wait, told = LOOK_EVERY, ""
                await _news_or(news, LOOK_EVERY)


def _report(error: Exception, chat_id: int) -> None:
    """What an administrator can mend is one sentence; so is a Telegram that does not answer."""
    from aiogram.exceptions import AiogramError

    if isinstance(error, DeskError):
        log.error("desk-cannot-be-used", chat=chat_id, reason=str(error))
    elif isinstance(error, AiogramError):
        log.warning("desk-waits-for-telegram", reason=f"{type(error).__name__}: {error}"[:300])
    else:
        log.error("desk-interrupted", exc_info=error)


async def _news_or(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        pass


def open_desk(parts: DeskParts | None, bot: "Bot", pacing: Pacing, leases: Leases) -> Desk | None:
    """Build the desk of DESK_CHAT_ID; None where that is not set."""
    if parts is None or parts.settings.desk_chat_id is None:
        return None
    return Desk(parts, bot, parts.settings.desk_chat_id, pacing, leases)
