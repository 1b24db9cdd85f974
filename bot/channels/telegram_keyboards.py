"""Buttons under Telegram's messages: which message each stands in, and taken away when it is of no use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select, update

from bot.attachment_tables import TelegramButtonRow
from bot.channels.telegram_format import keyboard_of
from bot.channels.telegram_reading import CHANNEL, chat_of
from bot.database import Database
from bot.flows.pending import Waiting, waiting_from
from bot.flows.presses import SEVERAL_TIMES
from bot.model import Button, Incoming
from bot.ports import Clock
from bot.tables import ButtonRow, ConversationRow
from bot.talk import SILENT

if TYPE_CHECKING:
    from aiogram import Bot

LOOKED_AT = 200
PATIENCE = 5.0
"""Seconds that tidying waits for a rush to be over: it takes a tenth of what an answer takes."""
_KNOWN = (
    select(ButtonRow.id, TelegramButtonRow)
    .join(TelegramButtonRow, col(TelegramButtonRow.button_id) == col(ButtonRow.id), isouter=True)
    .where(col(ButtonRow.id).in_(bindparam("names", expanding=True)))
)

log = structlog.get_logger(__name__)
Shown = tuple[TelegramButtonRow, ButtonRow]
Calm = Callable[[float], Awaitable[None]]
"""Waits until nobody waits for an answer, or so many seconds."""


class Keyboards:
    """Remembers what was shown where, refuses a press from elsewhere, and tidies up after each reply."""

    def __init__(self, database: Database, clock: Clock, bot: "Bot", calm: Calm) -> None:
        self._database = database
        self._clock = clock
        self._bot = bot
        self._calm = calm
        self._untidy: set[str] = set()
        self._news = asyncio.Event()

    async def shown(self, message_id: int, buttons: Iterable[Button]) -> None:
        """Note that these stand under a message. A message that was sent twice counts as it was sent last."""
        labels = {button.id: button.label for button in buttons if button.id}
        if not labels:
            return
        async with self._database.write() as session:
            known = dict((await session.exec(_KNOWN, params={"names": list(labels)})).all())
            for place, (name, label) in enumerate(labels.items()):
                if name in known:
                    values = {"message_id": message_id, "place": place, "label": label, "gone": False}
                    if (row := known[name]) is None:
                        session.add(TelegramButtonRow(button_id=name, **values))
                    else:
                        row.sqlmodel_update(values)

    async def refusal(self, press: Incoming, message_id: int) -> str | None:
        """Why this press is none, as a key of the catalogue: somebody else's button, or copied elsewhere."""
        async with self._database.read() as session:
            button = await session.get(ButtonRow, press.press)
            shown = await session.get(TelegramButtonRow, press.press)
            place = await session.get(ConversationRow, button.conversation_id) if button else None
        if shown is not None and shown.message_id != message_id:
            return "rejected.unknown-button"
        if not press.circumstances.is_in_group:
            return None
        if place is None:
            return "rejected.unknown-button"
        return None if place.chat_id == press.chat_id else "rejected.others_button"

    def wake(self, chat_id: str) -> None:
        """Say that a conversation went on."""
        self._untidy.add(chat_id)
        self._news.set()

    async def run(self) -> None:
        """Tidy up until cancelled. What cannot be taken away stays, and is refused when it is pressed."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._untidy:
                await self._calm(PATIENCE)
                try:
                    await self.tidy(self._untidy.pop())
                except Exception:
                    log.exception("buttons-not-taken-away")

    async def tidy(self, chat_id: str) -> None:
        row, button, place = TelegramButtonRow, ButtonRow, ConversationRow
        async with self._database.read() as session:
            found = select(place).where(place.channel == CHANNEL, place.chat_id == chat_id)
            conversation = (await session.exec(found)).first()
            if conversation is None:
                return
            query = select(row, button).join(button, col(button.id) == col(row.button_id))
            query = query.where(button.conversation_id == conversation.id, col(row.gone).is_(False))
            newest = query.order_by(col(row.message_id).desc(), col(row.place)).limit(LOOKED_AT)
            standing: Sequence[Shown] = (await session.exec(newest)).all()
        for message_id, under in groupby(standing, key=lambda pair: pair[0].message_id):
            pairs = list(under)
            left = of_use(pairs, conversation, self._clock.now())
            if len(left) < len(pairs):
                await self._reduce(chat_of(chat_id), message_id, pairs, left)

    async def _reduce(
        self, chat: int, message_id: int, standing: Sequence[Shown], left: Sequence[Shown]
    ) -> None:
        from aiogram.exceptions import (
            AiogramError,
            TelegramBadRequest,
            TelegramForbiddenError,
            TelegramNotFound,
        )

        keyboard = keyboard_of(Button(row.button_id, row.label) for row, _ in left)
        try:
            await self._bot.edit_message_reply_markup(
                chat_id=chat, message_id=message_id, reply_markup=keyboard
            )
        except (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound) as error:
            # not modified, not found, too old: there is nothing left to be done about it
            log.info("buttons-stay", reason=error.message)
        except AiogramError as error:
            log.warning("buttons-not-taken-away", reason=type(error).__name__)
            return
        kept = {row.button_id for row, _ in left}
        names = [row.button_id for row, _ in standing if row.button_id not in kept]
        async with self._database.write() as session:
            gone = update(TelegramButtonRow).where(col(TelegramButtonRow.button_id).in_(names))
            await session.exec(gone.values(gone=True))


def of_use(standing: Sequence[Shown], conversation: ConversationRow, now: datetime) -> list[Shown]:
    """Those under one message that may still be pressed. One that was used takes its kind along."""
    used = {button.kind for _, button in standing if button.used_at is not None} - set(SEVERAL_TIMES)
    waiting = waiting_from(conversation.pending)
    return [
        pair
        for pair in standing
        if pair[1].kind not in used
        and pair[1].expires_at > now
        and _fits(pair[1].kind, pair[1].values, conversation, waiting)
    ]


def _fits(
    kind: str, values: Mapping[str, str], conversation: ConversationRow, waiting: Waiting | None
) -> bool:
    """Whether the conversation still stands where the button leads on from."""
    match kind:
        case "confirm":
            return waiting is not None and waiting.token == values["token"]
        case "stop" if values.get("action"):
            return waiting is not None and waiting.action_id == values["action"]
        case "stop" | "resend":
            return waiting is not None and waiting.origin == values["origin"]
        case "skip":
            now = (waiting.origin, waiting.asking) if waiting else None
            return now == (values["origin"], values["field"])
        case "back":
            return conversation.queued_at is not None
        case "person":
            return conversation.state not in SILENT
        case _:
            return True
