"""Telegram: what runs while the bot is connected, and long polling."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.channels.answering import Answering
from bot.channels.ports import Services
from bot.channels.signals import stop_on_signals
from bot.channels.telegram_channel import CHANNEL, TelegramChannel, make_bot
from bot.channels.telegram_updates import ALLOWED_UPDATES, TelegramInbox
from bot.config import Settings
from bot.delivery import Delivery
from bot.errors import ConfigurationError

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Update

POLL_SECONDS = 30
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
CLOSING_SECONDS = 5.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """A running connection to Telegram."""

    bot: "Bot"
    inbox: TelegramInbox
    answering: Answering
    delivery: Delivery


@asynccontextmanager
async def connected(app: Services) -> AsyncIterator[Link]:
    """Answer what an earlier run left unanswered, and deliver replies until the block ends."""
    bot = make_bot(app.settings)
    delivery = Delivery(app.transcript, TelegramChannel(bot), app.clock)
    answering = Answering(app.turn, answered=delivery.wake)
    inbox = TelegramInbox(app.turn, answering, bot)
    sending = asyncio.create_task(delivery.run())
    try:
        await answering.resume(app.transcript, CHANNEL)
        yield Link(bot, inbox, answering, delivery)
    finally:
        await answering.close()
        delivery.stop()
        await asyncio.wait({sending}, timeout=CLOSING_SECONDS)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await inbox.close()
        await bot.session.close()


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
            introduced = await _until(stopped, _introduce(link.bot))
            if introduced is None:
                return
            announce(introduced)
            await _Polling(link, stopped).run()


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
        raise ConfigurationError(f"Telegram did not take the webhook {address}: {_said(error)}") from error
    finally:
        await bot.session.close()


class _Polling:
    """getUpdates, with the offset moved only past what is stored: Telegram sends the rest again."""

    def __init__(self, link: Link, stopped: asyncio.Event) -> None:
        self._link = link
        self._stopped = stopped
        self._offset: int | None = None

    async def run(self) -> None:
        wait = FIRST_WAIT
        while not self._stopped.is_set():
            try:
                for update in await _until(self._stopped, self._batch()) or ():
                    await self._link.inbox.take(update)
                    self._offset = update.update_id + 1
            except ConfigurationError:
                raise
            except Exception as error:
                wait = await self._pause(error, wait)
            else:
                wait = FIRST_WAIT

    async def _batch(self) -> list["Update"]:
        from aiogram.exceptions import ClientDecodeError, TelegramUnauthorizedError

        try:
            return await self._link.bot.get_updates(
                offset=self._offset,
                timeout=POLL_SECONDS,
                allowed_updates=ALLOWED_UPDATES,
                request_timeout=POLL_SECONDS + 10,
            )
        except TelegramUnauthorizedError as error:
            raise _token_rejected() from error
        except ClientDecodeError as error:
            return self._readable(error.data)

    def _readable(self, answer: object) -> list["Update"]:
        """What can be understood of a batch with an update in it that aiogram does not know how to read."""
        from aiogram.types import Update
        from pydantic import ValidationError

        if not isinstance(answer, dict) or not isinstance(answer.get("result"), list):
            raise ValueError("Telegram's answer to getUpdates is not a list of updates")
        updates = []
        for raw in answer["result"]:
            try:
                updates.append(Update.model_validate(raw, context={"bot": self._link.bot}))
            except ValidationError:
                number = raw.get("update_id") if isinstance(raw, dict) else None
                if not isinstance(number, int):
                    raise
                log.exception("update-not-understood", update=number)
                updates.append(Update(update_id=number))
        return updates

    async def _pause(self, error: Exception, wait: float) -> float:
        """Wait as long as asked or as seems wise; return the next wait."""
        from aiogram.exceptions import TelegramConflictError, TelegramRetryAfter

        if isinstance(error, TelegramConflictError):
            log.error("another-process-polls-with-this-token", said=_said(error))
        else:
            log.warning("polling-interrupted", error=_said(error), seconds=wait)
        seconds = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else wait
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
        return min(wait * 2, LONGEST_WAIT)


async def _introduce(bot: "Bot") -> str:
    """Check the token and end a webhook, which would keep getUpdates from working; return the bot's name."""
    from aiogram.exceptions import AiogramError, TelegramNotFound, TelegramUnauthorizedError

    wait = FIRST_WAIT
    while True:
        try:
            me = await bot.get_me()
            await bot.delete_webhook(drop_pending_updates=False)
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise _token_rejected() from error
        except AiogramError as error:
            log.warning("telegram-not-reached", error=_said(error), seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            return me.username or me.full_name


async def _until(stopped: asyncio.Event, work: Awaitable[T]) -> T | None:
    """The outcome of `work`, or None when `stopped` comes first."""
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stopping):
            one.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


def _token_rejected() -> ConfigurationError:
    return ConfigurationError(
        "Telegram does not accept TELEGRAM_BOT_TOKEN: copy it from BotFather anew (/token)"
    )


def _said(error: Exception) -> str:
    """An error's own words; never its request, whose address holds the token."""
    return f"{type(error).__name__}: {getattr(error, 'message', None) or error}"[:300]
