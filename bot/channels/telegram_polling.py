"""Long polling."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.channels.telegram_updates import ALLOWED_UPDATES, TelegramInbox
from bot.errors import ConfigurationError

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Update

POLL_SECONDS = 30
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Polling:
    """getUpdates, with the offset moved only past what is stored: Telegram sends the rest again."""

    def __init__(self, bot: "Bot", inbox: TelegramInbox, stopped: asyncio.Event) -> None:
        self._bot = bot
        self._inbox = inbox
        self._stopped = stopped
        self._offset: int | None = None

    async def run(self) -> None:
        wait = FIRST_WAIT
        while not self._stopped.is_set():
            try:
                for update in await until(self._stopped, self._batch()) or ():
                    await self._inbox.take(update)
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
            return await self._bot.get_updates(
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
                updates.append(Update.model_validate(raw, context={"bot": self._bot}))
            except ValidationError:
                number = raw.get("update_id") if isinstance(raw, dict) else None
                if not isinstance(number, int):
                    raise
                log.exception("update-not-understood", update=number)
                updates.append(Update(update_id=number))
        return updates

    async def _pause(self, error: Exception, wait: float) -> float:
        """Wait as long as asked or as seems wise; return the next wait."""
        from aiogram.exceptions import AiogramError, TelegramConflictError, TelegramRetryAfter

        if isinstance(error, TelegramConflictError) and "webhook" in error.message.lower():
            log.warning("webhook-taken-away", why="it was set while this process polls")
            with suppress(AiogramError):
                await self._bot.delete_webhook(drop_pending_updates=False)
        elif isinstance(error, TelegramConflictError):
            log.error("another-process-polls-with-this-token", do="end one of them", said=said(error))
        else:
            log.warning("polling-interrupted", error=said(error), seconds=wait)
        seconds = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else wait
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
        return min(wait * 2, LONGEST_WAIT)


async def bot_name(bot: "Bot") -> str:
    """Check the token and end a webhook, which would keep getUpdates from working; return the bot's name."""
    from aiogram.exceptions import AiogramError, TelegramNotFound, TelegramUnauthorizedError

    wait = FIRST_WAIT
    while True:
        try:
            me = await bot.get_me()
            if webhook := (await bot.get_webhook_info()).url:
                log.warning("webhook-taken-away", address=webhook, why="updates go to it or to `poll`")
                await bot.delete_webhook(drop_pending_updates=False)
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise _token_rejected() from error
        except AiogramError as error:
            log.warning("telegram-not-reached", error=said(error), seconds=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            return me.username or me.full_name


async def until(stopped: asyncio.Event, work: Awaitable[T]) -> T | None:
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


def said(error: Exception) -> str:
    """An error's own words; never its request, whose address holds the token."""
    return f"{type(error).__name__}: {getattr(error, 'message', None) or error}"[:300]
