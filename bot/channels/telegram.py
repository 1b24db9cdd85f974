"""Telegram: what runs while the bot is connected, and long polling."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from actions.papers.tables import Paper
from bot.attachments import Evidence
from bot.channels.answering import Answering
from bot.channels.ports import DeskInbox, Services
from bot.channels.signals import stop_on_signals
from bot.channels.telegram_channel import TelegramChannel, make_bot
from bot.channels.telegram_files import fetch
from bot.channels.telegram_keyboards import Keyboards
from bot.channels.telegram_polling import Polling, bot_name, said, until
from bot.channels.telegram_profile import introduce
from bot.channels.telegram_reading import CHANNEL
from bot.channels.telegram_updates import ALLOWED_UPDATES, TelegramInbox
from bot.config import Settings
from bot.database import Database
from bot.delivery import Delivery
from bot.desk.desk import open_desk
from bot.errors import ConfigurationError
from bot.export_links import ExportLinks
from bot.leases import Leases
from bot.messages import Messages
from bot.pacing import Limit, Limits, Pacing

if TYPE_CHECKING:
    from aiogram import Bot

CLOSING_SECONDS = 5.0
INTRODUCED_WITHIN = 60.0
LIMITS = Limits(chat=Limit(3, 3.3), group=Limit(20, 61.0), overall=Limit(28, 1.0))
"""A little under what Telegram says that it takes (one a second in a chat and in short bursts more, 20 a
minute in a group, 30 a second over all): what leaves evenly arrives unevenly."""

log = structlog.get_logger(__name__)
MakeDesk = Callable[["Bot"], DeskInbox]


@dataclass(frozen=True, slots=True)
class Link:
    """A running connection to Telegram."""

    bot: "Bot"
    inbox: TelegramInbox
    answering: Answering
    delivery: Delivery


@asynccontextmanager
async def connected(app: Services, desk: MakeDesk | None = None) -> AsyncIterator[Link]:
    """Answer what an earlier run left unanswered, and deliver replies until the block ends.

    `desk` makes what takes the updates of DESK_CHAT_ID in place of the application's own desk.
    """
    bot, messages = make_bot(app.settings), Messages()
    keyboards = Keyboards(app.database, app.clock, bot, app.answering.calm)
    links = ExportLinks(app.database, app.clock, app.settings.public_url)
    papers = partial(_paper, app.database)
    channel = TelegramChannel(bot, shown=keyboards, papers=papers, links=links)
    leases, pacing = Leases(app.database), Pacing(LIMITS)
    delivery = Delivery(app.transcript, channel, app.clock, pacing=pacing, leases=leases, meter=app.metrics)
    evidence = Evidence(app.database, app.transcript, messages, app.clock, app.settings)
    answering = app.answering
    office = open_desk(app.desk, bot, pacing, leases)
    inbox = TelegramInbox(app, bot, keyboards, evidence, messages, desk(bot) if desk else office)
    sending = asyncio.create_task(delivery.run())
    beside = [
        asyncio.create_task(work)
        for work in (
            keyboards.run(),
            evidence.run(partial(fetch, bot), delivery.wake),
            _introduce(bot, app, messages),
        )
    ]
    if office is not None:
        beside.append(asyncio.create_task(office.run()))
    try:
        await answering.serve(CHANNEL, delivery.wake, evidence.wake)
        yield Link(bot, inbox, answering, delivery)
    finally:
        await answering.close()
        answering.stop_serving(CHANNEL)
        delivery.stop()
        await asyncio.wait({sending}, timeout=CLOSING_SECONDS)
        for task in (sending, *beside):
            task.cancel()
        await asyncio.gather(sending, *beside, return_exceptions=True)
        await inbox.close()
        await bot.session.close()


async def _introduce(bot: "Bot", app: Services, messages: Messages) -> None:
    """First comes what an earlier run left unanswered."""
    await app.answering.calm(INTRODUCED_WITHIN)
    await introduce(bot, messages, app.settings)


async def _paper(database: Database, paper_id: str) -> bytes | None:
    async with database.read() as session:
        paper = await session.get(Paper, paper_id)
        return paper.content if paper is not None else None


async def poll(
    app: Services,
    *,
    stop: asyncio.Event | None = None,
    announce: Callable[[str], None] = lambda name: log.info("polling", bot=name),
) -> None:
    """Serve Telegram by long polling until SIGINT, SIGTERM or `stop`; `announce` gets the bot's name.

    Raises ConfigurationError when the token is missing or Telegram does not take it.
    """
    with stop_on_signals(stop) as stopped:
        async with connected(app) as link:
            introduced = await until(stopped, bot_name(link.bot))
            if introduced is None:
                return
            announce(introduced)
            await Polling(link.bot, link.inbox, stopped).run()


async def register_webhook(settings: Settings, address: str) -> None:
    """Tell Telegram where to send updates. Raises ConfigurationError when it does not accept that."""
    from aiogram.exceptions import AiogramError

    secret = settings.telegram_webhook_secret
    bot = make_bot(settings)
    try:
        await bot.set_webhook(
            address,
            secret_token=secret.get_secret_value() if secret else None,
            allowed_updates=ALLOWED_UPDATES,
        )
    except AiogramError as error:
        raise ConfigurationError(f"Telegram did not take the webhook {address}: {said(error)}") from error
    finally:
        await bot.session.close()
