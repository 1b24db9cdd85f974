"""The desk's group, as the Bot API lets one work in it: paced, and each refusal with what it means."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.errors import BotError
from bot.pacing import Pacing, Sending
from bot.ports import Sleep

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.exceptions import ClientDecodeError
    from aiogram.types import InlineKeyboardMarkup

LIMIT = 4096
ALERT_LIMIT = 200
NAME_LIMIT = 128
NO_TOPIC = ("thread not found", "topic_id_invalid", "topic_deleted", "message thread identifier")
REMEDIES = {
    "not enough rights": 'make the bot an administrator of the group with the right "Manage topics"',
    "admin_required": 'make the bot an administrator of the group with the right "Manage topics"',
    "not a forum": "turn on Topics in the group's settings",
    "chat not found": "set DESK_CHAT_ID to the group's id (write /id in it) and add the bot to it",
    "upgraded to a supergroup": "set DESK_CHAT_ID to the group's new id (write /id in it)",
}
FORBIDDEN = "add the bot to the group again and make it an administrator"

Key = tuple[str, str]
"""A button: its label, and its random id."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


class TopicGoneError(BotError):
    """Somebody deleted the topic."""


class PostError(BotError):
    """Telegram does not take this message, now or later."""


class DeskError(BotError):
    """The group is not as it must be; says what to do."""


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, limit: int) -> str:
    """The beginning of a text, at most `limit` units long."""
    if units(text) <= limit:
        return text
    cut = text[:limit]
    while units(cut) >= limit:
        cut = cut[: -max(1, (units(cut) - limit) // 2)]
    return cut.rstrip() + "…"


class Room:
    """Every call waits while Telegram asks for it, and raises TopicGoneError, PostError, DeskError, or what
    aiogram raises where another try may work."""

    def __init__(self, bot: "Bot", chat_id: int, pacing: Pacing, sleep: Sleep = asyncio.sleep) -> None:
        self._bot = bot
        self.chat_id = chat_id
        self._pacing = pacing
        self._sleep = sleep
        self._sending = asyncio.Lock()

    async def post(
        self,
        text: str,
        *,
        thread: int | None = None,
        keys: Sequence[Sequence[Key]] = (),
        reply_to: int | None = None,
        asks: bool = False,
    ) -> int:
        """Write a message, silently cut to what one message holds; return its number."""
        from aiogram.exceptions import ClientDecodeError
        from aiogram.types import ForceReply, LinkPreviewOptions, ReplyParameters

        reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True) if reply_to else None
        keyboard = ForceReply(force_reply=True, selective=True) if asks else _keyboard(keys)

        async def send() -> int:
            try:
                sent = await self._bot.send_message(
                    self.chat_id,
                    shortened(text, LIMIT),
                    message_thread_id=thread,
                    reply_markup=keyboard,
                    reply_parameters=reply,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except ClientDecodeError as error:
                return _number(error)
            return sent.message_id

        try:
            return await self._call(send, counts=True)
        except PostError as error:
            if thread is None or "TOPIC_CLOSED" not in str(error):
                raise
            await self.turn_topic(thread, closed=False)  # an agent closed it by hand
            return await self._call(send, counts=True)

    async def offer_commands(self, commands: Mapping[str, str]) -> None:
        """Let the group's members choose from these when they type a slash."""
        from aiogram.types import BotCommand, BotCommandScopeChat

        offered = [BotCommand(command=name, description=about) for name, about in commands.items()]
        scope = BotCommandScopeChat(chat_id=self.chat_id)
        await self._call(lambda: self._bot.set_my_commands(offered, scope=scope))

    async def rekey(self, message_id: int, keys: Sequence[Sequence[Key]]) -> None:
        """Put other buttons under a message; where that is gone, there is nothing to do."""
        with suppress(PostError):
            await self._call(
                lambda: self._bot.edit_message_reply_markup(
                    chat_id=self.chat_id, message_id=message_id, reply_markup=_keyboard(keys)
                )
            )

    async def open_topic(self, name: str) -> int:
        topic = await self._call(lambda: self._bot.create_forum_topic(self.chat_id, name[:NAME_LIMIT]))
        return topic.message_thread_id

    async def turn_topic(self, thread: int, *, closed: bool) -> None:
        turn = self._bot.close_forum_topic if closed else self._bot.reopen_forum_topic
        with suppress(PostError):
            await self._call(lambda: turn(self.chat_id, thread))

    async def delete_topic(self, thread: int) -> None:
        with suppress(TopicGoneError):
            await self._call(lambda: self._bot.delete_forum_topic(self.chat_id, thread))

    async def pin(self, message_id: int) -> None:
        """Pin a card; without the right to pin it is found all the same."""
        try:
            await self._call(
                lambda: self._bot.pin_chat_message(self.chat_id, message_id, disable_notification=True)
            )
        except (PostError, DeskError) as error:
            log.info("card-not-pinned", reason=str(error))

    async def bot_name(self) -> str:
        """The bot's own user name, asked for once."""
        return (await self._bot.me()).username or ""

    async def answer(self, query_id: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a press; that it may be too late for it does no harm."""
        from aiogram.exceptions import AiogramError

        with suppress(AiogramError):
            await self._bot.answer_callback_query(
                query_id, text=shortened(text, ALERT_LIMIT - 1) or None, show_alert=alert
            )

    async def _call(self, make: Callable[[], Awaitable[T]], *, counts: bool = False) -> T:
        from aiogram.exceptions import TelegramRetryAfter

        async with self._sending:
            while True:
                sending = await self._turn() if counts else None
                try:
                    return await self._made(make)
                except TelegramRetryAfter as error:
                    log.info("desk-told-to-wait", seconds=error.retry_after)
                    self._pacing.refused(str(self.chat_id), float(error.retry_after))
                    await self._sleep(float(error.retry_after))
                finally:
                    if sending is not None:
                        sending.arrived()

    async def _turn(self) -> Sending:
        chat = str(self.chat_id)
        while (seconds := max(self._pacing.wait_of_chat(chat), self._pacing.wait_of_all())) > 0:
            await self._sleep(seconds)
        return self._pacing.took(chat)

    async def _made(self, make: Callable[[], Awaitable[T]]) -> T:
        from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat

        try:
            return await make()
        except (TelegramForbiddenError, TelegramMigrateToChat) as error:
            raise DeskError(f"{error.message}; {_remedy(error.message) or FORBIDDEN}") from error
        except TelegramBadRequest as error:
            said = error.message.lower()
            if any(word in said for word in NO_TOPIC):
                raise TopicGoneError(error.message) from error
            if remedy := _remedy(said):
                raise DeskError(f"{error.message}; {remedy}") from error
            raise PostError(error.message) from error


def _remedy(said: str) -> str | None:
    return next((remedy for word, remedy in REMEDIES.items() if word in said.lower()), None)


def _number(error: "ClientDecodeError") -> int:
    """The message stands there, though aiogram cannot read all that Telegram says of it."""
    said = error.data
    result = said.get("result") if isinstance(said, dict) else None
    if not isinstance(result, dict) or not isinstance(result.get("message_id"), int):
        raise error
    return int(result["message_id"])


def _keyboard(keys: Sequence[Sequence[Key]]) -> "InlineKeyboardMarkup | None":
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    rows = [[InlineKeyboardButton(text=label, callback_data=id_) for label, id_ in row] for row in keys]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
