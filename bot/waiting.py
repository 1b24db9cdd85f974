"""Those who wait for a person, and nobody comes: told once, with what they can do meanwhile."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.config import Settings
from bot.database import Database
from bot.hours import business_hours
from bot.messages import Messages
from bot.model import Block, Button, Reply
from bot.ports import Clock
from bot.tables import ButtonRow, ConversationRow
from bot.transcript import Transcript

_BUTTON_LIFE = timedelta(days=30)


def back_text(messages: Messages, language: str, opening: datetime, zone: str) -> str:
    """Say when people are there again. `opening` is aware, `zone` an IANA name."""
    local = opening.astimezone(ZoneInfo(zone))
    return messages.say(
        language,
        "handoff.hours",
        weekday=messages.weekday(language, local.date()),
        day=messages.day(language, local.date()),
        time=f"{local:%H:%M}",
        zone=f"{local:%Z}",
    )


class WaitingRoom:
    """A part of the worker. The minutes count while people are there."""

    def __init__(self, database: Database, messages: Messages, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._transcript = Transcript(database, clock)
        self._messages = messages
        self._clock = clock
        self._hours = business_hours(settings)
        self._zone = settings.company_time_zone
        self._patience = timedelta(minutes=settings.handoff_minutes)

    async def tell(self) -> None:
        """Tell everybody who has waited too long, each once and in a transaction of their own."""
        for conversation_id in await self._patient():
            async with self._database.write() as session:
                row = await session.get_one(ConversationRow, conversation_id, with_for_update=True)
                if not self._is_due(row):
                    continue
                row.told_at = self._clock.now()
                row.version += 1
                reply, button = self._words(row)
                session.add_all([row, button])
                await self._transcript.say(session, row.id, reply)

    async def _patient(self) -> Sequence[str]:
        row = ConversationRow
        waiting = select(row).where(col(row.queued_at).is_not(None), col(row.told_at).is_(None))
        waiting = waiting.where(
            col(row.held_by).is_(None), col(row.queued_at) <= self._clock.now() - self._patience
        )
        async with self._database.read() as session:
            rows = (await session.exec(waiting.order_by(col(row.queued_at)))).all()
        return [row.id for row in rows if self._is_due(row)]

    def _is_due(self, row: ConversationRow) -> bool:
        if row.queued_at is None or row.held_by is not None or row.told_at is not None:
            return False
        return self._hours.opening(row.queued_at) + self._patience <= self._clock.now()

    def _words(self, row: ConversationRow) -> tuple[Reply, ButtonRow]:
        language, now = row.language or "en", self._clock.now()
        blocks = [Block("say", self._messages.say(language, "handoff.nobody_yet"))]
        opening = self._hours.opening(now)
        if opening != now:
            blocks.append(Block("note", back_text(self._messages, language, opening, self._zone)))
        button = ButtonRow(
            id=secrets.token_urlsafe(12), conversation_id=row.id, kind="back", expires_at=now + _BUTTON_LIFE
        )
        label = self._messages.say(language, "button.go_on")
        return Reply(tuple(blocks), (Button(button.id, label),)), button
