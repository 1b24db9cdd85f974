"""What may come second waits while more people wait for an answer than get one at a time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.channels.answering import AT_ONCE
from bot.model import Incoming, Sender
from tests.fake_turn import FakeApp, fake_app


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path) as made:
        yield made
        await made.answering.close()


async def submitted(app: FakeApp, chats: int, answered: asyncio.Event) -> None:
    """Somebody in each of so many chats waits, and nobody is answered before `answered`."""
    answer = app.turn.answer

    async def held(message_id: str, **_given: object) -> object:
        await answered.wait()
        return await answer(message_id)

    app.turn.answer = held  # type: ignore[method-assign,assignment]
    for number in range(chats):
        chat = str(number)
        message_id = await app.turn.receive(Incoming("web", chat, chat, Sender(chat), text="hello"))
        assert message_id is not None
        app.answering.submit(chat, message_id)


@pytest.mark.parametrize(("chats", "is_calm"), [(0, True), (AT_ONCE, True), (AT_ONCE + 1, False)])
async def test_it_is_calm_while_all_are_being_answered(app: FakeApp, chats: int, is_calm: bool) -> None:
    answered = asyncio.Event()
    await submitted(app, chats, answered)
    waiting = asyncio.create_task(app.answering.calm(30))
    await asyncio.sleep(0.3)
    assert waiting.done() is is_calm
    answered.set()
    async with asyncio.timeout(20):
        await waiting


async def test_nothing_waits_for_ever(app: FakeApp) -> None:
    answered = asyncio.Event()
    await submitted(app, AT_ONCE + 1, answered)
    async with asyncio.timeout(20):
        await app.answering.calm(0.2)
    assert not answered.is_set()
    answered.set()
