"""The sending side of Telegram."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from bot.channels.telegram_errors import delivery_error, of_place
from bot.channels.telegram_format import Part, keyboard_of, parts_of
from bot.channels.telegram_reading import CHANNEL, chat_of
from bot.config import Settings
from bot.errors import ConfigurationError, DeliveryError
from bot.export_links import ExportLinks
from bot.model import Block, Button, FileRef, LinkRef, Reply

if TYPE_CHECKING:
    from aiogram import Bot

REQUEST_TIMEOUT = 30.0

log = structlog.get_logger(__name__)


def make_bot(settings: Settings) -> "Bot":
    """Build the Bot API client. Raises ConfigurationError without a token, or with one that cannot be one."""
    if settings.telegram_bot_token is None:
        raise ConfigurationError("TELEGRAM_BOT_TOKEN is not set: ask BotFather for a token and set it")
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.utils.token import TokenValidationError

    answer_models()
    server = TelegramAPIServer.from_base(settings.telegram_api_url)
    session = AiohttpSession(api=server, timeout=REQUEST_TIMEOUT)
    try:
        return Bot(settings.telegram_bot_token.get_secret_value(), session=session)
    except TokenValidationError as error:
        raise ConfigurationError(
            "TELEGRAM_BOT_TOKEN does not look like a token (digits, a colon, letters): copy it anew"
        ) from error


@cache
def answer_models() -> tuple[object, ...]:
    """Return the models of the answers that are read again and again.

    Pydantic builds each anew for every answer, in two milliseconds, unless somebody holds it.
    """
    from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, SendChatAction, SendMessage
    from aiogram.methods.base import Response

    methods = (AnswerCallbackQuery, EditMessageReplyMarkup, SendChatAction, SendMessage)
    return tuple(Response[method.__returning__] for method in methods)  # type: ignore[name-defined]


class Shown(Protocol):
    """Remembers what stands in the chats; `bot.channels.telegram_keyboards` has it."""

    async def shown(self, message_id: int, buttons: Iterable[Button]) -> None: ...

    def wake(self, chat_id: str) -> None: ...


Papers = Callable[[str], Awaitable[bytes | None]]
"""Reads a paper by its id; None where it is gone."""


class TelegramChannel:
    """Sends replies. When one in several messages fails halfway, the next try goes on from there."""

    name = CHANNEL

    def __init__(
        self,
        bot: "Bot",
        *,
        shown: Shown | None = None,
        papers: Papers | None = None,
        links: ExportLinks | None = None,
    ) -> None:
        self._bot = bot
        self._shown = shown
        self._papers = papers
        self._links = links
        self._sent_parts: dict[tuple[str, Reply], int] = {}

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Deliver one reply. Raises DeliveryError."""
        link = reply.link
        address = await self._address(chat_id, link) if link is not None else None
        if link is None or address is None:
            return await self._send(chat_id, reply)
        try:
            await self._send(chat_id, _linked(reply, link, address))
        except DeliveryError as error:
            if error.retry_after is not None or "url" not in str(error).lower():
                raise
            log.warning("link-not-taken", reason=str(error))  # the words tell of the mail, which went too
            await self._send(chat_id, reply)

    async def _address(self, chat_id: str, link: LinkRef) -> str | None:
        if self._links is None:
            return None
        is_private = chat_id == str(chat_of(chat_id)) and chat_of(chat_id) > 0
        return await self._links.for_chat(CHANNEL, chat_id, link.case_id, is_private=is_private)

    async def _send(self, chat_id: str, reply: Reply) -> None:
        from aiogram.exceptions import AiogramError

        texts = parts_of(reply)
        key = (chat_id, reply)
        parts: tuple[Part | FileRef, ...] = (*texts, *reply.files)
        try:
            for index, part in enumerate(parts):
                if index < self._sent_parts.get(key, 0):
                    continue
                where = Where.of(chat_id, reply.to, answering=index == 0)
                if isinstance(part, FileRef):
                    await self._send_file(where, part)
                else:
                    await self._send_part(where, part, reply.buttons if part is texts[-1] else ())
                self._sent_parts[key] = index + 1
        except AiogramError as error:
            failure = of_place(delivery_error(error), chat_id)
            if failure.retry_after is None:
                self._sent_parts.pop(key, None)
            raise failure from error
        self._sent_parts.pop(key, None)
        if self._shown is not None:
            self._shown.wake(chat_id)

    async def _send_part(self, where: "Where", part: Part, buttons: tuple[Button, ...]) -> None:
        from aiogram.exceptions import TelegramBadRequest
        from aiogram.types import LinkPreviewOptions

        common: dict[str, Any] = {
            **where.arguments,
            "reply_markup": keyboard_of(buttons),
            "link_preview_options": LinkPreviewOptions(is_disabled=True),
        }
        try:
            message = await self._bot.send_message(text=part.text, entities=list(part.entities), **common)
        except TelegramBadRequest as error:
            if not part.entities or "entit" not in error.message.lower():
                raise
            # The words matter more than how they look.
            message = await self._bot.send_message(text=part.text, **common)
        if self._shown is not None and buttons:
            try:
                await self._shown.shown(message.message_id, buttons)
            except Exception:
                log.exception("buttons-not-noted")  # sending it once more would be worse

    async def _send_file(self, where: "Where", file: FileRef) -> None:
        """A paper, read now; or what an agent sent to the desk, which Telegram has."""
        from aiogram.types import BufferedInputFile

        if file.sent_as == "photo":
            await self._bot.send_photo(photo=file.telegram_id, **where.arguments)
            return
        if file.telegram_id:
            await self._bot.send_document(document=file.telegram_id, **where.arguments)
            return
        content = await self._papers(file.paper_id) if self._papers is not None else None
        if content is None:
            log.warning("paper-not-sent", paper=file.paper_id)
            return
        await self._bot.send_document(document=BufferedInputFile(content, file.name), **where.arguments)


def _linked(reply: Reply, link: LinkRef, address: str) -> Reply:
    blocks = (*reply.blocks, Block("note", link.note))
    return replace(reply, blocks=blocks, buttons=(*reply.buttons, Button("", link.label, url=address)))


@dataclass(frozen=True, slots=True)
class Where:
    """The chat, its topic, and the message that is replied to."""

    chat: int
    message: int | None
    thread: int | None

    @classmethod
    def of(cls, place: str, to: str | None, *, answering: bool) -> "Where":
        message, _, thread = (to or "").partition("/")
        replied = int(message) if message and answering else None
        return cls(chat_of(place), replied, int(thread) if thread else None)

    @property
    def arguments(self) -> dict[str, Any]:
        from aiogram.types import ReplyParameters

        replied = (
            ReplyParameters(message_id=self.message, allow_sending_without_reply=True)
            if self.message is not None
            else None
        )
        return {"chat_id": self.chat, "message_thread_id": self.thread, "reply_parameters": replied}
