"""Telegram's webhook: an update is stored before Telegram is told that it arrived."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import APIRouter, Request, Response

from bot.channels.problems import Problem, read_body, unavailable
from bot.channels.signing import same_secret
from bot.channels.telegram import Link
from bot.config import Settings
from bot.errors import ConfigurationError

PATH = "/telegram/webhook"
SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

log = structlog.get_logger(__name__)


def webhook_secret(settings: Settings) -> str:
    """The secret that must come with each update. Raises ConfigurationError without a usable one."""
    secret = settings.telegram_webhook_secret.get_secret_value() if settings.telegram_webhook_secret else ""
    if not secret:
        raise ConfigurationError(
            "TELEGRAM_WEBHOOK_SECRET is not set: without it anyone could send updates in Telegram's name; "
            "set it to a random string, or unset TELEGRAM_BOT_TOKEN to serve without Telegram"
        )
    if not _SECRET.fullmatch(secret):
        raise ConfigurationError(
            "TELEGRAM_WEBHOOK_SECRET may have 1 to 256 characters of A-Z, a-z, 0-9, _ and - only"
        )
    return secret


def webhook_router(secret: str, link: Callable[[], Link]) -> APIRouter:
    """`link` gives the running connection, which exists while the application runs."""
    router = APIRouter()
    expected = secret.encode()

    @router.post(PATH, include_in_schema=False)
    async def webhook(request: Request) -> Response:
        given = dict(request.scope["headers"]).get(SECRET_HEADER, b"")
        if not same_secret(given, expected):
            raise Problem(HTTPStatus.UNAUTHORIZED, "the secret token is missing or wrong")
        await _take(link(), await read_body(request))
        return Response(status_code=HTTPStatus.OK)

    return router


async def _take(link: Link, body: bytes) -> None:
    from aiogram.types import Update
    from pydantic import ValidationError

    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body is not JSON") from error
    try:
        update = Update.model_validate(raw, context={"bot": link.bot})
    except ValidationError:
        # Refusing it would make Telegram send it again and again, and hold back what comes after it.
        log.exception("update-not-understood")
        return
    try:
        await link.inbox.take(update)
    except Exception as error:
        log.exception("update-not-stored", update=update.update_id)
        raise unavailable("the update could not be stored; send it again") from error
