"""What a browser hears of its conversation: its messages by their places, and whether an answer comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from sqlmodel import select

from bot.channels.api_reading import wait_for_news
from bot.channels.ports import Services
from bot.history import Entry
from bot.model import ConversationState
from bot.tables import ConversationRow, MessageRow
from bot.wire import buttons_to_json

CHANNEL = "web"
LONGEST = 300.0
"""Seconds that one stream lasts. The browser then comes again, and so says what it has."""
_PATIENCE = 1.0
"""Seconds in which a stream notices that a turn ended without a reply."""
_STANDING = 10.0
"""Seconds in which it notices that a person took the conversation, or gave it back, without a word."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`answering`: a message is stored and its turn is not over."""

    answering: bool
    state: str


async def events(
    app: Services, chat_id: str, after: int, stopping: asyncio.Event
) -> AsyncIterator[dict[str, Any]]:
    """Server-sent events from place `after` on; each message has its place as the event's id."""
    until: float = monotonic() + LONGEST
    told: Standing | None = None
    found = await app.history.after(CHANNEL, chat_id, after)
    while True:
        for entry in found:
            yield {"event": "message", "id": str(entry.seq), "data": json.dumps(shown(entry, chat_id))}
            after = entry.seq
        standing = await _standing(app, chat_id)
        if standing != told:
            yield {"event": "standing", "data": json.dumps(asdict(standing))}
            told = standing
        if stopping.is_set() or monotonic() >= until:
            return
        patience = _PATIENCE if standing.answering else _STANDING
        found = await wait_for_news(app, CHANNEL, chat_id, after, patience, stopping)


def shown(entry: Entry, chat_id: str) -> dict[str, Any]:
    """A message as the widget takes it; documented in docs/web-chat.md."""
    side, _, name = entry.author.partition(":")
    common = {"seq": entry.seq, "at": entry.at.isoformat()}
    if entry.reply is None:
        own = (entry.external_id or "").removeprefix(f"{chat_id}:")
        return {**common, "from": "customer", "id": own, "text": entry.text, "press": entry.press}
    return {
        **common,
        "from": "person" if side == "staff" else "assistant",
        "name": name,
        "blocks": [{"kind": block.kind, "text": block.text} for block in entry.reply.blocks],
        "buttons": buttons_to_json(entry.reply),
    }


async def _standing(app: Services, chat_id: str) -> Standing:
    row = ConversationRow
    own = select(row.id, row.state).where(row.channel == CHANNEL, row.chat_id == chat_id)
    async with app.database.read() as session:
        conversation = (await session.exec(own)).first()
        if conversation is None:
            return Standing(False, ConversationState.OPEN)
        waiting = select(MessageRow.id).where(
            MessageRow.conversation_id == conversation[0], MessageRow.status == "received"
        )
        answering = (await session.exec(waiting.limit(1))).first() is not None
    return Standing(answering, conversation[1])
