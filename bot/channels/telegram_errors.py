"""What an error of the Bot API means for a delivery."""

from typing import TYPE_CHECKING

from bot.errors import DeliveryError

if TYPE_CHECKING:
    from aiogram.exceptions import AiogramError

_TOKEN_REJECTED_WAIT = 60.0


def of_place(failure: DeliveryError, place: str) -> DeliveryError:
    """Where a group moves, each conversation in it moves along."""
    asker = place.partition(":")[2]
    if asker and failure.moved_to is not None:
        failure.moved_to = f"{failure.moved_to}:{asker}"
    return failure


def delivery_error(error: "AiogramError") -> DeliveryError:
    """Whether another try can help, and whose trouble it is: this message's, this chat's, or the bot's."""
    from aiogram.exceptions import (
        TelegramBadRequest,
        TelegramEntityTooLarge,
        TelegramForbiddenError,
        TelegramMigrateToChat,
        TelegramNotFound,
        TelegramRetryAfter,
        TelegramUnauthorizedError,
    )

    reason = f"{type(error).__name__}: {getattr(error, 'message', error)}"[:500]
    if isinstance(error, TelegramRetryAfter):
        return DeliveryError(reason, retry_after=float(error.retry_after))
    if isinstance(error, TelegramMigrateToChat):
        return DeliveryError(reason, retry_after=None, moved_to=str(error.migrate_to_chat_id))
    # "chat not found" is what a deleted account says; nothing reaches it either
    if isinstance(error, TelegramForbiddenError) or "chat not found" in reason.lower():
        return DeliveryError(reason, retry_after=None, kind="blocked")
    if isinstance(error, TelegramEntityTooLarge) or "too long" in reason.lower():
        return DeliveryError(reason, retry_after=None, kind="too big")
    if isinstance(error, TelegramBadRequest):
        return DeliveryError(reason, retry_after=None)
    if isinstance(error, (TelegramUnauthorizedError, TelegramNotFound)):
        return DeliveryError(reason, retry_after=_TOKEN_REJECTED_WAIT, everywhere=True)
    return DeliveryError(reason, retry_after=1.0)
