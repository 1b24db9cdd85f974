"""The typing indicator, for turns that take a moment."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from bot.channels.telegram_reading import chat_of
from bot.transcript import Transcript

if TYPE_CHECKING:
    from aiogram import Bot

PATIENCE = 0.3
"""Seconds within which most turns are over; it would cost a request to say that one is under way."""
AGAIN = 4.0
"""Telegram shows it for five seconds."""
TIMES = 15
AT_ONCE = 4
"""So many chats see it at a time; in a rush the answers need the requests more."""

log = structlog.get_logger(__name__)


class Typing:
    """Shows in a chat that an answer is being written, as long as its message has none."""

    def __init__(self, bot: "Bot", transcript: Transcript) -> None:
        self._bot = bot
        self._transcript = transcript
        self._chats: dict[str, asyncio.Task[None]] = {}

    def begin(self, chat_id: str, message_id: str, thread: int | None = None) -> None:
        if chat_id in self._chats or len(self._chats) >= AT_ONCE:
            return
        task = asyncio.create_task(self._show(chat_id, message_id, thread))
        self._chats[chat_id] = task
        task.add_done_callback(lambda _: self._chats.pop(chat_id, None))

    async def close(self) -> None:
        tasks = list(self._chats.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _show(self, chat_id: str, message_id: str, thread: int | None) -> None:
        wait = PATIENCE
        try:
            for _ in range(TIMES):
                await asyncio.sleep(wait)
                if (await self._transcript.load(message_id)).message.status != "received":
                    return
                await self._bot.send_chat_action(chat_of(chat_id), "typing", message_thread_id=thread)
                wait = AGAIN
        except Exception as error:  # it is an ornament: whatever is wrong, the answer itself will meet too
            log.info("typing-not-shown", reason=type(error).__name__)
