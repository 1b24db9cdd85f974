"""The whole application behind a fake Bot API, polled over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlmodel import col, select

from bot.app import App, open_app
from bot.attachment_tables import EvidenceRow
from bot.channels.telegram import poll
from bot.tables import ConversationRow
from tests.bot_api import TOKEN, FakeBotApi, Sent
from tests.fakes import MovingClock
from tests.make import settings

ANA, BOR = 7001, 7002
GROUP = -1001
REFUND = "Do I get a refund for unused months?"


@asynccontextmanager
async def live(data_dir: Path, api: FakeBotApi, clock: MovingClock, **values: Any) -> AsyncIterator[App]:
    """The bot polls while the block runs, and ends in good order."""
    configured = settings(data_dir, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url, **values)
    stop = asyncio.Event()
    async with open_app(configured, clock=clock) as app:
        polling = asyncio.create_task(poll(app, stop=stop))
        try:
            yield app
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await polling


async def said(api: FakeBotApi, chat: int, count: int) -> Sent:
    """The last message in a chat, once it has so many."""
    await api.until(lambda: len(api.sent(chat)) >= count)
    assert len(api.sent(chat)) == count, [message.text for message in api.sent(chat)]
    return api.sent(chat)[-1]


async def quiet(api: FakeBotApi, chat: int, count: int, *, mark: int = 7999) -> None:
    """Nothing more came into a chat until somebody else, who wrote later, was answered."""
    before = len(api.sent(mark))
    await api.user_says(mark, "hello")
    await api.until(lambda: len(api.sent(mark)) > before)
    assert len(api.sent(chat)) == count, [message.text for message in api.sent(chat)]


async def conversation(app: App, chat_id: str) -> ConversationRow:
    found = await app.transcript.find("telegram", chat_id)
    assert found is not None
    return found


async def evidence(app: App) -> list[EvidenceRow]:
    async with app.database.read() as session:
        return list(await session.exec(select(EvidenceRow).order_by(col(EvidenceRow.created_at))))


async def until(app: App, holds: Callable[[list[EvidenceRow]], bool]) -> list[EvidenceRow]:
    """The files, once they are as told; the table itself tells nobody of its changes."""
    async with asyncio.timeout(30):
        while True:
            if holds(rows := await evidence(app)):
                return rows
            await asyncio.sleep(0.05)


async def settled(app: App, count: int, *, status: str) -> list[EvidenceRow]:
    """The files, once so many have that status."""
    rows = await until(app, lambda rows: sum(row.status == status for row in rows) >= count)
    return [row for row in rows if row.status == status]
