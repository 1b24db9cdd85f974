"""The receiving side of Telegram: an update becomes an Incoming, stored before anything else happens."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.channels.answering import Answering
from bot.channels.hygiene import clean
from bot.channels.ports import Turns
from bot.channels.telegram_channel import CHANNEL
from bot.model import Incoming, Sender

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import CallbackQuery, Message, Update, User

ALLOWED_UPDATES = ["message", "callback_query"]
_CARRIES = (
    *("animation", "audio", "contact", "dice", "document", "location", "paid_media", "photo"),
    *("poll", "sticker", "story", "venue", "video", "video_note", "voice"),
)


class TelegramInbox:
    """Takes updates in, from long polling and from the webhook alike."""

    def __init__(self, turn: Turns, answering: Answering, bot: "Bot") -> None:
        self._turn = turn
        self._answering = answering
        self._bot = bot
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, update: "Update") -> None:
        """Store what a customer sent and queue its answer. Raises when it could not be stored."""
        incoming = incoming_of(update)
        if incoming is not None:
            message_id = await self._turn.receive(incoming)
            if message_id is not None:
                self._answering.submit(incoming.chat_id, message_id)
        if update.callback_query is not None:
            task = asyncio.create_task(self._settle(update.callback_query.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _settle(self, query_id: str) -> None:
        """Stop the button's progress bar; that it may be too late for it does no harm."""
        from aiogram.exceptions import AiogramError

        with suppress(AiogramError):
            await self._bot.answer_callback_query(query_id)


def incoming_of(update: "Update") -> Incoming | None:
    """Translate an update; None for what is no message of a customer.

    Only private chats are served: a group's conversation would belong to everyone in it, and with it the
    identity that one of them proved.
    """
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.message is not None:
        return _message(update.message)
    return None


def _message(message: "Message") -> Incoming | None:
    if message.chat.type != "private" or message.from_user is None or message.from_user.is_bot:
        return None
    text = message.text or message.caption
    if text is None and not any(getattr(message, kind, None) is not None for kind in _CARRIES):
        return None
    chat_id = str(message.chat.id)
    # An album comes as several messages; without a caption it is one message that is not text.
    album = message.media_group_id if text is None else None
    return Incoming(
        channel=CHANNEL,
        chat_id=chat_id,
        external_id=f"{chat_id}:album:{album}" if album else f"{chat_id}:{message.message_id}",
        sender=_sender(message.from_user),
        text=clean(text or ""),
    )


def _press(query: "CallbackQuery") -> Incoming | None:
    if query.message is None or query.message.chat.type != "private" or not query.data:
        return None
    return Incoming(
        channel=CHANNEL,
        chat_id=str(query.message.chat.id),
        external_id=f"callback:{query.id}",
        sender=_sender(query.from_user),
        press=clean(query.data),
    )


def _sender(user: "User") -> Sender:
    language = (user.language_code or "").split("-")[0].lower()
    return Sender(external_id=str(user.id), name=clean(user.full_name), language_code=language or None)
