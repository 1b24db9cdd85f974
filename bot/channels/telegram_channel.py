"""The sending side of Telegram."""

from typing import TYPE_CHECKING

from bot.channels.telegram_format import Part, keyboard_of, parts_of
from bot.config import Settings
from bot.errors import ConfigurationError, DeliveryError
from bot.model import Reply

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.exceptions import AiogramError
    from aiogram.types import InlineKeyboardMarkup

CHANNEL = "telegram"
REQUEST_TIMEOUT = 30.0
_TOKEN_REJECTED_WAIT = 60.0


def make_bot(settings: Settings) -> "Bot":
    """Build the Bot API client. Raises ConfigurationError without a token, or with one that cannot be one."""
    if settings.telegram_bot_token is None:
        raise ConfigurationError("TELEGRAM_BOT_TOKEN is not set: ask BotFather for a token and set it")
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.utils.token import TokenValidationError

    server = TelegramAPIServer.from_base(settings.telegram_api_url)
    session = AiohttpSession(api=server, timeout=REQUEST_TIMEOUT)
    try:
        return Bot(settings.telegram_bot_token.get_secret_value(), session=session)
    except TokenValidationError as error:
        raise ConfigurationError(
            "TELEGRAM_BOT_TOKEN does not look like a token (digits, a colon, letters): copy it anew"
        ) from error


class TelegramChannel:
    """Sends replies. When one in several messages fails halfway, the next try goes on from there."""

    name = CHANNEL

    def __init__(self, bot: "Bot") -> None:
        self._bot = bot
        self._sent_parts: dict[tuple[str, Reply], int] = {}

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Deliver one reply. Raises DeliveryError."""
        from aiogram.exceptions import AiogramError

        parts = parts_of(reply)
        keyboard = keyboard_of(reply.buttons)
        key = (chat_id, reply)
        try:
            for index, part in enumerate(parts):
                if index < self._sent_parts.get(key, 0):
                    continue
                last = index == len(parts) - 1
                await self._send_part(int(chat_id), part, keyboard if last else None)
                self._sent_parts[key] = index + 1
        except AiogramError as error:
            failure = _delivery_error(error)
            if failure.retry_after is None:
                self._sent_parts.pop(key, None)
            raise failure from error
        self._sent_parts.pop(key, None)

    async def _send_part(self, chat_id: int, part: Part, keyboard: "InlineKeyboardMarkup | None") -> None:
        from aiogram.exceptions import TelegramBadRequest
        from aiogram.types import LinkPreviewOptions

        preview = LinkPreviewOptions(is_disabled=True)
        try:
            await self._bot.send_message(
                chat_id,
                part.text,
                entities=list(part.entities),
                reply_markup=keyboard,
                link_preview_options=preview,
            )
        except TelegramBadRequest as error:
            if not part.entities or "entit" not in error.message.lower():
                raise
            # The words matter more than how they look.
            await self._bot.send_message(
                chat_id, part.text, reply_markup=keyboard, link_preview_options=preview
            )


def _delivery_error(error: "AiogramError") -> DeliveryError:
    """Whether another try can help: not when this chat or this message is the trouble."""
    from aiogram.exceptions import (
        TelegramBadRequest,
        TelegramForbiddenError,
        TelegramMigrateToChat,
        TelegramNotFound,
        TelegramRetryAfter,
        TelegramUnauthorizedError,
    )

    reason = f"{type(error).__name__}: {getattr(error, 'message', error)}"[:500]
    if isinstance(error, TelegramRetryAfter):
        return DeliveryError(reason, retry_after=float(error.retry_after))
    if isinstance(error, (TelegramForbiddenError, TelegramBadRequest, TelegramMigrateToChat)):
        return DeliveryError(reason, retry_after=None)
    if isinstance(error, (TelegramUnauthorizedError, TelegramNotFound)):
        return DeliveryError(reason, retry_after=_TOKEN_REJECTED_WAIT)
    return DeliveryError(reason, retry_after=1.0)
