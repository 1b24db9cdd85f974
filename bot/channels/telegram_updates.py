"""The receiving side of Telegram: an update becomes an Incoming, stored before anything else happens."""

import asyncio
from typing import TYPE_CHECKING

import structlog
from sqlmodel import col, update

from bot.attachments import Evidence
from bot.channels.ports import DeskInbox, Services
from bot.channels.telegram_keyboards import Keyboards
from bot.channels.telegram_reading import (
    CHANNEL,
    Me,
    edit_of,
    file_of,
    is_group,
    joined_of,
    message_of,
    press_of,
)
from bot.channels.telegram_typing import Typing
from bot.config import LANGUAGES
from bot.messages import Messages
from bot.model import Incoming
from bot.tables import ConversationRow

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, Message, Update

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

log = structlog.get_logger(__name__)


class TelegramInbox:
    """Takes updates in, from long polling and from the webhook alike."""

    def __init__(
        self,
        app: Services,
        bot: "Bot",
        keyboards: Keyboards,
        evidence: Evidence,
        messages: Messages,
        desk: DeskInbox | None = None,
    ) -> None:
        self._app = app
        self._bot = bot
        self._keyboards = keyboards
        self._evidence = evidence
        self._messages = messages
        self._desk = desk
        self._typing = Typing(bot, app.transcript)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, update: "Update") -> None:
        """Store what a customer sent and queue its answer. Raises when it could not be stored."""
        chat = _chat_of(update)
        if chat is None:
            return
        desk_chat = self._desk.chat_id if self._desk else self._app.settings.desk_chat_id
        if chat.id == desk_chat:
            if self._desk is not None:
                await self._desk.take(update)
            return
        me = await self._me() if is_group(chat.type) else None
        if update.message is not None:
            await self._message(update.message, me)
        elif update.edited_message is not None and me is None:
            await self._store(edit_of(update.edited_message, most_mb=self._most_mb))
        elif update.callback_query is not None:
            await self._press(update.callback_query, me)
        elif update.my_chat_member is not None:
            await self._member(update.my_chat_member, me)

    async def close(self) -> None:
        await self._typing.close()
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def _most_mb(self) -> int:
        return self._app.settings.evidence_max_mb

    async def _me(self) -> Me:
        user = await self._bot.me()
        return Me(user.id, user.username or "")

    async def _message(self, message: "Message", me: Me | None) -> None:
        incoming = message_of(message, me, most_mb=self._most_mb)
        if incoming is None:
            return
        message_id = await self._app.turn.receive(incoming)
        wanted = file_of(message) if incoming.circumstances.kind == "file" else None
        if wanted is not None:
            # of an album all files belong to the one message
            known = message_id or await self._app.transcript.message_id(CHANNEL, incoming.external_id)
            if known is not None:
                await self._evidence.want(known, wanted)
        self._submit(incoming, message_id)

    async def _store(self, incoming: Incoming | None) -> None:
        if incoming is not None:
            self._submit(incoming, await self._app.turn.receive(incoming))

    def _submit(self, incoming: Incoming, message_id: str | None) -> None:
        if message_id is not None:
            self._app.answering.submit(incoming.chat_id, message_id)
            thread = (incoming.circumstances.to or "").partition("/")[2]
            self._typing.begin(incoming.chat_id, message_id, int(thread) if thread else None)

    async def _press(self, query: "CallbackQuery", me: Me | None) -> None:
        incoming = press_of(query, me)
        refusal = None
        if incoming is not None and query.message is not None:
            refusal = await self._keyboards.refusal(incoming, query.message.message_id)
            if refusal is None:
                await self._store(incoming)
        text = None
        if refusal is not None and incoming is not None:
            told = incoming.sender.language_code
            language = told if told in LANGUAGES else self._app.settings.default_language
            text = self._messages.say(language, refusal)
        task = asyncio.create_task(self._settle(query.id, text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(self, query_id: str, text: str | None) -> None:
        """Stop the button's progress bar; that it may be too late for it does no harm."""
        from aiogram.exceptions import AiogramError

        try:
            await self._bot.answer_callback_query(query_id, text=text, show_alert=text is not None)
        except AiogramError as error:
            log.info("press-not-acknowledged", reason=type(error).__name__)

    async def _member(self, changed: "ChatMemberUpdated", me: Me | None) -> None:
        if changed.chat.type == "private":
            await self._blocked(str(changed.chat.id), blocked=changed.new_chat_member.status == "kicked")
        else:
            await self._store(joined_of(changed, me))

    async def _blocked(self, chat_id: str, *, blocked: bool) -> None:
        row = ConversationRow
        async with self._app.database.write() as session:
            here = update(row).where(col(row.channel) == CHANNEL, col(row.chat_id) == chat_id)
            await session.exec(here.values(blocked_at=self._app.clock.now() if blocked else None))


def _chat_of(update: "Update") -> "Chat | None":
    """Where an update happened; None for a kind that is not asked for."""
    if update.callback_query is not None:
        return update.callback_query.message.chat if update.callback_query.message else None
    placed = update.message or update.edited_message or update.my_chat_member
    return placed.chat if placed else None
